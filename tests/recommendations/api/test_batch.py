"""Batch jobs over the API: submitted, worked on, read, downloaded, stopped and done again."""

import csv
import io
from datetime import timedelta
from importlib import import_module

import orjson
import pyarrow.parquet as pq
import pytest
import time_machine
from django.db import connections
from django.utils import timezone

from luxebrain.celery import app
from tenants import tenancy, usage, work
from tests import make
from tests.recommendations import shops
from tests.trained import register  # noqa: F401  (fixture)

PATH = "/api/v1/recommendations/batch"
TASKS = {"recommendations.batch_chunk", "recommendations.batch_due", "recommendations.batch_plan"}


@pytest.fixture
def shop(acme, register):  # noqa: F811
    """acme with six products, eight customers, orders enough for a model, and the model."""
    return shops.ordering(acme, register, customers=8)


def do(slot=[0]):  # noqa: B006
    """The beat's look and all that is due."""
    slot[0] += 1
    work.tick("recommendations.batch_due", slot[0])
    work.run_due(tasks=TASKS)


def test_it_answers_at_once_and_does_the_work_later(shop, api):
    """R3, R4, R14."""
    answer = api.post(PATH, {"customer_ids": ["c1", "c2", "c3"], "limit": 3})
    assert answer.status_code == 202
    told = answer.json()
    assert (told["status"], told["total"], told["status_url"]) == ("pending", 3, f"{PATH}/{told['job_id']}")
    do()
    done = api.get(told["status_url"]).json()
    assert (done["status"], done["processed"], done["failed"], done["model_version"]) == ("completed", 3, 0, "v1")
    assert [one["customer_id"] for one in done["results"]] == ["c1", "c2", "c3"]
    assert all(one["items"] and one["status"] == "ok" for one in done["results"])
    assert done["expires_at"] > done["finished_at"]


def test_it_estimates_how_long_it_takes_by_the_jobs_before(shop, api):
    """Until one has finished nothing is known, and the answer says so; then as long as its customers took."""
    first = api.post(PATH, {"customer_ids": ["c1", "c2"]}).json()
    assert first["estimated_seconds"] is None and "has finished yet" in first["estimated_seconds_reason"]
    do()
    row = shop.batch_jobs.get(public_id=first["job_id"])
    shop.batch_jobs.filter(pk=row.pk).update(started_at=row.finished_at - timedelta(seconds=20))
    second = api.post(PATH, {"customer_ids": ["c1", "c2", "c3", "c4"]}).json()
    assert second["estimated_seconds"] == 40.0 and second["estimated_seconds_reason"] is None


def test_it_takes_the_single_shape(shop, api):
    """R3: customer_id, session_id, limit and recommendation_type as in a single call."""
    body = {"customer_id": "c1", "session_id": "s-1", "limit": 2, "recommendation_type": "personalized"}
    job = api.post(PATH, body).json()
    do()
    done = api.get(job["status_url"]).json()
    assert (done["total"], len(done["results"]), len(done["results"][0]["items"])) == (1, 1, 2)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "customer_ids"),
        ({"customer_ids": []}, "customer_ids"),
        ({"customer_ids": ["c"] * 1001}, "customer_ids"),
        ({"customer_ids": ["c1", "", {}]}, "customer_ids.1"),
        ({"customer_ids": ["c1"], "customer_id": "c1"}, "customer_ids"),
        ({"customer_ids": ["c1"], "limit": 0}, "limit"),
        ({"customer_ids": ["c1"], "filter": "price <"}, "filter"),
        ({"customer_ids": ["c1"], "type": "similar"}, "product_id"),
        ({"customer_ids": ["c1"], "on_unknown": "guess"}, "on_unknown"),
        ({"customer_ids": ["c1"], "tenant_id": 1}, "tenant_id"),
        ({"audience": {"kind": "everybody"}}, "audience.kind"),
        ({"audience": "all"}, "audience"),
        ({"audience": {"kind": "ordered_within", "days": 0}}, "audience.days"),
    ],
)
def test_it_says_which_field_is_not_right(shop, api, body, field):
    answer = api.post(PATH, body)
    assert answer.status_code == 400
    assert field in answer.json()["error"]["fields"]


