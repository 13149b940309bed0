"""Questions about what is not there, and shops in which nothing is: each has its answer, over HTTP."""

from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.utils import timezone

from recommendations import candidates
from tenants import epochs
from tests import make
from tests.recommendations import shops

PATH = "/api/v1/recommendations"


@pytest.fixture(autouse=True)
def _fresh_process() -> None:
    candidates.forget()


@pytest.fixture
def shop(acme: Any) -> Any:
    shops.stock(acme)
    shops.sell(acme)
    shops.fit(acme)
    return acme


def ask(api: Any, *, status: int = 200, **body: Any) -> Any:
    response = api.post(PATH, body)
    assert response.status_code == status, response.content
    return response.json()


def names(answer: Any) -> list[str]:
    return [item["product_id"] for item in answer["items"]]


def test_an_unknown_customer_gets_best_sellers_and_is_told_why(shop: Any, api: Any) -> None:
    found = ask(api, customer_id="nobody", limit=4)
    assert len(found["items"]) == 4
    assert (found["strategy_reason"], found["fallback_used"]) == ("no_history", True)


@pytest.mark.parametrize("kind", ["similar", "bought-together", "complete-the-look"])
def test_an_unknown_product_is_named_and_the_list_falls_back(kind: str, shop: Any, api: Any) -> None:
    found = ask(api, type=kind, product_id="gone", limit=4)
    assert len(found["items"]) == 4
    assert (found["missing_ids"], found["strategy_reason"]) == (["gone"], "unknown_product")
    none = ask(api, type=kind, product_id="gone", limit=4, fallback="none")
    assert none["items"] == []


def test_a_stranger_s_product_is_one_that_is_not_there(shop: Any, globex: Any, api: Any) -> None:
    make.product(globex, "theirs", title="Secret of globex")
    found = ask(api, type="similar", product_id="theirs", candidates=["theirs", "tea-1"], details=True)
    assert found["missing_ids"] == ["theirs"]
    assert names(found) == ["tea-1"]
    assert "Secret" not in str(found)


def test_a_deleted_product_is_neither_listed_nor_known(shop: Any, api: Any) -> None:
    first = names(ask(api, customer_id="t-1"))[0]
    assert api("delete", f"/api/v1/products/{first}").status_code == 204
    found = ask(api, customer_id="t-1", limit=16, exclude=[first])
    assert first not in names(found)
    assert found["missing_ids"] == [first]


@pytest.mark.parametrize("limit", [0, -1, 101, 10**9, "10", 1.5, True, None])
def test_an_impossible_limit_is_a_400(limit: Any, shop: Any, api: Any) -> None:
    errors = ask(api, status=400, limit=limit)["errors"]
    assert [error["field"] for error in errors] == ["limit"]


def test_contradicting_filters_give_an_empty_list_that_says_so(shop: Any, api: Any) -> None:
    found = ask(api, customer_id="t-1", filter="price < 5 and price > 5")
    assert found["items"] == []
    assert "Only 0 of 10 products can be shown." in found["warnings"]


def test_an_empty_catalogue_is_an_empty_list(acme: Any, api: Any) -> None:
    found = ask(api, customer_id="x")
    assert (found["items"], found["strategy_reason"]) == ([], "cold_start")
    assert ask(api, type="similar", product_id="x")["missing_ids"] == ["x"]
    assert ask(api, filter="price > 3 and popularity < 1 and brand == 'x'")["items"] == []


def test_a_catalogue_that_is_sold_out_is_an_empty_list(shop: Any, api: Any) -> None:
    shop.products.update(stock=0, updated_at=timezone.now())
    epochs.bump_now(shop.pk, "catalogue")
    for body in ({"customer_id": "t-1"}, {"type": "popular"}, {"type": "similar", "product_id": "tea-1"}):
        found = ask(api, **body)
        assert found["items"] == []
        assert any("Only 0 of" in warning for warning in found["warnings"])


def test_a_shop_with_orders_and_no_model_says_that_it_is_trained(acme: Any, api: Any) -> None:
    shops.stock(acme)
    shops.sell(acme)
    found = ask(api, customer_id="t-1", limit=3)
    assert (found["strategy_reason"], found["model_version"], len(found["items"])) == ("model_training", None, 3)


@pytest.mark.parametrize("harm", ["truncate", "empty", "remove"])
def test_an_artefact_that_is_damaged_on_disk_does_not_stop_the_shop(harm: str, shop: Any, api: Any) -> None:
    folder = Path(settings.MODELS_DIR) / shop.model_versions.get().artifact_path
    for path in folder.rglob("*"):
        if path.is_file():
            path.chmod(0o644)
            if harm == "remove":
                path.unlink()
            else:
                path.write_bytes(path.read_bytes()[: 0 if harm == "empty" else path.stat().st_size // 2])
    candidates.forget()
    found = ask(api, customer_id="t-1", limit=3)
    assert len(found["items"]) == 3
    assert (found["strategy_reason"], found["degraded"]) == ("model_unavailable", True)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"type": "magic"}, "type"),
        ({"customer_id": ["a"]}, "customer_id"),
        ({"fallback": "x"}, "fallback"),
        ({"language": "xx"}, "language"),
        ({"min_relevance": 2}, "min_relevance"),
        ({"diversity": "much"}, "diversity"),
        ({"candidates": "a"}, "candidates"),
        ({"candidates": ["x"] * 501}, "candidates"),
        ({"boosts": [{"filter": "price > 1"}]}, "boosts.0.factor"),
        ({"boosts": [{"factor": 2}]}, "boosts.0.filter"),
        ({"boosts": [{"filter": "x y", "factor": 2}]}, "boosts.0.filter"),
        ({"boosts": {}}, "boosts"),
        ({"filter": 3}, "filter"),
        ({"validate_only": "yes"}, "validate_only"),
        ({"placement": "a b"}, "placement"),
        ({"tenant_id": 1}, "tenant_id"),
        ({"type": "similar"}, "product_id"),
    ],
)
def test_a_wrong_field_is_named(body: dict[str, Any], field: str, shop: Any, api: Any) -> None:
    """R45, R56"""
    answer = ask(api, status=400, **body)
    assert field in [error["field"] for error in answer["errors"]]
    assert answer["request_id"]


def test_a_new_product_can_be_listed_at_once(shop: Any, api: Any) -> None:
    """Without a training: in `newest`, beside products that it resembles, and by the taste of shoppers."""
    sent = {"id": "tea-new", "title": "The tea-1 of spring", "price": "10.00", "categories": ["tea"]}
    assert api.post("/api/v1/products", sent).status_code == 200
    assert names(ask(api, type="newest", limit=3))[0] == "tea-new"
    assert "tea-new" in names(ask(api, candidates=["tea-new", "toy-1"]))
    beside = ask(api, type="similar", product_id="tea-new", limit=4)
    assert beside["missing_ids"] == []
    assert len(beside["items"]) == 4
