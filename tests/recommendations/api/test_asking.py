"""How a list is asked for over HTTP: what is not meant is refused, at its field, and never quietly left aside."""

from typing import Any

import pytest

from tests import make

PATH = "/api/v1/recommendations"


def errors(answer: Any) -> dict[str, str]:
    """{field: code} of a refusal that names its request."""
    assert answer.status_code == 400, answer.content
    body = answer.json()
    assert body["request_id"] == answer["X-Request-Id"] and answer["Content-Type"] == "application/problem+json"
    assert all(error["message"] for error in body["errors"])
    return {error["field"]: error["code"] for error in body["errors"]}


def test_parameters_beside_a_body_are_refused(acme: Any, api: Any) -> None:
    assert errors(api.post(f"{PATH}?limit=5&type=popular", {"limit": 3})) == {"limit": "unknown", "type": "unknown"}


@pytest.mark.parametrize("name", ["type=similar", "product_id=p-2"])
@pytest.mark.parametrize("path", ["cross-sell", "outfit"])
def test_what_the_address_says_is_not_said_twice(path: str, name: str, acme: Any, api: Any) -> None:
    assert errors(api.get(f"{PATH}/{path}/p-1?{name}")) == {name.split("=")[0]: "conflict"}


@pytest.mark.parametrize("name", ["a/b", "a%2Fb", "a,b", "t/"])
@pytest.mark.parametrize("path", ["cross-sell", "outfit"])
def test_any_id_of_a_product_stands_in_the_address(path: str, name: str, acme: Any, api: Any) -> None:
    for product in ("a/b", "a,b", "t"):
        make.product(acme, product)
    answer = api.get(f"{PATH}/{path}/{name}")
    assert answer.status_code == 200
    assert answer.json()["missing_ids"] == []


def test_too_many_ids_are_too_many_though_they_be_empty(acme: Any, api: Any) -> None:
    assert errors(api.get(f"{PATH}?exclude={','.join([''] * 201)}")) == {"exclude": "too_many"}
    assert api.get(f"{PATH}?{'exclude=&' * 200}").status_code == 200


@pytest.mark.parametrize("query", ["customer_id=%ff", "session_id=a%c0%af", "%ff=1", "exclude=%ff,x"])
def test_a_parameter_that_is_no_utf_8_is_refused(query: str, acme: Any, api: Any) -> None:
    assert list(errors(api.get(f"{PATH}?{query}")).values()) == ["format"]


@pytest.mark.parametrize(
    ("body", "field", "code"),
    [
        ({"foo": 1}, "foo", "unknown"),
        ({"limit": "5"}, "limit", "type"),
        ({"limit": 101}, "limit", "range"),
        ({"min_relevance": 2}, "min_relevance", "range"),
        ({"details": 1}, "details", "type"),
        ({"type": "nonsense"}, "type", "choice"),
        ({"type": "similar"}, "product_id", "required"),
        ({"type": "similar", "product_id": ["p-1", {}]}, "product_id.1", "type"),
        ({"exclude": ["p-1", "x" * 65, "p-2"]}, "exclude.1", "too_long"),
        ({"candidates": "p-1"}, "candidates", "type"),
        ({"candidates": ["p"] * 501}, "candidates", "too_many"),
        ({"customer_id": "a\u200bb"}, "customer_id", "format"),
        ({"placement": "a b"}, "placement", "format"),
        ({"filter": "pric < 5"}, "filter", "expression"),
        ({"boosts": [{"filter": "in_stock", "factor": 2}, {"factor": 1}]}, "boosts.1.filter", "required"),
        ({"boosts": [{"filter": "in_stock", "factor": 2}, 5]}, "boosts.1", "type"),
        ({"placements": [{"placement": "a"}, None]}, "placements.1", "type"),
        ({"placements": [{"placement": "a"}, {"placement": "a"}]}, "placements.1.placement", "conflict"),
        ({"placements": [{"placement": "a", "filter": "brand = 1"}]}, "placements.0.filter", "expression"),
        ({"placements": [{"placement": str(n)} for n in range(11)]}, "placements", "too_many"),
    ],
)
def test_it_says_at_the_place_what_kind_of_fault_it_is(
    body: Any, field: str, code: str, acme: Any, api: Any
) -> None:
    """D7: `code` is for programs, in the words that rows are refused with."""
    assert errors(api.post(PATH, body)) == {field: code}


def test_a_batch_names_its_faults_as_a_single_call_does(acme: Any, api: Any) -> None:
    asked = {"customer_ids": ["c-1"], "limit": 0, "filter": "pric < 5", "foo": 1}
    assert errors(api.post(f"{PATH}/batch", asked)) == {"limit": "range", "filter": "expression", "foo": "unknown"}
