"""Expecting: sale days and other times that a shop knows of, drawn on charts and holding the baselines."""

from datetime import datetime, timedelta
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from anomalies import metrics
from anomalies.models import ExpectedWindow
from luxebrain.lib.problems import Conflict, NotFound, Problem
from tenants import audit
from tenants.models import Tenant, User

LONGEST = timedelta(days=62)
FARTHEST = timedelta(days=2 * 366)
OLDEST = timedelta(days=400)
MOST = 200  # that are not over
KEPT = timedelta(days=7)  # after the removal
TABS = (("open", "Now and to come"), ("past", "Past"))
TONES = {"now": "accent", "to come": "info", "past": "neutral"}
SORTS = {"reason": "reason", "from": "starts_at", "until": "ends_at"}
FIELDS = ("metric", "starts_at", "ends_at", "reason", "holds")


def choices() -> list[tuple[str, str]]:
    """What a window may be about; the first is everything."""
    watched = [(metric.name, metric.label) for metric in metrics.ALL.values() if metric.kind != "occurrence"]
    return [("", "Everything"), *watched]


def label(window: ExpectedWindow) -> str:
    return metrics.get(window.metric).label if window.metric else "Everything"


def tab_of(rows: QuerySet[ExpectedWindow], asked: str, now: datetime) -> tuple[QuerySet[ExpectedWindow], str]:
    """The rows of a tab, and the tab's name."""
    return (rows.filter(ends_at__lte=now), "past") if asked == "past" else (rows.filter(ends_at__gt=now), "open")


def describe(rows: list[ExpectedWindow], now: datetime) -> None:
    """Puts beside each row what its line says."""
    for row in rows:
        row.about, row.when = label(row), row.state(now)
        row.tone = TONES[row.when]


def tabs_of(path: str, name: str) -> list[dict[str, Any]]:
    return [{"label": label, "current": tab == name, "url": f"{path}?tab={tab}"} for tab, label in TABS]


def there(tenant: Tenant) -> QuerySet[ExpectedWindow]:
    return tenant.expected_windows.filter(removed_at=None)


def drawn(tenant: Tenant, metric: str, since: datetime, until: datetime) -> list[ExpectedWindow]:
    """Those that touch a chart of this metric, the earliest first."""
    touching = there(tenant).filter(starts_at__lt=until, ends_at__gt=since)
    return list(touching.filter(metric__in=("", metric)).order_by("starts_at", "pk")[:20])


def add(
    tenant: Tenant, *, metric: str, starts_at: datetime, ends_at: datetime, reason: str, holds: bool, by: User
) -> ExpectedWindow:
    """Raises Problem with a reason per field."""
    window = ExpectedWindow(tenant=tenant, created_by=by)
    _take(window, metric=metric, starts_at=starts_at, ends_at=ends_at, reason=reason, holds=holds)
    with tenant.atomic():
        if there(tenant).filter(ends_at__gt=timezone.now()).count() >= MOST:
            raise Conflict(f"{MOST} are running or to come already. Remove one first.")
        window.save(using=tenant.alias, force_insert=True)
        audit.record(tenant, "expected.added", by=by, target=str(window), details=_told(window))
    return window


def change(
    tenant: Tenant, pk: int, *, metric: str, starts_at: datetime, ends_at: datetime, reason: str, holds: bool, by: User
) -> ExpectedWindow:
    """Raises NotFound, and Problem with a reason per field."""
    with tenant.atomic():
        window = _find(tenant, pk, there(tenant))
        before = _told(window)
        _take(window, metric=metric, starts_at=starts_at, ends_at=ends_at, reason=reason, holds=holds)
        window.save(using=tenant.alias)
        details = {**_told(window), "before": before}
        audit.record(tenant, "expected.changed", by=by, target=str(window), details=details)
    return window


def remove(tenant: Tenant, pk: int, *, by: User) -> ExpectedWindow:
    """As if it were not from now on; it can be put back for a week."""
    with tenant.atomic():
        window = _find(tenant, pk, there(tenant))
        window.removed_at = timezone.now()
        window.save(using=tenant.alias, update_fields=["removed_at"])
        audit.record(tenant, "expected.removed", by=by, target=str(window), details=_told(window))
    return window


def put_back(tenant: Tenant, pk: int, *, by: User) -> ExpectedWindow:
    """Undoes a removal of the last week. Raises NotFound."""
    with tenant.atomic():
        window = _find(tenant, pk, removed(tenant))
        window.removed_at = None
        window.save(using=tenant.alias, update_fields=["removed_at"])
        audit.record(tenant, "expected.put_back", by=by, target=str(window))
    return window


def removed(tenant: Tenant) -> QuerySet[ExpectedWindow]:
    return tenant.expected_windows.filter(removed_at__gt=timezone.now() - KEPT).order_by("-removed_at")


def sweep(now: datetime | None = None) -> int:
    """Deletes what was removed more than a week ago; returns how many."""
    gone = ExpectedWindow.objects.across_tenants().filter(removed_at__lte=(now or timezone.now()) - KEPT)
    return gone._raw_delete("ops")


def _find(tenant: Tenant, pk: int, rows: QuerySet[ExpectedWindow]) -> ExpectedWindow:
    window = rows.select_for_update().filter(pk=pk).first()
    if window is None:
        raise NotFound("There is no such window.")
    window.tenant = tenant
    return window


def _take(
    window: ExpectedWindow, *, metric: str, starts_at: datetime, ends_at: datetime, reason: str, holds: bool
) -> None:
    now, words, wrong = timezone.now(), " ".join(reason.split()), {}
    if metric not in dict(choices()):
        wrong["metric"] = "Choose one of the list."
    if not words or len(words) > 200:
        wrong["reason"] = "Say what it is, in at most 200 characters."
    if ends_at <= starts_at:
        wrong["ends_at"] = "It ends after it begins."
    elif ends_at - starts_at > LONGEST:
        wrong["ends_at"] = f"At most {LONGEST.days} days: what lasts longer is no exception."
    elif ends_at > now + FARTHEST:
        wrong["ends_at"] = "At most two years from now."
    if starts_at < now - OLDEST:
        wrong["starts_at"] = "At most 400 days ago."
    if wrong:
        raise Problem("It was not kept.", fields=wrong, status=422)
    window.metric, window.starts_at, window.ends_at, window.reason, window.holds = (
        metric, starts_at, ends_at, words, holds,
    )  # fmt: skip


def _told(window: ExpectedWindow) -> dict[str, object]:
    return {
        "metric": window.metric, "from": window.starts_at.isoformat(), "until": window.ends_at.isoformat(),
        "reason": window.reason, "holds": window.holds,
    }  # fmt: skip
