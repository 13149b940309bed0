"""Checkout: the storefront's server places the order through the public API, as any shop's would."""

import secrets
from dataclasses import dataclass
from decimal import Decimal

import httpx
from django.conf import settings
from django.utils import timezone

from demo import cart
from demo.keys import Keys


@dataclass(frozen=True, slots=True)
class Placed:
    """An order that the API has taken."""

    order_id: str
    ordered_at: str
    currency: str
    total: Decimal


class NotPlaced(RuntimeError):
    """The API did not take the order; the message is for the shopper."""


def place(lines: list[cart.Line], *, keys: Keys, customer_id: str, session_id: str) -> Placed:
    """Sends one order with the shop's secret key. Raises NotPlaced."""
    currency = next((line.product.currency for line in lines if line.product.currency), "GBP")
    order = {
        "id": f"WEB-{secrets.token_hex(5).upper()}",
        "status": "completed",
        "currency": currency,
        "ordered_at": timezone.now().isoformat(),
        "lines": [
            {
                "product_id": line.product.external_id,
                "quantity": line.quantity,
                "unit_price": str(line.product.price or Decimal(0)),
            }
            for line in lines
        ],
    }
    order |= {name: value for name, value in (("customer_id", customer_id), ("session_id", session_id)) if value}
    try:
        answer = httpx.post(
            f"{settings.BASE_URL}/api/v1/orders",
            json=order,
            headers={"Authorization": f"Bearer {keys.secret}"},
            timeout=10,
        )
    except httpx.TransportError as error:
        raise NotPlaced("The shop's server could not reach the order system. Please try again.") from error
    if not answer.is_success:
        raise NotPlaced(f"The order was not taken ({answer.status_code}). Please try again.")
    return Placed(order["id"], order["ordered_at"], currency, cart.total(lines))
