"""Background work: the row is the record, the message a hint (R2, R7, R90)."""

import pytest
from django.db import OperationalError, connections
from django.utils import timezone

from tenants import tasks, work
from tenants.models import ErrorOccurrence, Work
from tests import make
from tests.parallel import together

TASK = "test.note"


@pytest.fixture
def noted(db, monkeypatch):
    """What the handler of TASK was given; the handler exists for this test only."""
    seen = []
    monkeypatch.setitem(work._handlers, TASK, seen.append)
    return seen


@pytest.fixture
def handled(db, monkeypatch):
    """handled(function): makes the function the handler of TASK."""
    return lambda function: monkeypatch.setitem(work._handlers, TASK, function)


def rows(**wanted):
    return Work.objects.using("ops").filter(**wanted)


def only():
    return rows(task=TASK).get()


def change(statement, *values):
    with connections["ops"].cursor() as cursor:
        cursor.execute(f"update tenants_work set {statement}", values)


def test_it_is_written_in_the_transaction_of_its_cause(acme):
    """R90"""
    with make.inside(acme) as tenant:
        work.enqueue(tenant, TASK, subject=7, payload={"a": 1})
    assert (only().subject, only().payload, only().tenant_id) == ("7", {"a": 1}, acme.pk)


def test_it_is_gone_when_its_cause_is_rolled_back(acme):
    """R90"""
    with pytest.raises(ZeroDivisionError), make.inside(acme) as tenant:
        work.enqueue(tenant, TASK)
        1 / 0  # noqa: B018
    assert not rows().exists()


def test_it_is_done_with_what_was_enqueued(acme, noted):
    work.enqueue(acme, TASK, subject="x", payload={"n": 2})
    assert work.run_due() == 1
    lease = noted[0]
    assert (lease.tenant_id, lease.subject, lease.payload, lease.attempt) == (acme.pk, "x", {"n": 2}, 1)
    assert only().state == Work.State.DONE


def test_it_is_one_piece_while_an_equal_key_waits(acme, globex, noted):
    for _ in range(3):
        work.enqueue(acme, TASK, key="same")
    work.enqueue(globex, TASK, key="same")
    work.enqueue(None, TASK, key="same")
    work.enqueue(None, TASK, key="same")
    assert rows().count() == 3
    work.run_due()
    work.enqueue(acme, TASK, key="same")
    assert rows(tenant=acme).count() == 2


def test_it_is_not_due_before_its_delay(acme, noted):
    work.enqueue(acme, TASK, delay_seconds=60)
    assert work.run_due() == 0
    assert work.claim(only().pk) is None
    assert work.due(10) == []


def test_it_is_claimed_once_by_many_threads(acme):
    """R2"""
    work.enqueue(acme, TASK)
    leases = together(*[lambda: work.claim(only().pk)] * 8)
    assert sum(lease is not None for lease in leases) == 1


def test_it_is_taken_again_when_the_lease_ran_out(acme):
    """R2: a killed worker's work is picked up."""
    work.enqueue(acme, TASK)
    first = work.claim(only().pk)
    assert work.claim(only().pk) is None
    change("lease_until = clock_timestamp() - interval '1 second'")
    second = work.claim(only().pk)
    assert (first.attempt, second.attempt) == (1, 2)
    assert first.token != second.token


def test_it_lets_a_fenced_worker_write_nothing(acme):
    """R2: no work is done twice."""
    work.enqueue(acme, TASK)
    slow = work.claim(only().pk)
    change("lease_until = clock_timestamp() - interval '1 second'")
    quick = work.claim(only().pk)
    with pytest.raises(work.Fenced):
        slow.renew()
    with pytest.raises(work.Fenced), make.inside(acme) as tenant:
        tenant.products.create(external_id="late", title="Late")
        slow.finish("default")
    quick.finish()
    assert not acme.products.exists()
    assert only().state == Work.State.DONE


def test_it_counts_a_fenced_handler_neither_done_nor_failed(acme, handled):
    def overslept(lease):
        change("lease_token = gen_random_uuid()")
        lease.finish()

    handled(overslept)
    work.enqueue(acme, TASK)
    work.run(only().pk)
    assert only().state == Work.State.RUNNING
    assert not ErrorOccurrence.objects.using("ops").exists()


def test_it_finishes_in_the_transaction_of_the_effect(acme, handled):
    from tenants import tenancy

    def effect(lease):
        with tenancy.enter(lease.tenant_id) as tenant:
            tenant.products.create(external_id="p", title="P")
            lease.finish("default")
            if lease.attempt == 1:
                raise ConnectionError("gone before the commit")

    handled(effect)
    work.enqueue(acme, TASK)
    work.run(only().pk)
    assert only().state == Work.State.PENDING
    assert not acme.products.exists()
    change("due_at = now()")
    work.run(only().pk)
    assert only().state == Work.State.DONE
    assert acme.products.count() == 1


def test_it_keeps_the_lease_of_long_work(acme):
    work.enqueue(acme, TASK)
    lease = work.claim(only().pk)
    change("lease_until = clock_timestamp() + interval '1 second'")
    lease.renew()
    assert (only().lease_until - timezone.now()).total_seconds() > 20


def test_it_tries_again_later_after_a_fault_and_gives_up_after_five(acme, handled):
    """R13, R93"""

    def broken(lease):
        raise ValueError("no good")

    handled(broken)
    work.enqueue(acme, TASK)
    for attempt in range(1, 6):
        change("due_at = clock_timestamp()")
        assert work.run(only().pk)
        assert only().attempts == attempt
    row = only()
    assert row.state == Work.State.DEAD
    assert "no good" in row.error
    assert row.finished_at
    change("due_at = clock_timestamp()")
    assert not work.run(row.pk)
    assert ErrorOccurrence.objects.using("ops").count() == 5


