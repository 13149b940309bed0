"""The staff pause all batch work of a shop: nothing new is begun, nothing is lost, and everybody reads why."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connections
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from recommendations import batch_running, batch_schedules
from tenants import tenancy, work
from tests.recommendations import shops
from tests.recommendations.api.test_batch import PATH
from tests.recommendations.test_batch_queue import PLAN, TASKS, act, enqueue, finish, fresh, look, rows
from tests.trained import register  # noqa: F401  (fixture)

WHY = "The disk of the database is nearly full"


@pytest.fixture
def shop(acme: Any, register: Any, monkeypatch: Any) -> Any:  # noqa: F811
    """acme with twenty customers, a model in service, and chunks of four customers."""
    monkeypatch.setattr(batch_running, "CHUNK", 4)
    monkeypatch.setattr(batch_running, "PLAIN", 1)
    return shops.ordering(acme, register, customers=20)


@pytest.fixture
def staff(sam: Any, signed_in: Any) -> Any:
    return signed_in(sam)


def pause(staff: Any, reason: str = WHY) -> Any:
    return staff.post("/monitoring/acme/pause", {"reason": reason}, follow=True)


def test_it_begins_nothing_new_and_loses_nothing(shop: Any, staff: Any) -> None:
    """R13: what is handed out is given back, an audience is not read, and after the pause all of it is done once."""
    named = enqueue(shop, customer_ids=[f"c{number}" for number in range(20)], limit=3)
    everybody = enqueue(shop, audience={"kind": "all"}, limit=3)
    pause(staff)
    for _ in range(3):
        look()
        work.run_due(tasks=TASKS)
    for job in map(fresh, (named, everybody)):
        assert (job.state, job.processed, job.reason) == ("pending", 0, "")
    assert not shop.batch_chunks.exclude(state="waiting").exists()
    assert not rows(PLAN, state="pending").exists()
    staff.post("/monitoring/acme/resume")
    finish()
    for job in map(fresh, (named, everybody)):
        assert (job.state, job.processed, job.attempts) == ("completed", 20, 1)


def test_a_job_that_is_asked_for_or_retried_meanwhile_waits(shop: Any, staff: Any) -> None:
    done = enqueue(shop, customer_ids=["c1"])
    finish()
    pause(staff)
    new = enqueue(shop, audience={"kind": "all"})
    act(shop, "retry", done)
    finish()
    assert {job.state for job in shop.batch_jobs.all()} == {"pending"}
    staff.post("/monitoring/acme/resume")
    finish()
    assert fresh(new).state == "completed" and shop.batch_jobs.get(pk=done.pk).attempts == 2


def test_a_planned_job_waits_and_says_why(shop: Any, staff: Any, ana: Any, signed_in: Any) -> None:
    with tenancy.enter(shop.pk) as tenant:
        plan = batch_schedules.plan(
            tenant, {"audience": {"kind": "all"}, "name": "Weekly"}, every="week",
            at=timezone.now() + timedelta(hours=1), by=ana,
        )  # fmt: skip
    fell_due = timezone.now() - timedelta(days=15)
    shop.batch_schedules.filter(pk=plan.pk).update(next_at=fell_due, first_at=fell_due)
    pause(staff)
    assert batch_schedules.ask_for_due(shop.pk) == [] and not shop.batch_jobs.exists()
    plan = shop.batch_schedules.get()
    assert plan.next_at == fell_due and WHY in plan.problem
    assert WHY in signed_in(ana).get("/t/acme/batch-jobs").text
    staff.post("/monitoring/acme/resume")
    made = batch_schedules.ask_for_due(shop.pk)
    plan = shop.batch_schedules.get()
    assert len(made) == 1 and plan.next_at > timezone.now() and plan.problem == ""


def test_everybody_reads_since_when_and_why(shop: Any, staff: Any, ana: Any, sam: Any, signed_in: Any) -> None:
    """R12, R13: the staff who, when and why; the shop when and why; the trail all of it."""
    job = enqueue(shop, customer_ids=["c1"])
    text = pause(staff).text
    assert WHY in text and "Paused shops" in text and "1 shop waits" in text and "Shop paused" in text
    page = signed_in(ana)
    for path in ("batch-jobs", f"batch-jobs/{job.public_id}", "batch-jobs/new"):
        text = page.get(f"/t/acme/{path}").text
        assert "paused by LuxeBrain" in text and WHY in text, path
    entry = shop.audit_entries.get(action="batch.shop_paused")
    assert (entry.reason, entry.actor) == (WHY, sam)
    staff.post("/monitoring/acme/resume")
    assert "paused by LuxeBrain" not in page.get("/t/acme/batch-jobs").text
    assert shop.audit_entries.get(action="batch.shop_resumed").actor == sam


def test_the_api_says_so(shop: Any, staff: Any, api: Any) -> None:
    """R4: the status of a job, and how long a poller does well to wait."""
    job = enqueue(shop, customer_ids=["c1"])
    address = f"{PATH}/{job.public_id}"
    assert api.get(address).json()["held"] is None
    pause(staff)
    answer = api.get(address)
    assert answer.json()["held"]["reason"] == WHY and answer["Retry-After"] == "60"
    assert staff.get("/api/admin/batch/stats").json()["held"] == ["acme"]
    staff.post("/monitoring/acme/resume")
    finish()
    assert api.get(address).json()["held"] is None


def test_resuming_is_undone_with_the_same_reason(shop: Any, staff: Any, sam: Any) -> None:
    pause(staff)
    placed = shop.batch_holds.get()
    text = staff.post("/monitoring/acme/resume", follow=True).text
    undo = f"/monitoring/acme/pause/{placed.pk}/put-back"
    assert undo in text
    assert WHY in staff.post(undo, follow=True).text
    again = shop.batch_holds.get()
    assert (again.placed_by, again.placed_at, again.lifted_at) == (sam, placed.placed_at, None)
    assert staff.post(undo).status_code == 404  # nothing to put back
    assert staff.post("/monitoring/globex/pause/999/put-back").status_code == 404


def test_it_asks_for_a_reason_and_pauses_once(shop: Any, globex: Any, staff: Any, pat: Any, signed_in: Any) -> None:
    """R13: the plain page works without scripts; who only reads cannot pause."""
    text = staff.get("/monitoring/acme/pause").text
    assert "Pause the batch jobs of" in text and 'name="reason"' in text
    assert "Must not be empty" in pause(staff, " ").text and not shop.batch_holds.exists()
    pause(staff)
    assert "paused already" in pause(staff, "Another").text
    assert shop.batch_holds.get().reason == WHY
    assert signed_in(pat).post("/monitoring/acme/resume").status_code == 403
    assert "is not paused" in staff.post("/monitoring/globex/resume", follow=True).text


def test_the_staff_s_api_pauses_and_resumes_a_shop(shop: Any, staff: Any, sam: Any, pat: Any, signed_in: Any) -> None:
    """R13: as the buttons do, audited, refused as problems."""
    base = "/api/admin/batch"
    job = enqueue(shop, customer_ids=["c1"], limit=3)

    def ask(who: Any, verb: str, body: Any = None, slug: str = "acme") -> Any:
        return who.post(f"{base}/{verb}/{slug}", body or {}, content_type="application/json")

    for body in ({}, {"reason": " "}, {"reason": 3}, {"reason": "x" * 301}, {"reason": WHY, "until": "noon"}):
        refused = ask(staff, "pause", body)
        assert (refused.status_code, refused["Content-Type"]) == (400, "application/problem+json"), body
    told = ask(staff, "pause", {"reason": WHY}).json()
    assert (told["tenant"], told["paused"], told["reason"], told["until"]) == ("acme", True, WHY, None)
    finish()
    assert fresh(job).state == "pending" and staff.get(f"{base}/stats").json()["held"] == ["acme"]
    assert ask(staff, "pause", {"reason": "Another"}).status_code == 409
    told = ask(staff, "resume").json()
    assert not told["paused"] and told["until"] and told["resumed_by"] == str(sam)
    assert ask(staff, "resume").status_code == 409
    finish()
    assert fresh(job).state == "completed"
    trail = shop.audit_entries.filter(action__startswith="batch.shop_").order_by("pk")
    assert [(row.action, row.actor) for row in trail] == [("batch.shop_paused", sam), ("batch.shop_resumed", sam)]
    assert ask(staff, "pause", {"reason": WHY}, slug="nobody").status_code == 404
    reader = signed_in(pat)
    assert ask(reader, "pause", {"reason": WHY}).status_code == ask(reader, "resume").status_code == 403


def test_resuming_leaves_other_problems_of_plans_alone(shop: Any, staff: Any, ana: Any) -> None:
    with tenancy.enter(shop.pk) as tenant:
        plans = [
            batch_schedules.plan(
                tenant, {"audience": {"kind": "all"}, "name": name}, every="week",
                at=timezone.now() + timedelta(hours=1), by=ana,
            )
            for name in ("Due", "To come")
        ]  # fmt: skip
    shop.batch_schedules.filter(pk=plans[0].pk).update(next_at=timezone.now() - timedelta(minutes=5))
    shop.batch_schedules.filter(pk=plans[1].pk).update(problem="The saved audience is gone.")
    pause(staff)
    batch_schedules.ask_for_due(shop.pk)
    assert WHY in shop.batch_schedules.get(pk=plans[0].pk).problem
    shop.batch_schedules.filter(pk=plans[1].pk).update(next_at=timezone.now() - timedelta(minutes=5))
    staff.post("/monitoring/acme/resume")
    assert list(shop.batch_schedules.order_by("pk").values_list("problem", flat=True)) == [
        "", "The saved audience is gone.",
    ]  # fmt: skip


def test_a_page_of_jobs_asks_once_whether_the_shop_is_held(
    shop: Any, ana: Any, api: Any, signed_in: Any
) -> None:
    for number in range(3):
        enqueue(shop, customer_ids=[f"c{number}"])
    page = signed_in(ana)
    for ask in (lambda: page.get("/t/acme/batch-jobs"), lambda: api.get(PATH)):
        with CaptureQueriesContext(connections["default"]) as asked:
            assert ask().status_code == 200
        assert sum("recommendations_batchhold" in one["sql"] for one in asked) == 1
