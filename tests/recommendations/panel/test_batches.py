"""The pages of batch jobs: asked for in three steps, watched, paused, retried, downloaded, planned."""

import html
import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from modelregistry import versions
from recommendations import batch_schedules, batch_scoring, candidates, retention, saved_audiences
from tenants import outgoing, tenancy, work
from tests import make
from tests.recommendations.api.test_batch import do
from tests.trained import register  # noqa: F401  (fixture)

BASE = "/t/acme/batch-jobs"
ALL = {"recommendations.batch_chunk", "recommendations.batch_due", "recommendations.batch_plan"}


@pytest.fixture
def shop(acme: Any, register: Any) -> Any:  # noqa: F811
    """acme with six products, eight customers, three orders each, and a model in service."""
    candidates.forget()
    batch_scoring.forget()
    for number in range(6):
        make.product(acme, f"p{number}", title=f"Cup {number}", categories=["Cups" if number else "Plates"])
    people = [make.customer(acme, f"c{number}") for number in range(8)]
    for number in range(24):
        make.order(acme, [f"p{number % 6}"], customer=people[number % 8], days_ago=1 + 40 * (number % 8))
    with tenancy.enter(acme.pk) as inside:
        versions.activate(register(inside), by=None)
    return acme


@pytest.fixture
def page(shop: Any, ben: Any, signed_in: Any) -> Any:
    """R17: an analyst, who has no key and never sees the API."""
    return signed_in(ben)


def work_off() -> None:
    do()
    work.run_due(tasks=ALL)
    do()


def carried(answer: Any) -> str:
    return html.unescape(re.search(r'name="carried" value="([^"]*)"', answer.text).group(1))


def first(page: Any, **values: Any) -> Any:
    return page.post(f"{BASE}/new", {"step": "1", "go": "next", **values})


def second(page: Any, answer: Any, **values: Any) -> Any:
    given = {"type": "personalised", "limit": "3", "on_unknown": "popular", **values}
    return page.post(f"{BASE}/new", {"step": "2", "go": "next", "carried": carried(answer), **given})


def third(page: Any, answer: Any, **values: Any) -> Any:
    given = {"name": "Weekly picks", "when": "now", **values}
    return page.post(f"{BASE}/new", {"step": "3", "go": "next", "carried": carried(answer), **given})


def asked_for(page: Any, **audience: Any) -> Any:
    """The job that the three steps make."""
    made = third(page, second(page, first(page, **audience)))
    assert made.status_code == 302, made.text
    return made.url


def test_it_says_what_to_do_while_there_is_none(page: Any) -> None:
    """R17: the empty state leads on, and shows the call that would do the same."""
    text = page.get(BASE).text
    assert "No batch jobs yet" in text and f'href="{BASE}/new"' in text
    assert "/api/v1/recommendations/batch" in text


def test_it_makes_a_job_in_three_steps_and_hands_out_the_file(page: Any, shop: Any, ana: Any) -> None:
    """R11, R17, R126: chosen, watched, told, downloaded, without the API."""
    url = asked_for(page, kind="ordered_within", days="100")
    text = page.get(url).text
    assert "Weekly picks" in text and "Ordered in the last 100 days" in text and "hx-get" in text
    work_off()
    text = page.get(url).text
    assert "Complete" in text and "every 2s" not in text
    job = shop.batch_jobs.get()
    assert (job.total, job.processed, job.source) == (3, 3, "panel")
    assert f"{job.total} customers" in text
    for format in ("csv", "jsonl", "parquet"):
        answer = page.get(f"{url}/download?format={format}")
        assert b"".join(answer.streaming_content)[:4] == {"csv": b"cust", "jsonl": b'{"cu', "parquet": b"PAR1"}[format]
    assert page.get(f"{url}/download?format=xml").status_code == 404
    assert "Weekly picks is ready" in page.get("/t/acme/notices").text
    assert "Notices: 1 new" in page.get(BASE).text


@pytest.mark.parametrize(
    ("values", "n"),
    [
        ({"kind": "all"}, 8),
        ({"kind": "ordered_within", "days": "100"}, 3),
        ({"kind": "not_ordered_within", "days": "100"}, 5),
        ({"kind": "spent", "least": "30"}, 8),
        ({"kind": "bought_in", "category": "Plates"}, 4),
        ({"kind": "paste", "ids": "c1, c2\nc3;c3"}, 3),
    ],
)  # fmt: skip
def test_it_counts_an_audience_while_it_is_chosen(page: Any, values: dict, n: int) -> None:
    """R11: the number and three real customers, beside the form."""
    text = page.post(f"{BASE}/new/count", values, headers={"HX-Request": "true"}).text
    assert f"{n} customers" in text
    assert re.search(r'<li class="mono">c\d', text)
    without = page.post(f"{BASE}/new", {"step": "1", "go": "look", **values}).text
    assert f"{n} customers" in without


