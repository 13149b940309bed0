"""Small arrays in one file: what they were, each once, and nothing that the file does not hold."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from modelregistry import artifacts, manifests, packing
from modelregistry.arrays import SMALL_BYTES, ArrayDamaged
from modelregistry.artifacts import ArtifactDamaged, FileFacts, Saved

LIMIT = np.arange(SMALL_BYTES // 4, dtype=np.int32)  # just small
ARRAYS: dict[str, np.ndarray] = {
    "large": np.arange(len(LIMIT) + 1, dtype=np.int32), "limit": LIMIT, "again": LIMIT.copy(),
    "odd": np.arange(3, dtype=np.uint8),
    "grid": np.linspace(0, 1, 12, dtype=np.float32).reshape(3, 4).T, "big_endian": np.array([1, 2], ">i8"),
    "flags": np.array([True, False]), "none": np.empty((0, 8)), "one": np.array(5, np.int64),
}  # fmt: skip


def save(root: Path, **more: Any) -> Saved:
    return artifacts.save(
        root, **{"tenant": "t1", "model": "rec", "version": 1, "arrays": ARRAYS, "manifest": {}, **more}
    )


def load(saved: Saved) -> artifacts.Loaded:
    return artifacts.load(saved.path, tenant="t1", expected_digest=saved.digest)


def test_it_brings_back_every_small_array(tmp_path: Path) -> None:
    saved = save(tmp_path)
    assert {path.name for path in saved.path.iterdir()} == {"manifest.json", "large.npy", "_packed.npy"}
    found = load(saved).arrays
    assert set(found) == set(ARRAYS)
    for name, array in ARRAYS.items():
        np.testing.assert_array_equal(found[name], array)
        assert found[name].dtype == array.dtype.newbyteorder("<")
        assert found[name].flags.aligned
        assert not found[name].flags.writeable


def test_equal_bytes_are_kept_once(tmp_path: Path) -> None:
    found = load(save(tmp_path)).arrays
    assert np.shares_memory(found["limit"], found["again"])
    assert found["limit"].ctypes.data == found["again"].ctypes.data


def test_it_is_read_and_not_mapped(tmp_path: Path) -> None:
    """A mapping holds a descriptor, of which thousands of shops would need too many."""
    many = {f"a{number}": np.full(SMALL_BYTES // 8, number, np.int64) for number in range(5)}
    saved = save(tmp_path, arrays=many)
    loaded = load(saved)
    saved.path.joinpath("_packed.npy").write_bytes(b"")  # a mapped page of a file that was cut kills the process
    assert int(loaded.arrays["a4"].sum()) == 4 * SMALL_BYTES // 8


def test_an_artefact_of_before_still_loads(tmp_path: Path) -> None:
    old, new = save(tmp_path, is_packed=False), save(tmp_path, version=2)
    whole = json.loads((old.path / "manifest.json").read_text())
    del whole["packed"]  # as it was written then
    (old.path / "manifest.json").write_text(json.dumps(whole))
    assert whole["schema"] == 1
    assert {path.stem for path in old.path.glob("*.npy")} == set(ARRAYS)
    for name, array in load(new).arrays.items():
        np.testing.assert_array_equal(load(old).arrays[name], array)


def test_the_digest_of_before_is_what_it_was(tmp_path: Path) -> None:
    saved = artifacts.save(
        tmp_path,
        tenant="t1",
        model="rec",
        version=1,
        arrays={"a": np.arange(4, dtype=np.int32)},
        manifest={"x": 1},
        is_packed=False,
    )
    assert saved.digest == "a46e287dc6c9719e74c3077ebcaaf7919ab9553bd7f4d171895c18c444d90153"


def test_no_array_may_take_its_name(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="taken"):
        save(tmp_path, arrays={"_packed": np.zeros(1)})


@pytest.mark.parametrize(
    "facts",
    [
        ["<f4", [3], 64], ["<f4", [2**62], 0], ["<f4", [0, 2**62], 0], ["<f4", [-1], 0], ["<f4", [1], -4],
        ["|O", [1], 0], ["<f4,<f4", [1], 0], ["<U4", [1], 0], [None, [1], 0], [["<f4"], [1], 0], ["<f4", [1.5], 0],
        ["<f4", [True], 0],
        ["<f4", 1, 0], ["<f4", [1] * 100, 0], ["<f4", [1]], ["no", [1], 0], 5, None, "<f4", {},
    ],
)  # fmt: skip
def test_it_believes_no_index(facts: Any) -> None:
    with pytest.raises(ArrayDamaged):
        packing.unpacked(np.zeros(64, np.uint8), {"a": facts})


def test_it_wants_bytes() -> None:
    for held in (np.zeros(64, np.float32), np.zeros((8, 8), np.uint8)):
        with pytest.raises(ArrayDamaged):
            packing.unpacked(held, {"a": ["<f4", [1], 0]})


@pytest.mark.parametrize("change", ["index", "names", "twice", "file"])
def test_it_notices_an_index_that_lies_with_its_digest(tmp_path: Path, change: str) -> None:
    """Of an upload, whose digest is its own."""
    saved = save(tmp_path)
    whole = json.loads((saved.path / "manifest.json").read_text())
    if change == "index":
        whole["packed"]["odd"][2] = 10**9
    elif change == "names":
        whole["packed"]["../odd"] = whole["packed"].pop("odd")
    elif change == "twice":
        whole["packed"]["large"] = whole["packed"]["odd"]
    else:
        del whole["files"]["_packed"]
    files = {name: FileFacts(**facts) for name, facts in whole["files"].items()}
    head = {key: whole[key] for key in ("schema", "tenant", "model", "version")}
    whole["digest"] = manifests.digest_of(head, whole["content"], files, whole["packed"])
    (saved.path / "manifest.json").write_text(json.dumps(whole))
    with pytest.raises(ArtifactDamaged):
        artifacts.load(saved.path, tenant="t1")
