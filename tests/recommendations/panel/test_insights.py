"""The page of insights: coverage, long tail, mixes, top and never recommended, from what was really answered."""

import csv
import io
from collections import Counter
from datetime import timedelta

import numpy as np
import pytest
from django.db import connections
from django.utils import timezone

from recommendations import answer_log, candidates, inbox, insights, measuring, privacy
from recommendations.evaluation import spread
from tenants import epochs, work
from tests import make
from tests.recommendations import shops
from tests.recommendations.test_privacy import erase


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
    assert "/t/acme/rules/new?product=never-sold" in text
    assert "/t/acme/rules/new?product=gone" not in text, "a rule does not bring it back"
    assert "excluded by the rule Not this one" in text
    assert "Not this one" in text


def test_what_sold_most_is_named_first_among_the_never_recommended(warm, api, ana, signed_in):
    make.product(warm, "a-first-id", stock=5)
    make.product(warm, "z-seller", stock=5)
    for _ in range(60):
        make.order(warm, ["z-seller"])
    api.get("/api/v1/recommendations?customer_id=t-1&limit=1&fallback=none")
    answer_log.flush()
    answer = signed_in(ana).get("/t/acme/insights/never-recommended.csv?days=28")
    rows = list(csv.DictReader(io.StringIO(answer.content.decode())))
    assert (rows[0]["product_id"], rows[0]["units_sold"]) == ("z-seller", "60")
    sold = [int(row["units_sold"]) for row in rows]
    assert sold == sorted(sold, reverse=True)


def test_it_says_how_much_the_most_shown_take_and_prices_in_the_shops_currency(warm, api, ana, signed_in):
    api.get("/api/v1/recommendations?customer_id=t-1&limit=4&fallback=none")
    answer_log.flush()
    with make.inside(warm) as tenant:
        found = insights.read(tenant, days=28)
    assert found.first_ten == 1.0, "one short list: its products take all places"
    assert all("€" in label for label, _ in found.prices)
    text = page(signed_in(ana))
    assert "The ten most shown" in text
    assert "Gini" in text


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


def old_lists(tenant, *, every_hours):
    """A list for each stretch of hours of the last 30 days, of one of ten shoppers; every ninth by a test key."""
    now = timezone.now()
    with make.inside(tenant) as inside:
        for number in range(30 * 24 // every_hours):
            at = now - timedelta(hours=number * every_hours, minutes=7)
            inside.served_lists.create(
                at=at, recommendation_id=f"old-{number}", request_id=f"call-{number}", kind="popular",
                strategy="popular", customer_external_id=f"t-{number % 10}", is_test=number % 9 == 0,
                products=[] if number % 11 == 0 else [shops.TEA[number % 3], shops.TOY[number % 2]],
            )  # fmt: skip


def recounted(tenant, days):
    """Lists, and product → lists that it stood in, from the rows one by one."""
    rows = tenant.served_lists.filter(at__gte=timezone.now() - timedelta(days=days), is_test=False)
    told = [row.products for row in rows if row.products]
    return len(told), Counter(product for products in told for product in products)


def figures(tenant, days):
    with make.inside(tenant) as inside:
        found = insights.read(inside, days=days)
    pairs = zip(found.products.ids, found.products.listed.tolist(), strict=True)
    return found.lists, {name: int(count) for name, count in pairs if count}


def nightly():
    work.tick(measuring.TASK, int(timezone.now().timestamp() * 1000))
    work.run_due(tasks={measuring.TASK})


@pytest.fixture
def history(warm):
    with connections["ops"].cursor() as cursor:
        for day in range(32):
            cursor.execute("select ensure_answer_partition(%s)", [timezone.now().date() - timedelta(days=day)])
    old_lists(warm, every_hours=5)
    nightly()
    return warm


@pytest.mark.parametrize("days", [7, 28])
def test_its_figures_are_those_of_a_plain_recount(history, api, days):
    """What was counted in the night, without what is older than the period, and with what came since."""
    assert history.listed_spans.count() == 2
    assert figures(history, days) == recounted(history, days)
    api.get("/api/v1/recommendations?customer_id=t-1&limit=4")
    answer_log.flush()
    assert figures(history, days) == recounted(history, days)
    history.listed_spans.update(begins_at=timezone.now() - timedelta(days=days, hours=60))
    assert figures(history, days) == recounted(history, days), "a count that is too old is left"
    history.listed_spans.all().delete()
    assert figures(history, days) == recounted(history, days)


def test_erased_lists_leave_the_figures_at_once(history, ana):
    before = figures(history, 28)
    with make.inside(history) as tenant:
        privacy.request_erasure(tenant, "t-3", by=ana)
    erase()
    after = figures(history, 28)
    assert after == recounted(history, 28)
    assert after[0] < before[0]
    nightly()
    assert figures(history, 28) == after
