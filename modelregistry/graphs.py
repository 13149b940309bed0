"""Charts of what versions did over time: shares of lists by day, measures from the log, quality over versions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from django.conf import settings
from django.utils import timezone

from luxebrain.lib import charts, markup
from modelregistry import labels, lineage, metrics
from modelregistry.performance import Totals
from modelregistry.statistics import shares
from tenants.models import Tenant

SHOWN_VERSIONS = 3


def over_time(tenant: Tenant, count: int, quality: charts.Chart | None) -> dict[str, Any]:
    """Every measure of the shop's versions in the last `count` days; `quality` over versions is drawn by facts."""
    spread = days(tenant, count)
    found, events = _daily(tenant, spread), activations(tenant, spread)
    return {
        "online": [_share(metric, spread, found, events) for metric in ("ctr", "cart_rate", "conversion")],
        "logged": [measured(tenant, metric, spread) for metric in ("coverage", "score_shift", "fallback_share")],
        "quality": quality,
        "days": count,
        "window_hours": tenant.attribution_hours,
    }


def daily(tenant: Tenant, metric: str, spread: Sequence[date]) -> dict[str, Any]:
    """One share of lists ("ctr", "cart_rate", "conversion") by day and version, with the moves as marks.

    Context of the metric's card: chart, legend [(version, tone)], banded (whose interval is drawn), total.
    """
    return _share(metric, spread, _daily(tenant, spread), activations(tenant, spread))


def _share(
    metric: str, spread: Sequence[date], found: Mapping[tuple[int, date], Totals], events: Sequence[charts.Event]
) -> dict[str, Any]:
    label, text = next((label, text) for key, label, text in labels.ONLINE if key == metric)
    weight: dict[int, int] = {}
    for (version, _), totals in found.items():
        weight[version] = weight.get(version, 0) + totals.hits(metric)[1]
    chosen = sorted(sorted(filter(weight.get, weight), key=lambda number: -weight[number])[:SHOWN_VERSIONS],
                    reverse=True)  # fmt: skip
    series = [
        _series(number, [found.get((number, day), Totals()).hits(metric) for day in spread], number == chosen[0])
        for number in chosen
    ]
    return {
        "label": label,
        "help": text,
        "chart": charts.line(
            series, [_name(day) for day in spread], text=markup.percent, events=events,
            sentence=f"{label} by model version over {len(spread)} days, with 95 % intervals.", label_ends=False,
        ),
        "legend": [(one.name, charts.TONES[n % len(charts.TONES)]) for n, one in enumerate(series)],
        "banded": series[0].name if series else "",
        "total": sum(weight.values()),
    }  # fmt: skip


def _daily(tenant: Tenant, spread: Sequence[date]) -> dict[tuple[int, date], Totals]:
    rows: dict[tuple[int, date], list[int]] = {}
    found = tenant.daily_performance.filter(day__range=(spread[0], spread[-1]))
    for version, day, *counts in found.values_list("version", "day", "impressions", "clicks", "carts", "bought"):
        sums = rows.setdefault((version, day), [0, 0, 0, 0])
        rows[version, day] = [a + b for a, b in zip(sums, counts, strict=True)]
    return {key: Totals(*counts) for key, counts in rows.items()}


def _series(number: int, counts: Sequence[tuple[int, int]], banded: bool) -> charts.Series:
    values = [hits / trials if trials else None for hits, trials in counts]
    bands = [shares.wilson(*pair) if pair[1] else (None, None) for pair in counts]
    low, high = ([pair[0] for pair in bands], [pair[1] for pair in bands]) if banded else (None, None)
    return charts.Series(version_name(number), values, low, high)


def measured(tenant: Tenant, metric: str, spread: Sequence[date]) -> dict[str, Any]:
    """One measure from the log of answers by day and version: chart, label, help, and total of values."""
    label, text = next((label, text) for key, label, text in labels.LOGGED if key == metric)
    since = timezone.now() - timedelta(days=len(spread) + 1)
    found: dict[str, dict[date, float]] = {}
    for row in metrics.series(tenant, metric, since=since):
        day = row.window_from.astimezone(tenant.zone).date()
        found.setdefault(str(row.version), {})[day] = row.value
    newest = list(found)[-SHOWN_VERSIONS:]
    say = markup.number if metric == "score_shift" else markup.percent
    series = [charts.Series(name, [found[name].get(day) for day in spread]) for name in reversed(newest)]
    return {
        "label": label,
        "help": text,
        "chart": charts.line(
            series, [_name(day) for day in spread], text=say, label_ends=False, height=180,
            sentence=f"{label} by model version over {len(spread)} days.",
        ),
        "legend": [(one.name, charts.TONES[n % len(charts.TONES)]) for n, one in enumerate(series)],
        "total": sum(len(values) for values in found.values()),
    }  # fmt: skip


def activations(tenant: Tenant, spread: Sequence[date]) -> list[charts.Event]:
    """What was put into service on each of the days; of several moves on one day the last one stayed."""
    since = timezone.now() - timedelta(days=len(spread) + 1)
    found = {}
    for move in lineage.moves(tenant, settings.MODEL_NAME).filter(moved_at__gte=since).select_related("version")[::-1]:
        day = move.moved_at.astimezone(tenant.zone).date()
        if day in spread:
            found[list(spread).index(day)] = f"{move.version} activated"
    return [charts.Event(at, text) for at, text in found.items()]


def days(tenant: Tenant, count: int) -> list[date]:
    """The last `count` days in the tenant's zone, today included."""
    last = tenant.today()
    return [last - timedelta(days=count - 1 - n) for n in range(count)]



def version_name(number: int) -> str:
    return f"v{number}" if number else "popular"


def _name(day: date) -> str:
    return f"{day.day} {day:%b}"
