"""Versions measured in the shop, against rows counted by hand."""

import uuid
from datetime import timedelta

import numpy as np
import pytest
from django.utils import timezone

from modelregistry import metrics
from recommendations import answer_rows, identity, measuring, tracking
from tenants import work
from tests import make

NOW = timezone.now()
YESTERDAY = NOW.replace(hour=12, minute=0, second=0, microsecond=0) - timedelta(days=1)


def served(of, at, products, *, version=1, score=0.5, fell_back=False, is_test=False):
    answer_rows.ensure_partitions({at.date()})
    of.served_lists.create(
        at=at, recommendation_id=identity.make(version), request_id="r", kind="personalised", version=version,
        strategy="personal", products=products, is_test=is_test,
        facts={"items": [[name, score, "als", "", []] for name in products], "fallback_used": fell_back},
    )  # fmt: skip


def event(of, kind, **fields):
    of.events.create(id=uuid.uuid4(), kind=kind, occurred_at=YESTERDAY, **fields)


def told(version, metric):
    row = metrics.latest(version, metric)
    return (round(row.value, 4), row.sample_size) if row else None


def test_it_keeps_offline_metrics_with_interval_and_sample(acme, register):
    """R33: a series keyed to the version row, with sample size, window and source."""
    version = register(acme, metrics={"ndcg@10": 0.2, "ndcg@10_low": 0.1, "ndcg@10_high": 0.3, "tested": 80, "x": "y"})
    measuring.measure(acme)
    measuring.measure(acme)
    row = acme.model_metrics.get()
    assert (row.version, row.metric, row.value, row.low, row.high) == (version, "ndcg@10", 0.2, 0.1, 0.3)
    assert (row.sample_size, row.source) == (80, "offline")


def test_it_measures_shares_of_a_day_with_their_interval(acme, register):
    """R33, R39: click-through, carts and conversion per version and day."""
    version = register(acme)
    lists = [identity.make(1) for _ in range(10)]
    for name in lists:
        event(acme, "impression", recommendation_id=name, product_external_id="a")
    for name in lists[:4]:
        event(acme, "click", recommendation_id=name, product_external_id="a", session_id=name)
    event(acme, "cart", recommendation_id=lists[0], product_external_id="a", session_id=lists[0])
    make.order(acme, ["a"], session_id=lists[0], days_ago=(NOW - YESTERDAY) / timedelta(days=1) - 0.01)
    tracking.roll_up(acme)
    work.enqueue(None, measuring.TASK)
    work.run_due(tasks={measuring.TASK})
    assert told(version, "ctr") == (0.4, 10)
    assert told(version, "cart_rate") == (0.25, 4)
    assert told(version, "conversion") == (0.25, 4)
    ctr = metrics.latest(version, "ctr")
    assert ctr.low < 0.4 < ctr.high and ctr.source == "online"
    assert ctr.window_until - ctr.window_from == timedelta(days=1)


def test_it_measures_coverage_and_fallbacks_from_what_was_answered(acme, register):
    version = register(acme)
    for name in ("a", "b", "c", "d"):
        make.product(acme, name)
    make.product(acme, "sold-out", stock=0)
    served(acme, YESTERDAY, ["a", "b"])
    served(acme, YESTERDAY, ["b", "sold-out"], fell_back=True)
    served(acme, YESTERDAY, ["d"], is_test=True)
    measuring.measure(acme)
    assert told(version, "coverage") == (0.5, 2)
    assert told(version, "fallback_share") == (0.5, 2)
    assert told(version, "score_shift") is None


@pytest.mark.parametrize(("moved", "large"), [(0.0, False), (2.0, True)])
def test_it_tells_shifted_scores_from_the_first_day_of_a_version(acme, register, moved, large):
    version = register(acme)
    random = np.random.default_rng(3)
    for days, mean in ((2, 0.0), (0, moved)):
        for score in random.normal(mean, 1, 350).tolist():
            served(acme, YESTERDAY - timedelta(days=days), ["a"], score=score)
    measuring.measure(acme)
    value, size = told(version, "score_shift")
    assert size == 350 and (value > 0.25) is large
