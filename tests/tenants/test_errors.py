"""Unhandled exceptions: an id, a group, a count, and never a fault of its own (R93, R94)."""

import pytest
from django.db import connections

from tenants import errors
from tenants.models import ErrorGroup, ErrorOccurrence
from tests.parallel import together


def fault(text="boom"):
    try:
        raise ValueError(text)
    except ValueError as error:
        return error


def other():
    try:
        raise ValueError("boom")
    except ValueError as error:
        return error


def groups():
    return ErrorGroup.objects.using("ops")


def test_it_keeps_trace_request_and_tenant(acme):
    """R94"""
    error_id = errors.record(fault(), source="web", request_id="req_1", tenant_id=acme.pk, method="GET", path="/x")
    row = ErrorOccurrence.objects.using("ops").select_related("group").get(error_id=error_id)
    assert (row.request_id, row.tenant_id, row.path, row.source) == ("req_1", acme.pk, "/x", "web")
    assert "ValueError: boom" in row.trace
    assert row.group.place == "tests/tenants/test_errors.py:fault"


def test_it_groups_by_kind_and_place(db):
    for text in ("a", "b", "c"):
        errors.record(fault(text), source="web")
    errors.record(other(), source="worker")
    assert sorted(groups().values_list("place", "count", "message")) == [
        ("tests/tenants/test_errors.py:fault", 3, "c"),
        ("tests/tenants/test_errors.py:other", 1, "boom"),
    ]


def test_it_opens_again_when_it_happens_again(db):
    errors.record(fault(), source="web")
    errors.resolve(groups().get(), by=None)
    assert groups().get().state == "resolved"
    errors.record(fault(), source="web")
    assert (groups().get().state, groups().get().count) == ("open", 2)


def test_it_keeps_the_newest_occurrences(db, monkeypatch):
    monkeypatch.setattr(errors, "KEPT_OCCURRENCES", 3)
    ids = [errors.record(fault(), source="web") for _ in range(5)]
    kept = set(ErrorOccurrence.objects.using("ops").values_list("error_id", flat=True))
    assert kept == set(ids[-3:])
    assert groups().get().count == 5


@pytest.mark.parametrize("text", ["nul \x00 inside", "x" * 5000, "\ud800", "%s %(a)s {}"])
def test_it_keeps_hostile_texts(db, text):
    errors.record(fault(text), source="web", path="/" + "p" * 1000)
    assert groups().count() == 1


def test_it_counts_exactly_in_parallel(db):
    together(*[lambda: errors.record(fault(), source="web")] * 12)
    assert groups().get().count == 12


def test_it_never_raises_when_it_cannot_write(db, monkeypatch):
    """A fault in here must not hide the first one."""
    monkeypatch.setattr(errors, "_group", lambda error: 1 / 0)
    assert errors.record(fault(), source="web").startswith("err_")


def test_it_is_out_of_reach_of_the_application_role(db):
    from django.db import DatabaseError

    with pytest.raises(DatabaseError, match="permission denied"), connections["default"].cursor() as cursor:
        cursor.execute("select * from tenants_erroroccurrence")
