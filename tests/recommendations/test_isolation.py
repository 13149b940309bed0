"""Isolated models from the request to the answer, and what they may learn from."""

import shutil
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings

from modelregistry import versions
from recommendations import candidates
from tenants import epochs, standing, work
from tests import make
from tests.recommendations import isolated


@pytest.fixture
def shop(db: None) -> Iterator[Any]:
    with isolated.threshold(300):
        yield isolated.shop()


def answer(tenant: Any, **asked: Any) -> dict[str, Any]:
    query = "&".join(f"{name}={value}" for name, value in asked.items())
    response = make.Api(make.key(tenant)).get(f"/api/v1/recommendations?{query}")
    assert response.status_code == 200, response.content
    return response.json()


def train(tenant: Any) -> None:
    from recommendations import training

    with make.inside(tenant) as entered:
        training.request(entered, reason="manual", by=None)
    work.run_due(tasks=isolated.TRAIN)


def test_it_serves_from_the_folder_of_the_tenant_while_an_artefact_lies_there(shop: Any, sam: Any) -> None:
    """R75, R84, R85, R86, R87. The scope names the training; whose rows it learnt from is said beside it."""
    train(shop)
    said = answer(shop, customer_id="c1")
    assert (said["model_scope"], said["learnt_from"]) == ("shared", "own")
    row = isolated.isolate(shop, by=sam)
    assert row.state == "serving"
    version = versions.champion(shop)
    home = settings.MODELS_DIR / "tenant_models" / "recommendation" / str(shop.pk)
    assert (settings.MODELS_DIR / version.artifact_path).parent == home
    assert isolated.of(shop).get_model_path() == home
    said = answer(shop, customer_id="c1")
    assert (said["model_scope"], said["model_version"], said["degraded"]) == ("tenant", str(version), False)
    aside = home.with_name(f"{shop.pk}-aside")
    home.rename(aside)
    epochs.bump_now(shop.pk, "model")
    assert isolated.of(shop).get_model_path() != home
    said = answer(shop, customer_id="c1")
    assert (said["model_scope"], said["model_version"], said["degraded"]) == ("shared", "v1", True)
    assert said["strategy"] == "model"
    aside.rename(home)
    epochs.bump_now(shop.pk, "model")
    assert answer(shop, customer_id="c1")["model_scope"] == "tenant"
    for path in home.glob("*/*.npy"):
        path.write_bytes(b"x" + path.read_bytes()[1:])
    epochs.bump_now(shop.pk, "model")
    candidates.forget()
    assert answer(shop, customer_id="c1")["model_scope"] == "shared"
    shutil.rmtree(home)


def test_a_smaller_plan_ends_it_with_the_next_call(shop: Any, sam: Any) -> None:
    """R77."""
    train(shop)
    isolated.isolate(shop, by=sam)
    assert answer(shop, customer_id="c1")["model_scope"] == "tenant"
    standing.change_plan(isolated.of(shop).tenant, plan="growth", by=sam)
    said = answer(shop, customer_id="c1")
    assert (said["model_scope"], said["model_version"], said["degraded"]) == ("shared", "v1", False)
    assert isolated.of(shop).home().is_dir()  # kept for the grace period
    standing.change_plan(isolated.of(shop).tenant, plan="enterprise", by=sam)
    assert answer(shop, customer_id="c1")["model_scope"] == "tenant"


def test_a_smaller_plan_leaves_best_sellers_where_there_was_no_shared_model(shop: Any, sam: Any) -> None:
    isolated.isolate(shop, by=sam)
    assert answer(shop, customer_id="c1")["model_scope"] == "tenant"
    standing.change_plan(isolated.of(shop).tenant, plan="growth", by=sam)
    said = answer(shop, customer_id="c1")
    assert (said["model_scope"], said["learnt_from"], said["strategy"]) == (None, None, "popular")


def test_disabling_goes_back_to_the_shared_model_and_deleting_takes_the_files(shop: Any, sam: Any) -> None:
    train(shop)
    row = isolated.isolate(shop, by=sam)
    home = isolated.of(shop).home()
    isolated.of(shop).disable(row, by=sam, reason="The contract ended")
    assert versions.champion(shop).scope == "shared"
    assert answer(shop, customer_id="c1")["model_scope"] == "shared"
    work.run_due(tasks=isolated.TRAIN)  # a shared model on today's data
    assert versions.champion(shop).number == 3
    assert versions.champion(shop).scope == "shared"
    row.refresh_from_db()
    assert list(home.glob("[0-9]*"))
    assert isolated.of(shop).delete(row, by=sam) == 1
    assert not list(home.glob("[0-9]*"))
    assert answer(shop, customer_id="c1")["model_scope"] == "shared"