def test_it_lists_ids_that_are_none_or_unknown_before_anything_is_asked(page: Any, shop: Any) -> None:
    """R11: invalid ids are listed before submit."""
    refused = first(page, kind="paste", ids="c1\nc\x07x\n" + "y" * 65)
    assert refused.status_code == 422
    assert "Line 2" in refused.text and "Line 3" in refused.text and "at most 64 characters" in refused.text
    looked = page.post(f"{BASE}/new/count", {"kind": "paste", "ids": "c1\nnobody\nnoone"}).text
    assert "3 customers" in looked and "2 ids are not known" in looked and "nobody, noone" in looked
    going = first(page, kind="paste", ids="c1\nnobody")
    assert going.status_code == 200 and "nobody" in going.text
    assert not shop.batch_jobs.exists()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("vip.csv", b"email;customer_id\na@b;c1\nd@e;c2\n"),
        ("vip.csv", b"\xef\xbb\xbfc1\nc2\n"),
        ("vip.jsonl", b'{"customer_id": "c1"}\n"c2"\n'),
    ],
)  # fmt: skip
def test_it_takes_a_file_of_ids(page: Any, shop: Any, name: str, content: bytes) -> None:
    """R11: CSV or JSON Lines."""
    going = first(page, kind="upload", file=SimpleUploadedFile(name, content))
    assert json.loads(carried(going))["audience"] == {"kind": "ids", "ids": ["c1", "c2"]}


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("vip.csv", b"", "There is no id in it"),
        ("vip.csv", b"a;b\nc1;c2\n", "none is called customer_id"),
        ("vip.parquet", b"PAR1\x00\x00", "Must be CSV or JSON Lines"),
        ("vip.jsonl", b"{]\n", "Line 1"),
        ("vip.jsonl", b'{"name": "x"}\n', "Names no customer_id"),
    ],
)  # fmt: skip
def test_it_says_what_is_wrong_with_a_file(page: Any, name: str, content: bytes, said: str) -> None:
    refused = first(page, kind="upload", file=SimpleUploadedFile(name, content))
    assert refused.status_code == 422
    assert said in refused.text


def test_it_keeps_many_ids_and_named_audiences(page: Any, shop: Any, ben: Any) -> None:
    """R11: a saved audience is offered again."""
    many = first(page, kind="paste", ids="\n".join(f"x{n}" for n in range(1500)))
    saved = json.loads(carried(many))["audience"]
    assert saved["kind"] == "saved" and shop.audiences.get().size == 1500
    named = first(page, kind="ordered_within", days="100", save_as="Lately")
    assert json.loads(carried(named))["audience"]["kind"] == "saved"
    twice = first(page, kind="ordered_within", days="10", save_as="Lately")
    assert twice.status_code == 422 and "already" in twice.text
    assert "Lately" in page.get(f"{BASE}/new").text


def test_it_previews_lists_of_three_real_customers(page: Any) -> None:
    going = first(page, kind="all")
    values = {"carried": carried(going), "type": "personalised", "limit": "3", "on_unknown": "popular"}
    text = page.post(f"{BASE}/new/preview", values).text
    assert text.count("<ol") == 3 and "Cup" in text
    wrong = page.post(f"{BASE}/new/preview", {**values, "filter": "price <"}).text
    assert "<ol" not in wrong and "warning" in wrong
    assert second(page, going, filter="price <").status_code == 422


def test_it_comes_back_a_step_with_what_was_chosen(page: Any) -> None:
    going = second(page, first(page, kind="ordered_within", days="77"))
    back = page.post(f"{BASE}/new", {"step": "3", "go": "back", "carried": carried(going)})
    assert 'value="3"' in back.text
    further = page.post(f"{BASE}/new", {"step": "2", "go": "back", "carried": carried(back)})
    assert 'value="77"' in further.text


@pytest.mark.parametrize("text", ["", "[]", "{", '{"audience": {"kind": "saved", "id": 99}}', "[" * 5000, "null"])
def test_it_refuses_a_forged_step(page: Any, shop: Any, text: str) -> None:
    answer = page.post(f"{BASE}/new", {"step": "3", "go": "next", "carried": text, "name": "x", "when": "now"})
    assert answer.status_code == 302
    assert not shop.batch_jobs.exists()


