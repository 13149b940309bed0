"""Being told: by mail, in Slack, by a signed call; once each, in threads, and never one waiting for another."""

from datetime import UTC, datetime, timedelta

import orjson
import pytest
from django.utils import timezone
from standardwebhooks import Webhook

from anomalies import incidents
from anomalies.channels import digest, mail, setup, telling
from anomalies.incidents import Signal
from anomalies.models import AlertChannel, AlertDelivery, AlertNotice, IncidentEvent, PlatformIncident
from luxebrain.lib import redis
from luxebrain.lib.problems import Problem
from tenants import tenancy, work
from tenants.models import Work
from tests.mailserver import receiving
from tests.webserver import serving

State = AlertDelivery.State


@pytest.fixture
def smtp(settings):
    with receiving() as server:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_USE_TLS = "127.0.0.1", server.port, False
        settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""
        yield server


@pytest.fixture
def slack(settings):
    """As Slack answers: `replies` first, then "ok"; chat.postMessage gives each message a ts of its own."""
    replies, count = [], iter(range(1, 100))

    def answer(asked):
        if replies:
            return replies.pop(0)
        if asked.path.endswith("chat.postMessage"):
            return 200, {}, {"ok": True, "ts": f"1700000000.{next(count):06}"}
        return 200, {}, b"ok"

    with serving(answer) as server:
        server.replies = replies
        settings.OUTBOUND_ALLOWED = [*settings.OUTBOUND_ALLOWED, server.url]
        settings.SLACK_API_URL = f"{server.url}/api"
        yield server


def open_channel(sam, tenant=None, **facts):
    row, secret = setup.save(tenant, by=sam, name=facts.pop("name", "On call"), **facts)
    row.secret = secret
    return row


def happen(acme, metric="failed_auth", severity="high", observed=9.0, minutes_ago=1):
    """Flags a signal and lets the group wait pass."""
    at = timezone.now() - timedelta(minutes=minutes_ago)
    with tenancy.enter(acme.pk) as shop:
        signal = Signal(metric, "up", at, observed, severity, window=f"{metric}{observed}", limit=5.0)
        incident = incidents.flag(shop, signal, now=timezone.now())
    AlertNotice.objects.across_tenants().update(created_at=timezone.now() - timedelta(minutes=5))
    return incident


def go_on():
    """Fans out and does what is due, also what waits for another attempt."""
    telling.fan_out()
    for _ in range(4):
        redis.client().delete(*(redis.client().keys("alerts:slack:*") or ["none"]))
        Work.objects.using("ops").filter(state="pending").update(due_at=timezone.now())
        work.run_due(tasks={telling.TASK, telling.TEST_TASK, digest.TASK})
    assert faults() == []


def faults():
    return list(Work.objects.using("ops").exclude(error="").values_list("error", flat=True))


def deliveries():
    return list(AlertDelivery.objects.using("ops").order_by("pk"))


def test_it_tells_by_mail_in_one_thread(acme, sam, smtp):
    """R67: the letters of an incident have one subject and refer to the first."""
    open_channel(sam, kind="mail", recipients=["ops@lux.example", "night@lux.example"])
    incident = happen(acme)
    go_on()
    assert sorted(to for to, _ in smtp.letters) == ["night@lux.example", "ops@lux.example"]
    letter = smtp.letters[0][1]
    text = letter.get_body(("plain",)).get_content()
    assert letter["Subject"] == "Acme: Failed sign-ins" and "Seen: 9 refusals per 5 min" in text
    assert "/anomalies?id=" in text and letter.get_body(("html",)) is not None
    with tenancy.enter(acme.pk) as shop:
        row = shop.anomaly_incidents.select_for_update().get(pk=incident.pk)
        incidents.recover(row, now=timezone.now())
        row.save()
    AlertNotice.objects.across_tenants().update(created_at=timezone.now() - timedelta(minutes=5))
    go_on()
    later = [one for to, one in smtp.letters if to == "ops@lux.example"][1]
    first = [one for to, one in smtp.letters if to == "ops@lux.example"][0]
    assert later["Subject"] == first["Subject"] and later["References"] == first["Message-ID"] != later["Message-ID"]
    assert "It is over." in later.get_body(("plain",)).get_content()
    acts = IncidentEvent.unscoped.using("ops").filter(incident=incident.pk, act="told").values_list("note", flat=True)
    assert len(acts) == 4 and any("ops@lux.example" in note for note in acts)


