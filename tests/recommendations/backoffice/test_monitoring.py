"""The staff's page of the batch queue: every number is a count; what operators may do with it."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from recommendations.models import BatchChunk, BatchJob
from tenants import tasks, work, workers


def job(of: Any, state: str, *, total: int = 1000, chunk: str = "waiting", done_minutes_ago: float = 0.2, **more: Any):
    now = timezone.now()
    row = of.batch_jobs.create(
        name=f"{state} of {of.slug}", state=state, total=total, is_planned=True, asked={"limit": 3},
        finished_at=None if state in BatchJob.OPEN else now - timedelta(minutes=5), **more,
    )  # fmt: skip
    of.batch_chunks.create(
        job=row, number=0, first=0, size=total, state=chunk, customers=b"",
        finished_at=now - timedelta(minutes=done_minutes_ago) if chunk == "done" else None,
    )  # fmt: skip
    return row


@pytest.fixture
def busy(acme: Any, globex: Any) -> list[Any]:
    rows = [
        job(acme, "pending", total=700),
        job(acme, "processing", total=500, chunk="handed"),
        job(globex, "pending", total=300, is_paused=True),
        job(globex, "failed", total=50, chunk="failed", failed=50, reason="No room left on the disk."),
        job(globex, "partial", total=60, chunk="done", done_minutes_ago=12, failed=3),
        job(acme, "completed", total=40, chunk="done"),
        job(acme, "completed", total=41, chunk="done", done_minutes_ago=70),
        job(acme, "cancelled", total=9),
    ]
    acme.batch_jobs.filter(total=41).update(finished_at=timezone.now() - timedelta(hours=2))
    acme.batch_jobs.filter(total=700).update(created_at=timezone.now() - timedelta(minutes=4))
    return rows


def tile(text: str, label: str) -> str:
    """The value of a figure as it stands on the page."""
    found = re.search(re.escape(label) + r".*?class=\"[^\"]*value[^\"]*\"[^>]*>\s*([^<]+?)\s*<", text, re.S)
    assert found, label
    return found.group(1)


def test_every_number_is_a_count_of_rows(busy: Any, sam: Any, signed_in: Any) -> None:
    """R12, R115: waiting, processing, failed, completed last hour, throughput, oldest, split."""
    text = signed_in(sam).get("/monitoring").text
    jobs, chunks = BatchJob.objects.across_tenants(), BatchChunk.objects.across_tenants()
    now = timezone.now()
    assert tile(text, "Waiting") == str(jobs.filter(state="pending").count()) == "2"
    assert "1 open job paused" in text
    assert tile(text, "Processing") == str(jobs.filter(state="processing").count()) == "1"
    assert tile(text, "Failed") == str(jobs.filter(state="failed").count()) == "1"
    lately = jobs.filter(state="completed", finished_at__gte=now - timedelta(hours=1))
    assert tile(text, "Completed in the last hour") == str(lately.count()) == "1"
    open_ = chunks.filter(state__in=("waiting", "handed"), job__state__in=("pending", "processing"))
    assert tile(text, "Customers waiting") == f"{sum(one.size for one in open_):,}" == "1,500"
    minute = chunks.filter(state="done", finished_at__gte=now - timedelta(minutes=1))
    assert tile(text, "Customers in the last minute") == str(sum(one.size for one in minute)) == "40"
    assert tile(text, "Complete in part") == "1"
    assert tile(text, "Oldest open job").replace("\xa0", " ").startswith("4 min")
    half_an_hour = chunks.filter(state="done", finished_at__gte=now - timedelta(minutes=29))
    assert f"{sum(one.size for one in half_an_hour)} in the last 30 minutes" in text
    split = re.findall(r'/tenants/(\w+)">\w+</a></th><td class="num" data-label="Jobs">(\d+)</td>'
                       r'<td class="num" data-label="Customers">([\d,]+)', text)  # fmt: skip
    assert sorted(split) == [("acme", "2", "1,200"), ("globex", "1", "300")]
    assert "3 waiting or running" in text  # the badge of the menu


def test_the_figures_are_asked_for_again_every_five_seconds(busy: Any, sam: Any, signed_in: Any) -> None:
    """R12: by htmx, whose script stops in hidden tabs and slows down on errors."""
    client = signed_in(sam)
    assert 'hx-get="/monitoring/live" hx-trigger="every 5s"' in client.get("/monitoring").text
    part = client.get("/monitoring/live", headers={"HX-Request": "true"}).text
    assert "<html" not in part and 'id="live"' in part and tile(part, "Waiting") == "2"


def test_an_operator_cancels_retries_and_pauses(busy: Any, acme: Any, globex: Any, sam: Any, signed_in: Any) -> None:
    """R13: the platform's staff may retry and cancel, and hold the jobs of one shop."""
    client = signed_in(sam)
    waiting, failed = busy[0], busy[3]
    client.post(f"/monitoring/acme/{waiting.public_id}/cancel")
    waiting.refresh_from_db()
    assert waiting.state == "cancelled"
    client.post(f"/monitoring/globex/{failed.public_id}/retry")
    failed.refresh_from_db()
    assert failed.state == "pending" and failed.history[-1]["by"] == "Sam"
    client.post("/monitoring/acme/pause", {"reason": "A test"})
    assert acme.batch_holds.get().lifted_at is None
    client.post("/monitoring/acme/resume")
    assert acme.batch_holds.get().lifted_by == sam
    assert client.post(f"/monitoring/acme/{failed.public_id}/retry").status_code == 404
    assert client.post("/monitoring/nobody/pause").status_code == 404


def test_who_only_reads_changes_nothing(busy: Any, acme: Any, pat: Any, ana: Any, signed_in: Any) -> None:
    reader = signed_in(pat)
    assert "Retry" not in reader.get("/monitoring").text.replace("Retry-", "")
    assert reader.post(f"/monitoring/acme/{busy[0].public_id}/cancel").status_code == 403
    assert signed_in(ana).get("/monitoring").status_code in (403, 404)


def test_it_lists_narrows_and_sorts_the_jobs_of_all_shops(busy: Any, sam: Any, signed_in: Any) -> None:
    client = signed_in(sam)
    text = client.get("/monitoring?state=failed").text
    assert "failed of globex" in text and "No room left on the disk." in text and "pending of acme" not in text
    text = client.get("/monitoring?q=globex&sort=-total").text
    assert text.index("pending of globex") < text.index("partial of globex")


def test_workers_are_seen_at_work(acme: Any, sam: Any, signed_in: Any) -> None:
    """R12: workers and their heartbeats."""
    client = signed_in(sam)
    assert "No worker was seen" in client.get("/monitoring").text
    workers._last = 0.0
    work.enqueue(None, "tenants.sweep_work")
    tasks.run(work.due(1)[0])
    assert workers.all_seen()[0].age < 5
    text = client.get("/monitoring").text
    assert "1 process is alive" in text and "Alive" in text and "Last work" in text


def test_the_empty_queue_says_so(db: Any, sam: Any, signed_in: Any) -> None:
    text = signed_in(sam).get("/monitoring").text
    assert "No batch jobs yet" in text and "nothing waits" in text
