"""A write that is sent again with its Idempotency-Key is done once and answered alike (promise 2)."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from django.db import connections, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from recommendations import inbox
from tenants import idempotency, tenancy, work
from tests import make
from tests.parallel import together

PRODUCT = {"id": "p-1", "title": "Tea"}
VIEW = {"type": "view", "customer_id": "c-1", "product_id": "p-1"}
ORDER = {
    "id": "o-1",
    "customer_id": "c-1",
    "ordered_at": timezone.now().isoformat(),
    "lines": [{"product_id": "p-1", "quantity": 1, "unit_price": 2}],
}
WRITES = [("products", PRODUCT, 200), ("customers", {"id": "c-1"}, 200), ("orders", ORDER, 200), ("events", VIEW, 202)]
KEY = {"Idempotency-Key": "3f1c-once"}


@pytest.mark.parametrize(("path", "body", "status"), WRITES)
def test_it_answers_a_repetition_byte_for_byte(path: str, body: Any, status: int, acme: Any, api: Any) -> None:
    first, again = (api.post(f"/api/v1/{path}", body, **KEY) for _ in range(2))
    assert (first.status_code, again.status_code) == (status, status), first.content
    assert again.content == first.content
    assert again["Content-Type"] == first["Content-Type"]
    assert "Idempotent-Replayed" not in first
    assert again["Idempotent-Replayed"] == "true"
    assert again["X-Request-Id"] != first["X-Request-Id"]
    if path == "events":
        assert inbox.drain() == 1


@pytest.mark.parametrize(("path", "body", "status"), WRITES)
def test_twenty_at_once_have_one_effect(path: str, body: Any, status: int, acme: Any, api: Any, wide: None) -> None:
    answers = together(*[lambda: make.Api(api.secret).post(f"/api/v1/{path}", body, **KEY)] * 20)
    said = Counter(answer.status_code for answer in answers)
    assert set(said) <= {status, 409}
    done = [answer for answer in answers if answer.status_code == status]
    assert len({answer.content for answer in done}) == 1
    assert sum("Idempotent-Replayed" not in answer for answer in done) == 1
    for waiting in (answer for answer in answers if answer.status_code == 409):
        assert waiting["Retry-After"] == "1"
        assert waiting.json()["code"] == "idempotency_in_progress"
    if path == "events":
        assert inbox.drain() == 1


def test_another_body_or_address_is_a_mistake(acme: Any, api: Any) -> None:
    api.post("/api/v1/products", PRODUCT, **KEY)
    for path, body in (("products", {**PRODUCT, "title": "Cup"}), ("customers", PRODUCT), ("events", VIEW)):
        answer = api.post(f"/api/v1/{path}", body, **KEY)
        assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused"), path
    assert acme.products.get().title == "Tea"
    assert acme.event_batches.count() == 0


def test_a_key_belongs_to_its_shop(acme: Any, globex: Any, api: Any) -> None:
    theirs = make.Api(make.key(globex))
    assert api.post("/api/v1/products", PRODUCT, **KEY).status_code == 200
    answer = theirs.post("/api/v1/products", {**PRODUCT, "title": "Theirs"}, **KEY)
    assert answer.status_code == 200
    assert "Idempotent-Replayed" not in answer
    assert globex.products.get().title == "Theirs"


@pytest.mark.parametrize("key", ["", " ", "a b", "x" * 256, "schlüssel", "a\tb", "a\x7f"])
@pytest.mark.parametrize("path", ["products", "events"])
def test_what_cannot_be_a_key_is_a_400(key: str, path: str, acme: Any, api: Any) -> None:
    answer = api.post(f"/api/v1/{path}", VIEW if path == "events" else PRODUCT, **{"Idempotency-Key": key})
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_idempotency_key")
    assert acme.products.count() == acme.event_batches.count() == 0


def test_the_longest_key_is_taken(acme: Any, api: Any) -> None:
    assert api.post("/api/v1/products", PRODUCT, **{"Idempotency-Key": "x" * 255}).status_code == 200


def test_a_refused_call_leaves_the_key_free(acme: Any, api: Any) -> None:
    """Nothing was changed, so there is nothing to repeat: the corrected call may use the key."""
    for path, wrong, right in (
        ("products", {"id": "p-1"}, PRODUCT),
        ("events", {"type": "view"}, VIEW),
        ("products", [], PRODUCT),
    ):
        key = {"Idempotency-Key": f"{path}-{len(wrong)}"}
        assert api.post(f"/api/v1/{path}", wrong, **key).status_code == 400
        answer = api.post(f"/api/v1/{path}", right, **key)
        assert answer.status_code < 300
        assert "Idempotent-Replayed" not in answer


def wait_for_the_key() -> None:
    """Until some call holds its key."""
    with connections["ops"].cursor() as cursor:
        for _ in range(200):
            cursor.execute(
                "select 1 from pg_locks where locktype = 'advisory' and database = "
                "(select oid from pg_database where datname = current_database())"
            )
            if cursor.fetchone():
                return
            time.sleep(0.05)
    pytest.fail("no call came so far")


def test_a_running_call_is_told_apart_from_a_done_one(acme: Any, api: Any) -> None:
    """409 while it runs, its answer afterwards."""
    make.product(acme, "p-1", title="Old")
    answers: list[Any] = []

    def send() -> None:
        answers.append(make.Api(api.secret).post("/api/v1/products", PRODUCT, **KEY))
        connections.close_all()

    with transaction.atomic(using="owner"):
        with connections["owner"].cursor() as cursor:
            cursor.execute("select 1 from recommendations_product for update")
        running = threading.Thread(target=send)
        running.start()
        wait_for_the_key()
        answer = api.post("/api/v1/products", PRODUCT, **KEY)
        assert answer.status_code == 409
        assert int(answer["Retry-After"]) >= 1
    running.join(20)
    again = api.post("/api/v1/products", PRODUCT, **KEY)
    assert answers[0].status_code == 200
    assert again["Idempotent-Replayed"] == "true"
    assert again.content == answers[0].content


_CRASH = """
import os, sys, django
django.setup()
from django.conf import settings
for alias in settings.DATABASES: settings.DATABASES[alias]["NAME"] = sys.argv[2]
from django.test import RequestFactory
from tenants import idempotency, tenancy
request = RequestFactory().post("/api/v1/products", sys.argv[3], "application/json",
                                headers={"idempotency-key": "3f1c-once"})
