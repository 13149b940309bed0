"""Outgoing webhooks, over real sockets: signatures, attempts, switching off, the log and its pages; notices."""

from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.db import connections
from django.utils import timezone
from standardwebhooks import Webhook

from tenants import delivering, notices, outgoing, work
from tests import make
from tests.webserver import serving

TASKS = {outgoing.TASK, notices.TASK}
outgoing.announce("other.happened", "Something else happened, in a test")


@pytest.fixture
def answers() -> list[int]:
    """What the shop's server answers, one after another; the last one stays."""
    return [204]


@pytest.fixture
def server(answers: list[int], settings: Any) -> Any:
    def reply(asked: Any) -> Any:
        return (answers.pop(0) if len(answers) > 1 else answers[0]), {}, b""

    with serving(reply) as running:
        settings.OUTBOUND_ALLOWED = [running.url]
        yield running


@pytest.fixture
def opened(acme: Any, ana: Any, server: Any) -> tuple[Any, str]:
    with make.inside(acme) as entered:
        return outgoing.open(entered, url=f"{server.url}/hook", by=ana)


def emit(shop: Any, type: str = "batch.completed", **payload: Any) -> Any:
    with make.inside(shop) as entered:
        outgoing.emit(entered, type, payload)
    return shop.outgoing_deliveries.order_by("-pk").first()


def let_time_pass() -> None:
    with connections["ops"].cursor() as cursor:
        cursor.execute("update tenants_work set due_at = now() - interval '1 second' where state = 'pending'")


def run() -> None:
    let_time_pass()
    work.run_due(tasks=TASKS)


def test_it_sends_what_happened_signed_so_that_a_receiver_can_check_it(acme: Any, opened: Any, server: Any) -> None:
    delivery = emit(acme, job_id="j1", processed=3)
    run()
    (asked,) = server.asked
    said = Webhook(opened[1]).verify(asked.body, asked.headers)
    assert (said["type"], said["data"]) == ("batch.completed", {"job_id": "j1", "processed": 3})
    assert asked.headers["webhook-id"] == delivery.message_id
    assert asked.headers["content-type"] == "application/json"
    delivery.refresh_from_db()
    assert (delivery.state, delivery.status, delivery.attempts) == ("delivered", 204, 1)
    assert opened[1] not in str(acme.outgoing_endpoints.values_list("sealed_secret"))


def test_it_tries_again_with_growing_waits_and_the_same_id(
    acme: Any, opened: Any, server: Any, answers: list[int]
) -> None:
    answers[:] = [500, 302, 204]
    delivery = emit(acme)
    waits = []
    for _ in range(3):
        run()
        delivery.refresh_from_db()
        waits.append(delivery.next_at and (delivery.next_at - timezone.now()).total_seconds())
    assert 3 < waits[0] < 7 and 290 < waits[1] < 361 and waits[2] is None
    assert (delivery.state, [line["status"] for line in delivery.attempts_log]) == ("delivered", [500, 302, 204])
    assert len({asked.headers["webhook-id"] for asked in server.asked}) == 1
    assert len({asked.body for asked in server.asked}) == 1
    assert acme.outgoing_endpoints.get().failing_since is None


def test_it_gives_up_after_the_last_wait_and_switches_a_dead_address_off(
    acme: Any, ana: Any, opened: Any, answers: list[int]
) -> None:
    answers[:] = [500]
    delivery = emit(acme)
    for _ in range(len(delivering.WAITS) + 1):
        run()
    delivery.refresh_from_db()
    assert (delivery.state, delivery.attempts) == ("failed", 8)
    assert acme.outgoing_endpoints.get().state == "on"  # it failed for a moment of real time only
    acme.outgoing_endpoints.update(failing_since=timezone.now() - timedelta(days=4))
    emit(acme)
    for _ in range(len(delivering.WAITS) + 1):
        run()
    row = acme.outgoing_endpoints.get()
    assert (row.state, row.reason[:11]) == ("off", "Nothing was")
    assert acme.notices.get().kind == "outgoing.switched_off"
    assert acme.occurrences.filter(kind="outgoing.switched_off").count() == 1
    with make.inside(acme) as entered:
        assert outgoing.emit(entered, "batch.completed", {}) == 0


def test_it_takes_gone_at_its_word(acme: Any, opened: Any, answers: list[int]) -> None:
    answers[:] = [410]
    emit(acme)
    run()
    assert acme.outgoing_endpoints.get().state == "off"


def test_it_signs_with_both_secrets_while_one_is_changed(acme: Any, ana: Any, opened: Any, server: Any) -> None:
    with make.inside(acme) as entered:
        fresh = outgoing.rotate(entered.outgoing_endpoints.get(), by=ana)
    emit(acme)
    run()
    for secret in (opened[1], fresh):
        Webhook(secret).verify(server.asked[-1].body, server.asked[-1].headers)
    acme.outgoing_endpoints.update(previous_ends_at=timezone.now() - timedelta(seconds=1))
    emit(acme)
    run()
    assert server.asked[-1].headers["webhook-signature"].count("v1,") == 1


