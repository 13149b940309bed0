"""FIELDS: what expressions may name: fields of the product, the context item and the shopper."""

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches


@dataclass(frozen=True)
class Field:
    """`kind` is number, flag, text or words (several texts); `text` describes it for people."""

    kind: str
    text: str


PRODUCT: dict[str, Field] = {
    "id": Field("text", "The product's id, as the shop sends it"),
    "title": Field("text", "The title"),
    "brand": Field("text", "The brand"),
    "categories": Field("words", "The categories; “category” says the same"),
    "tags": Field("words", "The tags"),
    "price": Field("number", "The price, in the product's currency"),
    "currency": Field("text", "The currency of the price, such as EUR"),
    "stock": Field("number", "Pieces left; missing where stock is not tracked"),
    "in_stock": Field("flag", "Pieces are left, or stock is not tracked"),
    "published": Field("flag", "The shop offers the product"),
    "age_days": Field("number", "Days since the product first arrived here"),
    "popularity": Field("number", "Units sold, newer ones counting more, as a share of the best seller's: 0 to 1"),
}
SHOPPER: dict[str, Field] = {
    "is_known": Field("flag", "The shop knows the shopper as a customer"),
    "orders": Field("number", "Orders that count: not cancelled, refunded, failed or a test"),
    "spent": Field("number", "What these orders came to; of those in the shop's currency"),
    "days_since_order": Field("number", "Days since the latest of these orders"),
    "days_since_first_order": Field("number", "Days since the first of these orders"),
    "country": Field("text", "The country the shop gives for the customer"),
    "session_events": Field("number", "Views, clicks, changes of the cart and purchases of this session, at most 50"),
}
ALIASES = {"category": "categories"}
ATTRIBUTES = Field("any", "An attribute by its name: attributes.season or attributes[\"Sleeve length\"]")

FIELDS: Mapping[str, Field] = {
    **PRODUCT,
    "attributes": ATTRIBUTES,
    **{f"context.{name}": field for name, field in PRODUCT.items()},
    "context.attributes": ATTRIBUTES,
    **{f"shopper.{name}": field for name, field in SHOPPER.items()},
    "shopper.attributes": Field("any", "An attribute of the customer by its name: shopper.attributes.club"),
}
_NAMES = {"product": [*FIELDS, *ALIASES], "shopper": [name for name in FIELDS if "." in name]}


def known(owner: str, name: str) -> Field | None:
    """The field of a product, context or shopper (not its attributes), or None."""
    return (SHOPPER if owner == "shopper" else PRODUCT).get(name)


def suggestion(spoken: str, *, scope: str) -> str:
    """“ Did you mean …?” for a name that is not known, or nothing."""
    names = {name.casefold(): name for name in _NAMES[scope]}
    near = get_close_matches(spoken.casefold()[:60], names, n=1, cutoff=0.6)
    return f" Did you mean “{names[near[0]]}”?" if near else ""
