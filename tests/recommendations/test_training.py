"""A training from request to the model in service."""

import io
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from luxebrain.lib import redis
from luxebrain.lib.problems import Conflict
from modelregistry import artifacts, labels, versions
from recommendations import training, training_work
from recommendations.algorithms.bundle import Bundle
from recommendations.evaluation import ladder
from recommendations.models import TrainingRun
from tenants import epochs, work
from tenants.models import Work
from tests import make

TRAIN = {"recommendations.train"}


@pytest.fixture
def shop(acme: Any) -> Any:
    """60 shoppers of two tastes over 20 products, six orders each."""
    return fill(acme)


def fill(tenant: Any, *, seed: int = 1, orders: int = 6) -> Any:
    chance = np.random.default_rng(seed)
    for number in range(20):
        kind = "even" if number % 2 == 0 else "odd"
        make.product(tenant, f"p{number:02}", title=f"Thing {number}", categories=[kind])
    for number in range(60):
        customer = make.customer(tenant, f"c{number}")
        taste = np.arange(number % 2, 20, 2)
        for turn in range(orders):
            names = [f"p{item:02}" for item in chance.choice(taste, 2, replace=False)]
            make.order(tenant, names, customer=customer, days_ago=60 - turn * 9 - number / 60)
    return tenant


def request(of: Any, **options: Any) -> TrainingRun:
    with make.inside(of) as tenant:
        return training.request(tenant, **{"reason": "manual", "by": None, **options})


def test_it_trains_registers_and_activates(shop: Any, ana: Any, settings: Any) -> None:
    """R28, R125."""
    settings.TRAINING_CPU_SECONDS = 2  # so that it tries more than the least
    before = redis.client().hget(epochs.name(shop.pk), "model")
    run = request(shop, by=ana)
    assert work.run_due(tasks=TRAIN) == 1
    run = shop.training_runs.get(pk=run.pk)
    assert (run.state, run.error, run.progress) == ("succeeded", "", 1.0)
    version = versions.champion(shop)
    assert run.version == version
    assert version.number == 1
    assert version.created_by == ana
    words = f"{labels.algorithm(version.algorithm)}, NDCG@10 {version.metrics['ndcg@10']:.3f}"
    assert run.outcome == f"v1 is in service: {words}."
    assert version.counts == {
        "orders": 360,
        "lines": 720,
        "events": 0,
        "customers": 60,
        "products": 20,
        "interactions": 720,
    }
    tested = {trial["algorithm"]: trial for trial in run.trials if trial["stage"] == "test"}
    assert set(tested) >= {"popularity", "content", "neighbours", "blend", "als"}
    assert [name for name, trial in tested.items() if trial["chosen"]] == [version.algorithm]
    assert version.metrics["ndcg@10"] == tested[version.algorithm]["ndcg@10"] > tested["popularity"]["ndcg@10"]
    searched = [trial for trial in run.trials if trial["stage"] == "search"]
    assert {trial["algorithm"] for trial in searched} >= {"popularity", "neighbours", "local_ease", "content"}
    assert all({"rung", "params", "power", "value", "cpu_s"} <= set(trial) for trial in searched)
    assert redis.client().hget(epochs.name(shop.pk), "model") != before
    loaded = versions.load(version)
    bundle = Bundle.from_arrays(loaded.arrays, loaded.manifest)
    assert bundle.rung == tested[version.algorithm]["rung"] == ladder.RUNGS[version.algorithm]
    assert bundle.reason == tested[version.algorithm]["reason"]
    found = bundle.recommend("personalised", limit=5, customer="c1")
    assert {int(bundle.products.id(entry.product)[1:]) % 2 for entry in found} == {1}  # c1 likes odd things
    assert Work.objects.using("ops").get(task="recommendations.train").state == "done"


def test_it_gives_the_same_figures_again_and_replaces_an_equal_model(shop: Any) -> None:
    for _ in range(2):
        request(shop)
        work.run_due(tasks=TRAIN)
    second, first = shop.training_runs.all()
    figures = [
        [{k: v for k, v in trial.items() if k not in ("cpu_us", "fit_cpu_s", "cpu_s")} for trial in run.trials]
        for run in (first, second)
    ]
    assert figures[0] == figures[1]
    assert versions.champion(shop).number == 2
    assert "v1 reached" in second.outcome
    assert "on the same test" in second.outcome


