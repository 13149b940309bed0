"""The matrix of requirements and proofs says nothing that is not so (R148, R149)."""

import ast
import re
from functools import cache

from tests.house import tree

ROW = re.compile(r"^\| R(\d+) \| (.+?) \| (.+) \|$", re.MULTILINE)


@cache
def matrix():
    """row number → its proof, as written."""
    return {int(number): proof for number, _, proof in ROW.findall(tree.read("docs/requirements.md"))}


def defined_in(name):
    return {node.name for node in ast.walk(tree.tree(name)) if isinstance(node, ast.FunctionDef | ast.ClassDef)}


def test_every_row_is_there_once():
    numbers = [int(number) for number, _, _ in ROW.findall(tree.read("docs/requirements.md"))]
    assert numbers == list(range(1, 157))


def test_every_row_has_a_proof_or_says_what_it_waits_for():
    empty = [
        number
        for number, proof in matrix().items()
        if not re.search(r"`tests/|`bench/|^as R\d+|^later: \w|^complete when", proof)
    ]
    assert not empty


def test_every_named_proof_exists():
    missing = []
    for number, proof in matrix().items():
        for name, _, test in re.findall(r"`((?:tests|bench)/[^`:]+)(::([^`]+))?`", proof):
            if name not in tree.files() or (test and test not in defined_in(name)):
                missing.append((number, name, test))
    assert not missing


def test_every_pointer_points_at_a_row_with_a_proof():
    rows = matrix()
    for number, proof in rows.items():
        for other in re.findall(r"^as R(\d+)", proof):
            assert not rows[int(other)].startswith("as R"), f"R{number} points at a pointer"
