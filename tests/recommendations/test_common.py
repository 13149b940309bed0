"""The shared model: what shops give, what comes of it in another's training, and what never does."""

import json
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from django.conf import settings
from django.utils import timezone

from modelregistry import versions
from recommendations import common_table, common_votes, isolated_data
from recommendations.models import CommonTable
from tenants import work
from tests import make
from tests.recommendations import isolated
from tests.recommendations.test_training import request

GATHER = {"recommendations.cast_votes", "recommendations.combine_votes"}
CHANGED = {"recommendations.part_changed", "recommendations.combine_votes"}
TRAIN = {"recommendations.train"}
KINDS = ("lamp", "plate", "chair", "towel")
COLOURS = ("scarlet", "azure", "amber", "olive")


def shop(slug: str, *, seed: int, orders: int = 60, swap: bool = False, word: str = "", **fields: Any) -> Any:
    """16 products, a kind in each colour; orders hold products of one colour, or with `swap` of one kind.

    `word` stands in every title of this shop and in no other's.
    """
    tenant = make.tenant(slug, **fields)
    chance = np.random.default_rng(seed)
    for number in range(16):
        kind, colour = KINDS[number // 4], COLOURS[number % 4]
        make.product(tenant, f"{slug}-{number:02}", title=f"{word} {kind} {colour} {slug}", categories=[kind])
    for number in range(orders):
        taste = int(chance.integers(4))
        held = [taste * 4 + place if swap else place * 4 + taste for place in range(4)]
        names = [f"{slug}-{item:02}" for item in chance.choice(held, 3, replace=False)]
        buyer = make.customer(tenant, f"{slug}-buyer-{number // 2}")
        make.order(tenant, names, customer=buyer, days_ago=60 - number * 59 / orders)
    return tenant


def gathered() -> CommonTable:
    """The nightly round, as the timetable has it."""
    work.enqueue(None, "recommendations.gather_votes")
    work.run_due(tasks={"recommendations.gather_votes", "recommendations.cast_votes"})
    from tenants.models import Work

    Work.objects.using("ops").filter(task="recommendations.combine_votes").update(due_at=timezone.now())
    work.run_due(tasks=GATHER)
    return CommonTable.objects.using("ops").latest("number")


def trained(tenant: Any) -> Any:
    request(tenant)
    work.run_due(tasks=TRAIN)
    run = tenant.training_runs.order_by("-id").first()
    assert run.state == "succeeded", run.error
    return run.version


@pytest.fixture
def others(db: None) -> list[Any]:
    return [shop(f"giver{number}", seed=number, word=f"zyx{number}giver") for number in range(4)]


@pytest.fixture
def small(db: None) -> Any:
    return shop("small", seed=50, orders=24)


def read(tenant: Any) -> Any:
    with make.inside(tenant) as entered:
        return isolated_data.read(entered, "shared")


def test_it_learns_from_others_and_says_so(others: Any, small: Any) -> None:
    """R74, R79, R87: each gives a word, their sum is published whole, and a training uses it and says it."""
    table = gathered()
    assert (table.number, table.shops) == (1, 5)
    assert table.pairs > 0
    dataset = read(small)
    common = dataset.features.common
    assert (common.own, common.others) == pytest.approx((1.0, 0.1))
    assert common.table.shops == 4  # its own word is taken out again
    version = trained(small)
    if version.algorithm == "blend":
        assert (version.scope, version.learnt_from) == ("shared", "shared")
        assert version.counts["shops"] == 4