def test_a_customer_gets_what_a_single_call_gets(shop, api):
    """R8: the same products in the same order by the same version, with and without filter."""
    for extra in ({}, {"filter": "price < 50"}, {"exclude": ["p1"]}, {"type": "popular"}, {"diversity": 0.5}):
        ids = [f"c{number}" for number in range(8)] + ["nobody"]
        job = api.post(PATH, {"customer_ids": ids, "limit": 4, **extra}).json()
        do()
        done = api.get(job["status_url"]).json()
        for one in done["results"]:
            asked = {"customer_id": one["customer_id"], "limit": 4, **extra}
            single = api.post("/api/v1/recommendations", asked).json()
            assert one["items"], one
            assert [item["product_id"] for item in one["items"]] == [item["product_id"] for item in single["items"]]
            assert [item["source"] for item in one["items"]] == [item["source"] for item in single["items"]]
            assert done["model_version"] == single["model_version"] == "v1"


def test_it_follows_what_a_customer_did_since_the_training(shop, api):
    """R8: an event after the training counts in both."""
    api.post(
        "/api/v1/events",
        {
            "events": [
                {"type": "cart", "customer_id": "c2", "product_id": "p3"},
                {"type": "view", "customer_id": "c2", "product_id": "p4"},
            ]
        },
    )
    job = api.post(PATH, {"customer_ids": ["c1", "c2"], "limit": 4}).json()
    do()
    done = api.get(job["status_url"]).json()
    single = api.get("/api/v1/recommendations?customer_id=c2&limit=4").json()
    assert [item["product_id"] for item in done["results"][1]["items"]] == [i["product_id"] for i in single["items"]]
    assert "p3" not in [item["product_id"] for item in done["results"][1]["items"]]


@pytest.mark.parametrize(
    ("choice", "status", "state", "counts"),
    [
        ("popular", "ok", "completed", (2, 0, 0)),
        ("skip", "skipped", "completed", (1, 0, 1)),
        ("fail", "failed", "partial", (1, 1, 0)),
    ],
)
def test_unknown_customers_are_told_and_the_caller_chooses(shop, api, choice, status, state, counts):
    job = api.post(PATH, {"customer_ids": ["c1", "nobody"], "on_unknown": choice}).json()
    do()
    done = api.get(job["status_url"]).json()
    assert (done["status"], done["unknown"]) == (state, 1)
    assert (done["processed"], done["failed"], done["skipped"]) == counts
    assert (done["results"][1]["status"], done["results"][1]["unknown"]) == (status, True)
    assert bool(done["errors"]) is (choice == "fail")


def test_it_takes_an_audience(shop, api):
    asked = {"audience": {"kind": "ordered_within", "days": 90}, "limit": 2}
    job = api.post(PATH, asked).json()
    assert (job["total"], job["audience"]) == (8, {"kind": "ordered_within", "days": 90})
    do()
    done = api.get(job["status_url"]).json()
    assert (done["status"], done["processed"], len(done["results"])) == ("completed", 8, 8)


def test_it_is_done_once_per_key(shop, api):
    first = api.post(PATH, {"customer_ids": ["c1"]}, **{"idempotency-key": "k-1"})
    second = api.post(PATH, {"customer_ids": ["c1"]}, **{"idempotency-key": "k-1"})
    assert (second.status_code, second.content) == (202, first.content)
    assert len(api.get(PATH).json()["jobs"]) == 1


def test_a_strangers_job_is_as_unknown_as_any(shop, api, globex):
    """R4, R9: list, read, download and every act."""
    job = api.post(PATH, {"customer_ids": ["c1"]}).json()
    stranger = make.Api(make.key(globex))
    nowhere = f"{PATH}/00000000-0000-4000-8000-000000000000"
    for tail in ("", "/download", "/pause", "/resume", "/cancel", "/retry", "/retry-failed"):
        ask = stranger.post if tail not in ("", "/download") else stranger.get
        foreign, unknown = ask(job["status_url"] + tail), ask(nowhere + tail)
        assert foreign.status_code == unknown.status_code == 404
        assert {**foreign.json(), "request_id": ""} == {**unknown.json(), "request_id": ""}
    assert stranger.get(PATH).json()["jobs"] == []


