"""Message: one piece of news in plain words, the same for every channel."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings

from anomalies import charting, metrics
from anomalies.models import AlertChannel, AlertDelivery, AnomalyIncident, PlatformIncident
from tenants.models import Tenant

HAPPENED = {
    "opened": "", "regressed": "It came back.", "escalated": "It got worse.", "reopened": "It is open again.",
    "recovered": "It is over.", "resolved": "It was resolved.",
}  # fmt: skip
CLOSING = ("recovered", "resolved")


@dataclass(frozen=True)
class Message:
    """`subject` is the same for all news of one incident, so that mail programs keep them together.

    thread  names the incident on its channel; facts are (label, value) in reading order
    """

    thread: str
    subject: str
    headline: str
    facts: Sequence[tuple[str, str]]
    advice: str
    url: str
    severity: str
    data: dict[str, Any]
    chart: str = ""  # address of the chart, where something is measured

    @property
    def text(self) -> str:
        lines = [self.headline, "", *(f"{label}: {value}" for label, value in self.facts)]
        return "\n".join([*lines, "", self.advice, "", self.url]).strip()


def of(delivery: AlertDelivery) -> Message:
    """The news of a delivery whose notice, incident, tenant and channel are loaded."""
    if delivery.notice is not None:
        return of_incident(delivery.notice.incident, delivery.transition, delivery.channel)
    assert delivery.platform is not None
    return of_platform(delivery.platform, delivery.transition)


def of_incident(incident: AnomalyIncident, transition: str, channel: AlertChannel) -> Message:
    metric, tenant = metrics.get(incident.metric), incident.tenant
    title = metric.titles.get(incident.side, metric.label)
    unit = f" {metric.unit}" if metric.unit else ""
    per = f" per {metric.per}" if metric.per else ""
    facts = [("Seen", f"{metric.text(incident.observed)}{unit}{per}")]
    if incident.expected is not None:
        facts.append(("Expected", _expected(incident, metric)))
    elif incident.limit is not None:
        facts.append(("Limit", f"{metric.text(incident.limit)}{unit}{per}"))
    facts.append(("Since", local(incident.first_seen_at, tenant)))
    if incident.log10p:
        facts.append(("Chance", f"one in {10 ** min(abs(incident.log10p), 15):,.0f}"))
    facts.append(("Signals", f"{incident.count:,}"))
    platform = channel.tenant_id is None
    facts.append(("Severity", incident.get_severity_display()))
    facts += [("Shop", tenant.name), ("Plan", tenant.plan.name)] if platform else []
    url = settings.BASE_URL + (f"/anomalies?id={incident.pk}" if platform else f"/t/{tenant.slug}/alerts/{incident.pk}")
    chart = f"{url}#chart" if charting.stream_of(incident.metric).is_stream else ""
    said = " ".join(part for part in (HAPPENED.get(transition, ""), f"{tenant.name}: {title}.") if part)
    return Message(
        thread=f"incident-{incident.pk}",
        subject=f"{tenant.name}: {title}",
        headline=said, facts=facts, advice="" if transition in CLOSING else metric.advice_of(incident.side), url=url,
        severity=incident.severity, chart=chart,
        data={
            "incident": incident.pk, "shop": tenant.slug, "metric": incident.metric, "side": incident.side,
            "transition": transition, "severity": incident.severity, "state": incident.state, "title": title,
            "observed": incident.observed, "expected": incident.expected, "limit": incident.limit,
            "log10p": incident.log10p, "count": incident.count, "url": url,
            "first_seen_at": incident.first_seen_at.isoformat(), "last_seen_at": incident.last_seen_at.isoformat(),
        },
    )  # fmt: skip


def of_platform(incident: PlatformIncident, transition: str) -> Message:
    metric = metrics.get(incident.metric)
    title = metric.titles.get(incident.side, metric.label)
    url = f"{settings.BASE_URL}/anomalies"
    shops = f"{incident.tenant_count} of {incident.active_count} active shops"
    return Message(
        thread=f"platform-{incident.pk}", subject=f"[Platform] {title}",
        headline=f"{title}, in {shops} at once." if incident.tenant_count else f"{title}, on the platform.",
        facts=[("Shops", shops), ("Since", f"{incident.first_seen_at:%Y-%m-%d %H:%M} UTC")],
        advice=metric.advice_of(incident.side), url=url, severity=incident.severity,
        data={
            "platform_incident": incident.pk, "metric": incident.metric, "side": incident.side,
            "transition": transition, "shops": incident.tenant_count, "active_shops": incident.active_count, "url": url,
            "first_seen_at": incident.first_seen_at.isoformat(),
        },
    )  # fmt: skip


def test_of(channel: AlertChannel) -> Message:
    """What "Send a test" sends."""
    return Message(
        thread=f"test-{channel.pk}", subject="A test from LuxeBrain", severity="low", advice="", facts=[],
        headline=f"This is a test of the channel “{channel.name}”. Nothing happened.", url=settings.BASE_URL,
        data={"test": True, "channel": channel.name},
    )  # fmt: skip


def local(moment: datetime, tenant: Tenant) -> str:
    """A moment in the shop's own time, with its zone."""
    there = moment.astimezone(tenant.zone)
    return f"{there:%Y-%m-%d %H:%M} {there.tzname()}"


def _expected(incident: AnomalyIncident, metric: metrics.Metric) -> str:
    if incident.low is None or incident.high is None:
        return metric.text(incident.expected)
    return f"{metric.text(incident.expected)} ({metric.text(incident.low)} to {metric.text(incident.high)})"
