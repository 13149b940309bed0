"""The fixed limits: what raises an incident, what does not, and that one thing is said once."""

import json
from datetime import timedelta
from decimal import Decimal

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone

from anomalies import flagged_log, watching
from anomalies.models import AlertRule, AnomalyIncident, PlatformIncident
from luxebrain.lib import redis
from tenants import pace
from tests import make
from tests.anomalies.test_inbox import flagged


def incidents(metric=None):
    rows = AnomalyIncident.objects.across_tenants().order_by("pk")
    return list(rows.filter(metric=metric) if metric else rows)


def call(api, times):
    for _ in range(times):
        assert api.get("/api/limits/status").status_code == 200


def test_101_calls_in_a_minute_are_one_incident_and_more_raise_its_count(acme, api, minute):
    """R58, R63, R70, R71: through the API; a second look at the same minute counts nothing twice."""
    call(api, 100)
    watching.look()
    assert incidents() == []
    call(api, 1)
    watching.look()
    (incident,) = incidents("api_rate")
    assert (incident.count, incident.observed, incident.limit, incident.state) == (1, 101, 100, "new")
    call(api, 399)
    watching.look()
    watching.look()
    (incident,) = incidents()
    assert (incident.count, incident.observed) == (400, 500)
    assert incident.facts["who"]["keys"] == [[f"key {acme.api_keys.get().pk}", 500]]


@pytest.fixture
def minute():
    """Waits for the beginning of a minute if this one is nearly over, so that the calls fall into one."""
    import time

    left = 60 - time.time() % 60
    if left < 25:
        time.sleep(left + 0.1)


def test_one_call_every_30_seconds_for_an_hour_is_nothing(acme):
    """R58: windows close; 120 calls of an hour never add up."""
    now = timezone.now()
    for step in range(120):
        at = int((now - timedelta(seconds=30 * step)).timestamp()) // 60
        redis.client().hincrby(pace.minute_key(acme.pk, at), "api_calls|1", 1)
    for step in range(60, 0, -1):
        watching.look(now=now - timedelta(minutes=step))
    watching.look(now=now)
    assert incidents() == []


def test_an_emptied_cache_server_loses_no_incident(acme, api, minute):
    """R62"""
    call(api, 120)
    watching.look()
    redis.client().flushdb()
    watching.look()
    (incident,) = incidents()
    assert incident.count == 20


def test_a_rule_of_the_shop_goes_before_that_of_the_plan(acme, globex, api, minute):
    """R58: thresholds per plan, overridden per shop."""
    limit = {"metric": "api_rate", "kind": "limit", "window_seconds": 60}
    AlertRule.objects.using("ops").create(plan=acme.plan, threshold=10, **limit)
    AlertRule.objects.using("ops").create(tenant=acme, threshold=50, **limit)
    call(api, 30)
    watching.look()
    assert incidents() == []
    call(api, 30)
    watching.look()
    (incident,) = incidents()
    assert (incident.limit, incident.count) == (50, 10)


def test_five_refusals_of_one_revoked_key_are_an_incident_of_its_shop(acme, api):
    """R58: of a key, wherever it is used."""
    from tenants import api_keys

    key = acme.api_keys.get()
    api_keys.revoke(key, by=None)
    for _ in range(4):
        assert api.get("/api/limits/status").status_code == 401
    watching.look()
    assert incidents() == []
    api.get("/api/limits/status")
    watching.look()
    (incident,) = incidents("failed_auth")
    assert (incident.tenant_id, incident.count, incident.peak) == (acme.pk, 1, 5)
    assert [f"key {key.pk}", 5] in incident.facts["who"]["subjects"]


def test_five_wrong_passwords_of_a_person_concern_their_shop(acme, ana):
    """R58: failed sign-ins by person and address."""
    client = Client(raise_request_exception=False)
    for _ in range(6):
        client.post("/account/login/", {"login": ana.email, "password": "wrong wrong wrong"})
    watching.look()
    (incident,) = incidents("failed_auth")
    assert incident.tenant_id == acme.pk
    assert incident.facts["who"]["subjects"][0][0] in (f"person {ana.email}", "address 127.0.0.1")


def test_an_address_that_tries_strange_keys_is_the_platforms_affair(acme):
    """R58: a refusal that names no shop opens no shop's incident."""
    for number in range(6):
        make.Api(f"lb_live_sk_{number:032d}").get("/api/limits/status")
    watching.look()
    assert incidents() == []
    (incident,) = PlatformIncident.objects.using("ops").all()
    assert incident.metric == "failed_auth"
    assert incident.facts["who"]["subjects"] == [["address 127.0.0.1", 6]]


