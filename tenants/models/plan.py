"""Plan: the one table of limits and features that every check reads."""

from django.db import models


class Plan(models.Model):
    """What a tenant may use. A limit of null means: without limit."""

    code = models.SlugField(primary_key=True, max_length=20)
    name = models.CharField(max_length=40)
    position = models.PositiveSmallIntegerField(default=0)
    requests_per_minute = models.PositiveIntegerField(help_text="API calls per key and minute")
    requests_per_month = models.PositiveBigIntegerField(null=True, blank=True)
    products = models.PositiveIntegerField(null=True, blank=True)
    members = models.PositiveIntegerField(null=True, blank=True)
    api_keys = models.PositiveIntegerField(default=4)
    retention_days = models.PositiveIntegerField(default=400, help_text="How long events are kept")
    file_megabytes = models.PositiveIntegerField(default=200, help_text="The largest file that can be imported")
    trains_daily = models.BooleanField(default=False)
    has_isolated_model = models.BooleanField(default=False)
    has_experiments = models.BooleanField(default=False)

    class Meta:
        ordering = ["position"]

    def __str__(self) -> str:
        return self.name
