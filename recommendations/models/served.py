"""ServedList: one list that was answered, as it was, for 30 days. ListedSpan: what stood in those of some days."""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from tenants.models import Tenant, TenantOwned


class ServedList(TenantOwned):
    """One list of one answer. The table is partitioned by day of `at` (migration 0016), UTC.

    at          when it was answered, to the millisecond that its recommendation id carries
    request_id  of the call; the lists of one call for several placements share it
    products    what was listed, in order
    facts       recommendations/answer_log.py says what is in it
    """

    pk = models.CompositePrimaryKey("tenant_id", "at", "recommendation_id")
    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="served_lists")
    at = models.DateTimeField()
    recommendation_id = models.CharField(max_length=40)
    request_id = models.CharField(max_length=40)
    kind = models.CharField(max_length=16)
    placement = models.CharField(max_length=40, blank=True)
    customer_external_id = models.CharField(max_length=64, blank=True)
    session_id = models.CharField(max_length=64, blank=True)
    version = models.PositiveIntegerField(default=0)
    strategy = models.CharField(max_length=16)
    products = ArrayField(models.CharField(max_length=64), default=list)
    seconds = models.FloatField(default=0.0)
    is_test = models.BooleanField(default=False)
    facts = models.JSONField(default=dict)

    class Meta(TenantOwned.Meta):
        managed = False
        db_table = "recommendations_servedlist"


class ListedSpan(TenantOwned):
    """How often each product stood in the lists of some whole days, test calls left out (listed_spans.py).

    A count of rows of ServedList, made again every night; it may be deleted at any time.

    days              how many, 7 or 28
    products, counts  parallel
    """

    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="listed_spans")
    days = models.PositiveSmallIntegerField()
    begins_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    lists = models.PositiveIntegerField(default=0)
    products = ArrayField(models.CharField(max_length=64), default=list)
    counts = ArrayField(models.PositiveIntegerField(), default=list)

    class Meta(TenantOwned.Meta):
        constraints = [models.UniqueConstraint(fields=["tenant", "days", "ends_at"], name="listed_span_once")]
