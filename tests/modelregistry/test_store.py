"""The store of artefacts in an S3 bucket: published whole, fetched once per host, verified, bounded, deleted."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.core.management import CommandError, call_command

from modelregistry import artifacts, hostcache, inventory, store, tidying
from modelregistry.artifacts import (
    ArtifactDamaged,
    ArtifactExists,
    ArtifactForeign,
    ArtifactMissing,
    ArtifactUnreachable,
    Saved,
)
from tests.s3server import Bucket

LARGE = np.arange(50_000, dtype=np.float64)  # mapped from its file
ARRAYS = {"scores": LARGE, "items": np.arange(12, dtype=np.int32)}
MANIFEST = {"algorithm": "none", "names": ["a", "b"]}


def save(version: int = 3, *, tenant: str = "7", arrays: Any = ARRAYS) -> Saved:
    return store.save(tenant=tenant, model="rec", version=version, arrays=arrays, manifest=MANIFEST)


def load(saved: Saved, *, tenant: str = "7") -> artifacts.Loaded:
    return store.load(saved.place, tenant=tenant, digest=saved.digest)


def folders(cache: Path) -> list[str]:
    return sorted(path.name.partition(".")[0] for path in cache.glob("*/*/*/*") if path.is_dir())


def test_it_publishes_to_the_bucket_and_loads_on_another_host(bucket: Bucket) -> None:
    """R85: tenant_models/{model}/{tenant}/…, the manifest last; a second host fetches it once."""
    saved = save()
    assert saved.place.startswith("tenant_models/rec/7/3.")
    assert {key.rpartition("/")[2] for key in bucket.keys(f"models/{saved.place}/")} == {
        "manifest.json",
        "scores.npy",
        "_packed.npy",
    }
    other = bucket.host("two")
    loaded = load(saved)
    assert loaded.manifest == MANIFEST
    np.testing.assert_array_equal(loaded.arrays["scores"], LARGE)
    assert (loaded.digest, loaded.version, loaded.size_bytes) == (saved.digest, 3, saved.size_bytes)
    assert [path.name for path in (other / "tenant_models/rec/7").iterdir()] == [
        f"{saved.place.rpartition('/')[2]}-{saved.digest}"
    ]
    bucket.away()  # what is here needs no store
    assert load(saved).digest == saved.digest


def test_the_host_that_published_needs_no_fetch(bucket: Bucket) -> None:
    saved = save()
    bucket.away()
    assert load(saved).digest == saved.digest


@pytest.mark.parametrize("what", ["scores.npy", "_packed.npy", "manifest.json"])
def test_it_refuses_a_damaged_object_and_keeps_nothing_of_it(bucket: Bucket, what: str) -> None:
    saved = save()
    bucket.flip(f"models/{saved.place}/{what}")
    other = bucket.host("two")
    with pytest.raises(ArtifactDamaged):
        load(saved)
    assert not list(other.glob("*/*/*/*"))
    assert not list((other / ".arriving").iterdir())


def test_it_refuses_an_object_that_is_longer_or_another_version(bucket: Bucket) -> None:
    saved, next_one = save(3), save(4, arrays={"scores": LARGE + 1, "items": ARRAYS["items"]})
    name = f"models/{saved.place}/scores.npy"
    body = bucket.client.get_object(Bucket=bucket.name, Key=name)["Body"].read()
    bucket.client.put_object(Bucket=bucket.name, Key=name, Body=body + b"more")
    bucket.host("two")
    with pytest.raises(ArtifactDamaged):
        load(saved)
    for file in ("scores.npy", "_packed.npy", "manifest.json"):  # whole, but not what was registered
        source = {"Bucket": bucket.name, "Key": f"models/{next_one.place}/{file}"}
        bucket.client.copy_object(Bucket=bucket.name, Key=f"models/{saved.place}/{file}", CopySource=source)
    with pytest.raises(ArtifactDamaged, match="digest"):
        load(saved)


def test_it_tells_missing_from_damaged_and_from_unreachable(bucket: Bucket) -> None:
    whole, half = save(3), save(4)
    bucket.host("two")
    bucket.take(bucket.arrays(half.place)[0])
    with pytest.raises(ArtifactDamaged, match="missing"):
        load(half)
    store.discard(whole.place)
    with pytest.raises(ArtifactMissing):
        load(whole)
    bucket.away()
    with pytest.raises(ArtifactUnreachable):
        load(half)
    bucket.use(bucket.url)
    with pytest.raises(ArtifactUnreachable, match="a moment ago"):  # nobody waits again so soon
        load(half)


def test_a_damaged_copy_on_a_host_is_fetched_again(bucket: Bucket) -> None:
    saved = save()
    file = saved.path / "scores.npy"
    content = file.read_bytes()
    file.unlink()
    file.write_bytes(content[:-1] + b"!")
    np.testing.assert_array_equal(load(saved).arrays["scores"], LARGE)


FETCH = """
import os, sys
os.environ["DJANGO_SETTINGS_MODULE"] = "luxebrain.settings"
from modelregistry import remote, store
fetched, real = [], remote.Remote.fetch
remote.Remote.fetch = lambda self, place, *where, **whose: (fetched.append(place), real(self, place, *where, **whose))
print("ready", flush=True)
sys.stdin.readline()
loaded = store.load(sys.argv[1], tenant="7", digest=sys.argv[2])
print(float(loaded.arrays["scores"][-1]), len(fetched))
"""


def test_several_processes_fetch_once_and_all_can_read(bucket: Bucket, tmp_path: Path) -> None:
    saved = save(arrays={"scores": np.arange(2_000_000, dtype=np.float64)})
    environ = {
        **os.environ,
        "LUX_DATA_DIR": str(tmp_path / "data"),
        "LUX_MODELS_S3_BUCKET": bucket.name,
        "LUX_MODELS_S3_ENDPOINT": bucket.url,
        "LUX_MODELS_S3_REGION": "eu-central-1",
        "LUX_MODELS_S3_ACCESS_KEY": "a",
        "LUX_MODELS_S3_SECRET_KEY": "b",
    }
    several = [
        subprocess.Popen(
            [sys.executable, "-c", FETCH, saved.place, saved.digest],
            env=environ,
            text=True,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=Path(store.__file__).parent.parent,
        )
        for _ in range(4)
    ]
    for process in several:
        assert process.stdout and process.stdout.readline() == "ready\n"
    for process in several:
        assert process.stdin
        process.stdin.write("go\n")
        process.stdin.flush()
    answers = [process.communicate(timeout=120)[0].split() for process in several]
    assert [process.returncode for process in several] == [0] * 4
    assert [answer[0] for answer in answers] == ["1999999.0"] * 4
    assert sum(int(answer[1]) for answer in answers) == 1
    assert len(list((tmp_path / "data" / "models-cache").glob("tenant_models/rec/7/*"))) == 1


KILLED = """
import os, sys
os.environ["DJANGO_SETTINGS_MODULE"] = "luxebrain.settings"
from modelregistry import remote, store
remote.Remote._fetch_array = lambda *whose: os._exit(9)
store.load(sys.argv[1], tenant="7", digest=sys.argv[2])
"""


def test_a_process_that_dies_while_it_fetches_stops_nobody(bucket: Bucket) -> None:
    """Its lock goes with it, and what it fetched by half is never seen."""
    saved = save()
    cache = bucket.host("two")
    environ = {
        **os.environ,
        "LUX_MODELS_CACHE_DIR": str(cache),
        "LUX_MODELS_S3_BUCKET": bucket.name,
        "LUX_MODELS_S3_ENDPOINT": bucket.url,
        "LUX_MODELS_S3_REGION": "eu-central-1",
        "LUX_MODELS_S3_ACCESS_KEY": "a",
        "LUX_MODELS_S3_SECRET_KEY": "b",
    }
    command = [sys.executable, "-c", KILLED, saved.place, saved.digest]
    done = subprocess.run(command, env=environ, cwd=Path(store.__file__).parent.parent, timeout=120)
    assert done.returncode == 9
    assert folders(cache) == []
    assert len(list((cache / ".arriving").iterdir())) == 1
    assert load(saved).digest == saved.digest
    assert folders(cache) == ["3"]


def test_a_number_is_used_once_and_two_senders_never_mix(bucket: Bucket) -> None:
    first = save(3)
    with pytest.raises(ArtifactExists):
        save(3)
    again = store.save_again(tenant="7", model="rec", version=3, arrays={"items": ARRAYS["items"]}, manifest={})
    assert again.place != first.place
    assert load(first).digest == first.digest
    assert set(load(again).arrays) == {"items"}
    assert sorted(store.copies(tenant="7", model="rec")) == sorted([first.place, again.place])


def test_it_keeps_tenants_apart(bucket: Bucket) -> None:
    mine, theirs = save(3, tenant="7"), save(3, tenant="8")
    with pytest.raises(ArtifactForeign):
        load(theirs, tenant="7")
    for file in ("scores.npy", "_packed.npy", "manifest.json"):
        source = {"Bucket": bucket.name, "Key": f"models/{theirs.place}/{file}"}
        bucket.client.copy_object(Bucket=bucket.name, Key=f"models/{mine.place}/{file}", CopySource=source)
    bucket.host("two")
    with pytest.raises(ArtifactForeign):
        load(mine)
    store.discard(mine.place)
    assert store.copies(tenant="7", model="rec") == []
    assert store.copies(tenant="8", model="rec") == [theirs.place]


@pytest.mark.parametrize("place", [
    "", "3", "../tenant_models/rec/7/3", "tenant_models/../rec/7/3", "tenant_models/rec/7/../8/3",
    "tenant_models/rec/7/3/../../8", "/etc/rec/7/3", "tenant_models/rec/7/3.zz", "uploads/rec/7/3",
    "tenant_models/rec/7/0", "tenant_models/rec/7/3\n", "tenant_models/rec/7/.tmp-1",
])  # fmt: skip
def test_no_name_leaves_the_folder_of_its_tenant(bucket: Bucket, place: str) -> None:
    with pytest.raises(artifacts.ArtifactError):
        store.load(place, tenant="7", digest="0" * 64)
    assert not store.discard(place)


def test_a_deleted_version_goes_from_the_bucket_and_from_every_host(bucket: Bucket) -> None:
    saved, kept = save(3), save(4)
    other = bucket.host("two")
    held = load(saved)
    load(kept)
    one = bucket.host("one")
    assert store.discard(saved.place)
    assert bucket.keys(f"models/{saved.place}/") == []
    assert folders(one) == ["4"]
    bucket.host("two")
    bucket.away()
    with pytest.raises(ArtifactUnreachable):  # nobody can say what is gone
        store.tidy()
    assert folders(other) == ["3", "4"]
    bucket.back()
    assert store.tidy() == 1
    assert folders(other) == ["4"]
    np.testing.assert_array_equal(held.arrays["scores"], LARGE)  # who has it mapped keeps reading
    assert not store.discard(saved.place)


def test_a_process_of_each_host_looks_for_what_is_gone(bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody has to ask: a deleted version leaves the other hosts by itself."""
    monkeypatch.setattr(tidying, "SECONDS", 0.2)
    monkeypatch.setattr(tidying, "_started_in", 0)
    saved = save()
    other = bucket.host("two")
    load(saved)
    bucket.host("one")
    store.discard(saved.place)
    assert folders(other) == ["3"]
    bucket.host("two")
    load(save(4))
    deadline = time.monotonic() + 30
    while folders(other) != ["4"] and time.monotonic() < deadline:
        time.sleep(0.1)
    assert folders(other) == ["4"]