def test_its_results_come_page_by_page_and_as_files(shop, api):
    make.product(shop, "=cmd()")
    job = api.post(PATH, {"customer_ids": [f"c{n}" for n in range(8)] + ["=1+1"], "type": "newest", "limit": 3}).json()
    do()
    first = api.get(job["status_url"] + "?limit=5").json()
    second = api.get(f"{job['status_url']}?limit=5&cursor={first['next_cursor']}").json()
    seen = [one["customer_id"] for one in first["results"] + second["results"]]
    assert seen == [f"c{n}" for n in range(8)] + ["=1+1"]
    assert second["next_cursor"] is None
    assert api.get(job["status_url"] + "?cursor=x").status_code == 400

    def fetched(kind):
        answer = api.get(f"{job['status_url']}/download?format={kind}")
        assert answer.status_code == 200
        return b"".join(answer.streaming_content)

    lines = [orjson.loads(line) for line in fetched("jsonl").splitlines()]
    rows = list(csv.DictReader(io.StringIO(fetched("csv").decode())))
    table = pq.read_table(io.BytesIO(fetched("parquet"))).to_pylist()
    assert [line["customer_id"] for line in lines] == seen
    assert len(rows) == len(table) == sum(len(line["items"]) for line in lines)
    assert [row["product_id"] for row in table] == [item["product_id"] for line in lines for item in line["items"]]
    assert "'=1+1" in {row["customer_id"] for row in rows} and "'=cmd()" in {row["product_id"] for row in rows}
    assert api.get(f"{job['status_url']}/download?format=xls").status_code == 400


def test_it_is_paused_resumed_and_cancelled(shop, api):
    job = api.post(PATH, {"customer_ids": ["c1"]}).json()
    assert api.post(job["status_url"] + "/pause").json()["paused"]
    assert api.post(job["status_url"] + "/pause").status_code == 409
    do()
    assert api.get(job["status_url"]).json()["processed"] == 0
    assert api.get(job["status_url"])["Retry-After"]
    api.post(job["status_url"] + "/resume")
    do()
    assert api.get(job["status_url"]).json()["status"] == "completed"
    assert api.post(job["status_url"] + "/cancel").status_code == 409
    other = api.post(PATH, {"customer_ids": ["c1"]}).json()
    assert api.post(other["status_url"] + "/cancel").json()["status"] == "cancelled"
    do()
    assert api.get(other["status_url"]).json()["processed"] == 0
    assert api.post(other["status_url"] + "/retry").json()["status"] == "pending"
    do()
    done = api.get(other["status_url"]).json()
    assert (done["status"], done["attempts"]) == ("completed", 1)
    assert [line["what"] for line in done["history"]][:3] == ["asked for", "cancelled", "retried"]


def test_it_counts_one_call_and_one_inference_per_customer(shop, api):
    """R10: counted where they are processed; a retry counts what it does again."""
    job = api.post(PATH, {"customer_ids": ["c1", "c2", "nobody"], "on_unknown": "skip"}).json()
    do()
    midnight = timezone.now() - timedelta(hours=2)
    with tenancy.enter(shop.pk) as inside:
        assert usage.used(inside, "inferences", since=midnight) == 2
        assert usage.used(inside, "api_calls", since=midnight) == 1
    api.post(job["status_url"] + "/retry")
    do()
    with tenancy.enter(shop.pk) as inside:
        assert usage.used(inside, "inferences", since=midnight) == 4


def test_a_plan_bounds_the_jobs_at_a_time(shop, api):
    for _ in range(5):
        assert api.post(PATH, {"customer_ids": ["c1"]}).status_code == 202
    refused = api.post(PATH, {"customer_ids": ["c1"]})
    assert (refused.status_code, refused.json()["code"]) == (402, "plan_limit")
    do()
    assert api.post(PATH, {"customer_ids": ["c1"]}).status_code == 202


