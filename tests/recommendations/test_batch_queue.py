"""The queue behind batch jobs: turns, lost leases, poison, retries, erasure, audiences."""

import io
import time

import pytest
from django.core.management import call_command
from django.db import OperationalError, connections
from django.utils import timezone

from modelregistry import versions
from recommendations import (
    audiences,
    batch_handing,
    batch_packing,
    batch_privacy,
    batch_running,
    batch_scoring,
)
from recommendations.batch import BatchInferenceQueue
from recommendations.models import BatchChunk, BatchJob
from recommendations.privacy_places import Subject
from tenants import occurrences, tenancy, work
from tenants.models import Work
from tests import make
from tests.recommendations import shops
from tests.trained import register  # noqa: F401  (fixture)

CHUNK, DUE, PLAN = "recommendations.batch_chunk", "recommendations.batch_due", "recommendations.batch_plan"
TASKS = {CHUNK, DUE, PLAN}


@pytest.fixture
def small(monkeypatch):
    """Chunks of four customers."""
    monkeypatch.setattr(batch_running, "CHUNK", 4)
    monkeypatch.setattr(batch_running, "PLAIN", 1)


@pytest.fixture
def shop(acme, register):  # noqa: F811
    return shops.ordering(acme, register, customers=20)


def enqueue(shop, **wanted):
    with tenancy.enter(shop.pk) as tenant:
        return BatchInferenceQueue(tenant).enqueue(wanted, by="test")


def act(shop, verb, job, **options):
    with tenancy.enter(shop.pk) as tenant:
        return getattr(BatchInferenceQueue(tenant), verb)(job, by="test", **options)


def look(slot=[0]):  # noqa: B006
    slot[0] += 1
    work.tick(DUE, slot[0])
    work.run_due(tasks={DUE})


def rows(task=CHUNK, **wanted):
    return Work.objects.using("ops").filter(task=task, **wanted)


def now_due():
    with connections["ops"].cursor() as cursor:
        cursor.execute("update tenants_work set due_at = now() where state = 'pending'")


def finish():
    """Everything, with the pauses between attempts left out."""
    for _ in range(60):
        now_due()
        look()
        if not work.run_due(tasks=TASKS) and not rows(state="pending").exists():
            return


def fresh(job):
    return BatchJob.objects.across_tenants().get(pk=job.pk)


def results(shop, job):
    with tenancy.enter(shop.pk) as tenant:
        return BatchInferenceQueue(tenant).get_result(job, start=0, limit=1000)


def test_it_reads_an_audience_into_chunks_and_does_them(shop, small):
    job = enqueue(shop, audience={"kind": "all"}, limit=3, name="Newsletter")
    assert (job.total, job.is_planned) == (20, False)
    finish()
    job = fresh(job)
    assert (job.state, job.processed, job.total) == ("completed", 20, 20)
    found = results(shop, job)
    assert sorted(one["customer_id"] for one in found) == sorted(f"c{n}" for n in range(20))
    assert BatchChunk.objects.across_tenants().filter(job=job.pk).count() == 5


def test_chunks_are_larger_where_lists_are_made_together(shop, monkeypatch):
    monkeypatch.setattr(batch_running, "CHUNK", 2)
    plain, diverse = (enqueue(shop, audience={"kind": "all"}, **asked) for asked in ({}, {"diversity": 0.3}))
    finish()
    for job, sizes in ((plain, [8, 8, 4]), (diverse, [2] * 10)):
        assert list(shop.batch_chunks.filter(job=job.pk).order_by("number").values_list("size", flat=True)) == sizes
        assert sorted(one["customer_id"] for one in results(shop, job)) == sorted(f"c{n}" for n in range(20))