def test_it_pauses_resumes_and_cancels(page: Any, shop: Any) -> None:
    """R17."""
    url = asked_for(page, kind="paste", ids="c1")
    page.post(f"{url}/pause")
    work_off()
    assert "Paused" in page.get(url).text and shop.batch_jobs.get().processed == 0
    page.post(f"{url}/resume")
    assert "Waiting for its turn" in page.get(url).text
    page.post(f"{url}/cancel")
    assert "Cancelled" in page.get(url).text
    assert "has ended" in page.post(f"{url}/pause", follow=True).text


def test_it_shows_problems_and_does_again_what_failed(page: Any, shop: Any) -> None:
    """R13: by the owning tenant, with every attempt in the history."""
    going = second(page, first(page, kind="paste", ids="c1\nnobody"), on_unknown="fail")
    url = third(page, going).url
    work_off()
    text = page.get(url).text
    assert "Needs a retry" in text and "nobody" in text and "Retry what failed" in text
    make.customer(shop, "nobody")
    page.post(f"{url}/retry-failed")
    work_off()
    job = shop.batch_jobs.get()
    assert (job.state, job.processed, job.failed, job.attempts) == ("completed", 2, 0, 2)
    assert "Retried what failed" in page.get(url).text
    page.post(f"{url}/retry")
    work_off()
    assert shop.batch_jobs.get().attempts == 3


def test_it_lists_sorts_filters_and_searches(page: Any, shop: Any) -> None:
    asked_for(page, kind="all")
    work_off()
    third(page, second(page, first(page, kind="paste", ids="c1")), name="Lookbook")
    text = page.get(BASE).text
    assert text.index("Lookbook") < text.index("Weekly picks")
    assert "every 3s" in text
    text = page.get(f"{BASE}?sort=-customers").text
    assert text.index("Weekly picks") < text.index("Lookbook")
    assert "Lookbook" not in page.get(f"{BASE}?state=completed").text
    assert "Weekly picks" not in page.get(f"{BASE}?q=lookb").text
    assert "1 under way" in text


def test_it_says_so_when_lists_are_not_kept_any_more(page: Any, shop: Any) -> None:
    """R15: expired, with the date."""
    url = asked_for(page, kind="all")
    work_off()
    shop.batch_jobs.update(kept_until=timezone.now() - timedelta(minutes=1))
    work_off()
    text = page.get(url).text
    assert "Results removed" in text and "were kept until" in text
    assert page.get(f"{url}/download").status_code == 302


def test_it_plans_a_job_and_asks_for_it_when_its_time_has_come(page: Any, shop: Any, ben: Any) -> None:
    at = timezone.localtime(timezone.now() + timedelta(hours=2), shop.zone)
    going = second(page, first(page, kind="ordered_within", days="100"))
    planned = third(page, going, when="week", at=at.strftime("%Y-%m-%dT%H:%M"))
    assert planned.url == BASE
    assert "Planned" in page.get(BASE).text and "Every week" in page.get(BASE).text
    assert batch_schedules.due_tenants() == []
    shop.batch_schedules.update(next_at=timezone.now() - timedelta(seconds=1))
    work.tick("recommendations.batch_schedules", 1)
    work.run_due(tasks={"recommendations.batch_schedules"})
    job, row = shop.batch_jobs.get(), shop.batch_schedules.get()
    assert (job.source, job.name, job.requested_by) == ("schedule", "Weekly picks", ben)
    assert row.last_job == job
    assert row.next_at == row.first_at  # two hours from now: the next one is the first
    assert batch_schedules.due_tenants() == []
    asked = page.get(f"{BASE}/planned/{row.pk}/remove")
    assert f"Remove “{row.name}”?" in asked.content.decode()
    assert page.get(f"{BASE}/planned/{row.pk + 99}/remove").status_code == 404
    page.post(f"{BASE}/planned/{row.pk}/remove")
    assert not batch_schedules.to_come(shop).exists() and shop.batch_jobs.exists()


