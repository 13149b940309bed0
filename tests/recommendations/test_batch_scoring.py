"""Lists made together are those that single calls make (R8), and the exact best of many rows."""

import time
from dataclasses import replace

import numpy as np
import pytest
from django.conf import settings

from modelregistry import artifacts, versions
from recommendations import batch_personal, batch_scoring, candidates, popular, queries
from recommendations.algorithms import registry
from recommendations.algorithms.als import ALS
from recommendations.algorithms.data import Baskets, Interactions
from recommendations.algorithms.features import ProductFeatures
from recommendations.algorithms.leading import is_clear, leading
from recommendations.batch_scoring import Order, Scorer
from recommendations.evaluation import selection
from tenants import tenancy
from tests import make

PRODUCTS, CUSTOMERS = 240, 160


def trained(algorithm):
    random = np.random.default_rng(5)
    customer = random.integers(0, CUSTOMERS, 4000)
    product = (customer * 7 + random.zipf(1.6, 4000)) % PRODUCTS
    rows = Interactions.of(
        customers=[f"c{number}" for number in customer],
        products=[f"p{number}" for number in product],
        occurred_at=1_700_000_000 + np.sort(random.integers(0, 90 * 86_400, 4000)),
    )
    names = list(rows.products)
    features = ProductFeatures.of(
        categories=[[f"k{int(name[1:]) % 8}"] for name in names],
        brands=["b"] * len(names),
        prices=[5.0 + int(name[1:]) % 40 for name in names],
        n_products=len(names),
    )
    bundle = selection.train(rows, Baskets.none(), features, algorithms=["neighbours"]).bundle
    part = registry.find(algorithm)().fit(rows, features, seed=1)
    return replace(bundle, personal=algorithm, parts={**bundle.parts, algorithm: part})


def put_into_service(shop, bundle):
    with tenancy.enter(shop.pk) as tenant:
        saved = artifacts.save(
            settings.MODELS_DIR,
            tenant=versions.owner_of(tenant),
            model="recommendation",
            version=versions.next_number(tenant),
            arrays=bundle.arrays(),
            manifest=bundle.manifest(),
        )
        version = versions.register(
            tenant,
            artifact=saved,
            algorithm=bundle.personal,
            parameters={},
            metrics={},
            window=(None, None),
            by=None,
            counts={"orders": 40, "customers": CUSTOMERS, "products": PRODUCTS},
        )
        versions.activate(version, by=None)


@pytest.fixture
def stocked(acme):
    """acme with its products, some of them new to the model or sold out, and customers of whom some did something."""
    candidates.forget()
    batch_scoring.forget()
    rows = acme.products.model
    acme.products.bulk_create(
        rows(
            tenant=acme,
            external_id=f"p{n}",
            title=f"Thing {n % 9}",
            price=5 + n % 40,
            currency="EUR",
            categories=[f"k{n % 8}"],
            brand="b",
            stock=0 if n % 17 == 0 else None,
        )
        for n in range(PRODUCTS + 6)
    )
    people = [make.customer(acme, f"c{number}") for number in range(CUSTOMERS)]
    for number in range(12):
        make.order(acme, [f"p{number}"], customer=people[number])
    return acme


@pytest.mark.parametrize(
    ("algorithm", "hangs"), [("neighbours", False), ("blend", False), ("als", False), ("als", True)]
)
def test_lists_made_together_are_those_of_single_calls(stocked, api, algorithm, hangs, monkeypatch):
    """R8, also where every list hangs on the rounding of sums."""
    if hangs:
        monkeypatch.setattr(
            batch_personal, "is_clear", lambda values, tolerance=1.0: is_clear(values, tolerance=tolerance)
        )
    put_into_service(stocked, trained(algorithm))
    api.post(
        "/api/v1/events",
        {
            "events": [
                {"type": kind, "customer_id": f"c{n}", "product_id": f"p{n * 3}"}
                for n in range(0, 60, 3)
                for kind in ("view", "cart")
            ]
        },
    )
    together = []
    find = batch_personal.Personal.find

    def watched(self, *given):
        found = find(self, *given)
        together.append(len(found.places))
        return found

    monkeypatch.setattr(batch_personal.Personal, "find", watched)
    ids = [f"c{number}" for number in range(CUSTOMERS)] + ["nobody"]
    for extra in ({}, {"filter": '"k1" in categories or price < 20', "exclude": ["p3"]}):
        query = queries.parse({"limit": 10, **extra})
        order = Order(stocked.pk, query, 1, time.time())
        fast, slow = Scorer(order, ids).lists(), Scorer(order, ids).lists(one_by_one=True)
        assert fast.counts.tolist() == slow.counts.tolist()
        assert [fast.names[item] for item in fast.items] == [slow.names[item] for item in slow.items]
        assert np.allclose(fast.scores, slow.scores, rtol=1e-4, atol=1e-6)
        assert fast.states.tolist() == slow.states.tolist()
        ends = np.cumsum(fast.counts)
        for number in (0, 3, 33, 77, 159):
            single = api.post("/api/v1/recommendations", {"customer_id": f"c{number}", "limit": 10, **extra}).json()
            own = fast.items[ends[number] - fast.counts[number] : ends[number]]
            assert [fast.names[item] for item in own] == [item["product_id"] for item in single["items"]]
    assert min(together) > 0.6 * CUSTOMERS, "most are made together"


