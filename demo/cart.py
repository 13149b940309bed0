"""A shopper's cart and chosen customer, kept in the session, one per shop."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

MOST = 99


@dataclass(frozen=True, slots=True)
class Line:
    """A product in the cart, at its price of now."""

    product: Any
    quantity: int

    @property
    def amount(self) -> Decimal:
        return (self.product.price or Decimal(0)) * self.quantity


def quantities(session: Any, slug: str) -> dict[str, int]:
    return dict(session.get(f"cart:{slug}", {}))


def change(session: Any, slug: str, product_id: str, quantity: int) -> None:
    """Sets how many of a product are in the cart; none takes it out."""
    held = quantities(session, slug)
    held.pop(product_id, None)
    if quantity > 0:
        held[product_id] = min(quantity, MOST)
    session[f"cart:{slug}"] = held


def empty(session: Any, slug: str) -> None:
    session.pop(f"cart:{slug}", None)


def lines(held: dict[str, int], products: dict[str, Any]) -> list[Line]:
    """The cart as lines; a product that is gone from the catalogue is left out."""
    return [Line(products[name], quantity) for name, quantity in held.items() if name in products]


def total(lines: list[Line]) -> Decimal:
    return sum((line.amount for line in lines), Decimal(0))


def customer(session: Any, slug: str) -> str:
    """The customer whom the shopper chose to be; "" for somebody unknown."""
    return session.get(f"customer:{slug}", "")


def be(session: Any, slug: str, customer_id: str) -> None:
    session[f"customer:{slug}"] = customer_id