def order(shop, total, *, currency="EUR", minutes=1, **fields):
    row = make.order(shop, ["p-1"], days_ago=minutes / 1440, **fields)
    row.total, row.currency = Decimal(total), currency
    row.save()
    return row


def test_a_large_order_is_an_incident_in_its_own_currency(acme):
    """R58: above the limit; yen are no euro."""
    order(acme, "9999.00")
    order(acme, "250000", currency="JPY")
    watching.look()
    assert incidents() == []
    order(acme, "14300.00", external_id="big")
    order(acme, "2500000", currency="JPY", external_id="big-yen")
    watching.look()
    watching.look()
    (incident,) = incidents("large_order")
    assert (incident.count, incident.limit) == (2, 1_000_000)


def test_a_shop_of_large_orders_is_measured_by_its_own(acme):
    """R58: the larger of the limit and the shop's own 99.9 % quantile."""
    from recommendations.models import Order

    now = timezone.now()
    Order.objects.across_tenants().bulk_create(
        Order(tenant=acme, external_id=f"x-{n}", currency="EUR", total=Decimal(20_000 + n),
              ordered_at=now - timedelta(days=2, minutes=n)) for n in range(1500)
    )  # fmt: skip
    order(acme, "20500.00")
    watching.look()
    assert incidents() == []
    order(acme, "40000.00")
    watching.look()
    (incident,) = incidents()
    assert 21_490 < incident.limit < 21_500


def test_eleven_orders_in_five_minutes_are_rapid_and_ten_are_not(acme):
    """R58"""
    for number in range(10):
        order(acme, "10.00", minutes=1 + number / 10)
    watching.look()
    assert incidents() == []
    order(acme, "10.00", minutes=1)
    watching.look()
    (incident,) = incidents("rapid_orders")
    assert (incident.count, incident.peak) == (1, 11)


@pytest.mark.parametrize(("hour", "severity"), [(3, "medium"), (12, "low")])
def test_the_small_hours_raise_the_severity_and_are_nothing_alone(acme, hour, severity):
    """R58: between 2 and 6 in the shop's own time zone."""
    from tests.anomalies.clock import at_local_hour

    acme.time_zone = "Asia/Tokyo"
    acme.save()
    now = at_local_hour(acme, hour)
    row = order(acme, "14300.00")
    row.ordered_at = now - timedelta(minutes=1)
    row.save()
    watching.look(now=now)
    (incident,) = incidents()
    assert (incident.severity, incident.facts["night"]) == (severity, hour == 3)


def test_the_log_is_rotated_and_no_line_is_lost(acme, monkeypatch, tmp_path):
    """R65: a small file stands for one of ten megabytes."""
    monkeypatch.setattr(flagged_log, "path", lambda: tmp_path / "anomalies.log")
    monkeypatch.setattr(flagged_log, "MAX_BYTES", 700)
    flagged_log._handler.cache_clear()
    made = [flagged(acme, metric).pk for metric in ("api_rate", "failed_auth", "rapid_orders", "orders", "events")]
    flagged_log._handler.cache_clear()
    files = sorted(tmp_path.glob("anomalies.log*"))
    assert len(files) > 1 and all(file.stat().st_size <= 700 for file in files)
    lines = [json.loads(line) for file in files for line in file.read_text().splitlines()]
    assert sorted(line["id"] for line in lines) == sorted(made)


def test_every_flagged_incident_leaves_one_line(acme):
    """R65, R71: UTC time, id, type, shop, severity, value, threshold."""
    path = settings.LOGS_DIR / "anomalies.log"
    before = len(path.read_text().splitlines()) if path.exists() else 0
    order(acme, "14300.00")
    watching.look()
    watching.look()
    lines = path.read_text().splitlines()[before:]
    (incident,) = incidents()
    said = json.loads(lines[0])
    assert len(lines) == 1
    assert said["time"].endswith("Z")
    assert {name: said[name] for name in ("id", "type", "tenant", "severity", "value", "threshold")} == {
        "id": incident.pk, "type": "large_order", "tenant": "acme", "severity": incident.severity, "value": 14300.0,
        "threshold": 10000.0,
    }  # fmt: skip
