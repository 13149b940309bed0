"""UsageHour: one counter per tenant, meter, key and hour."""

from django.db import models

from tenants.models.owned import TenantOwned
from tenants.models.tenant import Tenant


class UsageHour(TenantOwned):
    """How often a meter ran in the hour that begins at `hour` (UTC). api_key_id 0 = no key."""

    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="usage_hours")
    meter = models.CharField(max_length=40)
    api_key_id = models.BigIntegerField(default=0)
    hour = models.DateTimeField()
    count = models.BigIntegerField(default=0)

    class Meta(TenantOwned.Meta):
        constraints = [
            models.UniqueConstraint(fields=["tenant", "meter", "hour", "api_key_id"], name="usage_hour_once"),
        ]
        indexes = [models.Index(fields=["tenant", "hour"], name="usage_by_hour")]
