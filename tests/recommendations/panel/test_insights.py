"""The page of insights: coverage, long tail, mixes, top and never recommended, from what was really answered."""

import csv
import io

import numpy as np
import pytest

from recommendations import answer_log, candidates, inbox, insights
from recommendations.evaluation import spread
from tenants import epochs
from tests import make
from tests.recommendations import shops


@pytest.fixture(autouse=True)
def _fresh():
    candidates.forget()
    answer_log.forget()


@pytest.fixture
def warm(acme):
    shops.stock(acme)
    shops.sell(acme)
    acme.products.filter(external_id__startswith="tea").update(categories=["Tea"], price=5)
    acme.products.filter(external_id__startswith="toy").update(categories=["Toys"], price=20)
    make.product(acme, "never-sold", title="Something new and strange", categories=["Toys"])
    make.product(acme, "gone", stock=0)
    make.product(acme, "hidden", is_published=False)
    make.product(acme, "banned")
    acme.rules.create(name="Not this one", action="exclude", products=["banned"])
    shops.fit(acme)
    epochs.bump_now(acme.pk, "control")
    return acme


def page(client, **query):
    answer = client.get("/t/acme/insights", query)
    assert answer.status_code == 200, answer.content[-1500:]
    return answer.content.decode()


def test_it_waits_for_the_first_list(warm, ana, signed_in):
    assert "No list was answered yet" in page(signed_in(ana))


def test_it_counts_what_was_answered(warm, api, ana, signed_in):
    """Four lists of tea: coverage, clicks and shares are those of the rows."""
    answers = [api.get("/api/v1/recommendations?customer_id=t-1&limit=4&fallback=none").json() for _ in range(4)]
    first = answers[0]["items"][0]["product_id"]
    click = {
        "type": "click",
        "customer_id": "t-1",
        "product_id": first,
        "recommendation_id": answers[0]["recommendation_id"],
    }
    assert api.post("/api/v1/events", click).status_code == 202
    inbox.drain()
    make.Api(make.key(warm, mode="test")).get("/api/v1/recommendations?customer_id=y-2&limit=4")
    answer_log.flush()
    with make.inside(warm) as tenant:
        found = insights.read(tenant, days=7)
    listed = {item["product_id"] for answer in answers for item in answer["items"]}
    for_sale = warm.products.for_sale().count()
    assert found.lists == 4
    assert found.coverage == pytest.approx(len(listed) / for_sale)
    top = {one["product_id"]: one for one in found.top}
    assert top[first]["lists"] == 4
    assert top[first]["clicks"] == 1
    assert top[first]["rate"] == 0.25
    mixes = dict(found.categories)
    assert mixes["Tea"][0] == 1.0
    assert 0 < mixes["Tea"][2] < 1
    text = page(signed_in(ana))
    for words in ("Coverage", "Long tail", "Price mix", "Category mix", "Most recommended", "The best selling tenth"):
        assert words in text


def test_it_says_why_a_product_is_never_recommended(warm, api, ana, signed_in):
    api.get("/api/v1/recommendations?customer_id=t-1&limit=2")
    answer_log.flush()
    client = signed_in(ana)
    answer = client.get("/t/acme/insights/never-recommended.csv?days=7")
    assert answer.status_code == 200
    assert "attachment" in answer["Content-Disposition"]
    rows = {row["product_id"]: row["reason"] for row in csv.DictReader(io.StringIO(answer.content.decode()))}
    assert rows["gone"] == "sold out"
    assert rows["hidden"] == "not published"
    assert rows["banned"] == "excluded by the rule Not this one"
    assert rows["toy-1"] == "others rank higher"
    assert rows["never-sold"].startswith("no sales yet")
    text = page(client)
    assert "excluded by the rule Not this one" in text
    assert "Not this one" in text


def test_cold_products_are_those_without_a_sale(warm, api, ana, signed_in):
    api.get("/api/v1/recommendations?type=newest&limit=1")
    answer_log.flush()
    with make.inside(warm) as tenant:
        found = insights.read(tenant, days=28)
    unsold = {"never-sold", "banned"} | (set(shops.TEA + shops.TOY) - sold(warm))
    assert found.cold == len(unsold)
    assert found.cold_listed == 1


def sold(tenant):
    return set(tenant.order_lines.values_list("product_external_id", flat=True))


def test_titles_are_guarded_in_the_csv(warm, api, ana, signed_in):
    make.product(warm, "evil", title="=HYPERLINK(1)", stock=0)
    text = signed_in(ana).get("/t/acme/insights/never-recommended.csv").content.decode()
    assert "'=HYPERLINK(1)" in text


def test_a_stranger_sees_nothing(warm, gil, globex, signed_in):
    client = signed_in(gil)
    assert client.get("/t/acme/insights").status_code == 404
    assert client.get("/t/acme/insights/never-recommended.csv").status_code == 404


def test_gini_and_tenths_are_what_they_say():
    assert spread.gini(np.ones(5)) == pytest.approx(0)
    assert spread.gini(np.array([0, 0, 0, 8])) == pytest.approx(0.75)
    assert spread.gini(np.array([1.0, 3.0])) == pytest.approx(0.25)
    assert spread.gini(np.zeros(3)) is None
    popularity = np.arange(20)
    shares = spread.by_decile(popularity, popularity)
    assert shares[0] == pytest.approx((19 + 18) / 190)
    assert sum(shares) == pytest.approx(1)
    assert spread.by_decile(np.arange(9), np.arange(9)) == []
