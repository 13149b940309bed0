"""Methods, headers and addresses as a developer's client sends them, over HTTP."""

from typing import Any
from urllib.parse import quote

import pytest

from tests import make
from tests.examining import allowed, key_routes
from tests.recommendations.api.test_webhooks import Shop

V1 = "/api/v1"
ROUTES = {route.path(): route for _, route in key_routes()}


@pytest.mark.parametrize("path", ROUTES)
def test_it_says_what_an_address_can_be_asked_without_a_key(path: str, db: None) -> None:
    """A wrong method is told the right ones; so is OPTIONS, which is answered by 204."""
    asked = make.Api("none")("options", path)
    assert asked.status_code == 204 and asked.content == b"" and "Content-Type" not in asked
    assert set(asked["Allow"].split(", ")) == {*allowed(ROUTES[path]), "OPTIONS"}


def test_a_wrong_method_is_told_the_right_ones(acme: Any, api: Any) -> None:
    hook = Shop(acme, "generic").path
    for path, allow in ((hook, "POST, OPTIONS"), (f"{V1}/recommendations/outfit/p", "GET, OPTIONS")):
        answer = api("put", path, {})
        assert (answer.status_code, answer["Allow"]) == (405, allow)
        assert answer["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("accept", ["text/csv", "application/problem+json", "text/html", "nonsense"])
@pytest.mark.parametrize("path", [f"{V1}/products", f"{V1}/recommendations", f"{V1}/placements", "/api/limits/status"])
def test_accept_never_stands_in_the_way(path: str, accept: str, acme: Any, api: Any) -> None:
    answer = api.get(path, accept=accept)
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/json")


def test_a_second_answer_without_a_body_has_no_kind_either(acme: Any, api: Any) -> None:
    make.product(acme, "p-1")
    answers = [api("delete", f"{V1}/products/p-1", **{"idempotency-key": "once"}) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [204, 204]
    assert answers[1]["Idempotent-Replayed"] == "true"
    assert "Content-Type" not in answers[0] and "Content-Type" not in answers[1]


@pytest.mark.parametrize("name", ["a/b", "a/export", "t/", "ü#?%", ".."])
def test_what_was_sent_can_be_read_changed_and_deleted_by_its_id(name: str, acme: Any, api: Any) -> None:
    assert api.post(f"{V1}/products", {"id": name, "title": "Odd"}).json()["kept"] == 1
    path = f"{V1}/products/{quote(name, safe='')}"
    assert api.get(path).json()["id"] == name
    assert api("put", path, {"title": "Whole"}).status_code == 200
    assert api("patch", path, {"stock": 3}).json()["title"] == "Whole"
    assert api("delete", path).status_code == 204
    assert not acme.products.exists()


def test_a_trailing_slash_is_no_part_of_a_new_id(acme: Any, api: Any) -> None:
    assert api("put", f"{V1}/products/t/", {"title": "Tea"}).json()["id"] == "t"
    assert api.get(f"{V1}/products/t/").json()["id"] == "t"


def test_a_customer_with_a_slash_is_exported(acme: Any, api: Any) -> None:
    make.customer(acme, "a/b")
    assert api.get(f"{V1}/customers/a%2Fb/export").json()["customer_id"] == "a/b"


@pytest.mark.parametrize(("name", "code"), [("x" * 65, "too_long"), ("%00", "format"), ("%20", "blank")])
@pytest.mark.parametrize("kind", ["products", "customers", "orders"])
def test_an_id_that_cannot_be_is_told_to_who_makes_a_row_of_it(
    kind: str, name: str, code: str, acme: Any, api: Any
) -> None:
    answer = api("put", f"{V1}/{kind}/{name}", {})
    assert answer.status_code == 400
    assert [(error["field"], error["code"]) for error in answer.json()["errors"]] == [("id", code)]
    assert api.get(f"{V1}/{kind}/{name}").status_code == 404


def test_times_are_written_one_way(acme: Any, api: Any) -> None:
    make.customer(acme, "c-1")
    job = api.post(f"{V1}/recommendations/batch", {"customer_ids": ["c-1"]}).json()
    erasure = api.post(f"{V1}/privacy/erasures", {"customer_id": "c-1"})
    assert erasure["Location"] == erasure.json()["status_url"]
    assert job["created_at"].endswith("Z") and erasure.json()["asked_at"].endswith("Z")


def test_it_says_which_site_a_publishable_key_was_used_from(acme: Any) -> None:
    api = make.Api(make.key(acme, kind="pk"))
    assert "https://evil.example" in api.get(f"{V1}/recommendations", origin="https://evil.example").json()["detail"]
    assert "browsers send an Origin" in api.get(f"{V1}/recommendations").json()["detail"]


def test_a_browser_may_name_its_call(acme: Any) -> None:
    asked = {"origin": "https://shop.example", "access-control-request-method": "POST",
             "access-control-request-headers": "authorization,content-type,x-request-id"}  # fmt: skip
    answer = make.Api("none")("options", f"{V1}/recommendations", **asked)
    assert set(asked["access-control-request-headers"].split(",")) <= set(
        answer["Access-Control-Allow-Headers"].split(", ")
    )


@pytest.mark.parametrize("topic", ["orders-created", "product.update", "zz", ""])
def test_a_topic_that_there_is_not_is_told_to_own_software(topic: str, acme: Any) -> None:
    """A misspelled topic must not look like a delivery that arrived."""
    answer = Shop(acme, "generic").own(topic, {"id": "p-1", "title": "Tea"})
    assert answer.status_code == 400
    assert [error["field"] for error in answer.json()["errors"]] == ["type"]


def test_an_id_that_is_missing_is_called_as_it_is_sent(acme: Any, api: Any) -> None:
    for answer in (Shop(acme, "generic").own("product-updated", {"title": "Tea"}),
                   api.post(f"{V1}/webhooks/product-updated", {"title": "Tea"})):  # fmt: skip
        assert answer.status_code == 400
        assert [error["field"] for error in answer.json()["errors"]] == ["id"]


def test_an_impression_names_the_item_that_is_wrong(acme: Any, api: Any) -> None:
    event = {"type": "impression", "customer_id": "c-1"}
    told = api.post(f"{V1}/events", {**event, "items": ["p-1", {"product_id": "p-2"}]}).json()
    assert [(error["index"], error["field"], error["code"]) for error in told["errors"]] == [(0, "items.1", "type")]
    assert api.post(f"{V1}/events", {**event, "items": ["p-1"] * 200}).status_code == 202
    assert api.post(f"{V1}/events", {**event, "items": ["p-1"] * 201}).json()["errors"][0]["code"] == "too_many"
