"""Every act of the audit trail and every value in it has words, and the trail can be narrowed to what it is about."""

import ast

from anomalies import rule_acts
from recommendations import putting_back
from recommendations.models import Merchandising, Placement, Rule
from tenants import audit_values, audit_words
from tenants.panel.settings import FIELDS
from tests.house import tree

# Rows that are kept whole: the beginning of their acts, and the fields that go into details.
KEPT = {
    "alert_rule": (*rule_acts.PLACE, *rule_acts.VALUES),
    "merchandising": putting_back.names(Merchandising),
    "placements": [Placement._meta.get_field(name).attname for name in putting_back.names(Placement)],
    "profile": FIELDS,
    "rules": [Rule._meta.get_field(name).attname for name in putting_back.names(Rule)],
}
NAMES_OF_DETAILS = {"details", "facts", "told"}


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


def is_named(area, name):
    said = {*audit_words.FIELDS, *audit_words.UNSAID, "before", "after"}
    return f"{area}.{name}" in said or name in said


def test_every_field_of_a_row_that_is_kept_whole_has_a_label():
    without = [f"{area}.{name}" for area, names in KEPT.items() for name in names if not is_named(area, name)]
    assert without == []


def keys_of_details():
    """(file:line, key) of every dict that is written down where the trail is written."""
    for name in tree.product():
        source = tree.tree(name)
        if name.startswith("demo/") or not any(is_record(node) for node in ast.walk(source)):
            continue
        given = [node.value for node in ast.walk(source) if isinstance(node, ast.keyword) and node.arg == "details"]
        for function in (node for node in ast.walk(source) if isinstance(node, ast.FunctionDef)):
            inside = list(ast.walk(function))
            if any(is_record(node) for node in inside):
                assigned = [node for node in inside if isinstance(node, ast.Assign)]
                given += [a.value for a in assigned if any(getattr(t, "id", "") in NAMES_OF_DETAILS for t in a.targets)]
            elif function.name == "_told":
                given += [node.value for node in inside if isinstance(node, ast.Return)]
        for value in given:
            either = [value.body, value.orelse] if isinstance(value, ast.IfExp) else [value]
            for key in (key for one in either if isinstance(one, ast.Dict) for key in one.keys):
                if isinstance(key, ast.Constant):
                    yield f"{name}:{key.lineno}", key.value


def is_record(node):
    return isinstance(node, ast.Call) and ast.unparse(node.func) == "audit.record"


def test_every_key_of_details_has_a_label():
    areas = ["", *audit_words.NOUNS]
    found = list(keys_of_details())
    assert len(found) > 30
    assert [(where, key) for where, key in found if not any(is_named(area, key) for area in areas)] == []


def test_every_label_is_of_something():
    """A label whose field is gone goes as well."""
    known = {key for _, key in keys_of_details()} | {name for names in KEPT.values() for name in names}
    known |= set(audit_words.SUBJECTS.values()) | {"ids", "filename", "plan_id", "reason", "share_b"}
    assert [name for name in audit_words.FIELDS if name.rpartition(".")[2] not in known] == []


def test_a_field_without_words_is_made_readable_and_a_secret_stays_one():
    assert audit_words.field("rules", "shown_until_at") == "Shown until"
    assert audit_values.say("rules", "wait_minutes", 90, {}) == "1\u00a0h 30\u00a0min"
    assert audit_values.say("audience", "kind", "ordered_within", {}) == "ordered within"
    assert audit_values.say("rules", "client_secret", "hush", {}) == "not shown"
    assert audit_values.scrubbed("rules", {"a": [{"api_token": "hush"}]}) == {"a": [{"api_token": "not shown"}]}