def test_it_finds_what_was_sent_by_half(bucket: Bucket) -> None:
    """What a killed trainer sent has no manifest; it is found all the same, to be deleted when it is old enough."""
    half, whole = save(3, tenant="41"), save(4, tenant="41")
    bucket.take(f"models/{half.place}/manifest.json")
    assert inventory.homes() == {41: ["tenant_models/rec/41"]}
    assert store.places("tenant_models/rec/41") == sorted([half.place, whole.place])
    assert 0 <= inventory.age(half.place) < 600
    bucket.take(bucket.arrays(half.place)[0])
    assert store.discard(half.place)
    assert inventory.age(half.place) < 1
    assert bucket.keys("models/") == bucket.keys(f"models/{whole.place}/")


def test_what_lies_on_the_disk_is_sent_once(bucket: Bucket, capsys: Any) -> None:
    """For the day of the change: whole artefacts go to the same places, a damaged one is named and left."""
    bucket.settings.MODELS_DIR = root = bucket.tmp_path / "models"
    facts: Any = {"tenant": "7", "model": "rec", "arrays": ARRAYS, "manifest": MANIFEST}
    whole, damaged = (artifacts.save(root, version=number, **facts) for number in (1, 2))
    call_command("send_models")
    assert "2 sent, 0 were there already, 0 refused" in capsys.readouterr().out
    assert store.load(whole.place, tenant="7", digest=whole.digest).manifest == MANIFEST
    store.discard(damaged.place)
    (damaged.path / "_packed.npy").write_bytes(b"no")
    with pytest.raises(CommandError):
        call_command("send_models")
    told = capsys.readouterr()
    assert "0 sent, 1 were there already, 1 refused" in told.out
    assert damaged.place in told.err
    assert bucket.keys(f"models/{damaged.place}/") == []


