"""Stream, StreamPoint, WatchMark: what the watch counted, learnt, and has read so far."""

from datetime import datetime

from django.db import models

from tenants.models import Tenant, TenantOwned


class Stream(TenantOwned):
    """The state of one metric of one tenant: a few KB that its engine wrote (anomalies/detectors/).

    read_until     the beginning of the first bucket that has not been read
    silent_since   since when its source gives nothing ("no data", never a zero); null = it speaks
    raised_until   until then the threshold stands one higher, because somebody said "false alarm"
    cumulative     what a counter stood at, at the end of the last bucket
    """

    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="streams")
    metric = models.CharField(max_length=40)
    engine = models.CharField(max_length=5, help_text="count or real")
    state = models.BinaryField(default=bytes)
    read_until = models.DateTimeField()
    silent_since = models.DateTimeField(null=True)
    raised_until = models.DateTimeField(null=True)
    cumulative = models.FloatField(null=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta(TenantOwned.Meta):
        constraints = [models.UniqueConstraint(fields=["tenant", "metric"], name="stream_once")]

    def is_raised(self, now: datetime) -> bool:
        return self.raised_until is not None and self.raised_until > now


class StreamPoint(TenantOwned):
    """One closed bucket of five minutes that begins at `at`. value null = no data."""

    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="stream_points")
    metric = models.CharField(max_length=40)
    at = models.DateTimeField()
    value = models.FloatField(null=True)
    exposure = models.FloatField(default=1)
    expected = models.FloatField(null=True)
    low = models.FloatField(null=True)
    high = models.FloatField(null=True)
    log10p = models.FloatField(null=True)

    class Meta(TenantOwned.Meta):
        constraints = [models.UniqueConstraint(fields=["tenant", "metric", "at"], name="stream_point_once")]
        indexes = [models.Index(fields=["at"], name="stream_point_by_age")]


class WatchMark(models.Model):
    """How far the watch has read something that belongs to no single tenant ("occurrences")."""

    name = models.CharField(primary_key=True, max_length=40)
    position = models.BigIntegerField(default=0)
    updated_at = models.DateTimeField(auto_now=True)