def test_it_tells_each_thing_once_however_often_it_looks(acme, sam, smtp):
    open_channel(sam, kind="mail", recipients=["ops@lux.example"])
    happen(acme)
    for _ in range(3):
        telling.fan_out()
    go_on()
    go_on()
    assert len(smtp.letters) == 1 and [row.state for row in deliveries()] == [State.SENT]


def test_it_tells_a_shop_of_its_own_incidents_alone(acme, globex, sam, smtp):
    """R68"""
    open_channel(sam, acme, kind="mail", recipients=["owner@acme.example"])
    open_channel(sam, globex, kind="mail", recipients=["owner@globex.example"])
    happen(acme)
    go_on()
    ((to, letter),) = smtp.letters
    text = letter.get_body(("plain",)).get_content()
    assert to == "owner@acme.example" and "/t/acme/alerts" in text and "Plan:" not in text


def test_it_speaks_slack_in_one_thread_where_a_bot_token_is_given(acme, sam, slack):
    open_channel(sam, kind="slack", token="xoxb-1-test", slack_channel="C024BE91L")
    incident = happen(acme)
    go_on()
    with tenancy.enter(acme.pk) as shop:
        row = shop.anomaly_incidents.select_for_update().get(pk=incident.pk)
        incidents.recover(row, now=timezone.now())
        row.save()
    AlertNotice.objects.across_tenants().update(created_at=timezone.now() - timedelta(minutes=5))
    go_on()
    first, second = (orjson.loads(asked.body) for asked in slack.asked)
    assert slack.asked[0].headers["authorization"] == "Bearer xoxb-1-test" and first["channel"] == "C024BE91L"
    assert "thread_ts" not in first and second["thread_ts"] == "1700000000.000001"
    kinds = [block["type"] for block in first["blocks"]]
    assert kinds == ["section", "section", "context", "actions"] and first["text"].startswith("Acme: Failed sign-ins")
    opens, chart = (button["url"] for button in first["blocks"][-1]["elements"])
    assert opens.endswith(f"/anomalies?id={incident.pk}") and chart == f"{opens}#chart"


def test_it_waits_as_long_as_slack_asks(acme, sam, slack):
    slack.replies.append((429, {"Retry-After": "30"}, b"rate_limited"))
    open_channel(sam, kind="slack", url=f"{slack.url}/services/T0/B0/x")
    happen(acme)
    telling.fan_out()
    work.run_due(tasks={telling.TASK})
    (row,) = deliveries()
    assert (row.state, row.attempts, row.reason) == (State.WAITING, 1, "Slack answered 429.")
    due = Work.objects.using("ops").get(task=telling.TASK).due_at
    assert 25 < (due - timezone.now()).total_seconds() < 31
    go_on()
    assert deliveries()[0].state == State.SENT and len(slack.asked) == 2


def test_a_dead_slack_keeps_no_letter_waiting(acme, sam, slack, smtp):
    """The letter goes while Slack is down for an hour, and Slack hears of it afterwards, once."""
    open_channel(sam, kind="slack", url=f"{slack.url}/services/T0/B0/x", name="Slack")
    open_channel(sam, kind="mail", recipients=["ops@lux.example"], name="Mail")
    slack.replies.extend([(503, {}, b"")] * 3)
    happen(acme)
    telling.fan_out()
    work.run_due(tasks={telling.TASK})
    assert len(smtp.letters) == 1
    assert {row.channel_id: row.state for row in deliveries()}
    go_on()
    assert all(row.state == State.SENT for row in deliveries()) and len(slack.asked) == 4


def test_it_gives_up_what_never_works_and_says_so(acme, sam, slack):
    slack.replies.append((404, {}, b"no_service"))
    open_channel(sam, kind="slack", url=f"{slack.url}/services/T0/B0/x")
    incident = happen(acme)
    go_on()
    (row,) = deliveries()
    assert (row.state, row.reason) == (State.FAILED, "Slack answered 404.")
    said = IncidentEvent.unscoped.using("ops").get(incident=incident.pk, act="not_told")
    assert "Slack answered 404." in said.note