def test_it_keeps_a_worse_model_aside(shop: Any, register: Any) -> None:
    best = register(shop, algorithm="of-another-house", metrics={"ndcg@10": 0.99})
    path = versions.settings.MODELS_DIR / best.artifact_path
    assert path.exists()
    versions.activate(best, by=None)
    # As if it had been trained on the present data: its files know the answers of the test.
    loaded = versions.load(best)
    saved = artifacts.save(
        versions.settings.MODELS_DIR,
        tenant=versions.owner_of(shop),
        model="recommendation",
        version=2,
        arrays=loaded.arrays,
        manifest={**loaded.manifest, "until": int(timezone.now().timestamp())},
    )
    newest = versions.register(
        shop,
        artifact=saved,
        algorithm="of-another-house",
        parameters={},
        metrics={"ndcg@10": 0.99},
        counts={},
        window=(None, None),
        by=None,
    )
    versions.activate(newest, by=None)
    run = request(shop)
    work.run_due(tasks=TRAIN)
    run.refresh_from_db(using="ops")
    assert run.state == "succeeded"
    assert run.outcome.startswith("v3 was kept aside: ")
    assert "v2 reached 0.990 when it was trained" in run.outcome
    assert versions.champion(shop) == newest


def test_it_tests_a_model_that_has_not_seen_the_answers_itself(shop: Any, register: Any) -> None:
    old = register(shop, algorithm="neighbours", metrics={"ndcg@10": 0.99})  # knows six products
    versions.activate(old, by=None)
    run = request(shop)
    work.run_due(tasks=TRAIN)
    run.refresh_from_db(using="ops")
    assert run.outcome.startswith("v2 is in service")
    assert "v1 reached" in run.outcome
    assert "0.990" not in run.outcome


def test_it_says_so_when_there_is_too_little(acme: Any) -> None:
    """R18: strictly below ten orders there is no model."""
    for _ in range(7):
        make.order(acme, ["a", "b"], session_id="x")
    make.order(acme, ["a"], state="cancelled")
    run = request(acme)
    work.run_due(tasks=TRAIN)
    run.refresh_from_db(using="ops")
    assert (run.state, run.outcome) == ("succeeded", "Not enough data: 7 of 10 orders")
    assert acme.model_versions.count() == 0


def test_it_runs_one_training_at_a_time(shop: Any, globex: Any) -> None:
    request(shop)
    with pytest.raises(Conflict, match="under way already"):
        request(shop)
    request(globex)
    assert Work.objects.using("ops").filter(task="recommendations.train").count() == 2


def test_it_shows_how_far_it_is_and_is_taken_up_again_when_killed(shop: Any) -> None:
    """R126."""
    run = request(shop)
    lease = work.claim(Work.objects.using("ops").get(task="recommendations.train").pk)
    seen: list[tuple[str, float]] = []

    class Killed(BaseException):
        """Nothing catches it, as nothing catches kill -9."""

    def watch(step: str, share: float) -> None:
        row = shop.training_runs.get(pk=run.pk)
        assert row.state == "running"
        seen.append((row.step, row.progress))
        if share > 0.5:
            raise Killed

    with pytest.raises(Killed):
        training.run(run.pk, lease, tell=watch)
    assert seen[0] == ("Reading orders and events", 0.0)
    assert seen[-1][1] > 0
    assert seen[-1][0]
    assert shop.training_runs.get(pk=run.pk).state == "running"
    assert shop.model_versions.count() == 0
    with pytest.raises(Conflict):
        request(shop)
    assert work.run_due(tasks=TRAIN) == 0  # the lease still holds
    expire(lease)
    work.relay(lambda ids: None)
    assert work.run_due(tasks=TRAIN) == 1
    assert shop.training_runs.get(pk=run.pk).state == "succeeded"
    assert versions.champion(shop).number == 1


