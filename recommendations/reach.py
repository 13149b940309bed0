"""Which products rules and placements are about, by the catalogue as it stands, and the conflicts that follow."""

from collections.abc import Iterable, Sequence

import numpy as np
from django.conf import settings
from django.db import connections
from django.utils import timezone

from modelregistry.models import ModelAlias
from recommendations import conflicts
from recommendations.algorithms.blend import PARTS
from recommendations.conflicts import Conflict, Reached
from recommendations.models import Placement, Product, Rule
from tenants.models import Tenant


def titles(tenant: Tenant, names: Iterable[str]) -> dict[str, str]:
    """Titles by id, of those that are there."""
    wanted = list(set(names))
    return dict(tenant.products.filter(external_id__in=wanted).values_list("external_id", "title")) if wanted else {}


class Catalogue:
    """The products that some rules name, numbered."""

    def __init__(self, tenant: Tenant, rules: Sequence[Rule]) -> None:
        named = sorted({name for rule in rules for name in rule.products})
        rows = list(tenant.products.filter(external_id__in=named).order_by("pk"))
        self.rows = {row.external_id: row for row in rows}
        self.numbers = {row.external_id: number for number, row in enumerate(rows)}
        self.names = [row.title for row in rows]

    def reached(self, rule: Rule) -> Reached:
        mask = np.zeros(len(self.numbers), np.bool_)
        known = [name for name in rule.products if name in self.numbers]
        mask[[self.numbers[name] for name in known]] = True
        unseen = tuple((self.rows[name].title, why) for name in known if (why := why_unseen(self.rows[name])))
        missing = tuple(name for name in rule.products if name not in self.numbers)
        count = None if rule.filter else len(known) - len(unseen)
        return Reached(rule, np.packbits(mask), count, missing, unseen)

    def title(self, number: int) -> str:
        return self.names[number]


def why_unseen(product: Product) -> str:
    if not product.is_published:
        return "not published"
    return "out of stock" if product.stock is not None and product.stock <= 0 else ""


def conflicts_among(tenant: Tenant, rules: Sequence[Rule]) -> list[Conflict]:
    """Everything that is wrong with these rules."""
    catalogue = Catalogue(tenant, rules)
    reached = [catalogue.reached(rule) for rule in rules]
    return conflicts.of_rules(reached, list(tenant.placements.all()), catalogue.title, now=timezone.now())


def conflicts_of(tenant: Tenant, rule: Rule) -> list[Conflict]:
    """What is wrong with this rule, saved or not, beside those that are on."""
    others = [other for other in tenant.rules.filter(is_active=True) if other.pk != rule.pk]
    return [found for found in conflicts_among(tenant, [*others, rule]) if (rule.pk or 0) in found.rules]


def all_conflicts(tenant: Tenant) -> list[Conflict]:
    return conflicts_among(tenant, list(tenant.rules.filter(is_active=True)))


def count_of(tenant: Tenant, rule: Rule) -> int | None:
    """How many products for sale it is about; None where that depends on the shopper or the page."""
    return Catalogue(tenant, [rule]).reached(rule).count


def parts(tenant: Tenant) -> list[str]:
    """The parts of the blend that serves, as it was trained; none where another model serves."""
    alias = tenant.model_aliases.filter(model=settings.MODEL_NAME, name=ModelAlias.CHAMPION)
    champion = alias.select_related("version").first()
    parts = champion.version.parameters.get("parts") if champion else None
    return [part["name"] for part in parts if part.get("name") in PARTS] if isinstance(parts, list) else []


def placement_conflicts(tenant: Tenant, rows: Sequence[Placement]) -> dict[str, list[Conflict]]:
    return {}


def categories(tenant: Tenant, *, most: int = 40) -> list[tuple[str, int]]:
    """The categories with the most products, and how many there are in each."""
    with connections[tenant.alias].cursor() as cursor:
        cursor.execute(_CATEGORIES, [tenant.pk, most])
        return [(str(name), int(count)) for name, count in cursor.fetchall()]


_CATEGORIES = """
select name, count(*) from recommendations_product, unnest(categories) as name
where tenant_id = %s group by name order by 2 desc, 1 limit %s
"""