def test_an_audience_is_read_once_however_often_its_work_is_repeated(shop, small, monkeypatch):
    """A worker that stops in the middle: what it had stored stays, the rest is read by the next."""
    job = enqueue(shop, audience={"kind": "all"})
    monkeypatch.setattr("recommendations.batch_planning.PAGES", 1)
    pages = audiences.pages
    monkeypatch.setattr(audiences, "pages", lambda *a, **k: pages(*a, size=3, **k))
    work.run(rows(PLAN).get().pk)
    assert BatchChunk.objects.across_tenants().filter(job=job.pk).count() == 1
    lease = work.claim(rows(PLAN, state="pending").get().pk)  # ... and is never heard of again
    with connections["ops"].cursor() as cursor:
        cursor.execute("update tenants_work set lease_until = now() - interval '1 s' where state = 'running'")
    work.relay(lambda ids: None)
    finish()
    with pytest.raises(work.Fenced):
        BatchInferenceQueue.read_audience(lease)
    assert (fresh(job).state, fresh(job).processed) == ("completed", 20)
    assert len({one["customer_id"] for one in results(shop, job)}) == 20


def test_a_chunk_whose_worker_died_is_taken_up_again_and_counted_once(shop, small):
    """R2, R7"""
    job = enqueue(shop, customer_ids=[f"c{n}" for n in range(8)])
    lease = work.claim(rows().order_by("pk").first().pk)  # ... and is never heard of again
    finish()
    assert fresh(job).processed == 4
    with connections["ops"].cursor() as cursor:
        cursor.execute("update tenants_work set lease_until = now() - interval '1 s' where id = %s", [lease.work_id])
    work.relay(lambda ids: None)
    finish()
    assert (fresh(job).state, fresh(job).processed) == ("completed", 8)
    with pytest.raises(work.Fenced):
        BatchInferenceQueue.process_batch(lease)  # comes back late: its chunk is done
    assert fresh(job).processed == 8


def test_what_a_fenced_worker_computed_is_thrown_away(shop, small):
    job = enqueue(shop, customer_ids=["c1"])
    lease = work.claim(rows().get().pk)
    with connections["ops"].cursor() as cursor:
        cursor.execute("update tenants_work set lease_token = gen_random_uuid() where id = %s", [lease.work_id])
    with pytest.raises(work.Fenced):
        BatchInferenceQueue.process_batch(lease)
    assert (fresh(job).processed, fresh(job).state) == (0, "processing")


def test_a_fault_of_the_machinery_is_tried_again_with_growing_pauses(shop, monkeypatch):
    """R13"""
    job = enqueue(shop, customer_ids=["c1"])
    calls = []

    def fail(*given, **more):
        calls.append(1)
        if len(calls) < 3:
            raise OperationalError("the disk is full")
        return lists(*given, **more)

    lists = batch_scoring.Scorer.lists
    monkeypatch.setattr(batch_scoring.Scorer, "lists", fail)
    work.run_due(tasks=TASKS)
    first = rows().get()
    assert first.state == "pending" and 1 < (first.due_at - timezone.now()).total_seconds() < 3
    assert first.error
    finish()
    assert (fresh(job).state, len(calls)) == ("completed", 3)


def test_one_bad_customer_never_fails_a_chunk(shop, monkeypatch):
    """Three tries, then this customer is failed with the reason; the others have their lists."""
    alone = batch_scoring.Scorer._alone

    def poisoned(self, place, made):
        if self.ids[place] == "c2":
            self.shop.assortment.index = None  # a fault deep inside
            try:
                return alone(self, place, made)
            finally:
                del self.shop.assortment.index
        return alone(self, place, made)

    monkeypatch.setattr(batch_scoring.Scorer, "_alone", poisoned)
    job = enqueue(shop, customer_ids=["c1", "c2", "c3"], diversity=0.5)
    finish()
    job = fresh(job)
    assert (job.state, job.processed, job.failed) == ("partial", 2, 1)
    assert "TypeError" in job.reason
    assert [one["status"] for one in results(shop, job)] == ["ok", "failed", "ok"]
    assert rows().get().attempts == 3
    with tenancy.enter(shop.pk) as tenant:
        assert tenant.occurrences.filter(kind="batch.partial", subject=str(job.public_id)).exists()
    monkeypatch.setattr(batch_scoring.Scorer, "_alone", alone)
    act(shop, "retry", job, failed_only=True)
    finish()
    job = fresh(job)
    assert (job.state, job.processed, job.failed, job.version, job.attempts) == ("completed", 3, 0, 1, 2)
    assert [one["status"] for one in results(shop, job)] == ["ok"] * 3