def test_a_removed_planned_job_is_put_back_for_a_week(page: Any, shop: Any, ben: Any, gil: Any, signed_in: Any) -> None:
    now = timezone.now()
    with make.inside(shop) as entered:
        rows = [
            batch_schedules.plan(
                entered, {"audience": {"kind": "all"}, "name": every}, every=every, at=now + timedelta(days=1), by=ben
            ) for every in ("week", "once")
        ]  # fmt: skip
    week, once = (f"{BASE}/planned/{row.pk}" for row in rows)
    assert "Remove “week”?" in page.get(BASE).text and "Removed lately" not in page.get(BASE).text
    for url in (week, once):
        assert page.post(f"{url}/remove").status_code == 302
        assert page.get(f"{url}/remove").status_code == page.post(f"{url}/remove").status_code == 404
    begun = now - timedelta(days=1)
    shop.batch_schedules.update(first_at=begun)
    assert batch_schedules.due_tenants() == []
    text = page.get(BASE).text
    assert "removed lately" in text and "“once” is removed" in text and "Put week back" in text
    assert signed_in(gil).post(f"{week}/put-back").status_code == 404
    page.post(f"{week}/put-back")
    page.post(f"{once}/put-back")
    text = page.get(BASE).text
    assert "“week” is planned again for" in text and "Its time is over" in text
    row = batch_schedules.to_come(shop).get()
    assert (row.name, row.next_at) == ("week", begun + timedelta(days=7))
    assert list(shop.audit_entries.filter(target="week").values_list("action", flat=True)) == [
        "batch.planned_again", "batch.unplanned", "batch.planned",
    ]  # fmt: skip
    shop.batch_schedules.filter(name="once").update(first_at=now + timedelta(days=1))
    page.post(f"{once}/put-back")
    assert batch_schedules.to_come(shop).count() == 2
    page.post(f"{once}/remove")
    shop.batch_schedules.filter(name="once").update(removed_at=now - batch_schedules.KEPT - timedelta(minutes=1))
    page.post(f"{once}/put-back")
    assert "There is nothing to put back" in page.get(BASE).text
    assert retention.let_go(shop.pk, renew=lambda: None)["planned"] == 1
    assert [row.name for row in shop.batch_schedules.all()] == ["week"]


def test_a_weekly_job_keeps_its_hour_over_changes_of_the_clock(shop: Any) -> None:
    shop.time_zone = "Europe/Berlin"
    first_at = datetime(2026, 10, 20, 9, 0, tzinfo=ZoneInfo("Europe/Berlin"))
    row = shop.batch_schedules.model(tenant=shop, every="week", first_at=first_at)
    assert batch_schedules.following(shop, row, now=first_at) == datetime(2026, 10, 27, 8, 0, tzinfo=UTC)


def test_a_planned_job_that_cannot_be_asked_for_says_so(page: Any, shop: Any, ben: Any) -> None:
    with make.inside(shop) as entered:
        saved = saved_audiences.save(entered, "Lately", {"kind": "all"}, by=ben)
        batch_schedules.plan(entered, {"audience": {"kind": "saved", "id": saved.pk}, "name": "Picks"}, every="once",
                             at=timezone.now() + timedelta(hours=1), by=ben)  # fmt: skip
        saved_audiences.remove(entered, saved.pk, by=ben)
    shop.batch_schedules.update(next_at=timezone.now() - timedelta(seconds=1))
    assert batch_schedules.ask_for_due(shop.pk) == []
    row = shop.batch_schedules.get()
    assert (row.next_at, row.problem) == (None, "There is no such audience.")
    assert "Picks could not be started" in page.get("/t/acme/notices").text


def test_it_tells_the_shops_software_when_a_job_is_done(page: Any, shop: Any, ana: Any) -> None:
    with make.inside(shop) as entered:
        outgoing.open(entered, url="https://example.com/hook", types=["batch.completed"], by=ana)
    asked_for(page, kind="all")
    work_off()
    body = shop.outgoing_deliveries.get().body
    assert (body["type"], body["data"]["status"], body["data"]["processed"]) == ("batch.completed", "completed", 8)


def test_a_stranger_sees_nothing_of_it(page: Any, shop: Any, globex: Any, gil: Any, signed_in: Any) -> None:
    url = asked_for(page, kind="all")
    theirs = signed_in(gil)
    for path in (url, f"{url}/download"):
        assert theirs.get(path).status_code == 404
        assert theirs.get(path.replace("/acme/", "/globex/")).status_code == 404
    assert theirs.post(f"{url.replace('/acme/', '/globex/')}/cancel").status_code == 404
    assert shop.batch_jobs.get().state == "pending"


def test_the_overview_shows_the_last_jobs_with_their_progress(page: Any, shop: Any) -> None:
    """R136: the last jobs, how far each is, and the way to a new one."""
    assert "No batch jobs yet" in page.get("/t/acme/overview/batches", headers={"HX-Request": "true"}).text
    asked_for(page, kind="all")
    shop.batch_jobs.update(state="processing", started_at=timezone.now(), processed=4)
    text = page.get("/t/acme/overview").text
    assert f'href="{BASE}/new"' in text and "Weekly picks" in text and "50%" in text
    assert 'value="50"' in text
    assert "Running" in page.get("/t/acme/overview/batches", headers={"HX-Request": "true"}).text
