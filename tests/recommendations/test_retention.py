"""What is kept how long, by kind and plan (T23)."""

from datetime import timedelta
from typing import Any

from django.db import connections
from django.utils import timezone

from recommendations import inbox, retention, tracking
from tenants import work
from tests import make


def event(of: Any, kind: str, *, days_ago: float, product: str = "p-1") -> None:
    at = timezone.now() - timedelta(days=days_ago)
    inbox.ensure_partitions([at.date()])
    with connections["owner"].cursor() as cursor:
        cursor.execute(
            "insert into recommendations_event (tenant_id, occurred_at, id, kind, customer_external_id, "
            "product_external_id) values (%s, %s, gen_random_uuid(), %s, 'c', %s)",
            [of.pk, at, kind, product],
        )


def let_go(of: Any) -> dict[str, int]:
    return retention.let_go(of.pk, renew=lambda: None)


def test_it_lets_go_by_kind_and_plan(acme: Any, globex: Any, monkeypatch: Any) -> None:
    """acme's plan keeps impressions for 120 days and other events for 400."""
    monkeypatch.setattr(retention, "PIECE", 2)
    for days in (1, 119, 121, 300, 399):
        event(acme, "impression", days_ago=days)
        event(acme, "view", days_ago=days)
    event(acme, "view", days_ago=401)
    event(globex, "impression", days_ago=121)
    assert let_go(acme)["events"] == 4
    assert acme.events.filter(kind="impression").count() == 2
    assert acme.events.filter(kind="view").count() == 5
    assert globex.events.count() == 1
    assert let_go(acme)["events"] == 0


def test_it_lets_go_of_deliveries(acme: Any) -> None:
    for days, state in ((1, "applied"), (31, "applied"), (31, "rejected"), (31, "received")):
        acme.webhook_receipts.create(
            source="generic", topic="t", kind="order", digest=f"{days}{state}".encode(), state=state,
            received_at=timezone.now() - timedelta(days=days),
        )  # fmt: skip
    assert let_go(acme)["receipts"] == 2
    assert sorted(acme.webhook_receipts.values_list("state", flat=True)) == ["applied", "received"]


def test_it_drops_months_that_are_empty(acme: Any) -> None:
    old = (timezone.now() - timedelta(days=500)).date().replace(day=1)
    event(acme, "view", days_ago=500)
    assert old not in retention.drop_empty_months()
    let_go(acme)
    assert old in retention.drop_empty_months()
    event_batch = {"id": "00000000-0000-4000-8000-000000000001", "kind": "view", "product_external_id": "p-1"}
    at = timezone.now() - timedelta(days=390)
    inbox.ensure_partitions([at.date()])
    retention.drop_empty_months()
    inbox.keep(acme.pk, [{**event_batch, "occurred_at": at.isoformat(), "customer_external_id": "c"}])
    assert inbox.drain_turn(acme.pk) == (1, 1)  # its month was dropped, and is made again


def test_it_refuses_what_would_not_be_kept(acme: Any, api: Any) -> None:
    old = (timezone.now() - timedelta(days=130)).isoformat()
    shown = {"type": "impression", "customer_id": "c", "product_id": "p", "occurred_at": old}
    answer = api.post("/api/v1/events", {"events": [shown, {**shown, "type": "view"}]})
    assert answer.json()["accepted"] == 1
    assert "kept since" in answer.json()["errors"][0]["message"]


def test_figures_of_days_whose_events_are_gone_stay(acme: Any) -> None:
    """A late change of an old order must not count its day anew without the impressions that are gone."""
    event(acme, "impression", days_ago=1)
    with make.inside(acme) as tenant:
        tracking.roll_up(tenant)
    make.order(acme, ["p-1"], days_ago=150)
    make.order(acme, ["p-1"], days_ago=20)
    with make.inside(acme) as tenant:
        days = tracking.roll_up(tenant).days
    today = timezone.now().astimezone(acme.zone).date()
    assert min(days) > today - timedelta(days=30)


def test_the_chore_asks_every_shop(acme: Any, globex: Any) -> None:
    event(acme, "view", days_ago=450)
    event(globex, "view", days_ago=450)
    work.tick(retention.TASK, 1)
    work.run_due(tasks={retention.TASK})
    assert not acme.events.exists()
    assert not globex.events.exists()


def test_the_shop_sees_what_is_kept(acme: Any, ana: Any, signed_in: Any) -> None:
    page = signed_in(ana).get("/t/acme/privacy").content.decode()
    for told in ("400 days", "120 days", "30 days"):
        assert told in page
