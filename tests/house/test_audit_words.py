"""Every act of the audit trail has words, and the trail can be narrowed to what it is about."""

import ast

from tenants import audit_words
from tests.house import tree


def recorded():
    """(file:line, the act's beginning) of every text that audit.record is called with."""
    for name in tree.product():
        for node in ast.walk(tree.tree(name)):
            if not (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr == "record"
                and isinstance(node.func.value, ast.Name)
                and node.func.value.id == "audit"
            ):
                continue
            act = node.args[1]
            texts = [part for part in ast.walk(act) if isinstance(part, ast.Constant) and isinstance(part.value, str)]
            for text in texts:
                if "." in text.value:
                    yield f"{name}:{node.lineno}", text.value.partition(".")[0]


def test_every_act_has_words():
    found = list(recorded())
    assert len(found) > 60
    assert [where for where, area in found if area not in audit_words.NOUNS] == []


def test_it_says_an_act_in_words():
    assert audit_words.said("placements.create") == "Placement created"
    assert audit_words.said("api_keys.revoke") == "API key revoked"
    assert audit_words.said("version.rolled_back") == "Model version rolled back"
    assert audit_words.said("standing.change_plan") == "Shop plan changed"


def test_an_area_is_the_beginning_of_an_act():
    areas = [area for area, _ in audit_words.areas()]
    assert "version." in areas and "experiment." in areas and len(set(areas)) == len(areas)
