"""Errors & health: one id in answer, log and page; groups, search, resolve, work given up."""

import json
import re

import pytest
from django.conf import settings
from django.test import Client, override_settings

from tenants import errors, work
from tenants.models import AuditEntry, ErrorGroup, ErrorOccurrence, Work


class Faulty:
    """A middleware of the inside that fails."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        raise RuntimeError("the inner middleware broke")


def fail(words="boom"):
    try:
        raise ValueError(words)
    except ValueError as error:
        return errors.record(error, source="worker", request_id="req_known")


def error_id_in(text):
    return re.search(r"err_[0-9a-f]{20}", text).group()


def logged(error_id):
    lines = (settings.LOGS_DIR / "luxebrain.log").read_text().splitlines()
    return [entry for entry in map(json.loads, lines) if entry.get("error_id") == error_id]


def check_everywhere(answer, sam_client):
    """R93, R94: status 500, no internals, and one id in the answer, the log and the panel."""
    text = answer.content.decode()
    assert answer.status_code == 500
    assert "Traceback" not in text
    assert "broke" not in text
    error_id = error_id_in(text)
    assert "RuntimeError" in logged(error_id)[0]["exception"]
    group = ErrorOccurrence.objects.using("ops").get(error_id=error_id).group
    found = sam_client.get("/errors", {"q": error_id}).content.decode()
    assert f'href="/errors/{group.pk}"' in found
    assert error_id in sam_client.get(f"/errors/{group.pk}").content.decode()
    by_request = sam_client.get("/errors", {"q": answer["X-Request-Id"]}).content.decode()
    assert f'href="/errors/{group.pk}"' in by_request


def test_it_tracks_an_error_in_a_view(signed_in, sam, monkeypatch):
    """R94."""
    client = signed_in(sam)

    def broken(request):
        raise RuntimeError("the view broke")

    monkeypatch.setattr("luxebrain.home.errors_pages.parts", broken)
    monkeypatch.setattr("tenants.access.memberships", broken)
    answer = client.get("/overview")
    monkeypatch.undo()
    check_everywhere(answer, client)


@pytest.mark.parametrize("path", ["/overview", "/api/v1/recommendations"])
def test_it_tracks_an_error_in_an_inner_middleware(signed_in, sam, path):
    """R94: what no view can catch; the API answers with a problem."""
    with override_settings(MIDDLEWARE=[*settings.MIDDLEWARE, "tests.home.test_errors.Faulty"]):
        answer = Client(raise_request_exception=False).get(path)
    if path.startswith("/api/"):
        assert answer["Content-Type"] == "application/problem+json"
    check_everywhere(answer, signed_in(sam))


def test_it_counts_a_group_and_opens_it_again(db):
    first, second = (fail(str(n)) for n in range(2))
    group = ErrorGroup.objects.using("ops").get()
    assert (group.count, group.message) == (2, "1")
    assert set(group.occurrences.values_list("error_id", flat=True)) == {first, second}
    errors.resolve(group, by=None)
    fail()
    group.refresh_from_db()
    assert (group.count, group.state) == (3, "open")


def test_it_resolves_and_reopens_with_a_trail(signed_in, sam):
    fail()
    client, group = signed_in(sam), ErrorGroup.objects.using("ops").get()
    assert client.post(f"/errors/{group.pk}/resolve").status_code == 302
    assert "Resolved" in client.get("/errors", {"state": "resolved"}).content.decode()
    assert client.post(f"/errors/{group.pk}/reopen").status_code == 302
    group.refresh_from_db()
    assert group.state == "open"
    actions = AuditEntry.objects.using("ops").values_list("action", flat=True)
    assert set(actions) == {"error.resolved", "error.reopened"}


def test_it_lets_analysts_look_and_not_touch(signed_in, pat, ana):
    fail()
    client, group = signed_in(pat), ErrorGroup.objects.using("ops").get()
    assert client.get("/errors").status_code == client.get(f"/errors/{group.pk}").status_code == 200
    assert client.post(f"/errors/{group.pk}/resolve").status_code == 403
    assert signed_in(ana).get("/errors").status_code in {403, 404}


def test_it_tries_dead_work_again(signed_in, sam, acme):
    work.enqueue(acme, "tenants.bump", subject="model")
    row = Work.objects.using("ops").get()
    Work.objects.using("ops").update(state="dead", attempts=5, error="Traceback\nKeyError: 'x'")
    client = signed_in(sam)
    assert "KeyError" in client.get("/errors").content.decode()
    assert client.post(f"/errors/work/{row.pk}/retry").status_code == 302
    row.refresh_from_db()
    assert (row.state, row.attempts) == ("pending", 0)
    work.run_due()
    row.refresh_from_db()
    assert row.state == "done"
    assert AuditEntry.objects.using("ops").get().action == "work.retried"


def test_it_shows_every_part_s_health(signed_in, sam):
    text = signed_in(sam).get("/errors/health", headers={"hx-request": "true"}).content.decode()
    for title in ("Database", "Migrations", "Cache server", "Broker", "Worker", "Beat", "Relay", "Disk"):
        assert title in text
    assert "noeviction" in text
