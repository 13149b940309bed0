"""The list of threats says nothing that is not so: every number, every file and every test named is there."""

import re
from functools import cache

from tests.house import tree
from tests.house.test_requirements import defined_in

ROW = re.compile(r"^\| T(\d+) \| (.+?) \| (.+) \| (.+?) \|$", re.MULTILINE)
PART = "later: "


@cache
def rows():
    """Threat number → (threat, defence, proof), as written; a bar inside code does not end a column."""
    text = re.sub(r"`\|", "`¦", tree.read("docs/threats.md"))
    return {int(number): rest for number, *rest in ROW.findall(text)}


def test_every_threat_is_there_once():
    numbers = re.findall(r"^\| T(\d+) ", tree.read("docs/threats.md"), re.MULTILINE)
    assert [int(number) for number in numbers] == list(range(1, 36)) == sorted(rows())


def test_every_threat_has_a_proof_or_says_what_it_waits_for():
    silent = [number for number, (*_, proof) in rows().items() if not re.search(r"`tests/\S+::\S+`|^later: \w", proof)]
    assert not silent


def test_what_waits_is_not_built_yet():
    """A row that says "later" and names a test as well has been overtaken."""
    overtaken = [number for number, (*_, proof) in rows().items() if proof.startswith(PART) and "`tests/" in proof]
    assert not overtaken


def test_every_defence_is_in_a_file_that_exists():
    missing = []
    for number, (_, defence, _) in rows().items():
        files = re.findall(r"`([\w./-]+\.\w+)`", defence)
        missing += [(number, name) for name in files if name not in tree.files()]
        if not files and not defence.startswith(PART):
            missing.append((number, "names no file"))
    assert not missing


def test_every_named_proof_exists():
    missing = []
    for number, (*_, proof) in rows().items():
        for name, test in re.findall(r"`(tests/[^`:]+)::([^`]+)`", proof):
            if name not in tree.files() or test not in defined_in(name):
                missing.append((number, name, test))
    assert not missing
