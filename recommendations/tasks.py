"""Handlers of the app's background work."""

from datetime import datetime

from django.utils import timezone

from recommendations import (
    answer_rows,
    applying,
    batch_schedule_work,  # noqa: F401  (registers the chore of planned batch jobs)
    batch_work,  # noqa: F401  (registers the handlers of batch jobs)
    common_work,  # noqa: F401  (registers the handlers of the shared model)
    deliveries,
    export_work,  # noqa: F401  (registers the handler of exports)
    exposures,
    findings,
    import_work,  # noqa: F401  (registers the handlers of imports)
    inbox,
    isolated_training,  # noqa: F401  (registers the handlers of isolated models)
    listed_spans,
    measuring,
    privacy,
    pull_work,  # noqa: F401  (registers the handlers of connections)
    releasing,
    retention,
    sweeping,
    tracking,
    training_work,  # noqa: F401  (registers the handlers of training)
)
from tenants import tenancy, work


@work.handler(tracking.TASK)
def roll_up(lease: work.Lease) -> None:
    """Without a tenant: finds the tenants with news. With one: makes its touched days anew, and all from `since` on."""
    if lease.tenant_id is None:
        tracking.fan_out()
        return
    with tenancy.enter(lease.tenant_id) as tenant:
        since = lease.payload.get("since")
        tracking.roll_up(tenant, since=datetime.fromisoformat(since) if since else None)
        lease.finish("default")


@work.handler(exposures.TASK)
def count_experiments(lease: work.Lease) -> None:
    """Without a tenant: finds the tenants with experiments. With one: counts them, and ends what is decided."""
    if lease.tenant_id is None:
        exposures.fan_out()
        return
    with tenancy.enter(lease.tenant_id) as tenant:
        counted = [one.number for one in exposures.count_due(tenant)]
    # In a transaction of its own: ending one takes the lock of all changes first, counting locks the rows.
    with tenancy.enter(lease.tenant_id) as tenant:
        exposures.judge(tenant, counted)
        lease.finish("default")


@work.handler("recommendations.drain_events")
def drain_events(lease: work.Lease) -> None:
    inbox.drain(renew=lease.renew)


@work.handler("recommendations.ensure_partitions")
def ensure_partitions(lease: work.Lease) -> None:
    """The months of events and days of answers to come, before the first of them arrives."""
    answer_rows.ensure_partitions(answer_rows.coming_days(timezone.now()))
    inbox.ensure_partitions(inbox.coming_months(timezone.now()))


@work.handler("recommendations.sweep_files")
def sweep_files(lease: work.Lease) -> None:
    sweeping.sweep(lease.renew)


@work.handler(deliveries.TASK)
def apply_delivery(lease: work.Lease) -> None:
    assert lease.tenant_id is not None
    with tenancy.enter(lease.tenant_id) as tenant:
        receipt = applying.apply(tenant, int(lease.subject), erase=privacy.request_erasure)
        lease.finish("default")
    if receipt is not None and receipt.state == receipt.State.REJECTED:
        deliveries.count(tenant, "webhook_rejections")


@work.handler("recommendations.settle_deliveries")
def settle_deliveries(lease: work.Lease) -> None:
    """Deliveries whose work was given up say so."""
    deliveries.settle_dead()


@work.handler(retention.TASK)
def let_go(lease: work.Lease) -> None:
    """Without a tenant: every shop in turn, then what is over as a whole. With one: what it keeps no longer."""
    if lease.tenant_id is not None:
        retention.let_go(lease.tenant_id, renew=lease.renew)
        return
    for tenant in tenancy.across().order_by("pk"):
        work.enqueue(tenant, retention.TASK, key="retention")
    retention.drop_empty_months()
    retention.drop_old_answers()


@work.handler(releasing.TASK)
def watch_releases(lease: work.Lease) -> None:
    """Without a tenant: finds the shops with a release under way. With one: one look by its guardrails."""
    if lease.tenant_id is None:
        releasing.fan_out()
        return
    with tenancy.enter(lease.tenant_id) as tenant:
        releasing.watch(tenant)
        lease.finish("default")


@work.handler(measuring.TASK)
def measure_models(lease: work.Lease) -> None:
    """Without a tenant: finds the shops with a version. With one: measures what its versions did."""
    if lease.tenant_id is None:
        measuring.fan_out()
        return
    with tenancy.enter(lease.tenant_id) as tenant:
        measuring.measure(tenant)
        listed_spans.keep(tenant)
        lease.finish("default")


@work.handler(findings.TASK)
def look_for_findings(lease: work.Lease) -> None:
    """Without a tenant: finds the shops to look at. With one: looks through its data."""
    if lease.tenant_id is None:
        findings.fan_out()
        return
    with tenancy.enter(lease.tenant_id) as tenant:
        findings.look(tenant, renew=lease.renew)
        lease.finish("default")