def test_a_customer_who_stops_the_worker_is_found_and_left_out(shop, small, monkeypatch):
    """A poison chunk: five attempts, then customer by customer."""
    job = enqueue(shop, customer_ids=[f"c{n}" for n in range(4)])
    real = batch_scoring.Scorer.lists

    class Killed(BaseException):
        """What a kill -9 looks like from inside: nothing after it runs."""

    def lists(self, *, before_each=lambda place: None, one_by_one=False):
        if not one_by_one:
            raise Killed

        def each(place):
            before_each(place)
            if self.ids[place] == "c2":
                raise Killed

        return real(self, before_each=each, one_by_one=True)

    monkeypatch.setattr(batch_scoring.Scorer, "lists", lists)
    for _ in range(30):
        for one in list(rows(state="pending")):
            with pytest.raises(Killed):
                work.run(one.pk)
                raise Killed  # a run that ended well
        with connections["ops"].cursor() as cursor:
            cursor.execute("update tenants_work set lease_until = now() - interval '1 s' where state = 'running'")
        work.relay(lambda ids: None)
        look()
        if fresh(job).state not in BatchJob.OPEN:
            break
    job = fresh(job)
    assert (job.state, job.processed, job.failed) == ("partial", 3, 1)
    failed = [one for one in results(shop, job) if one["status"] == "failed"]
    assert [one["customer_id"] for one in failed] == ["c2"]
    assert "stopped" in failed[0]["reason"]


def test_a_version_that_was_removed_fails_the_job_with_the_reason(shop):
    job = enqueue(shop, customer_ids=["c1"])
    with tenancy.enter(shop.pk) as tenant:
        batch_handing.begin(tenant, job.pk)
        tenant.batch_jobs.filter(pk=job.pk).update(version=77)
    finish()
    job = fresh(job)
    assert (job.state, job.failed) == ("failed", 1)
    assert "v77" in job.reason
    assert [row.kind for row in occurrences.after(0)][-1] == "batch.failed"
    act(shop, "retry", job)
    finish()
    assert (fresh(job).state, fresh(job).version) == ("completed", 1)


def test_it_keeps_its_version_when_another_is_activated(shop, small, register):  # noqa: F811
    job = enqueue(shop, customer_ids=[f"c{n}" for n in range(20)])
    work.run(rows(state="pending").order_by("pk").first().pk)
    with tenancy.enter(shop.pk) as tenant:
        versions.activate(register(tenant), by=None)
    finish()
    assert (fresh(job).version, fresh(job).state) == (1, "completed")
    other = enqueue(shop, customer_ids=["c1"])
    finish()
    assert fresh(other).version == 2


def test_jobs_take_turns_within_a_shop_and_between_shops(shop, globex, small):
    """A large job first; the small ones behind it are done after a few chunks."""
    make.product(globex, "g1")
    large = enqueue(shop, customer_ids=[f"x{n}" for n in range(400)])
    small_one = enqueue(shop, customer_ids=["c1"])
    foreign = enqueue(globex, customer_ids=["g"])
    done = []
    while len(done) < 2:
        published = []
        work.relay(published.extend, limit=4, heavy=False)
        for work_id in published:
            work.run(work_id)
        done = [job for job in (small_one, foreign) if fresh(job).state == "completed"]
    assert fresh(large).processed <= 40
    assert fresh(large).state == "processing"


@pytest.fixture
def crowd(shop):
    """200,000 customers; deleted at once afterwards, as one by one would take minutes."""
    with tenancy.enter(shop.pk), connections["default"].cursor() as cursor:
        cursor.execute(
            "insert into recommendations_customer "
            "(tenant_id, external_id, country, attributes, created_at, updated_at) "
            "select %s, 'bulk-' || n, '', '{}', now(), now() from generate_series(1, 200000) n",
            [shop.pk],
        )
    yield
    with connections["owner"].cursor() as cursor:
        cursor.execute("truncate recommendations_customer cascade")