def test_a_worker_killed_while_sending_sends_nothing_twice(acme, sam, smtp):
    open_channel(sam, kind="mail", recipients=["ops@lux.example"])
    incident = happen(acme)
    telling.fan_out()
    AlertDelivery.objects.using("ops").update(state=State.SENDING, attempts=1)  # and then the worker died
    go_on()
    assert smtp.letters == [] and deliveries()[0].state == State.UNCLEAR
    assert IncidentEvent.unscoped.using("ops").filter(incident=incident.pk, act="not_told").count() == 1


def test_a_worker_killed_before_the_history_is_written_leaves_no_gap(acme, sam, smtp):
    """The letter went, then it died: the next one writes the line and sends nothing; once."""
    open_channel(sam, kind="mail", recipients=["ops@lux.example"])
    incident = happen(acme)
    go_on()
    told = IncidentEvent.unscoped.using("ops").filter(incident=incident.pk, act="told")
    told.delete()
    for _ in range(2):
        Work.objects.using("ops").filter(task=telling.TASK).update(state="pending", due_at=timezone.now())
        work.run_due(tasks={telling.TASK})
    assert len(smtp.letters) == 1 and told.count() == 1 and faults() == []


def test_a_worker_killed_before_sending_loses_nothing(acme, sam, smtp):
    open_channel(sam, kind="mail", recipients=["ops@lux.example"])
    happen(acme)
    telling.fan_out()
    row = Work.objects.using("ops").get(task=telling.TASK)
    assert work.claim(row.pk) is not None  # taken by a worker that dies at once
    Work.objects.using("ops").update(lease_until=timezone.now() - timedelta(seconds=1))
    work.relay(lambda ids: None)
    go_on()
    assert len(smtp.letters) == 1


def test_it_signs_calls_as_standard_webhooks_do(acme, sam, settings):
    def answer(asked):
        return 204, {}, b""

    with serving(answer) as server:
        settings.OUTBOUND_ALLOWED = [*settings.OUTBOUND_ALLOWED, server.url]
        channel = open_channel(sam, acme, kind="webhook", url=f"{server.url}/alerts")
        happen(acme)
        go_on()
        (asked,) = server.asked
    said = Webhook(channel.secret).verify(asked.body, asked.headers)
    assert said["type"] == "incident.told"
    assert (said["data"]["metric"], said["data"]["shop"]) == ("failed_auth", "acme")
    assert deliveries()[0].state == State.SENT


def test_quiet_hours_hold_back_all_but_the_worst(acme, sam, smtp):
    hour = datetime.now(tz=UTC).hour
    open_channel(sam, kind="mail", recipients=["ops@lux.example"], quiet_from=hour, quiet_to=(hour + 2) % 24)
    happen(acme, metric="rapid_orders", severity="medium", observed=20.0)
    telling.fan_out()
    work.run_due(tasks={telling.TASK})
    assert smtp.letters == [] and deliveries()[0].reason == "Waits until the quiet hours end."
    left = (Work.objects.using("ops").get(task=telling.TASK).due_at - timezone.now()).total_seconds()
    assert 3600 < left <= 7200
    happen(acme, metric="failed_auth", severity="high")
    telling.fan_out()
    work.run_due(tasks={telling.TASK})
    assert len(smtp.letters) == 1


@pytest.mark.parametrize(
    ("hour", "span", "left"), [(23, (22, 6), 7), (5, (22, 6), 1), (6, (22, 6), 0), (12, (8, 18), 6), (7, (8, 18), 0)]
)
def test_quiet_hours_may_span_midnight(hour, span, left):
    channel = AlertChannel(quiet_from=span[0], quiet_to=span[1])
    assert telling.quiet_seconds(channel, datetime(2026, 3, 3, hour, tzinfo=UTC)) == left * 3600


def test_it_tells_only_what_a_channel_wants(acme, sam, smtp):
    open_channel(sam, kind="mail", recipients=["high@lux.example"], min_severity="high", name="a")
    open_channel(sam, kind="mail", recipients=["orders@lux.example"], metrics=["rapid_orders"], name="b")
    happen(acme, metric="rapid_orders", severity="medium", observed=20.0)
    go_on()
    assert [to for to, _ in smtp.letters] == ["orders@lux.example"]


def test_it_says_where_nobody_is_told(acme):
    happen(acme)
    telling.fan_out()
    notice = AlertNotice.objects.across_tenants().get()
    assert (notice.state, notice.reason) == ("dropped", "no channel is set up for it")


