"""manage.py train_tenant_model <slug>: trains a shop's isolated model; with --wait, here and with its progress."""

from typing import Any

from django.core.management.base import CommandError

from modelregistry.isolation import TenantModelIsolation
from recommendations.management.commands import train_model
from tenants import tenancy


class Command(train_model.Command):
    help = "Trains a shop's isolated model, on its own rows alone. Without --wait a worker does it."

    def handle(self, *args: Any, slug: str, wait: bool, **options: Any) -> None:
        found = tenancy.named(slug)
        if found is not None and not TenantModelIsolation(found).should_isolate_tenant():
            raise CommandError(
                f"{found} has no isolated model: {_why(TenantModelIsolation(found))} "
                "Approve its request, or create one, at /isolation-requests."
            )
        super().handle(*args, slug=slug, wait=wait, **options)


def _why(isolated: TenantModelIsolation) -> str:
    missing = [check.text for check in isolated.checklist() if not check.is_met]
    return f"{'; '.join(missing)}." if missing else "nobody approved one."