with tenancy.enter(int(sys.argv[1])) as tenant:
    claim = idempotency.claim(tenant, request)
    tenant.products.create(external_id="half", title="half done")
    print("holding", flush=True)
    sys.stdin.read()
"""


def test_a_crashed_call_leaves_nothing_and_the_key_free(acme: Any, api: Any) -> None:
    """kill -9 between claim and answer: no effect, no answer, and the key can be used again at once."""
    name = connections["default"].settings_dict["NAME"]
    child = subprocess.Popen(
        [sys.executable, "-c", _CRASH, str(acme.pk), name, "{}"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "LUX_LOG_CONSOLE": "0"},
    )
    try:
        assert child.stdout and child.stdout.readline() == "holding\n"
        assert api.post("/api/v1/products", PRODUCT, **KEY).status_code == 409
    finally:
        child.send_signal(signal.SIGKILL)
        child.wait(10)
        child.stdin and child.stdin.close()
        child.stdout and child.stdout.close()
    for _ in range(100):
        answer = api.post("/api/v1/products", PRODUCT, **KEY)
        if answer.status_code != 409:
            break
        time.sleep(0.05)
    assert answer.status_code == 200, answer.content
    assert list(acme.products.values_list("external_id", flat=True)) == ["p-1"]


def test_a_call_that_hangs_loses_the_key_after_its_lease(acme: Any, api: Any, monkeypatch: Any) -> None:
    """The lease is PostgreSQL's: a process that stands still loses its transaction, and the lock with it."""
    assert idempotency.LEASE_SECONDS == 60
    monkeypatch.setattr(idempotency, "LEASE_SECONDS", 1)
    request = type(
        "Call",
        (),
        {
            "method": "POST",
            "path": "/api/v1/products",
            "headers": KEY,
            "META": {},
            "body": b"{}",
        },
    )()
    held = tenancy.enter(acme.pk)
    tenant = held.__enter__()
    assert idempotency.claim(tenant, request)
    status = together(lambda: api.post("/api/v1/products", PRODUCT, **KEY).status_code)
    assert status == [409]
    time.sleep(1.5)
    assert together(lambda: api.post("/api/v1/products", PRODUCT, **KEY).status_code) == [200]
    with pytest.raises(Exception, match="terminat|closed"):
        tenant.products.count()
    connections["default"].close()
    held.__exit__(None, None, None)


def test_an_answer_is_kept_for_a_day(acme: Any, api: Any) -> None:
    api.post("/api/v1/products", PRODUCT, **KEY)
    acme.idempotent_answers.update(created_at=timezone.now() - timedelta(hours=23, minutes=59))
    assert "Idempotent-Replayed" in api.post("/api/v1/products", PRODUCT, **KEY)
    acme.idempotent_answers.update(created_at=timezone.now() - timedelta(hours=24, seconds=5))
    answer = api.post("/api/v1/products", {**PRODUCT, "title": "New"}, **KEY)
    assert (answer.status_code, "Idempotent-Replayed" in answer) == (200, False)
    assert acme.idempotent_answers.count() == 1
    api.post("/api/v1/customers", {"id": "c"}, **{"Idempotency-Key": "old"})
    acme.idempotent_answers.filter(key="old").update(created_at=timezone.now() - timedelta(hours=25))
    work.tick("tenants.sweep_idempotency", 1)
    work.run_due(tasks={"tenants.sweep_idempotency"})
    assert [row.key for row in acme.idempotent_answers.all()] == [KEY["Idempotency-Key"]]


def test_reads_take_no_key(acme: Any, api: Any) -> None:
    for _ in range(2):
        assert "Idempotent-Replayed" not in api.get("/api/v1/products", **KEY)
    assert acme.idempotent_answers.count() == 0


def test_calls_without_a_key_pay_nothing_for_it(acme: Any, api: Any) -> None:
    api.post("/api/v1/events", VIEW)
    with CaptureQueriesContext(connections["default"]) as captured:
        assert api.post("/api/v1/events", VIEW).status_code == 202
    assert len(captured) == 1
