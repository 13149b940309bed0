"""What an isolated model may learn from: its own tenant's rows, whatever the statements ask for."""

import hashlib
import time
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from django.conf import settings
from django.db import connections

from modelregistry.isolation import FOREIGN_WEIGHT, ForeignRows, TenantModelIsolation
from recommendations import datasets, extract, isolated_data, training
from tests import make
from tests.recommendations import isolated
from tests.recommendations.test_training import fill

NOW = 1_800_000_000.0


@pytest.fixture
def shop(db: None) -> Iterator[Any]:
    with isolated.threshold(300):
        yield isolated.shop()


@pytest.fixture
def neighbour(db: None) -> Any:
    return fill(make.tenant("neighbour", plan="growth"), seed=7)


def unfiltered(text: str) -> str:
    for condition in ("e.tenant_id = %(tenant)s", "o.tenant_id = %(tenant)s", "tenant_id = %(tenant)s"):
        text = text.replace(condition, "true")
    return text


def test_no_filter_is_needed_to_keep_others_out(shop: Any, neighbour: Any, monkeypatch: Any) -> None:
    """R79: every condition on the tenant taken out of the statements; the database's own context keeps others out."""
    with make.inside(shop) as tenant:
        asked = datasets.of(tenant)
    for name in ("_CUSTOMERS", "_ORDERS", "_LINES", "EVENTS", "PRODUCTS"):
        monkeypatch.setattr(extract, name, unfiltered(getattr(extract, name)))
        assert "%(tenant)s" not in getattr(extract, name)
    with make.inside(shop) as tenant:
        found = isolated_data.read(tenant, "tenant")
    assert found.counts == asked.counts
    assert found.counts["orders"] == 360
    for name in ("customer", "product", "weight", "occurred_at", "kind", "units"):
        assert np.array_equal(getattr(found.interactions, name), getattr(asked.interactions, name)), name
    # The same statements through a role that passes the policies by do see the neighbour: the check above has teeth.
    assert datasets.of(isolated.of(shop).tenant).counts["orders"] == 720


def test_it_refuses_to_learn_where_foreign_rows_are_in_sight(shop: Any, neighbour: Any, sam: Any) -> None:
    """A role that passes row-level security by must not train in isolation."""
    isolated.of(shop).create_tenant_model(by=sam, reason="A test")
    with pytest.raises(ForeignRows, match="1 other"):
        isolated_data.read(isolated.of(shop).tenant, "tenant")
    with make.inside(shop) as tenant:
        assert isolated_data.read(tenant, "tenant").counts["orders"] == 360


def test_it_weighs_rows_by_their_owner(shop: Any, acme: Any, sam: Any) -> None:
    """R74, R79: own rows 1.0, others' 0.1; in isolation others' rows are refused."""
    common = TenantModelIsolation(acme)
    assert common.filter_training_data([acme.pk, shop.pk, acme.pk]).tolist() == pytest.approx([1.0, 0.1, 1.0])
    assert common.get_training_weight(shop.pk) == FOREIGN_WEIGHT
    isolated.of(shop).create_tenant_model(by=sam, reason="A test")
    own = isolated.of(shop)
    assert own.filter_training_data([shop.pk]).tolist() == [1.0]
    assert own.get_training_weight(acme.pk) == 0.0
    with pytest.raises(ForeignRows):
        own.filter_training_data([shop.pk, acme.pk])
    assert len(own.filter_training_data([])) == 0


def digests(tenant: Any) -> dict[str, str]:
    home = settings.MODELS_DIR / "tenant_models" / "recommendation" / str(tenant.pk)
    files = [path for path in home.rglob("*") if path.is_file()]
    return {str(path.relative_to(home)): hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(files)}


def start_again(tenant: Any) -> None:
    """As if it had never been trained, so that the next version has the same number."""
    with connections["owner"].cursor() as cursor:
        for table in (
            "recommendations_trainingrun",
            "modelregistry_modelalias",
            "modelregistry_aliasmove",
            "modelregistry_modelmetrics",
            "modelregistry_isolationstep",
            "modelregistry_isolationrequest",
            "modelregistry_modelversion",
        ):
            cursor.execute(f"delete from {table} where tenant_id = %s", [tenant.pk])


def test_the_artefact_is_the_same_to_the_byte_whatever_others_sell(
    shop: Any, neighbour: Any, sam: Any, monkeypatch: Any
) -> None:
    """R79: trained twice, the second time with every row of all other tenants replaced by noise."""
    monkeypatch.setattr(training, "time", SimpleNamespace(time=lambda: NOW, monotonic=time.monotonic))
    isolated.isolate(shop, by=sam)
    first = digests(shop)
    assert set(first) == {"1/_packed.npy", "1/manifest.json"}
    start_again(shop)
    for path in isolated.of(shop).home().glob("*"):
        path.rename(path.with_name(f"aside-{path.name}"))
    with connections["owner"].cursor() as cursor:
        for table in ("orderline", "order", "customer", "product"):
            cursor.execute(f"delete from recommendations_{table} where tenant_id <> %s", [shop.pk])
    noise = np.random.default_rng(99)
    for number in range(30):
        make.product(neighbour, f"p{number:02}", title=f"Noise {noise.integers(1 << 30)}", categories=["noise"])
    for number in range(200):
        names = [f"p{item:02}" for item in noise.choice(30, 3, replace=False)]
        buyer = make.customer(neighbour, f"c{number}")
        make.order(neighbour, names, customer=buyer, days_ago=float(noise.random() * 50))
    isolated.isolate(shop, by=sam)
    second = {name: digest for name, digest in digests(shop).items() if not name.startswith("aside-")}
    assert second == first
