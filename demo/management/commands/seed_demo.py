"""Loads the demo shops, their people, keys, models and traffic. Safe to run again at any time."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from demo import cast, deciding, people, replay, seeding
from luxebrain.lib import problems
from tenants import work


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("--base-url", default=settings.BASE_URL, help="where the API answers")
        parser.add_argument("--quick", action="store_true", help="a small part of the data, for tests")
        parser.add_argument(
            "--work-here", action="store_true", help="do background work in this process, when no worker runs"
        )
        parser.add_argument("--new-passwords", action="store_true", help="give everybody a new password")
        parser.add_argument("--only", nargs="+", choices=[shop.slug for shop in cast.SHOPS], help="these shops")

    def handle(self, *args: Any, **options: Any) -> None:
        size = seeding.QUICK if options["quick"] else seeding.FULL
        shops = tuple(shop for shop in cast.SHOPS if not options["only"] or shop.slug in options["only"])
        run = seeding.Seeding(
            base_url=options["base_url"].rstrip("/"),
            say=self.say,
            size=size,
            shops=shops,
            drive=work.run_due if options["work_here"] else None,
        )
        try:
            run.run()
        except (seeding.Failed, replay.Refused, deciding.Refused, problems.Problem) as problem:
            raise CommandError(f"{problem} Run `manage.py seed_demo` again: it goes on where it stopped.") from problem
        self.tell_passwords(people.hand_out_passwords(shops, again=options["new_passwords"]), run.base_url)

    def say(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()

    def tell_passwords(self, given: list[tuple[cast.Person, str]], base_url: str) -> None:
        shops = f"{base_url}/shop/"
        if not given:
            self.say(
                f"\nShops: {shops}   Panels: {base_url}/account/login/\n"
                "Passwords were printed when the demo was made, and are kept nowhere. New ones for everybody:\n  "
                "python -m luxebrain.embedded run python manage.py seed_demo --new-passwords"
            )
            return
        width = max(len(person.email) for person, _ in given)
        self.say("\nSign-ins. The passwords are printed this once:\n")
        for person, password in given:
            place = next((shop.name for shop in cast.SHOPS if shop.slug == person.shop), "Platform")
            self.say(f"  {person.email:<{width}}  {password}  {place}, {person.role}")
        self.say(f"\nShops: {shops}   Panels: {base_url}/account/login/")
