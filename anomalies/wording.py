"""Wording: an incident in plain words, for the staff's inbox, the shop's page and the letters alike."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from anomalies import metrics
from anomalies.models import AnomalyIncident, IncidentEvent, PlatformIncident, Severity
from luxebrain.lib import figures
from luxebrain.lib.markup import since
from tenants import consumption

TONES = {Severity.HIGH: "bad", Severity.MEDIUM: "warning", Severity.LOW: "neutral"}
_WHO = {"keys": "Top keys", "endpoints": "Top endpoints", "subjects": "Behind it", "customers": "Top customers",
        "orders": "Orders", "products": "Top products", "places": "Where", "webhooks": "Sent to"}  # fmt: skip
_CHANCE = (
    "How often chance alone brings something at least so strange in five minutes, by what the shop did in this hour "
    "of the week before."
)
_CHANCE_OF_MEASURES = "How often chance alone brings a measure at least so strange, by the measures of four weeks."
_RAISED = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
_ACTS = {
    "opened": "It began", "regressed": "It came back", "escalated": "It got worse", "recovered": "It ended by itself",
    "told": "Told", "not_told": "Not told", "not_done": "Not done", "rolled_back": "Model rolled back",
    "throttled": "Key throttled", "suspended": "Key suspended", "taken_back": "Taken back", "noted": "Note",
}
_MONEY = ("large_order", "order_value")
_NO_KEY = {"key 0": "no key (workers)"}


@dataclass(frozen=True)
class Said:
    """Everything a page or a letter says of an incident. `who` lists (heading, ((name, value, share), …))."""

    title: str
    line: str
    seen: str
    expected: str
    chance: str
    chance_help: str
    severity: str
    tone: str
    advice: str
    link: str
    who: tuple[tuple[str, tuple[tuple[str, str, str], ...]], ...]


def say(incident: AnomalyIncident, *, names: Mapping[str, str] | None = None) -> Said:
    """names: "key 12" → how the key is called, from `names_of`."""
    metric = metrics.get(incident.metric)
    seen, expected = value_of(incident, incident.peak), expectation(incident)
    return Said(
        title=title(incident),
        line=f"{seen}, {expected}" if expected else seen or _of_what(incident),
        seen=seen or "—",
        expected=expected.removeprefix("expected ") or "—",
        chance=chance(incident.log10p),
        chance_help=_CHANCE_OF_MEASURES if metric.kind == "rare" else _CHANCE,
        severity=incident.get_severity_display(),
        tone=TONES[Severity(incident.severity)],
        advice=metric.advice_of(incident.side),
        link=metric.link,
        who=tuple(_who(incident, names or {})),
    )


def _of_what(incident: AnomalyIncident) -> str:
    """What happened to: its name and what of it failed where that was told, else its id."""
    told = incident.facts.get("told") or {}
    name, failed, total = (told.get(word, "") for word in ("Name", "Failed", "Total"))
    if name and failed.isdecimal() and total.isdecimal():
        return f"{name}: {int(failed):,} of {int(total):,} failed"
    return name or str(incident.facts.get("subject", ""))


def title(incident: AnomalyIncident) -> str:
    metric = metrics.get(incident.metric)
    if incident.side == "down" and incident.peak == 0 and "down" in metric.titles and metric.kind == "count":
        return f"{metric.label} dropped to zero"
    return metric.titles.get(incident.side, metric.label)


def value_of(incident: AnomalyIncident, value: float | None) -> str:
    """A value with its unit; nothing for what is no measurement."""
    metric = metrics.get(incident.metric)
    if metric.kind == "occurrence" or value is None:
        return ""
    return amount(metric, value, incident.facts.get("currency") or incident.tenant.currency)


def amount(metric: metrics.Metric, value: float, currency: str) -> str:
    """A value of a metric with its unit: "30 orders in 5 min"."""
    if metric.name in _MONEY:
        return figures.money(value, currency)
    plain = metric.text is figures.number  # what has words of its own rounds by itself
    rounded = round(value, 1) if plain and value < 10 and value != int(value) else value
    unit = f" {metric.unit}" if metric.unit else ""
    per = "a minute" if metric.per == "minute" else metric.per
    return f"{metric.text(rounded)}{unit}" + (f" in {per}" if per else "")


def bare(metric: metrics.Metric, value: float, currency: str) -> str:
    """An edge of what is usual, without its unit; of counts a whole number."""
    if metric.name in _MONEY:
        return figures.money(value, currency)
    return metric.text(round(value) if metric.kind == "count" else value)


def expectation(incident: AnomalyIncident) -> str:
    metric = metrics.get(incident.metric)
    if incident.limit is not None:
        if incident.metric == "large_order":
            return f"limit {value_of(incident, incident.limit)}"
        return f"limit {metric.text(incident.limit)}"
    if incident.expected is None:
        return ""
    if incident.low is None or incident.high is None:
        return f"expected {value_of(incident, incident.expected)}"
    return f"expected {_plain(incident, incident.low)}–{_plain(incident, incident.high)}"


def _plain(incident: AnomalyIncident, value: float) -> str:
    return bare(metrics.get(incident.metric), value, incident.tenant.currency)


def chance(log10p: float | None) -> str:
    """How unlikely: "1 in 250,000"; above one in a billion it is said as a power of ten."""
    if log10p is None:
        return ""
    if log10p < -9:
        return f"less than 1 in 10{str(min(300, int(-log10p))).translate(_RAISED)}"
    return f"1 in {figures.number(float(f'{10 ** -log10p:.2g}'))}"


def state_of(incident: AnomalyIncident, now: datetime | None = None) -> str:
    """The state as a list shows it: "Open", "Came back", "Archived until Mon 30 Nov", "Resolved, expected"."""
    if incident.state == "archived" and incident.archived_until:
        return f"Archived until {timezone.localtime(incident.archived_until):%a %-d %b}"
    if incident.state == "archived":
        return f"Archived {incident.get_archive_kind_display().lower()}"
    if incident.state == "resolved":
        return f"Resolved, {incident.get_verdict_display().lower()}" if incident.verdict else "Ended by itself"
    if incident.sub_state and incident.state == "new":
        return f"Open, {incident.get_sub_state_display().lower()}"
    return incident.get_state_display()


def sentence(incident: AnomalyIncident) -> str:
    """What stands below the title, on a banner and on the alert's own page: how much, what is usual, since when."""
    said = say(incident)
    values = f"{said.line[:1].upper()}{said.line[1:]}. " if said.line else ""
    last = since(incident.last_seen_at)
    more = f", seen again {last}" if incident.last_seen_at - incident.first_seen_at > timedelta(minutes=5) else ""
    return f"{values}It began {since(incident.first_seen_at)}{more}."


