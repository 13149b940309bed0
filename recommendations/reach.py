"""Which products rules and placements are about, by the catalogue as it stands, and the conflicts that follow."""

from collections.abc import Collection, Iterable, Sequence

import numpy as np
from django.conf import settings
from django.db import connections
from django.utils import timezone

from modelregistry.models import ModelAlias
from recommendations import candidates, conflicts, explaining, expressions
from recommendations.algorithms.blend import PARTS
from recommendations.assortment import Assortment
from recommendations.candidates import Shop
from recommendations.conflicts import Conflict, Reached
from recommendations.expressions import ExpressionError
from recommendations.models import Placement, Rule
from recommendations.queries import Query
from recommendations.serving import RecommendationEngine
from recommendations.window import Row
from tenants.models import Tenant


def titles(tenant: Tenant, names: Iterable[str]) -> dict[str, str]:
    """Titles by id, of those that are there."""
    wanted = list(set(names))
    return dict(tenant.products.filter(external_id__in=wanted).values_list("external_id", "title")) if wanted else {}


def shop_of(tenant: Tenant) -> Shop:
    """This process's copies of the shop, as of now."""
    return candidates.shop(tenant.pk, explaining.fetched(RecommendationEngine(tenant.pk), Query()).epochs)


class Catalogue:
    """What expressions and ids of rules mean, by the assortment that serving reads too."""

    def __init__(self, tenant: Tenant) -> None:
        self.assortment: Assortment = shop_of(tenant).assortment
        self.rows = self.assortment.window.rows
        self.for_sale = self.assortment.for_sale[: self.assortment.size]

    def holds(self, text: str) -> np.ndarray | None:
        """bool[size], for sale alone; None where it depends on the shopper or the page, or cannot be read."""
        if not text:
            return self.for_sale
        try:
            where = expressions.parse(text)
        except ExpressionError:
            return None
        if where.uses_context or where.uses_shopper:
            return None
        return where.mask(self.assortment) & self.for_sale

    def reached(self, rule: Rule) -> Reached:
        mask = np.zeros(self.assortment.size, np.bool_)
        numbers = self.assortment.index(rule.products)
        mask[numbers[numbers >= 0]] = True
        mask &= self.for_sale
        found = self.holds(rule.filter) if rule.filter else mask
        names = [name for name, number in zip(rule.products, numbers, strict=True) if number >= 0]
        unseen = tuple((self.rows[name].title, why_unseen(self.rows[name])) for name in names if name in self.rows)
        return Reached(
            rule,
            np.packbits(mask if found is None else mask | found),
            None if found is None else int(np.count_nonzero(mask | found)),
            tuple(name for name, number in zip(rule.products, numbers, strict=True) if number < 0),
            tuple((title, why) for title, why in unseen if why),
        )

    def title(self, number: int) -> str:
        [name] = self.assortment.ids([number])
        return self.assortment.window.title(name) or name


def why_unseen(row: Row) -> str:
    if not row.is_published:
        return "not published"
    return "" if row.is_for_sale else "out of stock"


def conflicts_among(tenant: Tenant, rules: Sequence[Rule], *, about: Collection[int]) -> list[Conflict]:
    """Everything that is wrong with those of these rules whose keys are given (0 = the unsaved one)."""
    catalogue = Catalogue(tenant)
    spots = list(tenant.placements.all())
    reached = [catalogue.reached(rule) for rule in rules]
    found = conflicts.of_rules(reached, spots, catalogue.title, now=timezone.now(), about=about)
    pins = [
        one for one in reached
        if one.rule.is_active and one.rule.action == Rule.Action.PIN and (one.rule.pk or 0) in about
    ]  # fmt: skip
    for spot in spots if pins else ():
        mask = catalogue.holds(spot.filter) if spot.filter and spot.is_active else None
        if mask is not None:
            found += conflicts.of_pins(spot, np.packbits(mask), pins, catalogue.title)
    return found


def conflicts_of(tenant: Tenant, rule: Rule) -> list[Conflict]:
    """What is wrong with this rule, saved or not, beside those that are on."""
    others = [other for other in tenant.rules.filter(is_active=True) if other.pk != rule.pk]
    return conflicts_among(tenant, [*others, rule], about={rule.pk or 0})


def conflicts_of_many(tenant: Tenant, rows: Sequence[Rule]) -> list[Conflict]:
    """What is wrong with these saved rules beside all that are on."""
    return conflicts_among(tenant, list(tenant.rules.filter(is_active=True)), about={row.pk for row in rows})


def count_of(tenant: Tenant, rule: Rule) -> int | None:
    """How many products for sale it is about; None where that depends on the shopper or the page."""
    return Catalogue(tenant).reached(rule).count


def placement_conflicts(tenant: Tenant, rows: Sequence[Placement]) -> dict[str, list[Conflict]]:
    """What leaves these placements, saved or not, with too little, by code."""
    if not rows:
        return {}
    catalogue, now = Catalogue(tenant), timezone.now()
    excluding = [
        rule for rule in tenant.rules.filter(is_active=True, action=Rule.Action.EXCLUDE, segment="")
        if not (rule.starts_at and rule.starts_at > now) and not (rule.ends_at and rule.ends_at <= now)
    ]  # fmt: skip
    gone = {rule.pk: np.unpackbits(catalogue.reached(rule).bits, count=len(catalogue.for_sale)) for rule in excluding}
    found: dict[str, list[Conflict]] = {}
    for row in rows:
        mask = catalogue.holds(row.filter)
        if mask is None:
            continue
        left = mask.copy()
        for rule in excluding:
            if not rule.placements or row.code in rule.placements:
                left &= gone[rule.pk] == 0
        counts = [int(np.count_nonzero(one)) for one in (mask, left, catalogue.for_sale)]
        found[row.code] = list(conflicts.of_placement(row, matching=counts[0], left=counts[1], for_sale=counts[2]))
    return found


def parts(tenant: Tenant) -> list[str]:
    """The parts of the blend that serves, as it was trained; none where another model serves."""
    alias = tenant.model_aliases.filter(model=settings.MODEL_NAME, name=ModelAlias.CHAMPION)
    champion = alias.select_related("version").first()
    parts = champion.version.parameters.get("parts") if champion else None
    names = [part["name"] for part in parts if part.get("name") in PARTS] if isinstance(parts, list) else []
    return list(dict.fromkeys(names))


def categories(tenant: Tenant, *, text: str = "", most: int = 40) -> list[tuple[str, int]]:
    """The categories with the most products, and how many there are in each: of those that hold the text.

    Capitals do not count: each as it is written most often.
    """
    with connections[tenant.alias].cursor() as cursor:
        cursor.execute(_CATEGORIES, [tenant.pk, text.replace("\x00", "").strip(), most])
        return [(str(name), int(count)) for name, count in cursor.fetchall()]


def named_categories(tenant: Tenant, names: Collection[str]) -> dict[str, tuple[str, int]]:
    """As `categories`, those of these names that have a product: by the name without capitals."""
    with connections[tenant.alias].cursor() as cursor:
        cursor.execute(_NAMED, [tenant.pk, [name.lower() for name in names]])
        return {str(name).casefold(): (str(name), int(count)) for name, count in cursor.fetchall()}


_COUNTED = """
select mode() within group (order by name), count(distinct id) from recommendations_product, unnest(categories) as name
where tenant_id = %s and
"""
_CATEGORIES = _COUNTED + "strpos(lower(name), lower(%s)) > 0 group by lower(name) order by 2 desc, 1 limit %s"
_NAMED = _COUNTED + "lower(name) = any(%s) group by lower(name)"
