"""Artefacts on disk: whole or not at all, nobody else's, and never a program."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from modelregistry import artefact_places, artifacts, manifests
from modelregistry.artifacts import (
    ArtifactDamaged,
    ArtifactExists,
    ArtifactForeign,
    ArtifactMissing,
    Saved,
)

ARRAYS = {
    "items": np.arange(50_000, dtype=np.int32),
    "scores": np.linspace(0, 1, 12, dtype=np.float32).reshape(3, 4),
    "none": np.empty((0, 8), np.float64),
}
MANIFEST = {"personal": "neighbours", "params": {"a": 0.7}, "names": ("x", "y")}
BAD_NAMES = [
    "",
    ".",
    "..",
    "../t2",
    "t1/../t2",
    "%2e%2e%2f",
    "a?b",
    "a#b",
    "a;b",
    "a\\b",
    "a\0b",
    "/etc",
    "file:",
    "T1",
    "a b",
    "a\n",
    "x" * 65,
    "ä",
]


@pytest.fixture
def saved(tmp_path: Path) -> Saved:
    return artifacts.save(tmp_path, tenant="t1", model="rec", version=3, arrays=ARRAYS, manifest=MANIFEST)


def read_manifest(saved: Saved) -> dict:
    return json.loads((saved.path / "manifest.json").read_text())


def write_manifest(saved: Saved, whole: dict) -> None:
    (saved.path / "manifest.json").write_text(json.dumps(whole))


def load(saved: Saved, *, verify: bool = True) -> artifacts.Loaded:
    return artifacts.load(saved.path, tenant="t1", expected_digest=saved.digest, verify=verify)


def test_it_brings_back_what_was_saved(saved: Saved, tmp_path: Path) -> None:
    """R85: models/tenant_models/{model}/{tenant}/{version}."""
    assert saved.path == tmp_path / "tenant_models" / "rec" / "t1" / "3"
    loaded = load(saved)
    assert loaded.manifest == {**MANIFEST, "names": ["x", "y"]}
    assert (loaded.model, loaded.version, loaded.digest) == ("rec", 3, saved.digest)
    assert loaded.size_bytes == saved.size_bytes == sum(file.stat().st_size for file in saved.path.glob("*.npy"))
    assert set(loaded.arrays) == set(ARRAYS)
    for name, array in ARRAYS.items():
        assert loaded.arrays[name].dtype == array.dtype
        assert np.array_equal(loaded.arrays[name], array)
        assert not loaded.arrays[name].flags.writeable


def test_it_keeps_shared_models_apart(tmp_path: Path) -> None:
    saved = artifacts.save(tmp_path, tenant=None, model="rec", version=1, arrays=ARRAYS, manifest={})
    assert saved.path == tmp_path / "shared" / "rec" / "1"
    artifacts.load(saved.path, tenant=None)
    with pytest.raises(ArtifactForeign):
        artifacts.load(saved.path, tenant="t1")


def test_it_gives_equal_digests_for_equal_content(saved: Saved, tmp_path: Path) -> None:
    again = artifacts.save(
        tmp_path / "elsewhere",
        tenant="t1",
        model="rec",
        version=3,
        arrays=dict(reversed(ARRAYS.items())),
        manifest=MANIFEST,
    )
    assert again.digest == saved.digest


def test_it_refuses_another_tenant(saved: Saved, tmp_path: Path) -> None:
    """R85: a copied folder stays its owner's."""
    copied = tmp_path / "tenant_models" / "rec" / "t2" / "3"
    shutil.copytree(saved.path, copied)
    with pytest.raises(ArtifactForeign):
        artifacts.load(copied, tenant="t2")
    with pytest.raises(ArtifactForeign):
        artifacts.load(saved.path, tenant=None)


def test_it_notices_a_renamed_owner(saved: Saved) -> None:
    write_manifest(saved, {**read_manifest(saved), "tenant": "t2"})
    with pytest.raises(ArtifactDamaged):
        artifacts.load(saved.path, tenant="t2")


