"""ModelMetrics: what was measured of a version over time, on held-back data and in the shop."""

from django.db import models

from modelregistry.models.version import ModelVersion
from tenants.models import Tenant, TenantOwned


class ModelMetrics(TenantOwned):
    """One metric of one version over one window of time.

    metric       "ndcg@10", "ctr", "coverage", "score_shift" … (modelregistry/labels.py says what each means)
    value        shares are 0..1; low, high: its 95 % interval, None where none is known
    sample_size  how many lists, shoppers or clicks it is based on
    window       of the data that it was measured on: held-back events offline, days of the shop online
    facts        what later measurements need: the reference that shifts are told from
    """

    class Source(models.TextChoices):
        OFFLINE = "offline", "On held-back data"
        ONLINE = "online", "In the shop"

    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="model_metrics")
    version = models.ForeignKey(ModelVersion, models.CASCADE, related_name="measured", db_constraint=False)
    metric = models.CharField(max_length=40)
    source = models.CharField(max_length=8, choices=Source.choices)
    value = models.FloatField()
    low = models.FloatField(null=True)
    high = models.FloatField(null=True)
    sample_size = models.PositiveIntegerField(default=0)
    window_from = models.DateTimeField()
    window_until = models.DateTimeField()
    facts = models.JSONField(default=dict)
    measured_at = models.DateTimeField()

    class Meta(TenantOwned.Meta):
        ordering = ["window_until", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "version", "source", "metric", "window_from", "window_until"], name="measured_once"
            ),
        ]
        indexes = [models.Index(fields=["tenant", "metric", "window_until"], name="measured_by_time")]
