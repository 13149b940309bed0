"""PUT, PATCH and DELETE of one product, customer or order, and how lists are narrowed."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from luxebrain.lib import redis
from recommendations import history, tracking
from tenants import work
from tests import make
from tests.parallel import together
from tests.recommendations.api.test_catalogue import at, order

TEA = {
    "id": "p-1", "title": "Tea", "price": "4.50", "currency": "EUR", "stock": 5, "categories": ["drinks", "gifts"],
    "brand": "Leaf", "tags": ["green"], "attributes": {"weight": 100, "organic": True}, "published": True,
    "description": "<p>Fine</p>", "url": "https://shop.example/tea", "image_url": "https://shop.example/tea.png",
    "updated_at": None,
}  # fmt: skip
ROWS = {
    "products": TEA,
    "customers": {"id": "c-1", "country": "France", "attributes": {"vip": True}, "updated_at": None},
    "orders": {**order("o-1", ordered_at="2025-06-01T12:30:00Z", session_id="s-1", currency="EUR", total="9.00"),
               "status": "completed", "updated_at": None},
}  # fmt: skip
CHANGES = [
    ("products", {"stock": 0}), ("products", {"price": None}), ("products", {"categories": []}),
    ("products", {"published": False, "title": "Cup"}), ("customers", {"country": ""}),
    ("customers", {"attributes": {"a": "b"}}), ("orders", {"status": "refunded"}), ("orders", {"customer_id": "c-9"}),
    ("orders", {"total": "8.00"}),
]  # fmt: skip


@pytest.fixture
def stored(api: Any) -> dict[str, Any]:
    """One row of each kind, as it was sent."""
    for kind, row in ROWS.items():
        assert api.post(f"/api/v1/{kind}", row).json()["kept"] == 1
    return ROWS


@pytest.mark.parametrize("kind", ROWS)
def test_it_tells_what_was_sent_and_takes_what_it_tells(kind: str, acme: Any, api: Any, stored: Any) -> None:
    row = stored[kind]
    path = f"/api/v1/{kind}/{row['id']}"
    told = api.get(path).json()
    assert told == {**row, **({"lines": [{**row["lines"][0], "unit_price": "4.50"}]} if kind == "orders" else {})}
    again = api("put", path, told)
    assert (again.status_code, again.json()) == (200, told)


@pytest.mark.parametrize(("kind", "named"), CHANGES)
def test_a_change_changes_the_named_fields_alone(kind: str, named: Any, acme: Any, api: Any, stored: Any) -> None:
    path = f"/api/v1/{kind}/{stored[kind]['id']}"
    before = api.get(path).json()
    answer = api("patch", path, named)
    assert answer.status_code == 200, answer.content
    assert answer.json() == {**before, **named} == api.get(path).json()


@pytest.mark.parametrize("kind", ROWS)
def test_replacing_makes_it_whole(kind: str, acme: Any, api: Any, stored: Any) -> None:
    """What a PUT leaves out takes its default; a PUT of what is not there makes it."""
    least = {"products": {"title": "Cup"}, "customers": {}, "orders": order(ordered_at=at(hours=1))}[kind]
    least.pop("id", None)
    path = f"/api/v1/{kind}/{stored[kind]['id']}"
    answer = api("put", path, least)
    assert answer.status_code == 200, answer.content
    if kind == "products":
        assert (answer.json()["stock"], answer.json()["price"], answer.json()["categories"]) == (None, None, [])
    made = api("put", f"/api/v1/{kind}/new%2Fone", least)
    assert made.status_code == 201, made.content
    assert made.json()["id"] == "new/one"
    assert made.json() == api.get(f"/api/v1/{kind}/new%2Fone").json()


@pytest.mark.parametrize("kind", ROWS)
def test_it_is_deleted_once(kind: str, acme: Any, api: Any, stored: Any) -> None:
    path = f"/api/v1/{kind}/{stored[kind]['id']}"
    first = api("delete", path)
    assert (first.status_code, first.content) == (204, b"")
    for method in ("delete", "get"):
        assert api(method, path).status_code == 404
    assert api("patch", path, {"id": stored[kind]["id"], "country": "x"}).status_code == 404
    assert getattr(acme, kind).count() == 0
    if kind != "orders":
        assert acme.orders.get().lines.count() == 1
    else:
        assert acme.order_lines.count() == 0


def test_a_deleted_order_is_out_of_the_figures_and_lists(acme: Any, api: Any) -> None:
    """What it brought is counted anew; the shopper's list is read again."""
    now = timezone.now()
    seen = "rec_" + "0" * 12 + "00000001" + "0" * 12
    acme.events.create(
        id="01900000-0000-7000-8000-000000000001",
        occurred_at=now - timedelta(hours=2),
        kind="click",
        customer_external_id="c-1",
        product_external_id="p-1",
        recommendation_id=seen,
    )
    api.post("/api/v1/orders", order(ordered_at=at(hours=1)))
    with make.inside(acme) as entered:
        tracking.roll_up(entered)
    assert acme.attributions.count() == 1
    assert api("delete", "/api/v1/orders/o-1").status_code == 204
    assert not redis.client().exists(history.key(acme.pk, "c:c-1"))
    work.run_due(tasks={tracking.TASK})
    assert acme.attributions.count() == 0
    assert sum(row.orders for row in acme.daily_performance.all()) == 0


