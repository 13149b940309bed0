"""Models in an S3 bucket through what shops and operators do: train, activate, answer, fall back, delete, erase."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import storages

from modelregistry import artifacts, store, versions
from recommendations import candidates, privacy, training
from tenants import epochs, work
from tests import make
from tests.recommendations import isolated, shops
from tests.recommendations.test_privacy import erase, settle
from tests.recommendations.test_serving import ask
from tests.s3server import Bucket

HOME = "models/tenant_models/recommendation"


@pytest.fixture(autouse=True)
def _fresh_process() -> Iterator[None]:
    candidates.forget()
    yield
    candidates.forget()


def another_host(bucket: Bucket, name: str = "two") -> Path:
    """A process without any model in memory, on a host without any on its disk."""
    candidates.forget()
    return bucket.host(name)


def stocked(tenant: Any) -> Any:
    shops.stock(tenant)
    shops.sell(tenant)
    return tenant


def train(tenant: Any) -> None:
    with make.inside(tenant) as entered:
        training.request(entered, reason="manual", by=None)
    work.run_due(tasks={"recommendations.train"})


@contextmanager
def calls(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Every call of the remote store, and every look at the cache of the host."""
    made: list[str] = []
    for name in ("save", "open", "exists", "listdir", "delete", "size"):
        monkeypatch.setattr(type(storages["models"]), name, lambda *a, _name=name, **k: made.append(_name))
    monkeypatch.setattr(artifacts, "load", lambda *a, **k: made.append("load"))
    yield made
    monkeypatch.undo()


