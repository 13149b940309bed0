"""What pages show of one version, of two, and of a moment: for a shop's panel and the back office alike."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.conf import settings
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from luxebrain.lib import markup
from modelregistry import facts, labels, lineage, measures, performance, retention, running, trials, versions
from modelregistry.lineage import Spell
from modelregistry.models import ModelVersion
from modelregistry.performance import Totals
from tenants.models import Tenant

PERIODS = (7, 28, 90)
TOLD = ("Algorithm", "Parameters", "Orders", "Events", "Shoppers", "Products", "Size")
LEAST_SHARE = 0.005  # of a blend's weight; parts below it only settle ties


@dataclass(frozen=True)
class Differing:
    """One fact of two versions, in words."""

    label: str
    a: str
    b: str

    @property
    def differs(self) -> bool:
        return self.a != self.b


def days_of(text: str) -> int:
    """The period that the address asks for; 28 days when it asks for none that there is."""
    return int(text) if text.isdecimal() and int(text) in PERIODS else PERIODS[1]


def span(tenant: Tenant, days: int) -> tuple[date, date]:
    """First and last of the `days` days up to today, in the tenant's zone."""
    last = tenant.today()
    return last - timedelta(days=days - 1), last


def version(tenant: Tenant, found: ModelVersion, *, days: int) -> dict[str, Any]:
    """Facts, measures and stretches of service of one version."""
    first, last = span(tenant, days)
    placements = [
        (placement, one)
        for number, placement, one in performance.by_version_and_placement(tenant, first=first, last=last)
        if number == found.number
    ]
    totals = sum((one for _, one in placements), Totals())
    places = facts.places(tenant)
    before = tenant.model_versions.filter(model=found.model, number__lt=found.number).first()
    run = tenant.training_runs.filter(version=found).first()
    return {
        "tiles": facts.tiles(found, before),
        "before": before,
        "trials": trials.told(run.trials if run else []),
        "run": run,
        "parameters": sorted((name, value) for name, value in found.parameters.items() if name != "parts"),
        "places": places,
        "fact": places.fact(found),
        "files": retention.fate(found),
        "serves_now": places.champion,
        "offline": measures.offline(found),
        "online": measures.online(totals, days),
        "logged": measures.logged(found),
        "totals": totals,
        "placements": [_placement(placement, one, days) for placement, one in placements],
        "spells": [spell for spell in lineage.spells(tenant, model=found.model) if spell.version == found],
        "window_hours": tenant.attribution_hours,
        "currency": tenant.currency,
        "days": days,
        "periods": PERIODS,
    }


def _placement(placement: str, totals: Totals, days: int) -> dict[str, Any]:
    return {"placement": placement, "totals": totals, "online": measures.online(totals, days)}


def compare(tenant: Tenant, a: ModelVersion, b: ModelVersion, *, days: int) -> dict[str, Any]:
    """Two versions side by side: facts that differ, and what each metric's difference is worth."""
    first, last = span(tenant, days)
    totals = performance.by_version(tenant, first=first, last=last)
    names = (str(a), str(b))
    sides = [totals.get(one.number, Totals()) for one in (a, b)]
    return {
        "a": a,
        "b": b,
        "offline": measures.pairs(measures.offline(a), measures.offline(b), names),
        "online": measures.pairs(measures.online(sides[0], days), measures.online(sides[1], days), names),
        "sums": sides,
        "differing": differing(a, b),
        "days": days,
        "periods": PERIODS,
        "currency": tenant.currency,
    }


def chosen(tenant: Tenant, asked: Mapping[str, str]) -> dict[str, Any]:
    """`compare` of the versions that "a" and "b" name; without names the one in service and the one before it.

    Only "choices" while the shop has fewer than two. Raises NotFound for versions that are not there.
    """
    choices = list(tenant.model_versions.filter(model=settings.MODEL_NAME).order_by("-number"))
    names = [asked.get(name, "") for name in ("a", "b")]
    if all(names):
        pair = [versions.find(tenant, int(one) if one.isdecimal() and len(one) < 10 else 0) for one in names]
    else:
        pair = _usual(tenant, choices)
    if len(pair) < 2:
        return {"choices": choices}
    return {"choices": choices, **compare(tenant, *pair, days=days_of(asked.get("days", "")))}