def test_it_tells_only_of_what_is_wanted(acme: Any, ana: Any, opened: Any, globex: Any) -> None:
    with make.inside(acme) as entered:
        row = entered.outgoing_endpoints.get()
        outgoing.change(row, url="https://example.com/x", name="", types=["other.happened"], by=ana)
        assert outgoing.emit(entered, "batch.completed", {}) == 0
        assert outgoing.emit(entered, "other.happened", {}) == 1
    with make.inside(globex) as entered:
        assert outgoing.emit(entered, "batch.completed", {}) == 0


@pytest.mark.parametrize(
    "url", ["http://example.com/", "https://127.0.0.1/", "https://10.0.0.1/x", "https://localhost/"]
)
def test_it_refuses_inner_addresses(acme: Any, ana: Any, signed_in: Any, url: str) -> None:
    """T8: the address is checked when it is named, and again at every call."""
    answer = signed_in(ana).post("/t/acme/outgoing/new", {"url": url})
    assert answer.status_code == 422
    assert not acme.outgoing_endpoints.exists()


def test_it_does_not_call_an_address_that_became_an_inner_one(acme: Any, opened: Any, settings: Any) -> None:
    settings.OUTBOUND_ALLOWED = []
    delivery = emit(acme)
    run()
    delivery.refresh_from_db()
    assert delivery.status is None
    assert delivery.reason


def test_it_takes_up_a_delivery_whose_work_was_lost(acme: Any, opened: Any) -> None:
    delivery = emit(acme)
    with connections["ops"].cursor() as cursor:
        cursor.execute("delete from tenants_work where task = %s", [outgoing.TASK])
    acme.outgoing_deliveries.update(next_at=timezone.now() - timedelta(hours=1))
    assert delivering.take_up_lost() == 1
    run()
    delivery.refresh_from_db()
    assert delivery.state == "delivered"


def test_its_pages_show_the_secret_once_send_a_test_and_send_again(
    acme: Any, ana: Any, ben: Any, signed_in: Any, server: Any
) -> None:
    client = signed_in(ana)
    assert "Nobody is told yet" in client.get("/t/acme/outgoing").text
    made = client.post("/t/acme/outgoing/new", {"url": f"{server.url}/hook", "name": "Warehouse"})
    secret = next(part for part in made.text.replace('"', " ").replace("<", " ").replace(">", " ").split()
                  if part.startswith("whsec_"))  # fmt: skip
    row = acme.outgoing_endpoints.get()
    page = f"/t/acme/outgoing/{row.pk}"
    assert "whsec_" not in client.get(page).text
    sent = client.post(f"{page}/test")
    run()
    assert Webhook(secret).verify(server.asked[-1].body, server.asked[-1].headers)["type"] == "webhook.test"
    shown = client.get(sent.url).text
    assert "Delivered" in shown and "webhook.test" in shown
    delivery = acme.outgoing_deliveries.get()
    client.post(f"/t/acme/outgoing/messages/{delivery.pk}/replay")
    run()
    assert len(server.asked) == 2
    assert server.asked[0].headers["webhook-id"] == server.asked[1].headers["webhook-id"]
    assert "webhook.test" in client.get(f"{page}?state=delivered").text
    client.post(f"{page}/switch")
    assert "Switched off" in client.get("/t/acme/outgoing").text
    assert client.post(f"{page}/test", follow=True).text.count("Switch it on first")
    client.post(f"{page}/remove")
    assert not acme.outgoing_endpoints.exists()


def test_it_remembers_per_member_what_was_read(acme: Any, ana: Any, dev: Any, ben: Any, signed_in: Any) -> None:
    with make.inside(acme) as entered:
        notices.tell(entered, "batch.completed", title="Weekly picks are ready", path="/t/acme/batch")
        notices.tell(entered, "outgoing.switched_off", title="Only for keys", right="keys.read")
    mine, theirs = signed_in(ana), signed_in(dev)
    page = mine.get("/t/acme/notices").text
    assert "Weekly picks are ready" in page and "2 notices are" in page
    assert "Only for keys" not in signed_in(ben).get("/t/acme/notices").text
    newest = acme.notices.order_by("-pk").first().pk
    mine.post("/t/acme/notices/read", {"up_to": newest + 100})
    assert "You have read everything" in mine.get("/t/acme/notices").text
    assert "Notices: 2 new" in theirs.get("/t/acme/notices").text
    with make.inside(acme) as entered:
        notices.tell(entered, "batch.completed", title="Another")
    assert "Notices: 1 new" in mine.get("/t/acme/notices").text


def test_it_mails_a_notice_to_those_who_want_it(acme: Any, ana: Any, dev: Any, signed_in: Any) -> None:
    signed_in(ana).post("/t/acme/notices/mail", {"wanted": "1"})
    with make.inside(acme) as entered:
        notices.tell(entered, "batch.completed", title="Weekly picks are ready", path="/t/acme/batch")
    run()
    (letter,) = mail.outbox
    assert (letter.to, letter.subject) == ([ana.email], "Weekly picks are ready – Acme")
    assert "/t/acme/batch" in letter.body and "/t/acme/notices" in letter.body
    signed_in(ana).post("/t/acme/notices/mail", {"wanted": "0"})
    with make.inside(acme) as entered:
        notices.tell(entered, "batch.completed", title="Another")
    run()
    assert len(mail.outbox) == 1