def test_a_failed_sending_leaves_nothing(bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    from modelregistry.s3 import ModelsS3

    sent, real = [], ModelsS3._save

    def break_off(self: Any, name: str, content: Any) -> Any:
        if name.endswith("manifest.json"):
            raise ConnectionError("cut")
        sent.append(name)
        return real(self, name, content)

    monkeypatch.setattr(ModelsS3, "_save", break_off)
    with pytest.raises(ArtifactUnreachable):
        save()
    assert len(sent) == 2
    assert bucket.keys() == []
    assert not folders(bucket.tmp_path / "one")


def test_the_cache_is_bounded_and_keeps_what_is_in_use(bucket: Bucket, monkeypatch: Any) -> None:
    """The one used longest ago goes first; one whose arrays are mapped by a process never goes."""
    monkeypatch.setattr(hostcache, "_SLOTS", 1 << 30)  # or two places may share a lock, and one is passed over
    made = [save(number, arrays={"scores": LARGE + number}) for number in range(1, 6)]
    cache = bucket.host("two")
    bucket.settings.MODELS_CACHE_BYTES = 3 * (made[0].size_bytes + 2_000)
    held = load(made[0])
    for number in (1, 2):
        load(made[number])
        _older(cache)
    load(made[1])  # used just now: the third is older than the second
    load(made[3])
    assert folders(cache) == ["1", "2", "4"]
    load(made[4])
    assert folders(cache) == ["1", "4", "5"]
    np.testing.assert_array_equal(held.arrays["scores"], LARGE + 1)
    del held
    load(made[2])
    assert folders(cache) == ["3", "4", "5"]


def _older(cache: Path) -> None:
    for path in cache.glob("*/*/*/*"):
        at = path.stat().st_mtime - 60
        os.utime(path, (at, at))


def test_what_a_killed_process_left_is_swept(bucket: Bucket) -> None:
    saved = save()
    cache = bucket.host("two")
    left = cache / ".arriving" / "1-killed"
    left.mkdir(parents=True)
    (left / "scores.npy").write_bytes(b"half")
    load(saved)
    assert left.exists()  # somebody may be at it
    long_ago = time.time() - 7_200
    os.utime(left, (long_ago, long_ago))
    store.discard(saved.place)
    load(save(4))
    bucket.host("two")
    load(save(5))
    assert not left.exists()


def test_the_local_store_is_used_in_place(settings: Any, tmp_path: Path) -> None:
    """No copy: the arrays are mapped from the files that were published."""
    settings.MODELS_CACHE_DIR = tmp_path / "cache"
    saved = store.save(tenant="local", model="rec", version=1, arrays=ARRAYS, manifest=MANIFEST)
    try:
        assert saved.path == settings.MODELS_DIR / saved.place
        assert saved.place == "tenant_models/rec/local/1"
        assert load(saved, tenant="local").digest == saved.digest
        assert store.tidy() == 0
        assert not settings.MODELS_CACHE_DIR.exists()
        assert json.loads((saved.path / "manifest.json").read_text())["tenant"] == "local"
    finally:
        assert store.discard(saved.place)
    assert store.copies(tenant="local", model="rec") == []