def test_it_writes_nothing_once_somebody_else_has_the_work(shop: Any) -> None:
    run = request(shop)
    work_id = Work.objects.using("ops").get(task="recommendations.train").pk
    slow = work.claim(work_id)

    def lose(step: str, share: float) -> None:
        if step == "Saving the model":
            expire(slow)
            assert work.claim(work_id) is not None

    with pytest.raises(work.Fenced):
        training.run(run.pk, slow, tell=lose)
    assert shop.model_versions.count() == 0
    folder = versions.settings.MODELS_DIR / f"shared_models/recommendation/{shop.pk}"
    assert not list(folder.iterdir())


def test_it_closes_a_run_whose_work_was_given_up(shop: Any) -> None:
    run = request(shop)
    Work.objects.using("ops").filter(task="recommendations.train").update(state="dead")
    second = request(shop)
    run.refresh_from_db(using="ops")
    assert run.state == "failed"
    assert "Train again" in run.error
    assert second.state == "queued"


def test_it_keeps_the_reason_of_a_failure(shop: Any) -> None:
    run = request(shop)
    lease = work.claim(Work.objects.using("ops").get(task="recommendations.train").pk)

    def full(step: str, share: float) -> None:
        raise OSError(28, "No space left on device")

    training.run(run.pk, lease, tell=full)
    run.refresh_from_db(using="ops")
    assert (run.state, run.error) == ("failed", "The disk is full, so the model could not be saved.")
    assert Work.objects.using("ops").get(pk=lease.work_id).state == "done"


def test_it_trains_a_shop_as_soon_as_it_is_warm(acme: Any) -> None:
    for number in range(10):
        if number == 9:
            hint(acme)
            assert acme.training_runs.count() == 0
        make.order(acme, ["a", "b"], session_id=f"x{number}", days_ago=10 - number)
    hint(acme)
    assert acme.training_runs.get().reason == "first"
    hint(acme)
    work.run_due(tasks=TRAIN)
    hint(acme)
    assert acme.training_runs.count() == 1
    assert versions.champion(acme).number == 1


def test_it_trains_daily_where_the_plan_says_so_and_there_is_news(shop: Any, globex: Any, register: Any) -> None:
    fill(globex)  # starter: not daily, but it has missed its first
    versions.activate(register(shop), by=None)
    assert reasons(shop) == ""
    assert reasons(globex) == "first"
    long_ago = timezone.now() - timedelta(hours=30)
    shop.model_versions.update(created_at=long_ago)
    shop.orders.update(updated_at=long_ago - timedelta(hours=1))
    assert reasons(shop) == ""  # nothing new
    shop.orders.filter(pk=shop.orders.first().pk).update(updated_at=timezone.now())
    assert reasons(shop) == "daily"
    work.tick("recommendations.train_stale", 1)
    work.run_due(tasks={"recommendations.train_stale"})
    assert [shop.training_runs.get().reason, globex.training_runs.get().reason] == ["daily", "first"]
    shop.training_runs.update(state="failed", finished_at=timezone.now())
    assert reasons(shop) == ""  # tried today


def test_it_trains_from_the_command_line(shop: Any) -> None:
    out = io.StringIO()
    call_command("train_model", "acme", "--wait", stdout=out)
    assert "Testing: Item-to-item" in out.getvalue()
    assert "v1 is in service" in out.getvalue()
    call_command("train_model", "acme", stdout=out)
    assert "waiting for a worker" in out.getvalue()
    with pytest.raises(CommandError, match="under way already"):
        call_command("train_model", "acme", stdout=out)
    with pytest.raises(CommandError, match="no shop"):
        call_command("train_model", "nobody", stdout=out)


def hint(tenant: Any) -> None:
    with make.inside(tenant) as entered:
        work.enqueue(entered, "recommendations.train_if_warm", key="warm")
    work.run_due(tasks={"recommendations.train_if_warm"})


def reasons(tenant: Any) -> str:
    with make.inside(tenant) as entered:
        return training_work.due(entered)


def expire(lease: Any) -> None:
    past = timezone.now() - timedelta(seconds=1)
    Work.objects.using("ops").filter(pk=lease.work_id).update(lease_until=past)
