"""The staff's overview."""

from datetime import timedelta

import pytest
from django.utils import timezone

from anomalies import incidents
from luxebrain.home import dashboard
from luxebrain.home.cards import Card
from tenants import errors, tenancy, work
from tenants.models import Work
from tests import make


def test_it_is_for_staff_only(client, signed_in, ana, pat, sam):
    assert client.get("/dashboard").status_code == 302
    assert signed_in(ana).get("/dashboard").status_code in {403, 404}
    for person in (pat, sam):
        assert signed_in(person).get("/dashboard").status_code == 200


def test_it_shows_nothing_invented_on_a_fresh_platform(signed_in, sam):
    text = signed_in(sam).get("/dashboard").content.decode()
    assert "No shop yet" in text
    assert "The worker is silent" in text
    assert "No training and no import has failed." in text


def test_it_lists_what_needs_somebody(signed_in, sam, acme, globex):
    """Open errors, dead and late work, shops without a model, stale models, failed runs: each with a link."""
    try:
        raise LookupError("gone")
    except LookupError as error:
        errors.record(error, source="web")
    work.enqueue(None, "tenants.heartbeat", key="late")
    work.enqueue(acme, "tenants.bump", key="dead")
    rows = Work.objects.using("ops")
    rows.filter(task="tenants.heartbeat").update(due_at=timezone.now() - timedelta(hours=1))
    rows.filter(task="tenants.bump").update(state="dead", finished_at=timezone.now())
    acme.training_runs.create(state="failed", error="no data", finished_at=timezone.now())
    acme.import_runs.create(kind="orders", source="orders.csv", state="failed", error="unreadable")
    for shop in (acme, globex):
        for _ in range(10):
            make.order(shop, ["a"])
    version = globex.model_versions.create(number=1, algorithm="als")
    globex.model_versions.update(created_at=timezone.now() - timedelta(days=8))
    globex.model_aliases.create(name="champion", version=version, moved_at=timezone.now())
    titles = [item["title"] for item in dashboard.attention()["items"]]
    assert titles == [
        "The worker is silent",
        "1 open error",
        "1 piece of work given up",
        "1 piece of work late",
        "1 training failed",
        "1 import failed",
        "1 shop without a model",
        "1 stale model",
    ]
    text = signed_in(sam).get("/dashboard").content.decode()
    assert all(title in text for title in titles)
    assert "orders.csv" in text


def test_open_anomalies_above_low_need_somebody(signed_in, sam, acme):
    now = timezone.now()
    for metric, severity in (("orders", "low"), ("events", "medium"), ("requests", "high")):
        with tenancy.enter(acme.pk) as shop:
            incidents.flag(shop, incidents.Signal(metric, "high", now, 90.0, severity, limit=30.0), now=now)
    titles = [item["title"] for item in dashboard.attention()["items"]]
    assert "1 anomaly of high severity" in titles and "1 anomaly of medium severity" in titles
    assert not any("low" in title for title in titles)
    page = signed_in(sam).get("/dashboard").text
    assert "1 anomaly of high severity" in page and 'href="/anomalies?severity=high"' in page
    whose = [item["text"] for item in dashboard.attention()["items"] if "severity" in item["title"]]
    assert whose == [acme.name, acme.name]


def test_the_worst_open_anomaly_stands_first(acme):
    now = timezone.now()
    with tenancy.enter(acme.pk) as shop:
        for metric, severity, ago in (("requests", "high", 3), ("events", "medium", 2), ("orders", "low", 1)):
            at = now - timedelta(hours=ago)
            incidents.flag(shop, incidents.Signal(metric, "high", at, 90.0, severity, limit=30.0), now=at)
    assert [row["said"].severity for row in dashboard.anomalies()["rows"]] == ["High", "Medium", "Low"]


def test_it_counts_calls_of_all_shops(acme, globex):
    hour = timezone.now().replace(minute=0, second=0, microsecond=0)
    for shop, count in ((acme, 30), (globex, 12)):
        shop.usage_hours.create(meter="api_calls", hour=hour - timedelta(hours=1), count=count)
    acme.usage_hours.create(meter="api_calls", hour=hour - timedelta(hours=2), count=21)
    last_hour, last_day, *_ = dashboard.figures()["tiles"]
    assert (last_hour["value"], last_hour["change"].text) == ("42", "100.0%")
    assert last_day["value"] == "63"


@pytest.mark.parametrize("name", sorted(dashboard.CARDS))
def test_it_stands_when_one_part_fails(signed_in, sam, monkeypatch, name):
    """R146."""
    card = dashboard.CARDS[name]

    def fail():
        raise ZeroDivisionError

    assert signed_in(sam).get(f"/dashboard/{name}", headers={"hx-request": "true"}).status_code == 200
    monkeypatch.setitem(dashboard.CARDS, name, Card(name, fail, card.template))
    answer = signed_in(sam).get("/dashboard")
    assert answer.status_code == 200
    assert answer.content.decode().count("This part could not be loaded.") == 2


def test_it_ticks_the_first_run_from_what_is_there(acme):
    """R129."""
    assert [step["done"] for step in dashboard.checklist()["steps"]] == [True, True, False, False, True]