def test_it_tells_of_a_platform_incident_once(sam, smtp):
    open_channel(sam, kind="mail", recipients=["ops@lux.example"])
    now = timezone.now()
    PlatformIncident(
        metric="orders", side="down", tenant_count=6, active_count=9, first_seen_at=now, last_seen_at=now
    ).save(using="ops")
    go_on()
    go_on()
    ((_, letter),) = smtp.letters
    assert "6 of 9 active shops" in letter.get_body(("plain",)).get_content()


def test_the_digest_holds_what_was_not_told_once_a_day(acme, sam, smtp):
    open_channel(sam, kind="mail", recipients=["ops@lux.example"])
    happen(acme, metric="large_order", severity="low", observed=20_000.0)
    go_on()
    assert smtp.letters == []
    morning = timezone.now().replace(hour=9) + timedelta(days=1)
    AlertNotice.objects.across_tenants().update(created_at=morning - timedelta(hours=2))
    assert digest.hand_out(morning) == 1 and digest.hand_out(morning + timedelta(hours=3)) == 0
    go_on()
    ((_, letter),) = smtp.letters
    assert "Unusually large order" in letter.get_body(("plain",)).get_content()


def test_a_link_in_the_letter_takes_the_reader_off_the_list(acme, sam, smtp, client):
    channel = open_channel(sam, kind="mail", recipients=["ops@lux.example", "b@lux.example"])
    happen(acme)
    go_on()
    letter = next(one for to, one in smtp.letters if to == "ops@lux.example")
    path = letter["List-Unsubscribe"].strip("<>").partition("//")[2].partition("/")[2]
    assert "One-Click" in letter["List-Unsubscribe-Post"]
    assert client.get(f"/{path}").status_code == 200  # looking changes nothing
    assert setup.of(None).get().recipients == ["ops@lux.example", "b@lux.example"]
    assert client.post(f"/{path}").status_code == 200
    assert setup.of(None).get().recipients == ["b@lux.example"]
    assert client.get("/anomalies/unsubscribe/forged").status_code == 404
    assert client.post(f"/anomalies/unsubscribe/{mail.token(channel, 'nobody@lux.example')}").status_code == 200


def test_send_a_test_says_how_it_went(sam, slack, smtp):
    channel = open_channel(sam, kind="slack", url=f"{slack.url}/services/T0/B0/x")
    setup.send_test(channel, by=sam)
    with pytest.raises(Problem):
        setup.send_test(channel, by=sam)
    work.run_due(tasks={telling.TEST_TASK})
    assert setup.of(None).get().test_state == "sent" and b"Nothing happened" in slack.asked[0].body
    slack.replies.append((403, {}, b"invalid_token"))
    setup.send_test(setup.of(None).get(), by=sam)
    work.run_due(tasks={telling.TEST_TASK})
    row = setup.of(None).get()
    assert (row.test_state, row.test_reason) == ("failed", "Slack answered 403.")


@pytest.mark.parametrize(
    ("facts", "field"),
    [
        ({"kind": "mail", "recipients": []}, "recipients"),
        ({"kind": "mail", "recipients": ["nobody"]}, "recipients"),
        ({"kind": "slack"}, "url"),
        ({"kind": "slack", "url": "https://127.0.0.1/services/x"}, "url"),
        ({"kind": "webhook", "url": "http://169.254.169.254/latest"}, "url"),
        ({"kind": "slack", "token": "xoxb-1"}, "slack_channel"),
        ({"kind": "mail", "recipients": ["a@b.example"], "metrics": ["tea"]}, "metrics"),
        ({"kind": "mail", "recipients": ["a@b.example"], "quiet_from": 3}, "quiet_to"),
        ({"kind": "mail", "recipients": ["a@b.example"], "min_severity": "huge"}, "min_severity"),
        ({"kind": "pigeon"}, "kind"),
    ],
)
def test_it_refuses_what_cannot_be_told_to(sam, facts, field):
    with pytest.raises(Problem) as caught:
        open_channel(sam, **facts)
    assert field in {error["field"] for error in caught.value.errors}
    assert not AlertChannel.objects.using("ops").exists()


def test_names_of_shops_cannot_call_everybody_in_slack(acme, sam, slack):
    acme.name = "<!channel> & co"
    acme.save(using="ops")
    open_channel(sam, kind="slack", url=f"{slack.url}/services/T0/B0/x")
    happen(acme)
    go_on()
    assert b"<!channel>" not in slack.asked[0].body and b"&lt;!channel&gt; &amp; co" in slack.asked[0].body
