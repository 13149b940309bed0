"""What an expression holds for as the shop stands now: how many products or shoppers, with examples."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import numpy as np

from recommendations import expressions, reach, shoppers
from recommendations.assortment import Assortment
from recommendations.candidacy import Facts
from recommendations.expressions import Expression, ExpressionError
from tenants.models import Tenant

EXAMPLES = 3
BUYERS = 20  # the last customers who ordered, whom a segment is tried on
_LOOKED_AT = 400  # orders that these are looked for in


@dataclass
class Matched:
    """The answer for people. `error` alone is set where the text cannot be read.

    viewed      the product that stood in for the page's, if the expression asks for one
    shopper     the customer that stood in, "" for one of whom nothing is known; None if none was asked for
    buyers      of a segment: (how many of the last customers who ordered it holds for, of how many)
    """

    text: str
    error: ExpressionError | None = None
    words: str = ""
    holds: int = 0
    products: int = 0
    for_sale: int = 0
    examples: list[dict[str, Any]] = field(default_factory=list)
    viewed: dict[str, Any] | None = None
    shopper: str | None = None
    buyers: tuple[int, int] | None = None

    @property
    def pointed(self) -> tuple[str, str]:
        """The line with the error, shortened around it, and a line that points at it."""
        assert self.error is not None
        at = self.error.column - 1
        start = self.text.rfind("\n", 0, at) + 1
        line = self.text[start:].split("\n", 1)[0].replace("\r", " ").replace("\t", " ")
        place, cut = at - start, max(0, at - start - 40)
        shown = ("…" if cut else "") + line[cut : cut + 72]
        place += (1 if cut else 0) - cut
        return shown, " " * place + "^" * max(1, min(self.error.length, len(shown) - place))


def match(tenant: Tenant, text: str, *, scope: str = "product", product: str = "", customer: str = "") -> Matched:
    """Tries a filter on the catalogue, or a segment (scope "shopper") on the last buyers.

    product     stands in for the page's product; else the best seller does
    customer    stands in for the shopper; else nothing is known of them
    """
    found = Matched(text)
    try:
        where = expressions.parse(text, scope=scope)
    except ExpressionError as error:
        found.error = error
        return found
    found.words = expressions.describe(where)
    if scope == "shopper":
        _on_buyers(tenant, where, found)
    else:
        _on_products(tenant, where, found, product, customer)
    return found


def _on_products(tenant: Tenant, where: Expression, found: Matched, product: str, customer: str) -> None:
    assortment = reach.shop_of(tenant).assortment
    items = assortment.index(list(assortment.window.rows))
    items = items[np.argsort(-assortment.popularity[items], kind="stable")]
    context = shopper = None
    if where.uses_context:
        context, found.viewed = _viewed(assortment, items, product)
    if where.uses_shopper:
        shopper = shoppers.facts(tenant, [customer])[customer] if customer else {"is_known": False}
        found.shopper = customer
    held = items[where.mask(assortment, items, context=context, shopper=shopper)]
    for_sale = assortment.for_sale[held]
    found.products, found.holds, found.for_sale = len(items), len(held), int(np.count_nonzero(for_sale))
    shown = np.concatenate((held[for_sale], held[~for_sale]))[:EXAMPLES]
    found.examples = [_told(assortment, item) for item in shown.tolist()]


def _viewed(assortment: Assortment, items: np.ndarray, product: str) -> tuple[Mapping[str, Any] | None, Any]:
    """The named product; the best seller where none is named. (None, None) without products."""
    item = int(assortment.index([product])[0]) if product else -1
    if item < 0 and len(items):
        best = items[assortment.for_sale[items]]
        item = int(best[0] if len(best) else items[0])
    return (Facts(assortment, item), _told(assortment, item)) if item >= 0 else (None, None)


def _told(assortment: Assortment, item: int) -> dict[str, Any]:
    [name] = assortment.ids([item])
    row = assortment.window.rows[name]
    price = Decimal(row.price) if row.price is not None else None
    return {"id": name, "row": row, "price": price, "is_for_sale": row.is_for_sale}


def _on_buyers(tenant: Tenant, where: Expression, found: Matched) -> None:
    recent = tenant.orders.countable().filter(customer__isnull=False).order_by("-ordered_at")
    names = list(dict.fromkeys(recent.values_list("customer__external_id", flat=True)[:_LOOKED_AT]))[:BUYERS]
    known = shoppers.facts(tenant, names)
    found.buyers = sum(where.holds(shopper=known[name]) for name in names), len(names)