@pytest.mark.parametrize("asked", [{}, {"type": "trending"}, {"diversity": 0.3, "exclude": ["p3"]}])
@pytest.mark.parametrize("has_model", [True, False])
def test_those_of_whom_nothing_is_known_get_one_list(stocked, api, asked, has_model, monkeypatch):
    """R8, R7: it is made once, and is what each of them gets alone; who did something gets an own one."""
    if has_model:
        put_into_service(stocked, trained("als"))
    fresh = [make.customer(stocked, f"new{number}").external_id for number in range(40)]
    with tenancy.enter(stocked.pk) as tenant:  # what was sold in one moment is in an order that later seconds change
        sold = popular.compute(tenant)
    monkeypatch.setattr(popular, "compute", lambda tenant: sold)
    api.post("/api/v1/events", {"events": [{"type": "cart", "customer_id": "new3", "product_id": "p5"}]})
    query = queries.parse({"limit": 10, **asked})
    order = Order(stocked.pk, query, int(has_model), time.time())
    made = []
    alone = Scorer._alone
    monkeypatch.setattr(Scorer, "_alone", lambda self, place, lists: (made.append(place), alone(self, place, lists)))
    fast = Scorer(order, [*fresh, "nobody"]).lists()
    assert {0} <= set(made) <= {0, 3}
    made.clear()
    slow = Scorer(order, [*fresh, "nobody"]).lists(one_by_one=True)
    assert len(made) == 41
    assert fast.counts.tolist() == slow.counts.tolist()
    assert [fast.names[item] for item in fast.items] == [slow.names[item] for item in slow.items]
    assert [fast.origins[one] for one in fast.sources] == [slow.origins[one] for one in slow.sources]
    assert np.allclose(fast.scores, slow.scores)
    assert fast.unknown.tolist() == [False] * 40 + [True]
    single = api.post("/api/v1/recommendations", {"customer_id": "new7", "limit": 10, **asked}).json()
    own = fast.items[fast.counts[:7].sum() : fast.counts[:8].sum()]
    assert [fast.names[item] for item in own] == [item["product_id"] for item in single["items"]]


@pytest.mark.parametrize(("columns", "count"), [(5, 8), (40, 11), (1000, 11), (1003, 4)])
def test_the_best_of_many_rows_are_exact(columns, count):
    random = np.random.default_rng(columns)
    scores = random.standard_normal((50, columns)).astype(np.float32)
    scores[:, ::5] = -np.inf
    found, values = leading(scores, count)
    wanted = np.argsort(-scores, axis=1, kind="stable")[:, :count]
    there = np.isfinite(np.take_along_axis(scores, wanted, axis=1))
    assert (found[:, : wanted.shape[1]][there] == wanted[there]).all()
    assert (np.isfinite(values).sum(axis=1) == there.sum(axis=1)).all()


def test_scores_that_stand_too_close_are_not_clear():
    values = np.array([[3, 2, 1], [3, 3, 1], [3, 2, 2 - 1e-6], [3, 2, -np.inf]], np.float32)
    assert is_clear(values).tolist() == [True, False, False, True]


def test_shoppers_are_folded_in_together_as_one_by_one():
    random = np.random.default_rng(2)
    part = ALS(factors=16)
    part._keep((random.standard_normal((300, 16)) * 0.1).astype(np.float32))
    from scipy import sparse

    rows = sparse.random_array((40, 300), density=0.03, rng=random, dtype=np.float32, format="csr")
    scores = part.score_many(sparse.csr_array(rows), np.arange(40))
    for row in np.flatnonzero(np.diff(rows.indptr)):
        span = slice(rows.indptr[row], rows.indptr[row + 1])
        _, alone = part.score_history(rows.indices[span], rows.data[span])
        assert np.allclose(scores[row], alone, rtol=1e-4, atol=1e-6)
