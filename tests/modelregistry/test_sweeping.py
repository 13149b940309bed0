"""What interrupted trainings and ended releases leave behind is swept away, and nothing else."""

import os
import shutil
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.utils import timezone

from modelregistry import artifacts, releases, retention, store, sweeping, versions
from modelregistry.models import ReleaseCheck, ShadowList
from tenants import work
from tests.s3server import Bucket


def home(of: Any, folder: str = "tenant_models") -> Path:
    return Path(versions.settings.MODELS_DIR) / folder / "recommendation" / str(of.pk)


def folder(path: Path, *, hours: float) -> Path:
    path.mkdir(parents=True)
    (path / "scores.npy").write_bytes(b"half")
    then = time.time() - hours * 3600
    os.utime(path, (then, then))
    return path


def sweep() -> None:
    """What the beat does every hour."""
    work.tick(sweeping.TASK, int(timezone.now().timestamp() * 1000))
    work.run_due(tasks={sweeping.TASK})


def test_it_removes_what_killed_trainers_left(acme: Any, register: Any) -> None:
    """R85: an interrupted training leaves nothing for good."""
    version = register(acme)
    old = folder(home(acme) / ".tmp-77-ab", hours=2)
    young = folder(home(acme) / ".tmp-78-cd", hours=0.2)  # somebody is writing there
    isolated = folder(home(acme, "shared_models") / ".tmp-79-ef", hours=30)
    sweep()
    assert not old.exists()
    assert not isolated.exists()
    assert young.is_dir()
    versions.activate(version, by=None)


def test_it_removes_folders_that_no_version_names(acme: Any, register: Any) -> None:
    version = register(acme)
    then = time.time() - 90 * 24 * 3600
    os.utime(home(acme) / "1", (then, then))
    orphan = folder(home(acme) / "2", hours=25)
    copy = folder(home(acme) / "1.00ff", hours=25)
    fresh = folder(home(acme) / "3", hours=23)  # its training may be about to register it
    stranger = folder(home(acme).with_name("987654321"), hours=25)
    foreign = folder(home(acme).with_name("not-a-tenant") / "1", hours=99)
    folder(stranger / "1", hours=25)
    sweep()
    assert not orphan.exists()
    assert not copy.exists()
    assert not (stranger / "1").exists()
    assert fresh.is_dir()
    assert foreign.is_dir()
    versions.activate(version, by=None)  # what is named is left alone, however old


def test_files_whose_deletion_was_interrupted_go_with_the_sweep(acme: Any, register: Any, monkeypatch: Any) -> None:
    """The row says first that they are gone; whoever dies before the disk follows leaves them to the sweep."""
    register(acme)
    acme.model_versions.update(state="failed", created_at=timezone.now() - timedelta(days=900))
    with monkeypatch.context() as patch:
        patch.setattr(artifacts, "discard", lambda path: False)
        work.tick(retention.TASK, int(timezone.now().timestamp() * 1000))
        work.run_due(tasks={retention.TASK})
    assert (home(acme) / "1").is_dir()
    then = time.time() - 25 * 3600
    os.utime(home(acme) / "1", (then, then))
    sweep()
    assert not (home(acme) / "1").exists()


def test_it_removes_what_a_killed_upload_had_unpacked(db: Any) -> None:
    unpacked = Path(versions.settings.UPLOADS_DIR) / "arriving"
    old, young = folder(unpacked / "tmp-old", hours=25), folder(unpacked / "tmp-young", hours=1)
    work.tick("recommendations.sweep_files", int(timezone.now().timestamp() * 1000))
    work.run_due(tasks={"recommendations.sweep_files"})
    assert (old.exists(), young.is_dir()) == (False, True)
    shutil.rmtree(young)


def test_it_forgets_the_looks_and_lists_of_releases_that_ended_long_ago(acme: Any, register: Any) -> None:
    """The last look stays, and every one that broke a guardrail: they say why it ended."""
    versions.activate(register(acme), by=None)
    ended = releases.begin(register(acme), by=None)
    look(acme, ended, 3, breach=1)
    releases.cancel(ended, by=None)
    recent = releases.begin(register(acme), by=None)
    look(acme, recent, 2)
    releases.cancel(recent, by=None)
    running = releases.begin(register(acme), by=None)
    look(acme, running, 2)
    old = timezone.now() - timedelta(days=31)
    acme.releases.filter(pk=ended.pk).update(ended_at=old)
    acme.releases.filter(pk=recent.pk).update(ended_at=old + timedelta(days=2))
    acme.release_checks.update(at=old)
    work.tick(retention.TASK, int(timezone.now().timestamp() * 1000))
    work.run_due(tasks={retention.TASK})
    left = {one.pk: acme.release_checks.filter(release=one) for one in (ended, recent, running)}
    assert [len(rows) for rows in left.values()] == [2, 2, 2]
    assert [bool(one.breaches) for one in left[ended.pk].order_by("pk")] == [True, False]
    assert [acme.shadow_lists.filter(release=one).count() for one in (ended, recent, running)] == [0, 2, 2]


def look(of: Any, release: Any, times: int, *, breach: int = -1) -> None:
    now = timezone.now()
    for number in range(times):
        broken = [{"name": "errors", "text": "too many"}] if number == breach else []
        of.release_checks.create(release=release, at=now, stage="shadow", breaches=broken)
        of.shadow_lists.create(release=release, recommendation_id=f"r-{release.pk}-{number}", at=now)
    assert ReleaseCheck.objects.across_tenants().count() >= times
    assert ShadowList.objects.across_tenants().count() >= times


def test_it_sweeps_a_remote_store(acme: Any, register: Any, bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    """R85: objects that no version names go, those half sent by a killed trainer included; named ones stay."""
    version = register(acme)
    stray = store.save_again(
        tenant=str(acme.pk), model="recommendation", version=2, arrays={"a": np.zeros(3)}, manifest={}
    )
    bucket.take(f"models/{stray.place}/manifest.json")
    kept = bucket.keys(f"models/{version.artifact_path}/")
    sweep()
    assert bucket.keys(f"models/{stray.place}/")  # it may be on its way to be named
    monkeypatch.setattr(sweeping, "STRAY_SECONDS", -60)
    sweep()
    assert bucket.keys() == kept


def test_it_waits_for_a_store_that_is_away(acme: Any, register: Any, bucket: Bucket) -> None:
    version = register(acme)
    kept = bucket.keys()
    bucket.away()
    sweep()
    bucket.back()
    assert bucket.keys() == kept
    versions.activate(version, by=None)