def test_a_small_job_behind_a_very_large_one_is_done_within_ten_seconds(shop, globex, crowd):
    """Fairness: 200,000 customers first; one worker, which the relay feeds. The worker's own seconds count, so
    that a busy machine is no fault of the queue's."""
    make.product(globex, "g1")
    large = enqueue(shop, audience={"kind": "all"})
    assert large.total == 200_020
    for _ in range(3):  # under way: some of it is read, its first chunks are handed out
        published = []
        work.relay(published.extend, limit=4, heavy=False)
        for work_id in published:
            work.run(work_id)
    small_one = enqueue(globex, customer_ids=["g"])
    began, ran = time.process_time(), 0
    while fresh(small_one).state != "completed":
        published = []
        work.relay(published.extend, limit=4, heavy=False)
        for work_id in published:
            work.run(work_id)
            ran += 1
        assert time.process_time() - began < 10
    assert ran <= 12  # of the large job's twenty-five chunks
    assert fresh(large).state == "processing"


def test_a_plan_weighs_how_many_chunks_are_under_way(shop, globex, small):
    for tenant in (shop, globex):
        enqueue(tenant, customer_ids=[f"x{n}" for n in range(100)])
    under_way = {
        tenant.slug: BatchChunk.objects.across_tenants().filter(tenant=tenant.pk, state="handed").count()
        for tenant in (shop, globex)
    }
    assert under_way == {"acme": 4, "globex": 2}


def test_a_cancelled_job_keeps_what_was_done(shop, small):
    job = enqueue(shop, customer_ids=[f"c{n}" for n in range(20)])
    work.run(rows(state="pending").order_by("pk").first().pk)
    act(shop, "cancel", job)
    finish()
    assert (fresh(job).state, fresh(job).processed) == ("cancelled", 4)
    assert len(results(shop, job)) == 4


def test_an_erased_customer_is_in_no_job_any_more(shop, small):
    done, waiting = enqueue(shop, customer_ids=["c1", "c2"]), None
    finish()
    waiting = enqueue(shop, customer_ids=["c2", "c3"])
    audience = enqueue(shop, audience={"kind": "ids", "ids": ["c2", "c3"]})
    planned = shop.batch_schedules.create(
        name="Weekly", every="week", first_at=timezone.now(), wanted={"audience": {"kind": "ids", "ids": ["c2", "c3"]}},
    )  # fmt: skip
    with tenancy.enter(shop.pk) as tenant:
        assert len(batch_privacy.held(tenant, Subject("c2"))) == 2
        assert batch_privacy.erase(tenant, Subject("c2")) == 4
        assert batch_privacy.held(tenant, Subject("c2")) == []
    finish()
    assert [one["customer_id"] for one in results(shop, done)] == ["c1", None]
    assert [one["status"] for one in results(shop, waiting)] == ["skipped", "ok"]
    assert [one["customer_id"] for one in results(shop, audience)] == ["c3"]
    planned.refresh_from_db()
    assert planned.wanted["audience"]["ids"] == ["c3"]


def test_pauses_between_attempts_grow_and_differ():
    """R13"""
    pauses = [[work.pause_after(attempt) for _ in range(20)] for attempt in range(1, 6)]
    assert all(len(set(of_attempt)) > 10 for of_attempt in pauses)
    assert all(max(before) < min(after) for before, after in zip(pauses, pauses[1:], strict=False))


def test_stored_lists_are_small(shop):
    """The size of a thousand lists of ten (3 × 80 bytes a customer, ids included)."""
    made = batch_packing.joined(
        (0, False, [(f"product-{(n * 7 + k * 13) % 10_000}", 1 / (k + n + 1), "blend") for k in range(10)])
        for n in range(1000)
    )
    stored = len(batch_packing.pack(made)) + len(batch_packing.pack_ids([f"customer-{n}" for n in range(1000)]))
    assert stored / 1000 <= 240
    told = list(batch_packing.told([f"c{n}" for n in range(1000)], batch_packing.pack(made), {}))
    assert told[3]["items"][0] == {"product_id": "product-21", "rank": 1, "score": 0.25, "source": "blend"}


def test_one_command_does_the_work_on_any_system(shop):
    """R6: without a broker, as on a developer's Windows machine."""
    job = enqueue(shop, audience={"kind": "all"}, limit=2)
    call_command("run_batch_worker", once=True, stdout=io.StringIO())
    assert (fresh(job).state, fresh(job).processed) == ("completed", 20)
