"""Deliveries in any order, and more than once, end in the state of the right order (T7; issue: H1, H2)."""

import random
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recommendations import applying, privacy
from recommendations.models import WebhookReceipt
from recommendations.storefronts import woocommerce
from tests import make
from tests.recommendations.storefronts.vendor import payload

START = datetime(2026, 3, 1, 12, tzinfo=UTC)


def at(step: int) -> str:
    return (START + timedelta(minutes=step)).strftime("%Y-%m-%dT%H:%M:%S")


def history_of(kind: str, number: int, steps: list[str]) -> list[tuple[str, Any]]:
    """(topic, payload) of one object's life, in the order in which it happened."""
    told = []
    for step, what in enumerate(steps, start=1):
        times = {"id": number, "date_modified_gmt": at(step)}
        if what == "delete":
            told.append((f"{kind}.deleted", {"id": number}))
        elif kind == "order":
            told.append(("order.updated", payload("woocommerce_order", status=what, customer_id=7, **times)))
        elif kind == "product":
            told.append(("product.updated", payload("woocommerce_product", name=f"{what} {step}", **times)))
        else:
            address = {"country": {"created": "DE", "updated": "FR"}.get(what, "IT")}
            told.append(("customer.updated", payload("woocommerce_customer", billing=address, **times)))
    return told


LIVES = {
    "product": st.lists(st.sampled_from(["created", "updated", "hidden"]), min_size=1, max_size=4),
    "customer": st.lists(st.sampled_from(["created", "updated"]), min_size=1, max_size=3),
    "order": st.lists(
        st.sampled_from(["pending", "processing", "completed", "refunded", "cancelled"]), min_size=1, max_size=4
    ),
}


def deliver(tenant: Any, told: list[tuple[str, Any]]) -> None:
    """Each as a receipt of its own, as if no duplicate had been recognised at the door; applied one by one."""
    for number, (topic, row) in enumerate(told):
        reading = woocommerce.read(topic, row)
        modified = reading.modified_at.isoformat() if reading.modified_at else None
        kept = {"action": reading.action, "data": reading.data, "modified_at": modified, "reason": ""}
        receipt = WebhookReceipt.unscoped.using("ops").create(
            tenant_id=tenant.pk, source="woocommerce", topic=topic, kind=reading.kind, object_id=reading.object_id,
            digest=number.to_bytes(32, "big"), reading=kept, received_at=timezone.now(),
        )  # fmt: skip
        with make.inside(tenant) as entered:
            assert applying.apply(entered, receipt.pk, erase=privacy.request_erasure).is_settled


def state_of(tenant: Any) -> list[Any]:
    orders = tenant.orders.order_by("external_id")
    lines = tenant.order_lines.order_by("order__external_id", "position")
    return [
        sorted(tenant.products.values_list("external_id", "title", "is_published", "source_updated_at")),
        sorted(tenant.customers.values_list("external_id", "country")),
        list(orders.values_list("external_id", "state", "customer__external_id", "total")),
        list(lines.values_list("order__external_id", "product_external_id", "quantity")),
    ]


@given(data=st.data(), seed=st.integers(0, 2**32))
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_order_ends_in_the_state_of_the_right_one(db: None, data: Any, seed: int) -> None:
    told: list[list[tuple[str, Any]]] = []
    for kind, numbers in (("product", (1, 2)), ("customer", (7, 8)), ("order", (11, 12))):
        for number in numbers:
            ends = ["delete"] if data.draw(st.booleans(), label=f"{kind} {number} is deleted") else []
            told.append(history_of(kind, number, data.draw(LIVES[kind], label=f"{kind} {number}") + ends))
    in_order = [step for life in told for step in life]
    mixed = in_order * 2
    random.Random(seed).shuffle(mixed)
    right, other = make.tenant(), make.tenant()
    deliver(right, in_order)
    deliver(other, mixed)
    assert state_of(other) == state_of(right)


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_it_applies_what_happened_at_the_same_second_in_either_order(acme: Any, order: tuple[int, int]) -> None:
    """Two states with one time cannot be told apart: one of them is stored whole, never a mixture."""
    told = [("product.updated", payload("woocommerce_product", name=name)) for name in ("A", "B")]
    deliver(acme, [told[place] for place in order])
    assert acme.products.get().title in ("A", "B")
