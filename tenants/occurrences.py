"""What happened: rows that lower parts leave behind, and that the watch above reads."""

from datetime import datetime, timedelta
from typing import Any

from django.db import models
from django.utils import timezone

from tenants.models import Occurrence, Tenant

DEPLOYED = "deployment.finished"
KEPT_DAYS = 400  # a year of marks on charts, and a month to look back from its first day


def record(
    tenant: Tenant | None, kind: str, *, subject: str = "", facts: dict[str, Any] | None = None
) -> Occurrence:
    """Leaves "this happened" behind, in the transaction of the caller. tenant None = the platform.

    `kind` is "noun.verb" in the past tense, for example "artefact.damaged", "version.activated",
    "guard.breached", "import.finished", "batch.failed", "model.stale", "deployment.finished".
    """
    row = Occurrence(tenant=tenant, kind=kind[:60], subject=subject[:160], facts=facts or {})
    row.save(using=tenant.alias if tenant else "ops", force_insert=True)
    return row


def between(tenant: Tenant, since: datetime, until: datetime) -> models.QuerySet[Occurrence]:
    """What happened to this tenant in [since, until), the oldest first."""
    return tenant.occurrences.filter(happened_at__gte=since, happened_at__lt=until).order_by("happened_at", "id")


def of_platform(kind: str, since: datetime, until: datetime) -> models.QuerySet[Occurrence]:
    """What happened to the whole platform in [since, until), the oldest first: a deployment concerns every shop."""
    rows = Occurrence.objects.using("ops").filter(tenant=None, kind=kind)
    return rows.filter(happened_at__gte=since, happened_at__lt=until).order_by("happened_at", "id")


def record_deployment(release: str) -> Occurrence | None:
    """Says that this release runs from now on; None where the last deployment was of the same one."""
    last = Occurrence.objects.using("ops").filter(tenant=None, kind=DEPLOYED).order_by("pk").last()
    if last is not None and last.subject == release[:160]:
        return None
    return record(None, DEPLOYED, subject=release)


def after(last_id: int, *, limit: int = 1000) -> list[Occurrence]:
    """What happened on the whole platform after this row, in the order of writing, through the operators' role."""
    rows = Occurrence.objects.using("ops").filter(pk__gt=last_id).select_related("tenant").order_by("pk")
    return list(rows[:limit])


def sweep(now: datetime | None = None) -> int:
    """Removes what is older than KEPT_DAYS; returns how many rows went."""
    horizon = (now or timezone.now()) - timedelta(days=KEPT_DAYS)
    return Occurrence.objects.using("ops").filter(happened_at__lt=horizon).delete()[0]
