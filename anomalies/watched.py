"""Watched: every stream of a shop with its newest value, what is usual, and whether it is judged yet."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import reduce
from operator import or_

from django.db.models import Q
from django.utils import timezone

from anomalies import metrics, rules, silence, wording
from anomalies.models import StreamPoint
from tenants.models import Tenant

BUCKET = timedelta(seconds=metrics.BUCKET_SECONDS)


@dataclass(frozen=True)
class Row:
    """A stream in words. `latest` and `usual` are "" where there is no value, or nothing to compare it with."""

    label: str
    state: str
    tone: str
    words: str  # more about the state
    latest: str
    usual: str
    read_until: datetime


def of_tenant(tenant: Tenant) -> list[Row]:
    """Every stream of a shop, the silent ones first."""
    found = silence.of_tenant(tenant)
    at = [Q(metric=one.metric, at__in=(one.read_until, one.read_until - BUCKET)) for one in found]
    newest: dict[str, StreamPoint] = {}
    if at:
        newest = {point.metric: point for point in tenant.stream_points.filter(reduce(or_, at)).order_by("at")}
    expected = rules.expected_metrics(tenant, timezone.now()) if at else set()
    return [_row(tenant, one, newest.get(one.metric), held=bool({"", one.metric} & expected)) for one in found]


def _row(tenant: Tenant, one: silence.Watched, point: StreamPoint | None, *, held: bool) -> Row:
    metric = metrics.get(one.metric)

    def said(value: float) -> str:
        return wording.amount(metric, value, tenant.currency)

    latest = said(point.value) if point and point.value is not None else ""
    usual = ""
    if point and point.low is not None and point.high is not None:
        low, high = (wording.bare(metric, value, tenant.currency) for value in (point.low, point.high))
        usual = low if low == high else f"{low}–{high}"
    state, tone, words = _state(one, point, metric, held=held)
    return Row(one.label, state, tone, words, latest, usual, one.read_until)


def _state(
    one: silence.Watched, point: StreamPoint | None, metric: metrics.Metric, *, held: bool
) -> tuple[str, str, str]:
    if one.words:
        return "No data", "warning", one.words
    if held:
        return "Expected time", "info", "nothing is judged until it ends"
    if point is not None and (point.log10p is not None or metric.kind == "rare"):
        return "Watched", "good", ""
    return "Learning", "neutral", ""
