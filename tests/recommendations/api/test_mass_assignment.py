"""What a shop may not set: every column of every row is sent to every write, and only the shop's own fields change."""

from typing import Any

import pytest

from recommendations import shapes
from recommendations.models import Customer, Event, Order, Product
from tenants.models import Tenant
from tests.recommendations.api.test_catalogue import order

LEAST: dict[str, dict[str, Any]] = {
    "products": {"id": "x", "title": "Tea"},
    "customers": {"id": "x"},
    "orders": order("x", ordered_at="2025-06-01T12:30:00Z"),
    "events": {"type": "view", "session_id": "s", "product_id": "p"},
}
SHAPES = {"products": shapes.PRODUCT, "customers": shapes.CUSTOMER, "orders": shapes.ORDER, "events": shapes.EVENT}
COLUMNS = {
    field.attname for model in (Product, Customer, Order, Event, Tenant) for field in model._meta.local_concrete_fields
} | {"pk", "tenant", "tenant_id", "status_code", "scopes", "is_active", "role", "__class__", "__proto__"}


@pytest.mark.parametrize("kind", LEAST)
def test_no_column_of_ours_can_be_set(kind: str, acme: Any, api: Any) -> None:
    """T12: each name that is not the shop's is refused by name; nothing is stored."""
    foreign = sorted(COLUMNS - set(SHAPES[kind].fields))
    assert {"tenant_id", "is_demo", "created_at"} <= set(foreign)
    for name in foreign:
        answer = api.post(f"/api/v1/{kind}", {**LEAST[kind], name: 1})
        assert answer.status_code == 400, name
        assert [error["field"] for error in answer.json()["errors"]] == [name]
        if kind != "events":
            for method in ("put", "patch"):
                answer = api(method, f"/api/v1/{kind}/x", {**LEAST[kind], name: 1})
                assert answer.status_code in {400, 404}, name
    assert [getattr(acme, relation).count() for relation in LEAST] == [0, 0, 0, 0]
    assert acme.event_batches.count() == 0


def test_recommendations_take_no_unknown_field(acme: Any, api: Any) -> None:
    for name in ("tenant_id", "version", "model", "colour"):
        for answer in (
            api.get(f"/api/v1/recommendations?{name}=1"),
            api.post("/api/v1/recommendations", {name: 1}),
        ):
            assert answer.status_code == 400
            assert answer.json()["errors"][0]["field"] == name
