"""The pages of isolated models: the shop asks, the staff decide, both see every step."""

from typing import Any

import pytest

from tenants import work
from tests import make
from tests.recommendations import isolated
from tests.recommendations.test_isolation import answer

ASK = {"reason": "No data of ours may reach another shop's model."}


@pytest.fixture
def shop(db: None) -> Any:
    with isolated.threshold(300):
        yield isolated.shop()


@pytest.fixture
def zoe(shop: Any) -> Any:
    return make.member(shop, "zoe", role="owner")


def test_from_the_wish_to_the_answer_nobody_opens_a_shell(shop: Any, zoe: Any, sam: Any, signed_in: Any) -> None:
    """R80, R81, R88, R105, R117, R121: asked for, approved, trained and served over HTTP."""
    owner, staff = signed_in(zoe), signed_in(sam)
    page = f"/t/{shop.slug}/models/isolated"
    assert "360 of 300 orders" in owner.get(page).content.decode()
    assert owner.post(f"{page}/request", ASK).status_code == 302
    said = owner.get(page).content.decode()
    assert "Waiting for a decision" in said
    assert "Withdraw" in said
    row = shop.isolation_requests.get()
    assert (row.facts["orders"], row.facts["customers"], row.requested_by) == (360, 60, zoe)
    queue = staff.get("/isolation-requests").content.decode()
    assert shop.name in queue
    assert "1 to decide" in queue
    detail = staff.get(f"/isolation-requests/{row.pk}").content.decode()
    assert "Approve and train" in detail
    assert ASK["reason"].split("'")[0] in detail
    assert staff.post(f"/isolation-requests/{row.pk}/approve").status_code == 302
    work.run_due(tasks={"recommendations.train_tenant_model"})
    polled = owner.get(f"{page}/progress?state=training", headers={"HX-Request": "true"}).content.decode()
    assert "Your model is being trained" in polled
    assert "Waiting for a worker" in polled
    work.run_due(tasks=isolated.TRAIN)
    said = answer(shop, customer_id="c1")
    assert (said["model_scope"], said["strategy"]) == ("tenant", "model")
    states = [step.state for step in row.steps.all()]
    assert states == ["requested", "approved", "training", "serving"]
    assert [str(step.by) for step in row.steps.all()][:2] == [str(zoe), str(sam)]
    seen = owner.get(page).content.decode()
    assert "In service" in seen
    assert "How it does" in seen
    assert "NDCG@10 on held-back events" in staff.get(f"/isolation-requests/{row.pk}").content.decode()
    actions = set(shop.audit_entries.filter(action__startswith="isolation.").values_list("action", flat=True))
    assert actions == {"isolation.requested", "isolation.approved", "isolation.training", "isolation.serving"}
    notices = owner.get(f"/t/{shop.slug}/notices").content.decode()
    assert "Your isolated model was approved" in notices
    assert notices.index("Your isolated model is in service") < notices.index("was approved")
    kinds = set(shop.occurrences.filter(kind__startswith="isolation.").values_list("kind", flat=True))
    assert kinds == actions


def test_it_says_how_many_orders_are_missing(shop: Any, zoe: Any, signed_in: Any) -> None:
    """R78."""
    with isolated.threshold(1000):
        said = signed_in(zoe).get(f"/t/{shop.slug}/models/isolated").content.decode()
        assert "360 of 1,000 orders" in said
        assert "Not yet" in said
        refused = signed_in(zoe).post(f"/t/{shop.slug}/models/isolated/request", ASK)
    assert "Send the request" not in said
    assert shop.isolation_requests.count() == 0
    assert refused.status_code == 302


def test_a_plan_without_the_right_says_what_another_gives(acme: Any, ana: Any, signed_in: Any) -> None:
    """R77, R81: what the plan gives, and no dead button."""
    said = signed_in(ana).get("/t/acme/models/isolated").content.decode()
    assert "Your plan does not include it" in said
    assert "Enterprise" in said
    assert "<textarea" not in said
    signed_in(ana).post("/t/acme/models/isolated/request", ASK)
    assert acme.isolation_requests.count() == 0


