"""What goes wrong around the watch: two at once, a worker that dies between detection and telling, too many at once."""

import threading
from datetime import timedelta

import pytest
from django.db import connections
from django.utils import timezone

from anomalies import incidents, notices, rules, streams, watching
from anomalies.detection import AnomalyDetector
from anomalies.models import AlertNotice, AlertRule, AnomalyIncident
from luxebrain.lib import redis
from tenants import pace
from tests.anomalies.learned import taught
from tests.anomalies.test_inbox import flagged


def flood(shop, calls):
    minute = int(timezone.now().timestamp()) // 60
    redis.client().hincrby(pace.minute_key(shop.pk, minute), "api_calls|1", calls)


def at_once(act, times=4):
    """Runs act() in threads that start together; their errors."""
    gate, faults = threading.Barrier(times), []

    def run():
        try:
            gate.wait()
            act()
        except Exception as error:
            faults.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run) for _ in range(times)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return faults


def test_four_workers_that_look_at_once_open_one_incident_and_tell_once(acme):
    """R62: none lost, none doubled, no notice twice."""
    flood(acme, 250)
    assert at_once(watching.look) == []
    (incident,) = AnomalyIncident.objects.across_tenants()
    assert incident.count == 150
    assert AlertNotice.objects.across_tenants().count() == 1
    assert [line.act for line in incident.history.using("ops")] == ["opened"]


def test_four_workers_that_close_a_bucket_at_once_count_it_once(acme):
    begin = streams.bucket_of(timezone.now()) - timedelta(hours=1)
    taught(acme, "requests", until=begin)

    def close():
        detector = AnomalyDetector(rules.book())
        streams.close_one(detector, acme, begin, {"requests": (300.0, 1.0)}, now=begin + streams.BUCKET)

    assert at_once(close) == []
    (incident,) = AnomalyIncident.objects.across_tenants()
    assert incident.count == 1
    assert AlertNotice.objects.across_tenants().count() == 1


def test_a_worker_that_dies_in_the_middle_leaves_nothing_half_done(acme, monkeypatch):
    """The incident and its notice are one transaction; the next look finds what this one did not keep."""
    flood(acme, 120)
    with monkeypatch.context() as patch:
        patch.setattr(notices, "tell", lambda *args, **kwargs: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            watching.look()
    assert not AnomalyIncident.objects.across_tenants().exists()
    watching.look()
    (incident,) = AnomalyIncident.objects.across_tenants()
    assert incident.count == 20
    assert AlertNotice.objects.across_tenants().count() == 1


def test_at_most_five_notices_a_day_and_the_rest_in_the_digest(acme):
    """R127: what began in the same minutes is told with the first; later ones are counted."""
    for number in range(8):
        signal = incidents.Signal(
            f"m{number}", "up", timezone.now() - timedelta(minutes=300 - 20 * number), 30.0, "medium", window="w"
        )
        incidents.flag(acme, signal, now=timezone.now())
    states = list(AlertNotice.objects.across_tenants().order_by("pk").values_list("state", flat=True))
    assert states == ["waiting"] * 5 + ["digest"] * 3


def test_a_notice_waits_half_a_minute_for_its_group(acme):
    flagged(acme)
    assert notices.due() == []
    (notice,) = notices.due(timezone.now() + timedelta(seconds=31))
    assert (notice.transition, notice.tenant_id) == ("opened", acme.pk)
    flagged(acme, "large_order", minutes=4)
    assert AlertNotice.objects.across_tenants().order_by("pk").last().reason.startswith("grouped")


@pytest.mark.parametrize(("minutes", "state"), [(60, "dropped"), (0, "waiting")])
def test_what_comes_back_is_told_again_when_its_rule_has_cooled_down(acme, minutes, state):
    """R127: a cool-down of each rule."""
    AlertRule.objects.using("ops").create(
        tenant=acme, metric="api_rate", kind="limit", threshold=100, window_seconds=60, cool_down_minutes=minutes
    )
    flood(acme, 250)
    watching.look()
    with acme.atomic():
        row = acme.anomaly_incidents.select_for_update().get()
        incidents.recover(row, now=timezone.now())
        row.save()
    flagged(acme, "api_rate", minutes=0, window="w2", facts={"cool_down": row.facts["cool_down"]})
    back = AlertNotice.objects.across_tenants().get(transition="regressed")
    assert (row.facts["cool_down"], back.state) == (minutes, state)