def _usual(tenant: Tenant, choices: list[ModelVersion]) -> list[ModelVersion]:
    now, before = lineage.champion(tenant), lineage.previous(tenant)
    return [before, now] if now and before else choices[:2][::-1]


def differing(a: ModelVersion, b: ModelVersion) -> list[Differing]:
    """What was trained, on what, at what cost, of both."""
    lines: tuple[tuple[str, Callable[[ModelVersion], str]], ...] = (
        ("Algorithm", lambda one: labels.algorithm(one.algorithm)),
        ("Parameters", _parameters),
        ("Trained", lambda one: markup.exact(one.created_at)),
        ("Data until", lambda one: markup.exact(one.data_until)),
        ("Orders", lambda one: markup.number(one.counts.get("orders"))),
        ("Events", lambda one: markup.number(one.counts.get("events"))),
        ("Shoppers", lambda one: markup.number(one.counts.get("customers"))),
        ("Products", lambda one: markup.number(one.counts.get("products"))),
        ("Training took", lambda one: markup.duration(one.train_seconds)),
        ("Processor time", lambda one: markup.duration(one.cpu_seconds)),
        ("Size", lambda one: markup.size(one.size_bytes)),
        ("Made by software", lambda one: one.code_version or markup.MISSING),
    )
    return [Differing(label, say(a), say(b)) for label, say in lines]


def changed(before: ModelVersion | None, now: ModelVersion | None) -> list[Differing]:
    """What differs between the version in service and the one before it; empty while there are not two."""
    if before is None or now is None:
        return []
    return [line for line in differing(before, now) if line.differs and line.label in TOLD]


def experiments(tenant: Tenant, found: ModelVersion | None) -> list[dict[str, Any]]:
    """Experiments under way that the version takes part in, with the share of the shoppers who get it."""
    if found is None:
        return []
    tests = running.now_running(tenant, model=found.model).filter(unit="version")
    return [
        {"name": one.name, "share": share, "since": one.started_at}
        for one in tests for _, arm, share in one.arms if arm.get("version") == found.number
    ]  # fmt: skip


def _parameters(one: ModelVersion) -> str:
    parts = one.parameters.get("parts")
    if isinstance(parts, list):
        total = sum(abs(float(part["weight"])) for part in parts) or 1.0
        shares = [(float(part["weight"]) / total, str(part["name"])) for part in parts]
        shares.sort(key=lambda pair: -abs(pair[0]))  # below 0: counts against
        return ", ".join(f"{labels.algorithm(name)} {share:.0%}" for share, name in shares if abs(share) >= LEAST_SHARE)
    return ", ".join(f"{name}={value}" for name, value in sorted(one.parameters.items())) or "none"


def live(tenant: Tenant, text: str) -> dict[str, Any]:
    """What served at the moment that the form names; `wrong` says what is the matter with it.

    `text` is a date and time as a form field sends it, in the page's time zone unless it says another: that of
    the shop in its panel, UTC in the back office.
    """
    zone = timezone.get_current_timezone_name()
    context: dict[str, Any] = {"at_text": text, "zone": zone, "spell": None, "wrong": "", "moment": None}
    if not text:
        return context
    moment = _moment(text)
    if moment is None:
        return {**context, "wrong": "A day and a time such as 2026-11-20 09:30."}
    if moment > timezone.now():
        return {**context, "wrong": "That is still to come."}
    return {**context, "moment": moment, "spell": spell_at(tenant, moment)}


def spell_at(tenant: Tenant, moment: datetime, *, model: str = settings.MODEL_NAME) -> Spell | None:
    """The stretch of service that `moment` lies in; None before the first activation."""
    moves = lineage.moves(tenant, model).select_related("version", "previous", "moved_by")
    move = moves.filter(moved_at__lte=moment).first()
    if move is None:
        return None
    until = moves.filter(moved_at__gt=moment).order_by("moved_at", "id").values_list("moved_at", flat=True).first()
    return Spell(move.version, move.moved_at, until, move)


def _moment(text: str) -> datetime | None:
    try:
        moment = parse_datetime(text.strip()) or parse_datetime(f"{text.strip()} 00:00")
    except ValueError:
        return None
    if moment is None:
        return None
    try:
        return moment if moment.tzinfo else moment.replace(tzinfo=timezone.get_current_timezone())
    except OverflowError:
        return None