@pytest.mark.parametrize("name", ["items.npy", "_packed.npy", "manifest.json"])
def test_it_notices_a_flipped_byte(saved: Saved, name: str) -> None:
    path = saved.path / name
    raw = bytearray(path.read_bytes())
    for place in (len(raw) // 2, len(raw) - 5):
        damaged = bytearray(raw)
        damaged[place] ^= 1
        path.write_bytes(damaged)
        with pytest.raises(ArtifactDamaged):
            load(saved)
    path.write_bytes(raw)
    load(saved)


@pytest.mark.parametrize("verify", [True, False])
@pytest.mark.parametrize("length", [0, 5, 100, -1])
def test_it_notices_a_cut_file(saved: Saved, length: int, *, verify: bool) -> None:
    path = saved.path / "items.npy"
    path.write_bytes(path.read_bytes()[:length])
    with pytest.raises(ArtifactDamaged):
        load(saved, verify=verify)


def test_it_notices_a_file_that_is_gone_or_another_digest(saved: Saved) -> None:
    with pytest.raises(ArtifactDamaged):
        artifacts.load(saved.path, tenant="t1", expected_digest="0" * 64)
    (saved.path / "_packed.npy").unlink()
    with pytest.raises(ArtifactDamaged):
        load(saved)


@pytest.mark.parametrize(
    "change",
    [
        {"digest": "0" * 64},
        {"schema": 1},
        {"schema": 3},
        {"packed": {}},
        {"files": []},
        {"content": {"personal": "als"}},
        {"version": "3"},
        {"files": {"items": {"sha256": "x"}}},
        {"model": None},
    ],
)
def test_it_notices_a_changed_manifest(saved: Saved, change: dict) -> None:
    write_manifest(saved, {**read_manifest(saved), **change})
    with pytest.raises(ArtifactDamaged):
        load(saved)


@pytest.mark.parametrize("text", ["", "[]", "null", "{", "{}", "[" * 100_000])
def test_it_takes_no_nonsense_for_a_manifest(saved: Saved, text: str) -> None:
    (saved.path / "manifest.json").write_text(text)
    with pytest.raises(ArtifactDamaged):
        load(saved)


def test_it_compares_the_header_before_it_believes_it(saved: Saved) -> None:
    """A shape of terabytes, or another type, in a file of the right size."""
    path = saved.path / "items.npy"
    raw = path.read_bytes()
    for old, new in ((b"(50000,)", b"(99999,)"), (b"<i4", b"<f4"), (b"<i4", b"|O8")):
        path.write_bytes(raw.replace(old, new, 1))
        with pytest.raises(ArtifactDamaged):
            load(saved, verify=False)


def test_it_refuses_a_lying_shape_even_where_the_manifest_lies_too(tmp_path: Path) -> None:
    whose = {"tenant": "t1", "model": "rec", "version": 1}
    saved = artifacts.save(tmp_path, **whose, arrays={"a": np.arange(9)}, manifest={}, is_packed=False)
    path = saved.path / "a.npy"
    path.write_bytes(path.read_bytes().replace(b"(9,), ", b"(9**9,)", 1))
    with pytest.raises(ArtifactDamaged):
        artifacts.load(saved.path, tenant="t1", verify=False)
    huge = 2**40
    path.unlink()
    with path.open("wb") as file:
        np.lib.format.write_array_header_1_0(file, {"descr": "<i8", "fortran_order": False, "shape": (huge,)})
        file.write(b"\0" * 72)
    whole = read_manifest(saved)
    whole["files"]["a"] |= {"shape": [huge], "size": path.stat().st_size}
    head = {key: whole[key] for key in ("schema", "tenant", "model", "version")}
    facts = {name: artifacts.FileFacts(**found) for name, found in whole["files"].items()}
    whole["digest"] = manifests.digest_of(head, whole["content"], facts, {})
    write_manifest(saved, whole)
    with pytest.raises(ArtifactDamaged, match="header promises"):
        artifacts.load(saved.path, tenant="t1", verify=False)


def test_it_never_runs_a_pickle(saved: Saved, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="plain numbers"):
        artifacts.save(
            tmp_path, tenant="t1", model="rec", version=4, arrays={"evil": np.array([print], dtype=object)}, manifest={}
        )
    with pytest.raises(ValueError, match="plain numbers"):
        artifacts.save(tmp_path, tenant="t1", model="rec", version=4, arrays={"text": np.array(["a"])}, manifest={})
    assert [path.name for path in saved.path.parent.iterdir()] == ["3"]
    np.save(saved.path / "items.npy", np.array([print], dtype=object), allow_pickle=True)
    for verify in (True, False):
        with pytest.raises(ArtifactDamaged):
            load(saved, verify=verify)


@pytest.mark.parametrize("name", BAD_NAMES)
def test_it_lets_no_name_leave_its_folder(tmp_path: Path, name: str) -> None:
    """R85: `tenant_id` validated so that no path escapes."""
    good = {"tenant": "t1", "model": "rec", "version": 1}
    for part in ("tenant", "model"):
        with pytest.raises(ValueError, match=part):
            artefact_places.path_of(tmp_path, **{**good, part: name})
    with pytest.raises(ValueError, match="array"):
        artifacts.save(tmp_path, **good, arrays={name: np.zeros(1)}, manifest={})
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("version", [0, -1, True, "1", "../1", 1.0])
def test_it_takes_whole_positive_versions_only(tmp_path: Path, version: object) -> None:
    with pytest.raises(ValueError, match="version"):
        artefact_places.path_of(tmp_path, tenant="t1", model="rec", version=version)


def test_it_follows_no_symbolic_links(saved: Saved, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(saved.path)
    with pytest.raises(ArtifactDamaged):
        artifacts.load(link, tenant="t1")
    for name in ("items.npy", "_packed.npy", "manifest.json"):
        outside = tmp_path / name
        (saved.path / name).rename(outside)
        (saved.path / name).symlink_to(outside)
        with pytest.raises(ArtifactDamaged):
            load(saved)
        (saved.path / name).unlink()
        outside.rename(saved.path / name)
    load(saved)


def test_it_says_when_there_is_none(tmp_path: Path) -> None:
    with pytest.raises(ArtifactMissing):
        artifacts.load(tmp_path / "tenant_models" / "rec" / "t1" / "1", tenant="t1")
    (tmp_path / "file").write_text("x")
    with pytest.raises(ArtifactDamaged):
        artifacts.load(tmp_path / "file", tenant="t1")


def test_it_never_replaces_a_version(saved: Saved, tmp_path: Path) -> None:
    with pytest.raises(ArtifactExists):
        artifacts.save(tmp_path, tenant="t1", model="rec", version=3, arrays={}, manifest={})
    load(saved)
    assert [path.name for path in saved.path.parent.iterdir()] == ["3"]


def test_it_leaves_no_half_artefact_when_killed(tmp_path: Path) -> None:
    """Killed before the rename: nothing to load, and a sweep removes the rest."""
    program = """
import os, sys
from pathlib import Path
import numpy as np
from modelregistry import artifacts
artifacts._rename = lambda temporary, path: os._exit(9)
artifacts.save(Path(sys.argv[1]), tenant="t1", model="rec", version=1,
               arrays={"a": np.zeros(1000)}, manifest={})
"""
    ended = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)],
        check=False,
        cwd=Path(artifacts.__file__).parent.parent,
    )
    assert ended.returncode == 9
    folder = tmp_path / "tenant_models" / "rec" / "t1"
    left = list(folder.iterdir())
    assert len(left) == 1
    with pytest.raises(ArtifactMissing):
        artifacts.load(folder / "1", tenant="t1")
    assert artifacts.sweep(tmp_path, older_than=3_600) == 0
    os.utime(left[0], (0, 0))
    assert artifacts.sweep(tmp_path, older_than=3_600) == 1
    assert list(folder.iterdir()) == []
    artifacts.save(tmp_path, tenant="t1", model="rec", version=1, arrays={}, manifest={})
    assert artifacts.sweep(tmp_path, older_than=-1) == 0


def test_it_cleans_up_after_an_error(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="JSON"):
        artifacts.save(tmp_path, tenant="t1", model="rec", version=1, arrays=ARRAYS, manifest={"metric": float("nan")})
    assert list((tmp_path / "tenant_models" / "rec" / "t1").iterdir()) == []


def test_it_removes_a_version_under_its_readers(saved: Saved, tmp_path: Path) -> None:
    loaded = load(saved)
    assert artifacts.discard(saved.path)
    assert not artifacts.discard(saved.path)
    assert list(saved.path.parent.iterdir()) == []
    assert np.array_equal(loaded.arrays["items"], ARRAYS["items"])


def test_it_keeps_folders_to_itself(saved: Saved) -> None:
    assert saved.path.stat().st_mode & 0o777 == 0o700
