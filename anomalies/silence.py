"""Silence: which streams give no data, since when and in words. No data is no zero, and nothing is judged of it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet
from django.utils import timezone

from anomalies import metrics
from anomalies.charting import DRAWN_ON
from anomalies.models import Stream
from tenants.models import Tenant

LISTED = 5


@dataclass(frozen=True)
class Watched:
    """A stream as pages and the API say it. `words`: "No data since 14:05: the pipeline is silent", "" if it speaks."""

    metric: str
    label: str
    read_until: datetime
    silent_since: datetime | None
    words: str


@dataclass(frozen=True)
class Hole:
    """One metric that is silent, and the names of the shops whose it is."""

    label: str
    words: str
    shops: str


def of_tenant(tenant: Tenant) -> list[Watched]:
    """Every stream of a shop, the silent ones first."""
    rows = _streams(tenant.streams.all())
    found = [
        Watched(row.metric, metrics.get(row.metric).label, row.read_until, row.silent_since, words(row, tenant))
        for row in rows
    ]
    return sorted(found, key=lambda one: (not one.words, one.label))


def of_metric(tenant: Tenant, metric: str) -> str:
    """The words of the stream that a metric is drawn on; "" where it speaks, or there is none."""
    row = _silent(tenant.streams.filter(metric=DRAWN_ON.get(metric, metric))).first()
    return words(row, tenant) if row is not None else ""


def everywhere() -> list[Hole]:
    """What is silent at any active shop, by metric, the longest first."""
    rows = _silent(Stream.objects.across_tenants().filter(tenant__state=Tenant.State.ACTIVE))
    of: dict[str, list[Stream]] = {}
    for row in rows.select_related("tenant").order_by("silent_since", "tenant__name"):
        of.setdefault(row.metric, []).append(row)
    return [
        Hole(metrics.get(metric).label, words(found[0], None), named(row.tenant.name for row in found))
        for metric, found in of.items()
    ]


def words(row: Stream, tenant: Tenant | None) -> str:
    """Since when there is no data, in the shop's own time, or (None) in UTC."""
    if row.silent_since is None:
        return ""
    there, now = ((at.astimezone(tenant.zone) if tenant else at) for at in (row.silent_since, timezone.now()))
    day = "" if there.date() == now.date() else f"{there.day} {there:%b}, "
    why = "nothing was measured" if row.engine == "rare" else "the pipeline is silent"
    return f"No data since {day}{there:%H:%M}{'' if tenant else ' UTC'}: {why}"


def named(names: Iterable[str]) -> str:
    """The first names, and how many more there are."""
    found = list(names)
    more = len(found) - LISTED
    return ", ".join(found[:LISTED]) + (f" and {more} more" if more > 0 else "")


def _streams(rows: QuerySet[Stream]) -> QuerySet[Stream]:
    return rows.exclude(engine="limit").defer("state")


def _silent(rows: QuerySet[Stream]) -> QuerySet[Stream]:
    return _streams(rows).exclude(silent_since=None)
