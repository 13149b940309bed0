"""The card of batch jobs on a shop's overview: the last ones with their progress, and the way to a new one."""

from typing import Any

from recommendations import batch_words
from tenants import access
from tenants.models import Tenant


def batches(tenant: Tenant, member: access.Member, days: int) -> dict[str, Any]:
    return {"jobs": batch_words.latest(tenant), "speed": batch_words.speed(tenant)}
