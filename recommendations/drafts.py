"""Placements and rules before they are saved: every value is checked, with a reason per field."""

import copy
import re
from collections.abc import Callable, Mapping
from math import isfinite
from typing import Any

from luxebrain.lib.problems import Problem
from recommendations import expressions, fields
from recommendations.algorithms.blend import PARTS
from recommendations.expressions import ExpressionError
from recommendations.fields import Refused
from recommendations.models import Placement, Rule
from tenants.models import Tenant, User

MOST_PRODUCTS = 50  # of one rule
MOST_LISTED = 100  # places of a list
MOST_FACTOR = 10.0
RESERVED = frozenset({"new", "begin", "settings"})  # pages beside the placements' own
_CODE = re.compile(r"[A-Za-z0-9_.-]{1,40}")
_NEEDED = "Must not be empty."
Check = Callable[[Any], Any]


def placement(tenant: Tenant, values: Mapping[str, Any], *, of: Placement | None = None) -> Placement:
    """The placement that these values make, not saved; `of` with them, a copy of it. Raises Problem.

    The code names the placement in the shop's own calls: it is given once and stays.
    """
    row = copy.copy(of) if of is not None else Placement(tenant_id=tenant.pk)
    wrong = _take(row, values, _PLACEMENT)
    if of is None:
        _unused(tenant, row, wrong)
    elif row.code != of.code:
        wrong["code"] = "The code stays, because your shop asks by it. Copy the placement to get another one."
    if not row.name and "name" not in wrong:
        wrong["name"] = _NEEDED
    _check(wrong)
    return row


def rule(tenant: Tenant, values: Mapping[str, Any], *, of: Rule | None = None) -> Rule:
    """The rule that these values make, not saved; `of` with them, a copy of it. Raises Problem."""
    row = copy.copy(of) if of is not None else Rule(tenant_id=tenant.pk)
    wrong = _take(row, values, _RULE)
    if not row.name and "name" not in wrong:
        wrong["name"] = _NEEDED
    if not row.action:
        wrong.setdefault("action", f"Must be one of {', '.join(Rule.Action.values)}.")
    if "owner" in values:
        _own(tenant, row, values["owner"], wrong)
    if row.action == Rule.Action.PIN and row.filter and "filter" not in wrong:
        wrong["filter"] = "A pin puts chosen products in chosen places: name the products instead."
    elif row.products and row.filter:
        wrong["filter"] = "Choose products or write an expression, not both."
    elif not row.products and not (row.filter or {"products", "filter"} & wrong.keys()):
        pin = row.action == Rule.Action.PIN
        wrong["products"] = "Choose at least one product." if pin else "Choose products, or write an expression."
    _known(tenant, row, wrong, values)
    _measured(row, wrong)
    if row.starts_at and row.ends_at and row.starts_at >= row.ends_at:
        wrong["ends_at"] = "Must be after the start."
    _check(wrong)
    return row


def _take(row: Any, values: Mapping[str, Any], checks: Mapping[str, Check]) -> dict[str, str]:
    """Sets every value that is right; the reasons for the others."""
    wrong: dict[str, str] = {}
    for name, value in values.items():
        if name == "owner":
            continue
        if name not in checks:
            wrong[str(name)[:60]] = "There is no such field."
            continue
        try:
            setattr(row, name, checks[name](value))
        except Refused as refused:
            wrong[name] = refused.message
    return wrong


def _check(wrong: dict[str, str]) -> None:
    if wrong:
        raise Problem("Some fields are not right.", fields=wrong)


def _unused(tenant: Tenant, row: Placement, wrong: dict[str, str]) -> None:
    if not row.code:
        wrong.setdefault("code", _NEEDED)
    elif tenant.placements.filter(code=row.code).exists():
        wrong["code"] = "There is a placement with this code already."


def _own(tenant: Tenant, row: Rule, owner: Any, wrong: dict[str, str]) -> None:
    """The owner is a member of the shop, given as a person or by e-mail."""
    email = owner.email if isinstance(owner, User) else owner
    if email in (None, ""):
        row.owner = None
        return
    found = None
    if isinstance(email, str):
        found = tenant.memberships.select_related("user").filter(user__email__iexact=email[:254]).first()
    if found is None:
        wrong["owner"] = "Must be somebody of this shop's team."
    else:
        row.owner = found.user


def _known(tenant: Tenant, row: Rule, wrong: dict[str, str], values: Mapping[str, Any]) -> None:
    """Products and placements that are given are told by id where there are none."""
    if row.products and "products" in values and "products" not in wrong:
        known = set(tenant.products.filter(external_id__in=row.products).values_list("external_id", flat=True))
        if unknown := [name for name in row.products if name not in known]:
            wrong["products"] = f"There is no product {_listed(unknown)}."
    if row.placements and "placements" in values and "placements" not in wrong:
        codes = set(tenant.placements.values_list("code", flat=True))
        if missing := [code for code in row.placements if code not in codes]:
            wrong["placements"] = f"There is no placement {_listed(missing)}."