def test_it_puts_work_back_over_a_new_connection_when_the_old_one_died(acme, handled):
    """Promise 1: a fault of the database costs a retry in seconds, not the whole lease."""

    def cut_off(lease):
        connections["ops"].connection.close()  # as after a restart of the server, seen from here
        raise OperationalError("server closed the connection unexpectedly")

    handled(cut_off)
    work.enqueue(acme, TASK)
    assert work.run(only().pk)
    row = only()
    assert (row.state, row.lease_until) == (Work.State.PENDING, None)
    assert "server closed" in row.error


def test_it_gives_up_work_that_kills_its_worker(acme):
    work.enqueue(acme, TASK)
    for _ in range(5):
        assert work.claim(only().pk)
        change("lease_until = clock_timestamp() - interval '1 second'")
        work.relay(lambda ids: None)
    assert only().state == Work.State.DEAD
    assert "five times" in only().error


def test_it_starts_afresh_when_somebody_retries_dead_work(acme, noted):
    work.enqueue(acme, TASK)
    assert not work.retry(only().pk)
    change("state = 'dead', attempts = 5")
    assert work.retry(only().pk)
    assert work.run_due() == 1


def test_it_gives_the_attempt_back_when_told_later(acme, handled):
    def busy(lease):
        raise work.RetryLater(30)

    handled(busy)
    work.enqueue(acme, TASK)
    for _ in range(7):
        change("due_at = clock_timestamp()")
        work.run(only().pk)
    row = only()
    assert (row.state, row.attempts) == (Work.State.PENDING, 0)
    assert 20 < (row.due_at - timezone.now()).total_seconds() < 31


def test_it_ticks_a_slot_once_from_two_beats(db):
    """R16: the timetable may be run by several beats."""
    together(*[lambda: work.tick(TASK, 41)] * 4)
    work.tick(TASK, 42)
    assert sorted(rows().values_list("slot", flat=True)) == [41, 42]


def test_it_is_ticked_by_the_beat_task(db):
    tasks.tick(TASK, 3600)
    assert rows(task=TASK, tenant=None).count() == 1


def test_it_publishes_then_stamps(acme, noted):
    """A crash between the two doubles the message; the second finds the work done."""
    work.enqueue(acme, TASK)
    sent = []

    def crash(ids):
        sent.extend(ids)
        raise ConnectionError("broker away")

    with pytest.raises(ConnectionError):
        work.relay(crash)
    assert only().dispatched_at is None
    assert work.relay(sent.extend) == 1
    assert only().dispatched_at
    assert len(sent) == 2
    for work_id in sent:
        tasks.run(work_id)
    assert len(noted) == 1


def test_it_does_not_publish_the_same_work_twice_in_a_row(acme):
    work.enqueue(acme, TASK)
    assert [work.relay(lambda ids: None) for _ in range(3)] == [1, 0, 0]


def test_it_sends_again_when_the_broker_lost_the_message(acme):
    """R7: a flushed broker loses no work."""
    work.enqueue(acme, TASK)
    work.relay(lambda ids: None)
    change(f"dispatched_at = clock_timestamp() - interval '{work.RESEND_SECONDS + 1} seconds'")
    assert work.relay(lambda ids: None) == 1


def test_it_keeps_few_messages_in_flight(acme, globex):
    for _ in range(40):
        work.enqueue(acme, TASK)
        work.enqueue(globex, TASK)
    sent = []
    for _ in range(5):
        work.relay(sent.extend, limit=10)
    assert len(sent) == len(set(sent)) == 10


def test_it_never_publishes_the_same_id_from_two_relays_at_once(acme):
    for _ in range(6):
        work.enqueue(acme, TASK)
    sent = []
    together(*[lambda: work.relay(sent.extend)] * 3)
    assert len(sent) == len(set(sent)) == 6


def test_it_serves_a_small_tenant_while_another_has_a_flood_waiting(acme, globex):
    """Fairness: one waiting piece goes out within two rounds although 500 came first."""
    with connections["ops"].cursor() as cursor:
        cursor.execute(
            "insert into tenants_work (tenant_id, task, subject, payload, state, attempts, error) "
            "select %s, %s, '', '{}', 'pending', 0, '' from generate_series(1, 500)",
            [acme.pk, TASK],
        )
    work.enqueue(globex, TASK)
    wanted = rows(tenant=globex).get().pk
    sent = []
    for _ in range(2):
        work.relay(sent.extend, limit=16)
        change("state = 'done' where dispatched_at is not null")
    assert wanted in sent
    assert len(sent) > 2, "the flood goes on meanwhile"


def test_it_hides_a_tenants_work_from_other_tenants(acme, globex):
    work.enqueue(globex, TASK)
    work.enqueue(None, TASK)
    with make.inside(acme):
        assert Work.objects.count() == 0


def test_it_sweeps_what_is_long_done(acme, noted):
    for days, state in ((2, "done"), (40, "done"), (40, "dead"), (100, "dead")):
        work.enqueue(acme, TASK, subject=f"{state}-{days}")
        change(
            "state = %s, finished_at = now() - make_interval(days => %s) where subject = %s",
            state,
            days,
            f"{state}-{days}",
        )
    work.tick("tenants.sweep_work", 1)
    work.run_due()
    assert sorted(rows(task=TASK).values_list("subject", flat=True)) == ["dead-40", "done-2"]


def test_it_proves_the_chain_alive(db, settings, tmp_path):
    from luxebrain.lib import redis

    settings.WORKER_HEARTBEAT = tmp_path / "run" / "worker.heartbeat"
    work.tick("tenants.heartbeat", 1)
    work.run_due()
    assert settings.WORKER_HEARTBEAT.exists()
    assert redis.client().get("worker:heartbeat")
