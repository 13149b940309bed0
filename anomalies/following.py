"""Following: what lower parts recorded becomes an incident, where it is one."""

from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from anomalies import incidents, watching
from anomalies.incidents import Signal
from anomalies.metrics import ENDS_OF_OCCURRENCES, INCIDENTS_OF_OCCURRENCES
from anomalies.models import Side, State
from tenants import occurrences
from tenants.models import Occurrence, Tenant

LATE_COMMITS = timedelta(minutes=15)  # a row may become visible after rows with higher numbers
OVERLAP = 500
OLDEST = timedelta(days=1)  # on the first round ever


def follow(*, now: datetime | None = None) -> int:
    """Reads the occurrences since the last round; returns how many became signals. Each counts once, however often
    it is read: the incident knows the numbers that it was made of."""
    now = now or timezone.now()
    done = watching.position("occurrences")
    signals = 0
    while True:
        rows = occurrences.after(max(0, done - OVERLAP))
        fresh = [row for row in rows if row.pk > done or row.happened_at > now - LATE_COMMITS]
        for row in fresh:
            if row.tenant is None or row.happened_at <= now - OLDEST:
                continue
            if row.kind in INCIDENTS_OF_OCCURRENCES:
                signals += incidents.flag(row.tenant, signal_of(row), now=now) is not None
            elif row.kind in ENDS_OF_OCCURRENCES:
                metric, why = ENDS_OF_OCCURRENCES[row.kind]
                _end(row.tenant, metric, at=row.happened_at, now=now, why=why)
        last = max((row.pk for row in rows), default=done)
        if last <= done:
            return signals
        done = last
        watching.move("occurrences", done)


def _end(tenant: Tenant, metric: str, *, at: datetime, now: datetime, why: str) -> None:
    """The open incident was over at this moment; one that was seen since goes on."""
    with tenant.atomic():
        rows = tenant.anomaly_incidents.filter(metric=metric, state__in=[State.NEW, State.ACKNOWLEDGED])
        incident = rows.select_for_update().first()
        if incident is not None and incident.last_seen_at <= at:
            incidents.recover(incident, now=now, why=why)
            incident.save(using=tenant.alias)


def signal_of(row: Occurrence) -> Signal:
    metric, severity = INCIDENTS_OF_OCCURRENCES[row.kind]
    facts = {"subject": row.subject, "told": dict(_readable(row.facts)), "occurrence": row.pk}
    return Signal(metric, Side.UP, row.happened_at, 1.0, severity, "occurrence", f"o{row.pk}", facts=facts)


def _readable(facts: dict[str, Any]):
    """The plain values among what was recorded, at most six of them, under words."""
    plain = [(name, value) for name, value in facts.items() if isinstance(value, str | int | float | bool)]
    for name, value in plain[:6]:
        yield str(name).replace("_", " ").capitalize()[:40], str(value)[:160]
