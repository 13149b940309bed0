"""Products, customers and orders through the HTTP door."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from tests import make


def at(**ago: float) -> str:
    return (timezone.now() - timedelta(**ago)).isoformat()


def order(name: Any = "o-1", **fields: Any) -> dict[str, Any]:
    line = {"product_id": "p-1", "quantity": 2, "unit_price": "4.50"}
    return {"id": name, "customer_id": "c-1", "ordered_at": at(hours=1), "lines": [line], **fields}


def test_it_keeps_what_is_right_and_says_what_is_wrong(acme: Any, api: Any) -> None:
    """R50: never all lost for one bad row."""
    rows = [{"id": 7, "title": "A"}, {"id": "8"}, {"id": "9", "title": "C", "price": "-1"}]
    answer = api.post("/api/v1/products", {"products": rows})
    body = answer.json()
    assert answer.status_code == 200, body
    assert (body["kept"], body["unchanged"], body["refused"]) == (1, 0, 2)
    assert [r["status"] for r in body["results"]] == ["created", "refused", "refused"]
    assert body["results"][1]["errors"] == [{"field": "title", "code": "required", "message": "Is required."}]
    assert body["results"][2]["errors"][0]["field"] == "price"
    assert list(acme.products.values_list("external_id", "title", "currency")) == [("7", "A", acme.currency)]


def test_it_makes_orders_with_lines_and_customers(acme: Any, api: Any) -> None:
    answer = api.post("/api/v1/orders", {"orders": [order(), order("o-2", customer_id="", session_id="s-1")]})
    assert answer.status_code == 200, answer.json()
    stored = acme.orders.get(external_id="o-1")
    assert (str(stored.total), stored.currency, stored.customer.external_id, stored.is_countable) == (
        "9.00",
        acme.currency,
        "c-1",
        True,
    )
    assert list(stored.lines.values_list("product_external_id", "quantity")) == [("p-1", 2)]
    assert acme.orders.get(external_id="o-2").customer is None
    assert api.post("/api/v1/customers", {"id": "c-1", "country": "France"}).json()["results"][0]["status"] == "updated"
    assert api.get("/api/v1/orders/o-1").json()["lines"] == [{"product_id": "p-1", "quantity": 2, "unit_price": "4.50"}]


def test_it_says_unchanged_the_second_time(acme: Any, api: Any) -> None:
    now = timezone.now().isoformat()
    product = {"id": "p", "title": "Tea", "tags": ["a", "b"], "attributes": {"x": 1.5}, "updated_at": now}
    for path, row in (
        ("products", product),
        ("customers", {"id": "c-1", "country": "X"}),
        ("orders", order(ordered_at=at(days=2))),
    ):
        statuses = [api.post(f"/api/v1/{path}", row).json()["results"][0]["status"] for _ in range(2)]
        assert statuses == ["created", "unchanged"], path


def test_it_replaces_lines_as_a_whole(acme: Any, api: Any) -> None:
    moment = at(days=1)
    api.post("/api/v1/orders", order(ordered_at=moment))
    lines = [{"product_id": name, "quantity": 1, "unit_price": 3} for name in ("p-2", "p-3")]
    answer = api.post("/api/v1/orders", order(ordered_at=moment, lines=lines)).json()
    assert answer["results"][0]["status"] == "updated"
    assert list(acme.order_lines.order_by("position").values_list("product_external_id", flat=True)) == ["p-2", "p-3"]
    cancelled = api.post("/api/v1/orders", order(ordered_at=moment, lines=lines, status="cancelled")).json()
    assert cancelled["results"][0]["status"] == "updated"
    assert acme.orders.countable().count() == 0


@pytest.mark.parametrize("kind", ["products", "customers", "orders"])
def test_an_older_state_never_overwrites_a_newer_one(kind: str, acme: Any, api: Any) -> None:
    moment = at(days=3)
    states = {
        "products": lambda n: {"id": "x", "title": f"T{n}"},
        "customers": lambda n: {"id": "x", "country": f"T{n}"},
        "orders": lambda n: order("x", ordered_at=moment, session_id=f"T{n}"),
    }[kind]
    for n in (2, 3, 1):
        body = api.post(f"/api/v1/{kind}", states(n) | {"updated_at": at(hours=10 - n)}).json()
    assert body["results"][0]["status"] == "unchanged"
    assert "newer" in body["results"][0]["reason"]
    shown = api.get(f"/api/v1/{kind}/x").json()
    assert "T3" in (shown.get("title"), shown.get("country"), shown.get("session_id"))


def test_a_confirmed_state_keeps_its_newer_time(acme: Any, api: Any) -> None:
    """The same state with a later time was confirmed then: what lies between came late."""
    for title, hours in (("A", 5), ("A", 1), ("B", 3)):
        api.post("/api/v1/products", {"id": "x", "title": title, "updated_at": at(hours=hours)})
    assert acme.products.get().title == "A"


def test_the_same_id_twice_in_a_call_is_one_row(acme: Any, api: Any) -> None:
    rows = [{"id": "x", "title": "first"}, {"id": 5, "title": "n"}, {"id": "x", "title": "last"}]
    body = api.post("/api/v1/products", {"products": rows}).json()
    assert [r["status"] for r in body["results"]] == ["unchanged", "created", "created"]
    assert acme.products.get(external_id="x").title == "last"


def test_a_stranger_s_rows_are_not_there(acme: Any, globex: Any, api: Any) -> None:
    """R28: the same id in two shops is two rows."""
    make.product(globex, "p-9", title="Theirs")
    assert api.get("/api/v1/products/p-9").status_code == 404
    assert api("delete", "/api/v1/products/p-9").status_code == 404
    assert api.post("/api/v1/products", {"id": "p-9", "title": "Ours"}).json()["results"][0]["status"] == "created"
    assert globex.products.get().title == "Theirs"
    assert api.get("/api/v1/products").json()["products"][0]["title"] == "Ours"


def test_it_deletes_a_product(acme: Any, api: Any) -> None:
    make.product(acme, "a/b c")
    assert api.get("/api/v1/products/a%2Fb%20c").status_code == 200
    assert api("delete", "/api/v1/products/a/b c").status_code == 204
    assert api("delete", "/api/v1/products/a/b c").status_code == 404


def test_it_pages_and_filters(acme: Any, globex: Any, api: Any) -> None:
    for n in range(5):
        make.product(acme, f"p{n}", title="Green tea" if n % 2 else "Blue cup")
    seen, cursor = [], ""
    for _ in range(3):
        body = api.get(f"/api/v1/products?limit=2{cursor}").json()
        seen += [row["id"] for row in body["products"]]
        cursor = f"&cursor={body['next_cursor']}"
    assert seen == ["p0", "p1", "p2", "p3", "p4"]
    assert body["next_cursor"] is None
    assert len(api.get("/api/v1/products?search=green").json()["products"]) == 2
    assert (
        api.get(
            "/api/v1/products",
        ).json()["next_cursor"]
        is None
    )
    later = (timezone.now() + timedelta(hours=1)).isoformat().replace("+", "%2B")
    assert api.get(f"/api/v1/products?updated_since={later}").json()["products"] == []
    foreign = make.Api(make.key(globex))
    first = api.get("/api/v1/products?limit=1").json()["next_cursor"]
    assert foreign.get(f"/api/v1/products?cursor={first}").status_code == 400


@pytest.mark.parametrize(
    "query",
    [
        "limit=abc",
        "limit=0",
        "limit=101",
        f"limit={10**20}",
        "limit=%EF%BC%95",
        "cursor=x",
        "what=1",
        "limit=1&limit=2",
        "search=%00",
        "updated_since=2024-01-01",
        "updated_since=x",
        "cursor=%00",
    ],
)
def test_a_bad_query_is_a_400(query: str, acme: Any, api: Any) -> None:
    answer = api.get(f"/api/v1/products?{query}")
    assert answer.status_code == 400, answer.content
    assert answer.json()["errors"], query


@pytest.mark.parametrize("name", ["%00", "..%2f..%2fetc", "x" * 65, "a%0d%0ab", "%E2%80%8E"])
def test_a_strange_address_is_a_404(name: str, acme: Any, api: Any) -> None:
    for kind in ("products", "customers", "orders"):
        answer = api.get(f"/api/v1/{kind}/{name}")
        assert answer.status_code == 404
        assert answer["Content-Type"] == "application/problem+json"


def test_the_plan_limits_products(db: None) -> None:
    free = make.tenant("free-shop", plan="free")
    api = make.Api(make.key(free))
    free.products.model.unscoped.using("ops").bulk_create(
        [free.products.model(tenant=free, external_id=f"p{n}", title="x") for n in range(999)]
    )
    body = {"products": [{"id": "p1", "title": "y"}, {"id": "new", "title": "y"}]}
    assert api.post("/api/v1/products", body).status_code == 200
    answer = api.post("/api/v1/products", {"products": [{"id": "p1", "title": "z"}, {"id": "newer", "title": "y"}]})
    assert (answer.status_code, answer.json()["code"]) == (402, "plan_limit")
    assert free.products.get(external_id="p1").title == "y"
