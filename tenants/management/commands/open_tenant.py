"""Opens a shop; its owner gets an invitation by letter."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from luxebrain.lib import problems
from tenants import signup


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("name")
        parser.add_argument("--owner", required=True, metavar="EMAIL")
        parser.add_argument("--slug", default=None)
        parser.add_argument("--plan", default="free")
        parser.add_argument("--currency", default="EUR")
        parser.add_argument("--time-zone", default="UTC")

    def handle(self, *args: Any, name: str, owner: str, **options: Any) -> None:
        chosen = {field: options[field] for field in ("slug", "plan", "currency", "time_zone")}
        try:
            tenant = signup.open(name=name, owner_email=owner, by=None, **chosen)
        except problems.Problem as problem:
            raise CommandError(" ".join([problem.detail, *(e["message"] for e in problem.errors)])) from problem
        self.stdout.write(f"{tenant.name} is open at /t/{tenant.slug}/. A letter is on its way to {owner}.")
