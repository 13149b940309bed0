"""Draining: every event once, shops in turn, partitions where they are missing."""

import uuid
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connections
from django.utils import timezone

from recommendations import inbox, shapes
from tenants import tenancy, work
from tests import make


def rows(count: int, **fields: Any) -> list[dict[str, Any]]:
    now = timezone.now()
    event = {"type": "view", "customer_id": "c", "product_id": "p", **fields}
    return [
        row
        for _ in range(count)
        for row in shapes.events(event, now=now, since={"": now - timedelta(days=3650)}, currency="EUR")[0]
    ]


def test_it_drains_every_shop(acme: Any, globex: Any) -> None:
    for _ in range(3):
        inbox.keep(acme.pk, rows(10))
    inbox.keep(globex.pk, rows(5))
    work.tick("recommendations.drain_events", 1)
    assert work.run_due(tasks={"recommendations.drain_events"}) == 1
    assert (acme.events.count(), globex.events.count()) == (30, 5)
    assert acme.event_batches.count() == 0
    assert inbox.drain() == 0


def test_a_large_shop_does_not_hold_up_a_small_one(acme: Any, globex: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inbox, "BATCHES_A_TURN", 2)
    for _ in range(6):
        inbox.keep(acme.pk, rows(1))
    inbox.keep(globex.pk, rows(1))
    inbox.drain(turns=1)
    assert (acme.events.count(), globex.events.count()) == (2, 1)
    inbox.drain()
    assert acme.events.count() == 6


def test_killed_before_the_commit_it_is_done_again_once(acme: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    inbox.keep(acme.pk, rows(4))
    before = acme.event_batches.get()
    enter = tenancy.enter

    class Killed(RuntimeError):
        pass

    def killed_at_the_end(tenant_id: int) -> Any:
        from contextlib import contextmanager

        @contextmanager
        def entered() -> Any:
            with enter(tenant_id) as tenant:
                yield tenant
                raise Killed

        return entered()

    with monkeypatch.context() as patch:
        patch.setattr(tenancy, "enter", killed_at_the_end)
        with pytest.raises(Killed):
            inbox.drain_turn(acme.pk)
    assert (acme.events.count(), acme.event_batches.get().pk) == (0, before.pk)
    assert inbox.drain() == 4
    # a copy of what was drained, as after a restore: nothing new
    acme.event_batches.create(events=before.events)
    inbox.drain()
    assert acme.events.count() == 4


def test_an_unknown_month_gets_its_partition(acme: Any) -> None:
    # Each run of this test wants a month that no run before it in this database made.
    with connections["owner"].cursor() as cursor:
        cursor.execute("drop table if exists recommendations_event_202403")
    inbox._known_months.discard(date(2024, 3, 1))
    inbox.keep(acme.pk, rows(2, occurred_at="2024-03-31T23:30:00Z"))
    assert inbox.drain() == 2
    with connections["owner"].cursor() as cursor:
        cursor.execute("select count(*) from recommendations_event_202403")
        assert cursor.fetchone()[0] == 2


def test_the_coming_months_are_made(acme: Any) -> None:
    assert inbox.coming_months(datetime(2026, 11, 5, tzinfo=UTC)) == [
        date(2026, 11, 1),
        date(2026, 12, 1),
        date(2027, 1, 1),
    ]
    inbox._known_months.clear()
    work.tick("recommendations.ensure_partitions", 1)
    assert work.run_due(tasks={"recommendations.ensure_partitions"}) == 1
    name = f"recommendations_event_{inbox.coming_months(timezone.now())[-1]:%Y%m}"
    with connections["owner"].cursor() as cursor:
        cursor.execute("select to_regclass(%s)", [name])
        assert cursor.fetchone()[0] == name


def test_a_shop_whose_turn_fails_does_not_stop_the_others(acme: Any, globex: Any) -> None:
    acme.event_batches.create(events=[{"id": "not a uuid"}])
    inbox.keep(globex.pk, rows(3))
    with pytest.raises(DatabaseError):
        inbox.drain()
    assert globex.events.count() == 3
    assert acme.event_batches.count() == 1


def test_events_of_demo_shops_are_marked(db: None) -> None:
    shop = make.tenant("show", is_demo=True)
    inbox.keep(shop.pk, rows(1, id=str(uuid.uuid4())))
    inbox.drain()
    assert shop.events.get().is_demo
