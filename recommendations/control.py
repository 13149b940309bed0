"""What a shop decides about its lists, compiled: placements, rules, language; and the plan of one list.

Precedence: a request's own fields stand before the placement's; filters of both hold; every live rule
that names the placement, or none, holds. Exclude stands before pin, pin before boost and bury.
"""

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from luxebrain.lib import logs
from recommendations import expressions
from recommendations.expressions import Expression, ExpressionError
from recommendations.models import Merchandising, Placement, Rule
from recommendations.queries import Boost, Query
from tenants.models import Tenant
from tenants.statements import written_once

# Candidates looked at where the list is more than the best few in order.
POOL = 200
log = logs.get(__name__)


@dataclass(frozen=True, slots=True)
class LiveRule:
    """A rule ready to be applied. `where` and `products` name the products; either may be empty."""

    pk: int
    name: str
    action: str
    products: tuple[str, ...]
    where: Expression | None
    factor: float
    position: int
    placements: frozenset[str]
    segment: Expression | None
    starts: float
    ends: float

    def holds(self, placement: str, now: float, context: Any, shopper: Any) -> bool:
        if not self.starts <= now < self.ends or (self.placements and placement not in self.placements):
            return False
        return self.segment is None or self.segment.holds(context=context, shopper=shopper)


@dataclass(frozen=True, slots=True)
class Spot:
    """A placement ready to be applied."""

    row: Placement
    where: Expression | None


@dataclass(slots=True)
class Control:
    """All of a shop's decisions, as of one control epoch.

    broken    names of rules and placements whose expression cannot be read any more: they do nothing
    """

    spots: dict[str, Spot] = field(default_factory=dict)
    rules: tuple[LiveRule, ...] = ()
    language: str = "en"
    bought_again: frozenset[str] = frozenset()
    broken: tuple[str, ...] = ()
    uses_shopper: bool = field(init=False)  # whether any condition asks for facts about the shopper

    def __post_init__(self) -> None:
        self.uses_shopper = any(
            one is not None and one.uses_shopper
            for one in (
                *(spot.where for spot in self.spots.values()),
                *(rule.where for rule in self.rules),
                *(rule.segment for rule in self.rules),
            )
        )

    def beside(self, *, placement: Placement | None = None, rules: Sequence[Rule] = (), without: int = 0) -> "Control":
        """The same with an unsaved placement or unsaved rules in the place of the stored ones."""
        spots, broken = dict(self.spots), list(self.broken)
        if placement is not None:
            spots[placement.code] = Spot(placement, _parsed(placement.filter, placement.name, broken))
        gone = {rule.pk for rule in rules if rule.pk} | {without}
        kept = [rule for rule in self.rules if rule.pk not in gone]
        made = [compiled(rule, broken) for rule in rules if rule.is_active]
        return Control(spots, (*kept, *made), self.language, self.bought_again, tuple(broken))


def of(tenant: Tenant) -> Control:
    """Reads and compiles; inside the tenant."""
    general = next(iter(_merchandising(tenant)), None) or Merchandising()
    return made(_placements(tenant), _rules(tenant), general)


@written_once
def _merchandising(tenant: Tenant) -> QuerySet[Merchandising]:
    return tenant.merchandising.all()


@written_once
def _placements(tenant: Tenant) -> QuerySet[Placement]:
    return tenant.placements.all()


@written_once
def _rules(tenant: Tenant) -> QuerySet[Rule]:
    return tenant.rules.filter(is_active=True)


def made(placements: Iterable[Placement], active: Iterable[Rule], general: Merchandising) -> Control:
    """Compiled rows. What cannot be compiled is left out and logged."""
    broken: list[str] = []
    spots = {row.code: Spot(row, _parsed(row.filter, row.name, broken)) for row in placements}
    rules = tuple(compiled(row, broken) for row in active)
    again = frozenset(name.casefold() for name in general.bought_again)
    return Control(spots, rules, general.language, again, tuple(broken))