def test_its_results_expire_with_their_date(shop, api):
    """R15."""
    job = api.post(PATH, {"customer_ids": ["c1"]}).json()
    do()
    with time_machine.travel(timezone.now() + timedelta(days=6, hours=23), tick=False):
        do()
        assert api.get(job["status_url"]).json()["status"] == "completed"
    with time_machine.travel(timezone.now() + timedelta(days=8), tick=False):
        do()
        gone = api.get(job["status_url"]).json()
        assert (gone["status"], gone["results"]) == ("expired", [])
        answer = api.get(job["status_url"] + "/download")
        assert answer.status_code == 409
        assert gone["expires_at"][:10] in answer.json()["detail"]


def test_the_staff_sees_the_queue_and_does_a_job_again(shop, api, sam, pat, globex, client, signed_in):
    """R12: every number is a count of rows."""
    jobs = [api.post(PATH, {"customer_ids": ["c1", "c2"]}).json() for _ in range(3)]
    api.post(jobs[2]["status_url"] + "/pause")
    told = signed_in(pat).get("/api/admin/batch/stats").json()
    assert (told["pending"], told["processing"], told["paused"], told["customers_waiting"]) == (3, 0, 1, 6)
    assert told["tenants"] == [{"tenant": "acme", "jobs": 3, "customers": 6}]
    assert told["oldest_seconds"] >= 0
    do()
    told = signed_in(pat).get("/api/admin/batch/stats").json()
    assert (told["pending"], told["completed_last_hour"], told["customers_last_minute"]) == (1, 2, 4)
    again = f"/api/admin/batch/retry/{jobs[0]['job_id']}"
    assert client.post(again).status_code == 401
    assert signed_in(pat).post(again).status_code == 403
    assert signed_in(sam).post(again).json()["status"] == "pending"
    assert signed_in(sam).post(again).status_code == 409
    assert signed_in(sam).post("/api/admin/batch/retry/00000000-0000-4000-8000-000000000000").status_code == 404


def test_the_beat_looks_every_five_seconds():
    """R16."""
    entry = app.conf.beat_schedule["take-up-batches"]
    assert (entry["schedule"], entry["args"]) == (5.0, ("recommendations.batch_due", 5))


def test_a_key_that_only_reads_starts_and_changes_nothing(shop, api):
    """R3, R4: batch:read follows and downloads a job; each act is refused as a problem that names the scope."""
    job = api.post(PATH, {"customer_ids": ["c1"], "limit": 2}).json()
    do()
    reader = make.Api(make.key(shop, scopes=["batch:read"]))
    for path in (PATH, job["status_url"], *job["downloads"].values()):
        assert reader.get(path).status_code == 200, path
    acts = [f"{job['status_url']}/{verb}" for verb in ("pause", "resume", "cancel", "retry", "retry-failed")]
    for path, body in ((PATH, {"customer_ids": ["c1"]}), *((path, {}) for path in acts)):
        refused = reader.post(path, body)
        assert (refused.status_code, refused["Content-Type"]) == (403, "application/problem+json"), path
        assert refused.json()["code"] == "scope_missing" and "batch:write" in refused.json()["detail"]
    assert shop.batch_jobs.count() == 1
    starter = make.Api(make.key(shop, scopes=["batch:write"]))
    assert starter.post(PATH, {"customer_ids": ["c2"]}).status_code == 202
    assert "batch:read" in starter.get(job["status_url"]).json()["detail"]


def test_a_key_from_before_the_reading_scope_still_reads(shop, api):
    job = api.post(PATH, {"customer_ids": ["c1"]}).json()
    old = make.key(shop, scopes=["batch:write", "usage:read"])
    with connections["owner"].cursor() as cursor:
        cursor.execute(import_module("tenants.migrations.0014_batch_read_scope").GRANT)
    row = shop.api_keys.get(scopes__contains=["usage:read", "batch:read"], scopes__len=3)
    assert row.scopes == ["batch:write", "usage:read", "batch:read"]
    assert make.Api(old).get(job["status_url"]).status_code == 200
