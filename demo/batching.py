"""The demo's batch jobs: one that ends with lists, one of which some customers fail, one that is held, one planned.

All are asked for by the product's own use cases; the workers do them as any other.
"""

from datetime import datetime, time, timedelta

from django.utils import timezone

from recommendations import batch_schedules, saved_audiences
from recommendations.batch import BatchInferenceQueue
from recommendations.models import BatchSchedule
from tenants import tenancy
from tenants.models import Tenant, User

LATELY = "Ordered in the last 30 days"
OPEN_AT_A_TIME = 3
_LEFT = 3  # ids of a list that was exported before these customers were deleted
_LIST = {"type": "personalised", "limit": 10}


def ask(tenant: Tenant, *, owner: User) -> int:
    """How many were asked for or planned; none where the plan runs fewer than three at a time."""
    if tenant.plan.batch_jobs < OPEN_AT_A_TIME:
        return 0
    with tenancy.enter(tenant.pk) as inside:
        queue = BatchInferenceQueue(inside)
        known = list(inside.customers.order_by("external_id").values_list("external_id", flat=True)[:20])
        lately = saved_audiences.save(inside, LATELY, {"kind": "ordered_within", "days": 30}, by=owner)
        audience = {"kind": "saved", "id": lately.pk}
        queue.enqueue({**_LIST, "audience": audience, "name": "Newsletter"}, by=owner, source="panel")
        old = [*known, *(f"closed-account-{number}" for number in range(1, _LEFT + 1))]
        failing = {**_LIST, "customer_ids": old, "on_unknown": "fail", "name": "Birthday cards, from a list"}
        queue.enqueue(failing, by=owner, source="panel")
        held = queue.enqueue(
            {**_LIST, "audience": {"kind": "all"}, "name": "Printed catalogue"}, by=owner, source="panel"
        )
        queue.pause(held, by=owner)
        wanted = {**_LIST, "audience": audience, "name": "Weekly e-mail picks"}
        batch_schedules.plan(inside, wanted, every=BatchSchedule.Every.WEEK, at=next_monday(inside), by=owner)
    return 4


def next_monday(tenant: Tenant) -> datetime:
    """Eight in the morning by the shop's clock."""
    today = timezone.now().astimezone(tenant.zone).date()
    return datetime.combine(today + timedelta(days=7 - today.weekday()), time(8), tzinfo=tenant.zone)