def compiled(rule: Rule, broken: list[str]) -> LiveRule:
    where = _parsed(rule.filter, rule.name, broken)
    segment = _parsed(rule.segment, rule.name, broken, scope="shopper")
    unreadable = (where is None and rule.filter) or (segment is None and rule.segment)
    return LiveRule(
        rule.pk or 0, rule.name, rule.action, tuple(rule.products), where, rule.factor, rule.position,
        frozenset(rule.placements), segment, _seconds(rule.starts_at, 0.0),
        0.0 if unreadable else _seconds(rule.ends_at, float("inf")),
    )


def _seconds(moment: datetime | None, otherwise: float) -> float:
    return moment.timestamp() if moment else otherwise


def _parsed(text: str, name: str, broken: list[str], *, scope: str = "product") -> Expression | None:
    if not text:
        return None
    try:
        return expressions.parse(text, scope=scope)
    except ExpressionError as error:  # a field that was taken out of the language since
        log.warning("control.unreadable", name=name[:80], column=error.column, reason=error.message)
        broken.append(name)
        return None


@dataclass(slots=True)
class Plan:
    """How one list is made. `is_plain`: the best of the candidates in their order, nothing else."""

    kind: str
    limit: int
    placement: str = ""
    wheres: tuple[Expression, ...] = ()
    boosts: tuple[Boost, ...] = ()
    rules: tuple[LiveRule, ...] = ()
    weights: Mapping[str, float] = field(default_factory=dict)
    fallback: str = "popular"
    bought: str = "show"
    min_relevance: float = 0.0
    diversity: float = 0.0
    most_of_category: int | None = None
    most_of_brand: int | None = None
    novelty: float = 0.0
    rotation: float = 0.0
    is_off: bool = False
    is_held_out: bool = False  # best sellers in the place of a personal list, to measure what those bring
    warnings: list[str] = field(default_factory=list)

    @property
    def reorders(self) -> bool:
        return bool(
            self.boosts or self.rules or self.diversity or self.most_of_category or self.most_of_brand
            or self.novelty or self.rotation
        )

    def ruled(self, action: str) -> list[LiveRule]:
        return [rule for rule in self.rules if rule.action == action]


_FROM_PLACEMENT = ("fallback", "min_relevance", "diversity")


def plan(control: Control, query: Query, *, context: Any, shopper: Any, now: float | None = None) -> Plan:
    """The placement's settings, the request's before them, and the rules that hold at this moment."""
    moment = time.time() if now is None else now
    wheres = (query.where,) if query.where is not None else ()
    made = Plan(
        query.kind, query.limit, query.placement, wheres, query.boosts, fallback=query.fallback,
        min_relevance=query.min_relevance, diversity=query.diversity,
    )
    spot = control.spots.get(query.placement) if query.placement else None
    if spot is not None:
        _take(made, spot, query)
    elif query.placement and control.spots:
        made.warnings.append(f"There is no placement {query.placement}: the list follows the request alone.")
    if control.rules:
        made.rules = tuple(rule for rule in control.rules if rule.holds(query.placement, moment, context, shopper))
    return made


def _take(made: Plan, spot: Spot, query: Query) -> None:
    row = spot.row
    if "type" not in query.given and "recommendation_type" not in query.given:
        made.kind = row.kind
    if "limit" not in query.given:
        made.limit = max(row.count, len(query.candidates)) if query.candidates else row.count
    for name in _FROM_PLACEMENT:
        if name not in query.given:
            setattr(made, name, getattr(row, name))
    if spot.where is not None:
        made.wheres += (spot.where,)
    elif row.filter:
        made.warnings.append(f"The filter of the placement {row.code} cannot be read: it is left out.")
    made.weights, made.bought = row.weights or {}, row.bought
    made.most_of_category, made.most_of_brand = row.most_of_category, row.most_of_brand
    made.novelty, made.rotation = row.novelty, row.rotation
    made.is_off = not row.is_active
