"""The staff's API of incidents: addresses, filters, counts, resolving."""

import pytest
from django.urls import resolve

from anomalies.models import AnomalyIncident
from tests.anomalies.test_inbox import flagged


@pytest.fixture
def ask(sam, signed_in):
    client = signed_in(sam)

    def call(path, body=None):
        if body is None:
            return client.get(path)
        return client.post(path, body, content_type="application/json")

    return call


def test_fixed_names_are_not_taken_for_shops():
    """R59: count, resolve and the alerts are routes of their own; anything else is a shop."""
    assert resolve("/api/admin/anomalies/count").url_name == "admin-anomalies-count"
    assert resolve("/api/admin/anomalies/resolve").url_name == "admin-anomalies-resolve"
    assert resolve("/api/admin/anomalies/acme").url_name == "admin-anomalies-of-tenant"
    assert resolve("/api/admin/alerts").url_name == "admin-alerts"


def test_alerts_of_all_shops_are_paged_and_filtered(ask, acme, globex):
    """R59"""
    one, two = flagged(acme), flagged(globex, "failed_auth", severity="high")
    found = ask("/api/admin/alerts?limit=1").json()
    assert [row["id"] for row in found["data"]] == [two.pk]
    rest = ask(f"/api/admin/alerts?limit=1&cursor={found['next_cursor']}").json()
    assert ([row["id"] for row in rest["data"]], rest["next_cursor"]) == ([one.pk], None)
    only = ask("/api/admin/alerts?severity=high&type=failed_auth").json()["data"]
    assert [(row["tenant"], row["type"], row["state"]) for row in only] == [("globex", "failed_auth", "new")]


@pytest.mark.parametrize("query", ["state=open", "severity=x", "type=none", "limit=0", "cursor=x", "page=2"])
def test_a_wrong_parameter_is_named(ask, acme, query):
    answer = ask(f"/api/admin/alerts?{query}")
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] == query.split("=")[0]


def test_one_shops_by_slug_and_by_number(ask, acme, globex):
    """R59: other shops' are not among them; an unknown shop is a 404."""
    one = flagged(acme)
    flagged(globex)
    for name in ("acme", acme.pk):
        assert [row["id"] for row in ask(f"/api/admin/anomalies/{name}").json()["data"]] == [one.pk]
    assert ask("/api/admin/anomalies/nobody").status_code == 404
    assert ask("/api/admin/anomalies/999999").status_code == 404


def test_the_count_is_that_of_the_badge_and_right_after_resolving(ask, acme, globex):
    """R59, R135"""
    one = flagged(acme)
    flagged(globex, severity="high")
    counts = ask("/api/admin/anomalies/count").json()
    assert (counts["open"], counts["high"], counts["medium"]) == (2, 1, 1)
    answer = ask("/api/admin/anomalies/resolve", {"id": one.pk, "verdict": "real", "note": "seen"})
    assert answer.json()["incident"]["state"] == "resolved"
    assert ask("/api/admin/anomalies/count").json()["open"] == 1
    assert AnomalyIncident.objects.across_tenants().get(pk=one.pk).history.using("ops").last().note == "seen"


@pytest.mark.parametrize(
    ("body", "status"),
    [({"id": 999999, "verdict": "real"}, 404), ({"verdict": "real"}, 400), ({"id": 1, "verdict": "maybe"}, 422),
     ({"id": "1", "verdict": "real"}, 400), ({"id": 1, "verdict": "real", "x": 1}, 400)],
)  # fmt: skip
def test_a_wrong_resolution_is_refused(ask, acme, body, status):
    flagged(acme)
    if body.get("id") == 1 and status == 422:
        body = {**body, "id": AnomalyIncident.objects.across_tenants().get().pk}
    assert ask("/api/admin/anomalies/resolve", body).status_code == status


def test_it_is_for_staff_and_writing_for_operators(acme, ana, pat, signed_in, client):
    one = flagged(acme)
    assert client.get("/api/admin/alerts").status_code == 401
    assert signed_in(ana).get("/api/admin/alerts").status_code == 403
    reader = signed_in(pat)
    assert reader.get("/api/admin/alerts").status_code == 200
    body = {"id": one.pk, "verdict": "real"}
    assert reader.post("/api/admin/anomalies/resolve", body, content_type="application/json").status_code == 403
