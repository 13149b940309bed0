"""Isolated models left alone: trained every night, watched, ended by a smaller plan, their files let go."""

import io
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connections
from django.utils import timezone

from modelregistry import isolation_health, performance, versions
from modelregistry.performance import Row
from recommendations import training_work
from tenants import standing, work
from tests import make
from tests.recommendations import isolated

WATCH = {"recommendations.watch_isolated"}


@pytest.fixture
def shop(db: None) -> Iterator[Any]:
    with isolated.threshold(300):
        yield isolated.shop()


@pytest.fixture
def own(shop: Any, sam: Any) -> Any:
    """The shop with its isolated model in service."""
    isolated.isolate(shop, by=sam)
    return shop


def watch() -> None:
    work.enqueue(None, "recommendations.watch_isolated")
    work.run_due(tasks=WATCH)


def change(version: Any, **facts: Any) -> None:
    """Facts of a version never change but by the owner of the table, whose triggers are off for it."""
    with connections["owner"].cursor() as cursor:
        cursor.execute("alter table modelregistry_modelversion disable trigger user")
        for name, value in facts.items():
            cursor.execute(f"update modelregistry_modelversion set {name} = %s where id = %s", [value, version.pk])
        cursor.execute("alter table modelregistry_modelversion enable trigger user")


def occurred(shop: Any) -> list[tuple[str, str]]:
    rows = shop.occurrences.filter(kind__startswith="model.").order_by("id")
    return [(row.kind, row.facts["reason"]) for row in rows]


def test_a_stale_model_is_noted_once_a_day(own: Any) -> None:
    """R83."""
    watch()
    assert occurred(own) == []
    version = versions.champion(own)
    change(version, created_at=timezone.now() - timedelta(days=5))
    watch()
    watch()
    assert occurred(own) == [("model.stale", "v1 was trained 5 days ago; a new one is expected within 3.")]
    with make.inside(own) as tenant:
        assert training_work.due(tenant) == ""  # trained within the day, as the runs say
    own.training_runs.update(created_at=timezone.now() - timedelta(days=5))
    make.order(own, ["p01"], days_ago=0.01)
    with make.inside(own) as tenant:
        assert training_work.due(tenant) == "daily"  # R82: every night


def test_a_model_worse_than_the_shared_one_is_noted(own: Any) -> None:
    """R83: on the same test, and in the shop."""
    version = versions.champion(own)
    assert isolation_health.of(isolated.of(own).tenant).offline["popular"] == version.metrics["popular_ndcg@10"]
    change(version, metrics='{"ndcg@10": 0.2, "shared_ndcg@10": 0.3, "popular_ndcg@10": 0.1}')
    watch()
    assert occurred(own) == [("model.worse", "NDCG@10 is 0.200; the shared model reached 0.300 on the same test.")]
    change(version, metrics='{"ndcg@10": 0.3}')
    today = timezone.now().date()
    rows = [Row(today, number, "", "EUR", impressions=2000, clicks=clicks) for number, clicks in ((1, 20), (7, 90))]
    with make.inside(own) as tenant:
        performance.replace(tenant, days=[today], rows=rows)
        health = isolation_health.of(tenant)
    assert (health.own.share("ctr"), health.shared.share("ctr")) == (0.01, 0.045)
    assert health.own.share("conversion") == 0.0
    assert [finding.kind for finding in health.findings] == ["model.worse"]
    assert "lists are clicked" in health.findings[0].text


def test_a_smaller_plan_ends_isolation_and_the_files_go_after_the_grace(own: Any, sam: Any) -> None:
    """R77."""
    standing.change_plan(isolated.of(own).tenant, plan="growth", by=sam)
    watch()
    row = own.isolation_requests.get()
    assert row.state == "disabled"
    assert row.steps.last().note == "The plan Growth does not include an isolated model."
    assert row.steps.last().by is None
    home = isolated.of(own).home()
    watch()
    assert list(home.glob("[0-9]*"))
    own.isolation_requests.update(moved_at=timezone.now() - timedelta(days=31))
    watch()
    assert not list(home.glob("[0-9]*"))
    assert own.isolation_requests.get().deleted_at is not None


def test_a_lost_training_is_asked_for_again(shop: Any, sam: Any) -> None:
    row = isolated.of(shop).create_tenant_model(by=sam, reason="A test")
    work.run_due(tasks={"recommendations.train_tenant_model"})
    shop.training_runs.update(state="failed", finished_at=timezone.now())
    shop.works.filter(task="recommendations.train").update(state="dead")
    watch()
    row.refresh_from_db()
    assert row.state == "approved"
    assert shop.notices.order_by("-pk").first().title == "The training of your isolated model brought no model"
    work.run_due(tasks=isolated.TRAIN)
    row.refresh_from_db()
    assert row.state == "serving"
    assert [step.state for step in row.steps.all()] == ["approved", "training", "approved", "training", "serving"]


def test_it_waits_for_a_training_that_is_under_way(shop: Any, sam: Any) -> None:
    from recommendations import training

    with make.inside(shop) as tenant:
        training.request(tenant, reason="manual", by=None)
    row = isolated.of(shop).create_tenant_model(by=sam, reason="A test")
    work.run_due(tasks={"recommendations.train_tenant_model"})
    row.refresh_from_db()
    assert row.state == "approved"
    work.run_due(tasks={"recommendations.train"})
    shop.works.filter(task="recommendations.train_tenant_model").update(due_at=timezone.now())
    work.run_due(tasks=isolated.TRAIN)
    row.refresh_from_db()
    assert row.state == "serving"
    # The training before the approval made a shared version: kept, and what the isolated one is held against.
    assert {version.scope: version.number for version in shop.model_versions.all()} == {"shared": 1, "tenant": 2}
    assert versions.champion(shop).metrics["shared_ndcg@10"] > 0


def test_the_command_trains_an_isolated_shop_and_says_why_it_does_not(own: Any, acme: Any) -> None:
    """R82."""
    out = io.StringIO()
    call_command("train_tenant_model", own.slug, "--wait", stdout=out)
    assert "v2 is in service" in out.getvalue()
    assert "100%" not in out.getvalue()
    assert versions.champion(own).scope == "tenant"
    with pytest.raises(CommandError, match="Growth does not include it"):
        call_command("train_tenant_model", "acme")
    with pytest.raises(CommandError, match="no shop none"):
        call_command("train_tenant_model", "none")