def act_of(line: IncidentEvent) -> str:
    """What a line of the history says happened."""
    return _ACTS.get(line.act) or line.act.replace("_", " ").capitalize()


def platform_title(incident: PlatformIncident) -> str:
    metric = metrics.get(incident.metric)
    return metric.titles.get(incident.side, metric.label)


def _who(incident: AnomalyIncident, names: Mapping[str, str]):
    for kind, rows in (incident.facts.get("who") or {}).items():
        total = sum(count for _, count in rows) or 1
        shown = tuple(
            (
                consumption.LABELS.get(name, name) if kind == "endpoints" else called(name, names),
                _amount(incident, kind, count), figures.percent(count / total, 0),
            )
            for name, count in rows
        )
        if shown:
            yield _WHO.get(kind, kind.capitalize()), shown


def called(name: str, names: Mapping[str, str]) -> str:
    return names.get(name) or _NO_KEY.get(name, name)


def _amount(incident: AnomalyIncident, kind: str, count: Any) -> str:
    return value_of(incident, count) if kind == "orders" else figures.number(count)


def names_of(incident: AnomalyIncident) -> dict[str, str]:
    """What the keys behind an incident are called: "Shop server (lb_live_sk_7Qa…)"."""
    asked = {
        int(name.removeprefix("key "))
        for rows in (incident.facts.get("who") or {}).values()
        for name, _ in rows
        if name.startswith("key ") and name[4:].isdecimal()
    }
    keys = incident.tenant.api_keys.filter(pk__in=asked) if asked else ()
    return {f"key {key.pk}": f"{key.name} ({key.prefix}…)" for key in keys}
