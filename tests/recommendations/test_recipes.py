"""When a training searches anew, and when it fits the blend of the last search again."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from django.db import connections
from django.utils import timezone

from modelregistry import trials
from recommendations import recipes
from tenants import work
from tests import make
from tests.recommendations.test_training import TRAIN, fill, request

PARTS = [{"name": "neighbours", "params": {}, "weight": 1.0, "power": 1.0}]


@pytest.fixture
def searched(acme: Any) -> Any:
    """A shop whose last training searched, and found that a blend is best."""
    fill(acme)
    request(acme)
    work.run_due(tasks=TRAIN)
    run = acme.training_runs.get()
    rows = [
        row | {"parts": PARTS} if row["algorithm"] == "blend" and row["stage"] == "test" else row for row in run.trials
    ]
    acme.training_runs.update(trials=rows)
    told(acme, algorithm="blend", parameters={"parts": PARTS})
    return acme


def told(shop: Any, **facts: Any) -> None:
    """Other facts for its versions, which the database keeps from everybody but the tables' owner."""
    with connections["owner"].cursor() as cursor:
        cursor.execute("alter table modelregistry_modelversion disable trigger keep_facts")
    shop.model_versions.update(**facts)
    with connections["owner"].cursor() as cursor:
        cursor.execute("alter table modelregistry_modelversion enable trigger keep_facts")


def recipe(of: Any, reason: str = "daily", interactions: int = 720) -> Sequence[dict[str, Any]] | None:
    with make.inside(of) as tenant:
        run = tenant.training_runs.first()
        run.reason = reason
        return recipes.of_last_search(tenant, run, interactions)


def test_it_fits_the_blend_of_the_last_search_again(searched: Any) -> None:
    assert recipe(searched) == PARTS
    request(searched, reason="daily")
    work.run_due(tasks=TRAIN)
    run = searched.training_runs.first()
    assert run.state == "succeeded"
    assert {row["stage"] for row in run.trials} == {"test"}
    assert {row["algorithm"] for row in run.trials} == {"popularity", "blend"}
    assert run.version.parameters == {"parts": PARTS}


@pytest.mark.parametrize("reason", recipes.SEARCHED)
def test_it_searches_where_somebody_waits_for_the_best(searched: Any, reason: str) -> None:
    assert recipe(searched, reason=reason) is None


def test_it_searches_after_a_week_and_when_the_data_grew(searched: Any) -> None:
    assert recipe(searched, interactions=800) == PARTS
    assert recipe(searched, interactions=900) is None
    searched.training_runs.update(finished_at=timezone.now() - timedelta(days=8))
    assert recipe(searched) is None


def test_it_searches_where_the_shop_stands_on_a_lower_rung(searched: Any) -> None:
    told(searched, algorithm="content", parameters={})
    assert recipe(searched) is None


def test_it_gives_more_time_to_a_larger_plan(acme: Any, settings: Any) -> None:
    settings.TRAINING_CPU_SECONDS = 10_000
    given = {}
    for code in ("free", "starter", "growth", "enterprise"):
        acme.plan_id = code
        given[code] = recipes.seconds(type(acme)(plan_id=code))
    assert list(given.values()) == sorted(given.values())
    assert given["free"] < given["growth"] < given["enterprise"]
    settings.TRAINING_CPU_SECONDS = 5
    assert recipes.seconds(type(acme)(plan_id="enterprise")) == 5


def test_it_says_which_part_counts_against() -> None:
    """Where nothing is bought again the own past weighs below 0."""
    parts = [
        {"name": "repurchase", "params": {}, "weight": -1.0, "power": 0.5},
        {"name": "content", "params": {}, "weight": 0.5, "power": 1.0},
    ]
    found = trials.told([{"stage": "test", "algorithm": "blend", "chosen": True, "parts": parts}]).parts
    assert [round(part["share"], 2) for part in found] == [0.67, 0.33]
    assert [part["settings"].startswith("counts against") for part in found] == [True, False]


def test_it_shows_trials_by_family_best_first(searched: Any, ana: Any, client: Any) -> None:
    told = trials.told(searched.training_runs.first().trials)
    best = [family["best"] for family in told.families]
    assert best == sorted(best, reverse=True)
    for family in told.families:
        values = [row["value"] for row in family["rows"] if row["on"] == "all data"]
        assert values == sorted(values, reverse=True)
    assert told.rung
    assert told.parts == [{"algorithm": "Item-to-item", "share": 1.0, "settings": "as they come"}]
    client.force_login(ana)
    page = client.get("/t/acme/models/1").content.decode()
    for words in (told.rung, told.reason, "Parts of the blend", "trials in", "of processor time"):
        assert words in page
