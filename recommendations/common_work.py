"""Background work of the shared model: every shop's word anew, their sum, and what a shop's choice changes."""

from __future__ import annotations

from django.db import connections

from recommendations import common_table, common_votes
from tenants import occurrences, profile, tenancy, work
from tenants.models import Tenant
from tenants.work import Lease, RetryLater

CAST = "recommendations.cast_votes"
COMBINE = "recommendations.combine_votes"
WAIT_SECONDS = 30.0
_COMBINING = 0x636F6D6D6F6E  # of advisory locks
AFTER_SECONDS = 1_800  # in which the words are made; one that comes later is in the next table


@work.handler("recommendations.gather_votes")
def gather(lease: Lease) -> None:
    """Once a day: every shop that takes part is asked, and then they are summed."""
    shops = tenancy.across().filter(state=Tenant.State.ACTIVE, takes_part=True, is_demo=False).order_by("pk")
    for place, tenant_id in enumerate(shops.values_list("pk", flat=True)):
        if place % 20 == 19:
            lease.renew()
        try:
            with tenancy.enter(tenant_id) as tenant:
                work.enqueue(tenant, CAST, key="cast-votes")
        except tenancy.NoSuchTenant:
            continue
    work.enqueue(None, COMBINE, key="combine-votes", delay_seconds=AFTER_SECONDS)


@work.handler(CAST, heavy=True)
def cast(lease: Lease) -> None:
    assert lease.tenant_id is not None
    with tenancy.enter(lease.tenant_id) as tenant:
        _word(tenant)
        lease.finish("default")


def _word(tenant: Tenant) -> None:
    """The shop's word anew. That a flood begins to hold it back, and that it is over, is left behind for the watch."""
    was = tenant.shop_votes.values_list("held_since", flat=True).first()
    row = common_votes.cast(tenant)
    held = row is not None and row.held_since is not None
    if held and was is None:
        now = tenant.orders.countable().count()
        facts = {"orders_counted": row.orders, "orders_now": now}
        subject = f"{now:,} orders, {row.orders:,} when they were counted last"
        occurrences.record(tenant, "shared.flooded", subject=subject, facts=facts)
    elif was is not None and not held:
        occurrences.record(tenant, "shared.flood_over")


@work.handler(COMBINE, heavy=True)
def combine(lease: Lease) -> None:
    """One at a time: two would publish under one number."""
    with connections["ops"].cursor() as cursor:
        cursor.execute("select pg_try_advisory_lock(%s)", [_COMBINING])
        if not cursor.fetchone()[0]:
            raise RetryLater(WAIT_SECONDS)
        try:
            common_table.combine(lease.renew)
        finally:
            cursor.execute("select pg_advisory_unlock(%s)", [_COMBINING])


@work.handler(profile.PART_CHANGED)
def part_changed(lease: Lease) -> None:
    """What a shop gave is deleted, or made for the first time; the sum follows at once."""
    assert lease.tenant_id is not None
    with tenancy.enter(lease.tenant_id) as tenant:
        _word(tenant)
        lease.finish("default")
    work.enqueue(None, COMBINE, key="combine-votes-now")
