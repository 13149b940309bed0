"""New products: recommended within one call of arriving, by those that they resemble, without training."""

import numpy as np
import pytest

from recommendations import candidates
from tests.recommendations import shops


@pytest.fixture(autouse=True)
def _fresh_process():
    candidates.forget()


@pytest.fixture
def trained(acme):
    shops.stock(acme)
    shops.sell(acme)
    shops.fit(acme)
    return acme


def listed(api, query):
    response = api.get(f"/api/v1/recommendations?{query}")
    assert response.status_code == 200, response.content
    return response.json()["items"]


def arrive(api, name, title):
    body = {"id": name, "title": title, "price": "9.50", "currency": "EUR"}
    assert api.post("/api/v1/products", body, content_type="application/json").status_code in {200, 201}


def test_it_recommends_a_new_product_to_those_whose_taste_it_meets(trained, api):
    listed(api, "customer_id=t-1&limit=16")
    arrive(api, "newcomer", "A tea of this spring")
    tea = listed(api, "customer_id=t-1&limit=16")
    toys = listed(api, "customer_id=y-2&limit=8")
    place = [item["product_id"] for item in tea].index("newcomer")
    assert tea[place]["source"] == "neighbours"
    assert {item["product_id"][:3] for item in tea[:place]} <= {"tea"}
    assert "newcomer" not in {item["product_id"] for item in toys if item["source"] == "neighbours"}


@pytest.mark.parametrize("kind", ["similar", "bought-together"])
def test_it_lists_beside_a_new_product_what_goes_with_those_it_resembles(trained, api, kind):
    arrive(api, "newcomer", "Toy car, toy")
    found = listed(api, f"type={kind}&product_id=newcomer&limit=4")
    assert [item["product_id"][:3] for item in found] == ["toy"] * 4


def test_it_lists_a_new_product_beside_one_that_it_resembles(trained, api):
    arrive(api, "newcomer", "Toy car")
    found = listed(api, "type=similar&product_id=toy-1&limit=8")
    assert "newcomer" in {item["product_id"] for item in found}


def test_what_is_sold_out_or_says_nothing_is_not_recommended_by_likeness(trained, api):
    arrive(api, "quiet", "Zzz")
    arrive(api, "newcomer", "More tea")
    trained.products.filter(external_id="newcomer").update(stock=0)
    found = listed(api, "customer_id=t-1&limit=16")
    assert not {"quiet", "newcomer"} & {item["product_id"] for item in found if item["source"] == "neighbours"}


def test_a_model_without_features_knows_no_newcomers(trained, api):
    held = candidates.shop(trained.pk, (b"1",) * 6)
    content = held.bundle.parts["content"]
    arrays = {name: array for name, array in content.arrays().items() if not name.startswith("feature")}
    assert type(content).from_arrays(arrays, content.params).likeness is None
    assert content.likeness is not None
    assert np.array_equal(
        type(content).from_arrays(content.arrays(), content.params).likeness.indptr, content.likeness.indptr
    )
