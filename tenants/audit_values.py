"""One value that the audit trail kept, in words: choices by their labels, units, dates, long lists shortened."""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from django.apps import apps
from django.db import models
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from luxebrain.lib import figures, markup
from tenants import audit_words

MOST_ITEMS, MOST_CHARACTERS = 5, 160
HIDDEN = "not shown"
_SECRET = re.compile(r"secret|password|passphrase|token|credential|sealed|private|api_?key", re.IGNORECASE)
# The model of which an act keeps values: its choices have the labels.
_MODELS = {
    "alert_rule": "anomalies.AlertRule", "api_keys": "tenants.ApiKey", "batch": "recommendations.BatchSchedule",
    "endpoints": "recommendations.WebhookEndpoint", "expected": "anomalies.ExpectedWindow",
    "experiment": "modelregistry.Experiment", "export": "recommendations.ExportRun",
    "feed": "recommendations.Feed", "import": "recommendations.ImportRun", "members": "tenants.Membership",
    "merchandising": "recommendations.Merchandising", "placements": "recommendations.Placement",
    "plans": "tenants.Plan", "profile": "tenants.Tenant", "release": "modelregistry.Release",
    "rules": "recommendations.Rule", "staff": "tenants.User", "standing": "tenants.Tenant",
    "version": "modelregistry.ModelVersion",
}  # fmt: skip
_CHOICES = {"alert_channels": {"slack": "Slack", "webhook": "signed webhook"}}
_SHARES = {"diversity", "min_relevance", "novelty", "rotation"}  # of one
_NAMES = {"alias", "kind", "origin", "source", "stage"}  # words of the machine, where no choice has their label
_PER_CENT = {"share", "share_b", "shares"}
_UNITS: Mapping[str, Callable[[Any], str]] = {
    "seconds": markup.duration,
    "minutes": lambda value: markup.duration(timedelta(minutes=value)),
    "hours": lambda value: figures.plural(value, "hour,hours"),
    "days": lambda value: figures.plural(value, "day,days"),
    "bytes": figures.size,
    "minute": lambda value: f"{figures.number(value)} calls a minute",
}

Side = Mapping[str, Any]  # all that was kept beside a value
# area.name → (value, what was kept beside it) → words; an app above adds what only it can say.
SAID: dict[str, Callable[[Any, Side], str]] = {
    "placements.count": lambda value, side: figures.plural(value, "product,products"),
    "rules.factor": lambda value, side: f"× {value:g}",
    "experiment.number": lambda value, side: f"no. {value}",
}


def fields_of(area: str) -> Sequence[models.Field]:
    """Those of the model whose values an act keeps, if it keeps those of a model."""
    try:
        return apps.get_model(_MODELS[area])._meta.concrete_fields
    except (KeyError, LookupError):
        return ()


def field_of(area: str, name: str) -> models.Field | None:
    return next((one for one in fields_of(area) if name in (one.name, one.attname)), None)


def is_secret(area: str, name: str) -> bool:
    """Whether a value is kept back: its name sounds like a secret, and nobody said that it is none."""
    listed = name in audit_words.FIELDS or f"{area}.{name}" in audit_words.FIELDS
    return not listed and bool(_SECRET.search(name))


def say(area: str, name: str, value: Any, side: Side) -> str:
    """The value in words, in the reader's time zone. side: what was kept beside it."""
    if is_secret(area, name):
        return HIDDEN
    if (known := SAID.get(f"{area}.{name}")) and value not in (None, "", []):
        return known(value, side)
    labels = _CHOICES.get(name) or dict(getattr(field_of(area, name), "flatchoices", ()))
    if isinstance(value, str) and value in labels:
        return str(labels[value])
    if value is None or value in ("", [], {}):
        return audit_words.nothing(area, name)
    if isinstance(value, list | tuple):
        return _shortened([str(labels[one]) if one in labels else _one(name, one) for one in map(_plain, value)])
    return _one(name, value)


def scrubbed(area: str, details: Any) -> Any:
    """The record as it was kept, without what is secret."""
    if isinstance(details, dict):
        return {k: HIDDEN if is_secret(area, k) else scrubbed(area, v) for k, v in details.items()}
    return [scrubbed(area, one) for one in details] if isinstance(details, list) else details


def _plain(value: Any) -> Any:
    return value if isinstance(value, str | int | float | bool) else str(value)


def _one(name: str, value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        if name in _SHARES:
            return figures.percent(value)
        if name in _PER_CENT:
            return f"{figures.number(value)}%"
        unit = _UNITS.get(name.rpartition("_")[2])
        return unit(value) if unit else figures.number(value)
    if isinstance(value, dict):
        return _shortened([f"{key.replace('_', ' ')} {_one(key, one)}" for key, one in value.items()])
    text = str(value).replace("_", " ") if name in _NAMES else str(value)
    if at := _moment(text):
        return at
    return text if len(text) <= MOST_CHARACTERS else f"{text[:MOST_CHARACTERS].rstrip()}…"


def _moment(text: str) -> str:
    """An instant as the reader's clock has it: 26 Nov 2026, 14:05 CET; "" for a text that is none."""
    try:
        at = parse_datetime(text)
    except ValueError:
        return ""
    if at is None or at.tzinfo is None:
        return ""
    local = timezone.localtime(at)
    return f"{local.day} {local:%b %Y, %H:%M} {local.tzname()}"


def _shortened(items: list[str]) -> str:
    more = len(items) - MOST_ITEMS
    return ", ".join(items[:MOST_ITEMS]) + (f" and {figures.number(more)} more" if more > 0 else "")