def test_a_training_serves_from_the_bucket_on_every_host(
    acme: Any, api: Any, bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    """R28, R34: trained and put into service on one host, answered on another, without a call when warm."""
    train(stocked(acme))
    version = versions.champion(acme)
    assert f"models/{version.artifact_path}/manifest.json" in bucket.keys()
    assert not (versions.settings.MODELS_DIR / version.artifact_path).exists()
    host = another_host(bucket)
    said = ask(api, customer_id="t-1")
    assert (said["model_version"], said["degraded"]) == ("v1", False)
    assert len(list(host.glob("*/recommendation/*/*"))) == 1
    with calls(monkeypatch) as made:
        ask(api, customer_id="t-1")
    assert made == []


def test_an_activation_fetches_checks_and_moves(acme: Any, api: Any, ana: Any, bucket: Bucket) -> None:
    """R34, R41: the host that activates has never seen the version; every process follows."""
    first = shops.fit(stocked(acme))
    shops.fit(acme)
    another_host(bucket)
    assert ask(api, customer_id="t-1")["model_version"] == "v2"
    versions.activate(first, by=ana)
    assert ask(api, customer_id="t-1")["model_version"] == "v1"


def test_an_activation_is_refused_while_the_bucket_lacks_or_changed_a_file(acme: Any, ana: Any, bucket: Bucket) -> None:
    """R41: the champion stays; the reason tells which it is."""
    first, second = shops.fit(stocked(acme)), shops.fit(acme)
    whole = bucket.arrays(first.artifact_path)[0]
    for name, spoil, reason in (
        ("two", bucket.away, "cannot be fetched now"),
        ("three", lambda: (bucket.back(), bucket.flip(whole)), "damaged"),
        ("four", lambda: bucket.take(whole), "is missing in the store"),
        ("five", lambda: bucket.take(f"models/{first.artifact_path}/manifest.json"), "files are missing"),
    ):
        spoil()
        another_host(bucket, name)
        with pytest.raises(versions.NotActivatable, match=reason):
            versions.activate(first, by=ana)
        assert versions.champion(acme) == second


@pytest.mark.parametrize("harm", ["flip", "take"])
def test_a_damaged_or_missing_object_falls_back_to_the_version_before(
    acme: Any, api: Any, bucket: Bucket, harm: str
) -> None:
    """The good version before answers, and the loss is noted as with files on this disk."""
    shops.fit(stocked(acme))
    second = shops.fit(acme)
    getattr(bucket, harm)(bucket.arrays(second.artifact_path)[0])
    another_host(bucket)
    said = ask(api, customer_id="t-1")
    assert (said["model_version"], said["degraded"]) == ("v1", True)
    noted = acme.occurrences.get(kind="artefact.damaged")
    assert (noted.subject, noted.facts["in_service"]) == ("version 2", True)


def test_a_host_that_has_the_model_goes_on_while_the_store_is_away(acme: Any, api: Any, bucket: Bucket) -> None:
    shops.fit(stocked(acme))
    host = another_host(bucket)
    ask(api, customer_id="t-1")
    bucket.away()
    epochs.bump_now(acme.pk, "model")
    assert ask(api, customer_id="t-1")["degraded"] is False
    candidates.forget()  # a process that starts anew on this host
    said = ask(api, customer_id="t-1")
    assert (said["model_version"], said["degraded"]) == ("v1", False)
    assert list(host.glob("*/recommendation/*/*"))


def test_a_new_host_answers_best_sellers_until_the_store_is_back(
    acme: Any, api: Any, bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing has to move for it to be asked again."""
    real = time.monotonic
    shops.fit(stocked(acme))
    another_host(bucket)
    bucket.away()
    said = ask(api, customer_id="t-1")
    assert (said["strategy"], said["degraded"]) == ("popular", True)
    bucket.back()
    assert ask(api, customer_id="t-1")["degraded"] is True  # it is left alone for a while
    monkeypatch.setattr(candidates.time, "monotonic", lambda: real() + candidates.RETRY_SECONDS)
    said = ask(api, customer_id="t-1")
    assert (said["model_version"], said["degraded"]) == ("v1", False)


def test_deleting_an_isolated_model_takes_its_objects(db: Any, sam: Any, bucket: Bucket) -> None:
    with isolated.threshold(300):
        shop = isolated.shop()
        train(shop)
        row = isolated.isolate(shop, by=sam)
        assert isolated.of(shop).get_model_path() == isolated.of(shop).home()
        mine = f"{HOME}/{shop.pk}/"
        assert bucket.keys(mine)
        host = another_host(bucket)
        assert ask(make.Api(make.key(shop)), customer_id="c1")["model_scope"] == "tenant"
        isolated.of(shop).disable(row, by=sam, reason="The contract ended")
        row.refresh_from_db()
        bucket.away()
        with pytest.raises(artifacts.ArtifactUnreachable):
            isolated.of(shop).delete(row, by=sam)
        row.refresh_from_db()
        assert row.deleted_at is None
        bucket.back()
        assert isolated.of(shop).delete(row, by=sam) == 1
        assert bucket.keys(mine) == []
        assert not list(host.glob("tenant_models/*/*/*"))
        assert bucket.keys(f"models/shared_models/recommendation/{shop.pk}/")


def test_an_erased_person_leaves_the_bucket_and_the_hosts(acme: Any, ana: Any, bucket: Bucket) -> None:
    """Every object and every copy is written again without the name."""
    shops.fit(stocked(acme))
    other = another_host(bucket)
    version = versions.champion(acme)
    store.load(version.artifact_path, tenant=str(acme.pk), digest=version.digest)
    one = another_host(bucket, "one")
    before = set(bucket.keys())
    with make.inside(acme) as tenant:
        privacy.request_erasure(tenant, "t-1", by=ana)
    erase()
    settle()
    after = set(bucket.keys())
    assert after
    assert not before & after
    again = versions.champion(acme)
    assert (again.number, again.artifact_path != version.artifact_path) == (1, True)
    assert len(list(one.glob("*/*/*/*"))) == 1
    bucket.host("two")
    assert store.tidy() == 1
    assert not list(other.glob("*/*/*/*"))


def test_an_erasure_waits_for_a_store_that_is_away(acme: Any, ana: Any, bucket: Bucket) -> None:
    """A version that cannot be read now may hold the person: it is neither deleted nor taken for erased."""
    shops.fit(stocked(acme))
    another_host(bucket)
    before = bucket.keys()
    with make.inside(acme) as tenant:
        asked = privacy.request_erasure(tenant, "t-1", by=ana)
    bucket.away()
    work.run_due(tasks={privacy.TASK})
    bucket.back()
    assert (acme.privacy_requests.get(pk=asked.pk).state, bucket.keys()) == ("queued", before)
    settle()
    settle()
    assert acme.privacy_requests.get(pk=asked.pk).state == "done"
    assert not set(bucket.keys()) & set(before)