@pytest.mark.parametrize(
    ("kind", "body", "field"),
    [
        ("products", {"price": -1}, "price"), ("products", {"title": ""}, "title"),
        ("products", {"colour": 1}, "colour"),
        ("products", {"id": "p-2", "stock": 1}, "id"), ("products", {"id": None, "stock": 1}, "id"),
        ("customers", {"country": 5}, "country"), ("orders", {"lines": []}, "lines"),
        ("orders", {"status": "x"}, "status"),
        ("orders", {"ordered_at": None}, "ordered_at"), ("products", {"tenant_id": 1}, "tenant_id"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("method", ["put", "patch"])
def test_a_wrong_field_is_named_and_nothing_changes(
    kind: str, body: Any, field: str, method: str, acme: Any, api: Any, stored: Any
) -> None:
    """T12: unknown fields and columns of ours are refused, not ignored."""
    path = f"/api/v1/{kind}/{stored[kind]['id']}"
    before = api.get(path).json()
    answer = api(method, path, body if method == "patch" else {**stored[kind], **body})
    assert answer.status_code == 400, answer.content
    assert [error["field"] for error in answer.json()["errors"]] == [field]
    assert answer.json()["error"]["fields"].keys() == {field}
    assert api.get(path).json() == before


@pytest.mark.parametrize("body", [[], [{}], "x", 5, None, {}, {"id": "p-1"}])
def test_a_change_names_at_least_one_field(body: Any, acme: Any, api: Any, stored: Any) -> None:
    import json

    answer = api("patch", "/api/v1/products/p-1", json.dumps(body))
    assert answer.status_code == 400, answer.content


@pytest.mark.parametrize("method", ["put", "patch"])
def test_an_older_state_is_a_conflict(method: str, acme: Any, api: Any) -> None:
    api.post("/api/v1/products", {"id": "x", "title": "New", "updated_at": at(hours=1)})
    answer = api(method, "/api/v1/products/x", {"title": "Old", "updated_at": at(hours=2)})
    assert (answer.status_code, answer.json()["code"]) == (409, "outdated")
    assert acme.products.get().title == "New"
    assert api("patch", "/api/v1/products/x", {"title": "Newer"}).json()["title"] == "Newer"


def test_changes_at_once_do_not_undo_each_other(acme: Any, api: Any, stored: Any, wide: None) -> None:
    """Two people change different fields of one row at the same moment: both changes stay."""
    for turn in range(5):
        named: list[dict[str, Any]] = [
            {"stock": turn}, {"price": f"{turn}.00"}, {"brand": f"b{turn}"}, {"tags": [f"t{turn}"]},
        ]  # fmt: skip
        answers = together(
            *(lambda one=one: make.Api(api.secret)("patch", "/api/v1/products/p-1", one) for one in named)
        )
        assert [answer.status_code for answer in answers] == [200] * 4
        row = acme.products.get()
        assert (row.stock, row.price, row.brand, row.tags) == (turn, Decimal(turn), f"b{turn}", [f"t{turn}"])


def test_the_total_follows_the_lines(acme: Any, api: Any, stored: Any) -> None:
    lines = [{"product_id": "p-2", "quantity": 3, "unit_price": "1.50"}]
    assert api("patch", "/api/v1/orders/o-1", {"lines": lines}).json()["total"] == "4.50"
    assert api("patch", "/api/v1/orders/o-1", {"lines": lines, "total": "4.00"}).json()["total"] == "4.00"
    assert acme.order_lines.count() == 1


@pytest.mark.parametrize("method", ["put", "patch", "delete"])
def test_a_stranger_s_row_is_not_there(method: str, acme: Any, globex: Any, api: Any, stored: Any) -> None:
    """T13: the answer for a stranger's row is that for no row at all."""
    theirs = make.Api(make.key(globex))
    body = None if method == "delete" else {"title": "Mine"}
    answers = [theirs(method, f"/api/v1/products/{name}", body) for name in ("p-1", "p-none")]
    assert len({answer.status_code for answer in answers}) == 1
    if method != "put":
        bodies = [{k: v for k, v in answer.json().items() if k != "request_id"} for answer in answers]
        assert bodies[0] == bodies[1]
        assert answers[0].status_code == 404
    assert acme.products.get().title == "Tea"


def test_a_put_counts_against_the_plan(db: None) -> None:
    free = make.tenant("free-shop", plan="free")
    model = free.products.model
    model.unscoped.using("ops").bulk_create([model(tenant=free, external_id=f"p{n}", title="x") for n in range(1000)])
    api = make.Api(make.key(free))
    answer = api("put", "/api/v1/products/one-more", {"title": "x"})
    assert (answer.status_code, answer.json()["code"]) == (402, "plan_limit")
    assert api("put", "/api/v1/products/p7", {"title": "y"}).status_code == 200


def test_the_last_place_of_a_plan_is_given_once(db: None, wide: None) -> None:
    """402 for all but one of those who come at the same moment."""
    free = make.tenant("free-shop", plan="free")
    model = free.products.model
    model.unscoped.using("ops").bulk_create([model(tenant=free, external_id=f"p{n}", title="x") for n in range(999)])
    secret = make.key(free)
    answers = together(
        *(lambda n=n: make.Api(secret)("put", f"/api/v1/products/new-{n}", {"title": "x"}) for n in range(6))
    )
    assert sorted(answer.status_code for answer in answers) == [201, 402, 402, 402, 402, 402]
    assert free.products.count() == 1000


@pytest.mark.parametrize("method", ["put", "patch", "delete"])
def test_a_single_write_takes_a_key_too(method: str, acme: Any, api: Any, stored: Any) -> None:
    body = None if method == "delete" else {"title": "Once"}
    key = {"Idempotency-Key": f"{method}-1"}
    first, again = (api(method, "/api/v1/products/p-1", body, **key) for _ in range(2))
    assert first.status_code == again.status_code == (204 if method == "delete" else 200)
    assert first.content == again.content
    assert again["Idempotent-Replayed"] == "true"


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("products?category=drinks", ["a", "b"]), ("products?category=drink", []), ("products?published=false", ["c"]),
        ("products?in_stock=true", ["a", "c"]), ("products?in_stock=false", ["b"]), ("products?search=EA", ["a"]),
        ("products?category=drinks&in_stock=true", ["a"]), ("customers?country=France", ["c-1"]),
        ("orders?customer_id=c-1", ["o-1", "o-3"]), ("orders?status=cancelled", ["o-3"]),
        ("orders?session_id=s-2", ["o-2"]),
        ("orders?ordered_since=2025-03-01T00:00:00Z", ["o-2", "o-3"]),
        ("orders?ordered_since=2025-01-01T00:00:00%2B00:00&ordered_until=2025-03-02T00:00:00Z", ["o-1", "o-2"]),
        ("orders?customer_id=none", []),
    ],
)  # fmt: skip
def test_a_list_is_narrowed(query: str, found: list[str], acme: Any, api: Any) -> None:
    api.post("/api/v1/products", {"products": [
        {"id": "a", "title": "Tea", "categories": ["drinks"], "stock": 2},
        {"id": "b", "title": "Milk", "categories": ["food", "drinks"], "stock": 0},
        {"id": "c", "title": "Cup", "published": False},
    ]})  # fmt: skip
    api.post("/api/v1/customers", {"id": "c-1", "country": "France"})
    api.post("/api/v1/orders", {"orders": [
        order("o-1", ordered_at="2025-02-01T00:00:00Z"),
        order("o-2", ordered_at="2025-03-01T00:00:00Z", customer_id="c-2", session_id="s-2"),
        order("o-3", ordered_at="2025-04-01T00:00:00Z", status="cancelled"),
    ]})  # fmt: skip
    answer = api.get(f"/api/v1/{query}")
    assert answer.status_code == 200, answer.content
    assert [row["id"] for row in answer.json()[query.split("?")[0]]] == found


@pytest.mark.parametrize(
    "query", ["products?in_stock=maybe", "products?category=", "orders?status=lost", "orders?ordered_since=2025-01-01",
              "orders?customer_id=", "orders?customer_id=a%00b", "customers?country=", "products?what=1"],
)  # fmt: skip
def test_a_wrong_filter_is_named(query: str, acme: Any, api: Any) -> None:
    answer = api.get(f"/api/v1/{query}")
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] == query.split("?")[1].split("=")[0]