def _listed(names: list[str]) -> str:
    return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")


def _measured(row: Rule, wrong: dict[str, str]) -> None:
    """Boosts lift and buries lower: each on its side of 1."""
    if "factor" in wrong or "action" in wrong:
        return
    if row.action == Rule.Action.BOOST and not 1 < row.factor <= MOST_FACTOR:
        wrong["factor"] = f"A boost multiplies by more than 1 and at most {MOST_FACTOR:g}."
    if row.action == Rule.Action.BURY and not 0 < row.factor < 1:
        wrong["factor"] = "A bury multiplies by more than 0 and less than 1. To hide products, exclude them."


def _text(limit: int) -> Check:
    return lambda value: fields.text(value, limit=limit).strip()


def _code(value: Any) -> str:
    if not isinstance(value, str) or not _CODE.fullmatch(value) or not value.strip("."):
        raise Refused("format", "Letters, digits, point, hyphen and underscore, at most 40.")
    if value.lower() in RESERVED:
        raise Refused("reserved", f"“{value}” is kept for a page of this panel. Choose another code.")
    return value


def _choice(choices: Any) -> Check:
    def check(value: Any) -> str:
        if not isinstance(value, str) or value not in choices.values:
            raise Refused("choice", f"Must be one of {', '.join(choices.values)}.")
        return value

    return check


def _whole(least: int, most: int, *, may_be_none: bool = False) -> Check:
    def check(value: Any) -> int | None:
        if value is None and may_be_none:
            return None
        return fields.whole(value, least=least, most=most)

    return check


def _between(least: float, most: float) -> Check:
    def check(value: Any) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
            raise Refused("type", "Must be a number.")
        if not least <= value <= most:
            raise Refused("range", f"Must be from {least:g} to {most:g}.")
        return float(value)

    return check


def _weights(value: Any) -> dict[str, float]:
    """Multipliers by part of a blend; 1 is left out, because it changes nothing."""
    if not isinstance(value, Mapping):
        raise Refused("type", "Must be an object of numbers by part of the model.")
    if unknown := [fields.shown(name) for name in value if name not in PARTS]:
        raise Refused("unknown", f"There is no part {_listed(unknown)}. There are {', '.join(sorted(PARTS))}.")
    check = _between(0, MOST_FACTOR)
    weights = {name: check(weight) for name, weight in value.items()}
    return {name: weight for name, weight in sorted(weights.items()) if weight != 1}


def _expression(scope: str) -> Check:
    def check(value: Any) -> str:
        text = fields.verbatim(value, limit=1000).strip()
        if text:
            try:
                expressions.parse(text, scope=scope)
            except ExpressionError as error:
                raise Refused("expression", f"Column {error.column}: {error.message}") from None
        return text

    return check


def _products(value: Any) -> list[str]:
    if value is None:
        return []
    if not isinstance(value, list):
        raise Refused("type", "Must be a list of product ids.")
    if len(value) > MOST_PRODUCTS:
        raise Refused("too_many", f"Must be at most {MOST_PRODUCTS} products.")
    return list(dict.fromkeys(fields.identifier(item) for item in value))


def _codes(value: Any) -> list[str]:
    if value is None:
        return []
    if not isinstance(value, list) or len(value) > 100:
        raise Refused("type", "Must be a list of at most 100 codes of placements.")
    return list(dict.fromkeys(fields.text(item, limit=40) for item in value))


_PLACEMENT: dict[str, Check] = {
    "code": _code,
    "name": _text(80),
    "surface": _choice(Placement.Surface),
    "kind": _choice(Placement.Kind),
    "count": _whole(1, MOST_LISTED),
    "weights": _weights,
    "filter": _expression("product"),
    "fallback": _choice(Placement.Fallback),
    "bought": _choice(Placement.Bought),
    "min_relevance": _between(0, 1),
    "diversity": _between(0, 1),
    "most_of_category": _whole(1, MOST_LISTED, may_be_none=True),
    "most_of_brand": _whole(1, MOST_LISTED, may_be_none=True),
    "novelty": _between(0, 1),
    "rotation": _between(0, 1),
    "is_active": fields.flag,
}
_RULE: dict[str, Check] = {
    "name": _text(80),
    "action": _choice(Rule.Action),
    "products": _products,
    "filter": _expression("product"),
    "factor": _between(0, MOST_FACTOR),
    "position": _whole(1, MOST_LISTED),
    "placements": _codes,
    "segment": _expression("shopper"),
    "starts_at": fields.moment,
    "ends_at": fields.moment,
    "note": _text(500),
    "is_active": fields.flag,
}
