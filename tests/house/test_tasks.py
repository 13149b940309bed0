"""Everything that is asked to happen has somebody who does it, and the schema is what the models say."""

import ast

import pytest
from django.core.management import call_command

from luxebrain.celery import app
from tenants import work
from tests.house import tree


def constants(name):
    """NAME = "text" of a module, so that enqueue(tenant, TASK) can be read."""
    return {
        target.id: node.value.value
        for node in tree.tree(name).body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
        for target in node.targets
        if isinstance(target, ast.Name)
    }


def named(node, here):
    """The task that an argument names: a text, a constant of this module, or one of another."""
    if isinstance(node, ast.Constant):
        return node.value
    if isinstance(node, ast.Name):
        return here.get(node.id)
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
        for name in tree.product():
            if name.endswith((f"/{node.value.id}.py", f"/{node.value.id}/__init__.py")):
                found = constants(name).get(node.attr)
                if found:
                    return found
    return None


def enqueued():
    """(file:line, task) of every work.enqueue(…) and work.tick(…) in the source."""
    for name in tree.product():
        here = constants(name)
        for node in ast.walk(tree.tree(name)):
            if not isinstance(node, ast.Call):
                continue
            said = ast.unparse(node.func)
            if said == "work.enqueue" and len(node.args) > 1:
                yield f"{name}:{node.lineno}", named(node.args[1], here)
            elif said == "work.tick" and name != "tenants/tasks.py":
                yield f"{name}:{node.lineno}", named(node.args[0], here)


def test_every_chore_of_the_timetable_has_a_handler():
    """R16"""
    chores = {entry["args"][0] for entry in app.conf.beat_schedule.values() if entry["task"] == "tenants.tick"}
    assert chores
    assert chores - work.names() == set()


def test_every_entry_of_the_timetable_is_a_task():
    app.loader.import_default_modules()
    assert {entry["task"] for entry in app.conf.beat_schedule.values()} - set(app.tasks) == set()


def test_everything_enqueued_has_a_handler():
    found = list(enqueued())
    assert found
    assert [place for place, task in found if task is None] == [], "name the task by a text or a constant"
    assert {task for _, task in found} - work.names() == set()


def test_every_handler_is_asked_for_somewhere():
    asked = {task for _, task in enqueued()}
    asked |= {entry["args"][0] for entry in app.conf.beat_schedule.values() if entry["task"] == "tenants.tick"}
    assert work.names() - asked == set(), "work that nothing ever starts"


def test_no_view_speaks_to_the_broker():
    """Work leaves a request as a row; only the relay publishes."""
    found = [
        name
        for name in tree.product()
        for node in ast.walk(tree.tree(name))
        if isinstance(node, ast.Attribute) and node.attr in {"delay", "apply_async", "send_task"}
    ]
    assert set(found) <= {"tenants/management/commands/relay.py", "luxebrain/home/health.py"}


@pytest.mark.usefixtures("db")
def test_no_migration_is_missing():
    """R31: the tables are made by migrations, and by nothing else."""
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


@pytest.mark.usefixtures("db")
def test_every_migration_is_named_by_hand():
    import re

    auto = [name for name in tree.files() if re.search(r"/migrations/\d{4}_(?:auto_|alter_|remove_|add_field)", name)]
    assert not auto
