"""Suspending, resuming and changing the plan: noticed by every process with the next call."""

import pytest

from luxebrain.lib import problems
from tenants import staff, standing
from tests import make


def test_it_suspends_and_resumes_at_once(acme, api, sam):
    assert api.get("/api/limits/status").status_code == 200
    standing.suspend(acme, reason="Unpaid since March", by=sam)
    refused = api.get("/api/limits/status")
    assert (refused.status_code, refused.json()["code"]) == (403, "tenant_suspended")
    standing.resume(acme, by=sam)
    assert api.get("/api/limits/status").status_code == 200
    assert list(
        acme.audit_entries.filter(action__startswith="standing").values_list("action", "reason").order_by("id")
    )[:1] == [("standing.suspend", "Unpaid since March")]


def test_it_changes_the_plan_at_once(acme, api, sam):
    assert api.get("/api/limits/status")["X-RateLimit-Limit"] == "1200"
    standing.change_plan(acme, plan="starter", by=sam)
    assert api.get("/api/limits/status").json()["plan"]["code"] == "starter"
    assert api.get("/api/limits/status")["X-RateLimit-Limit"] == "300"


def test_it_refuses_what_makes_no_sense(acme, sam):
    for act in (
        lambda: standing.suspend(acme, reason=" ", by=sam),
        lambda: standing.resume(acme, by=sam),
        lambda: standing.change_plan(acme, plan="royal", by=sam),
        lambda: standing.change_plan(acme, plan="growth", by=sam),
    ):
        with pytest.raises(problems.Problem):
            act()
    assert not acme.audit_entries.exists()


def test_the_platform_keeps_an_operator(sam, pat):
    with pytest.raises(problems.Conflict):
        staff.change_role(sam, role="", by=sam)
    staff.change_role(pat, role="operator", by=sam)
    staff.change_role(sam, role="analyst", by=pat)
    with pytest.raises(problems.Conflict):
        staff.deactivate(pat, by=pat, reason="bye")
    staff.deactivate(sam, by=pat, reason="left the company")
    sam.refresh_from_db()
    assert not sam.is_active
    staff.reactivate(sam, by=pat)


def test_a_deactivated_person_is_out_with_the_next_click(sam, signed_in):
    zara = make.user("zara")
    client = signed_in(zara)
    assert client.get("/account/").status_code == 200
    staff.deactivate(zara, by=sam, reason="asked us to")
    assert client.get("/account/").status_code == 302