def test_a_request_needs_a_reason_and_an_owner(shop: Any, zoe: Any, signed_in: Any) -> None:
    refused = signed_in(zoe).post(f"/t/{shop.slug}/models/isolated/request", {"reason": "  "})
    assert refused.status_code == 422
    assert "Say what you need it for." in refused.content.decode()
    analyst = signed_in(make.member(shop, "lea", role="analyst"))
    assert analyst.post(f"/t/{shop.slug}/models/isolated/request", ASK).status_code == 403
    assert "An owner can ask for it" in analyst.get(f"/t/{shop.slug}/models/isolated").content.decode()


def test_the_shop_withdraws_and_asks_again(shop: Any, zoe: Any, signed_in: Any) -> None:
    owner, page = signed_in(zoe), f"/t/{shop.slug}/models/isolated"
    owner.post(f"{page}/request", ASK)
    owner.post(f"{page}/request", ASK)
    assert shop.isolation_requests.count() == 1
    assert "Withdraw the request?" in owner.get(f"{page}/cancel").content.decode()
    owner.post(f"{page}/cancel")
    assert shop.isolation_requests.get().state == "cancelled"
    assert owner.post(f"{page}/cancel").status_code == 302
    owner.post(f"{page}/request", ASK)
    assert [row.state for row in shop.isolation_requests.all()] == ["requested", "cancelled"]


def test_staff_decline_with_a_reason_that_the_shop_reads(
    shop: Any, zoe: Any, sam: Any, pat: Any, signed_in: Any
) -> None:
    owner, staff, page = signed_in(zoe), signed_in(sam), f"/t/{shop.slug}/models/isolated"
    owner.post(f"{page}/request", ASK)
    row = shop.isolation_requests.get()
    assert signed_in(pat).post(f"/isolation-requests/{row.pk}/decline", {"reason": "no"}).status_code == 403
    staff.post(f"/isolation-requests/{row.pk}/decline", {"reason": " "})
    row.refresh_from_db()
    assert row.state == "requested"
    staff.post(f"/isolation-requests/{row.pk}/decline", {"reason": "The contract does not cover it yet."})
    assert "The contract does not cover it yet." in owner.get(page).content.decode()
    notices = owner.get(f"/t/{shop.slug}/notices").content.decode()
    assert "Your request for an isolated model was declined" in notices
    assert "The contract does not cover it yet." in notices
    staff.post(f"/isolation-requests/{row.pk}/approve")
    row.refresh_from_db()
    assert row.state == "declined"
    assert staff.get("/isolation-requests/999999").status_code == 404


def test_staff_create_retrain_disable_and_delete(shop: Any, acme: Any, sam: Any, signed_in: Any) -> None:
    """R80, R117."""
    staff = signed_in(sam)
    dry = staff.get(f"/isolation-requests/new?tenant={shop.slug}").content.decode()
    assert "360 of 300 orders" in dry
    assert "Create and train" in dry
    assert "Growth does not include it" in staff.get("/isolation-requests/new?tenant=acme").content.decode()
    assert staff.post("/isolation-requests/new", {"tenant": "acme", "reason": "x"}).status_code == 422
    for unknown in ("none", "a\x00b"):
        assert staff.post("/isolation-requests/new", {"tenant": unknown, "reason": "x"}).status_code == 422
        assert staff.get("/isolation-requests/new", {"tenant": unknown}).status_code == 422
    assert staff.post("/isolation-requests/new", {"tenant": shop.slug, "reason": ""}).status_code == 422
    made = staff.post("/isolation-requests/new", {"tenant": shop.slug, "reason": "Agreed on the phone"})
    row = shop.isolation_requests.get()
    assert made["Location"] == f"/isolation-requests/{row.pk}"
    work.run_due(tasks=isolated.TRAIN)
    staff.post(f"/isolation-requests/{row.pk}/retrain")
    work.run_due(tasks=isolated.TRAIN)
    assert shop.model_versions.filter(scope="tenant").count() == 2
    staff.post(f"/isolation-requests/{row.pk}/disable", {"reason": "The contract ended"})
    assert answer(shop, customer_id="c1")["model_scope"] is None
    staff.post(f"/isolation-requests/{row.pk}/delete", {"typed": "wrong"})
    assert list(isolated.of(shop).home().glob("[0-9]*"))
    staff.post(f"/isolation-requests/{row.pk}/delete", {"typed": shop.slug})
    assert not list(isolated.of(shop).home().glob("[0-9]*"))
    assert "were deleted" in staff.get(f"/isolation-requests/{row.pk}").content.decode()
