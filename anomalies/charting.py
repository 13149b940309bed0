"""Charting: what a metric did around an incident, with what was expected and what else happened."""

from bisect import bisect_left
from datetime import datetime, timedelta

from django.utils import timezone

from anomalies import expecting, metrics
from anomalies.models import AnomalyIncident, StreamPoint
from luxebrain.lib import charts
from tenants import occurrences
from tenants.models import Tenant

SPAN = timedelta(hours=12)
SPAN_OF_MEASURES = timedelta(days=35)  # of what is measured once a day
SPAN_OF_MARKS = timedelta(days=2)  # before an incident; what was longer ago is not its cause
# A fixed limit is drawn on the stream that counts the same thing.
DRAWN_ON = {"api_rate": "requests", "failed_auth": "refusals", "rapid_orders": "orders", "large_order": "order_value"}


def stream_of(metric: str) -> metrics.Metric:
    """What a metric is drawn on: itself, or the stream that counts the same thing."""
    return metrics.get(DRAWN_ON.get(metric, metric))


def around(incident: AnomalyIncident) -> tuple[charts.Chart | None, list[dict[str, object]]]:
    """(chart or None where nothing is measured, what else happened then: {"at", "text"})."""
    tenant, now = incident.tenant, timezone.now()
    until = min(now, max(incident.last_seen_at + timedelta(hours=1), incident.first_seen_at + SPAN / 2))
    metric = stream_of(incident.metric)
    start = until - (SPAN_OF_MEASURES if metric.kind == "rare" else SPAN)
    happened = marks(tenant, incident.metric, max(start, incident.first_seen_at - SPAN_OF_MARKS), until)
    if not metric.is_stream:
        return None, happened
    points = list(tenant.stream_points.filter(metric=metric.name, at__gte=start, at__lt=until).order_by("at"))
    if not points:
        return None, happened
    return draw(tenant, metric, points, incident, happened), happened


def draw(
    tenant: Tenant, metric: metrics.Metric, points: list[StreamPoint], incident: AnomalyIncident,
    happened: list[dict[str, object]],
) -> charts.Chart:  # fmt: skip
    times = [point.at for point in points]
    zone = tenant.zone
    begun = max(0, min(len(times) - 1, bisect_left(times, incident.first_seen_at)))
    events = [charts.Event(begun, "it began")] if times[0] <= incident.first_seen_at else []
    for one in [one for one in happened if not one.get("window")][:3]:
        place = _place(times, one["at"])  # type: ignore[arg-type]
        near = any(abs(place - event.at) < len(times) / 5 for event in events)  # words would lie on words
        events.append(charts.Event(place, "" if near else str(one["text"])))
    values, low, high = ([getattr(point, name) for point in points] for name in ("value", "low", "high"))
    band = charts.Series(metric.label, values, low, high)
    last = next((point for point in reversed(points) if point.value is not None), None)
    is_rare = metric.kind == "rare"
    span = f"of {len(points)} measures" if is_rare else f"by five minutes over {len(points) // 12} hours"
    sentence = f"{metric.label} {span}, with the band of what was expected."
    if last is not None:
        sentence += f" The last value is {metric.text(last.value)}."
    form = "%-d %b" if is_rare else "%H:%M"
    return charts.line(
        [band], [f"{at.astimezone(zone):{form}}" for at in times], sentence=sentence, text=metric.text, events=events,
        spans=_spans(tenant, incident.metric, times), height=190,
        x_name="Day" if is_rare else "Time", from_zero=metric.kind == "count",
    )  # fmt: skip


def _spans(tenant: Tenant, metric: str, times: list[datetime]) -> list[charts.Span]:
    """What was expected, as stretches of the points."""
    return [
        charts.Span(bisect_left(times, window.starts_at), bisect_left(times, window.ends_at) - 1, str(window))
        for window in expecting.drawn(tenant, metric, times[0], times[-1])
    ]


def _place(times: list[datetime], at: datetime) -> int:
    return max(0, min(len(times) - 1, bisect_left(times, at)))


def marks(tenant: Tenant, metric: str, start: datetime, until: datetime) -> list[dict[str, object]]:
    """Activations, imports, deployments, expected times and the like of these hours, the oldest first."""
    found: list[dict[str, object]] = [
        {"at": window.starts_at, "until": window.ends_at, "text": str(window), "window": window.pk}
        for window in expecting.drawn(tenant, metric, start, until)
    ]
    deployed = occurrences.of_platform(occurrences.DEPLOYED, start, until)[:20]
    own = occurrences.between(tenant, start, until).filter(kind__in=metrics.MARKS)[:20]
    for row in [*deployed, *own]:
        subject = f" ({row.subject})" if row.subject else ""
        found.append({"at": row.happened_at, "text": f"{metrics.MARKS[row.kind]}{subject}"})
    return sorted(found, key=lambda one: one["at"])  # type: ignore[arg-type,return-value]
