"""Plan: the one table of limits and features that every check reads."""

from collections.abc import Iterable

from django.db import models


class Plan(models.Model):
    """What a tenant may use. A limit of null means: without limit."""

    ALERT_KINDS = (("webhook", "Signed webhook"), ("slack", "Slack"))  # besides mail, which every plan has

    class WhenUsedUp(models.TextChoices):
        """Of the month's calls. Events, shop data, webhooks, batch jobs and pages go on in any case."""

        GOES_ON = "goes_on", "Everything goes on"
        POPULAR = "popular", "Best sellers only"
        REFUSE = "refuse", "Recommendations are refused"

    code = models.SlugField(primary_key=True, max_length=20)
    name = models.CharField(max_length=40)
    position = models.PositiveSmallIntegerField(default=0)
    requests_per_minute = models.PositiveIntegerField(help_text="API calls per key and minute")
    requests_per_month = models.PositiveBigIntegerField(null=True, blank=True)
    when_used_up = models.CharField(
        max_length=8, choices=WhenUsedUp.choices, default=WhenUsedUp.GOES_ON,
        help_text="What follows when the month's calls are used up",
    )
    products = models.PositiveIntegerField(null=True, blank=True)
    members = models.PositiveIntegerField(null=True, blank=True)
    api_keys = models.PositiveIntegerField(default=4)
    retention_days = models.PositiveIntegerField(default=400, help_text="How long events are kept")
    event_days = models.JSONField(
        default=dict, help_text="Days by kind of event, where they are fewer than retention_days"
    )
    file_megabytes = models.PositiveIntegerField(default=200, help_text="The largest file that can be imported")
    training_cpu_seconds = models.PositiveIntegerField(
        default=60, help_text="Processor time that a training may spend on the search for the best blend"
    )
    batch_jobs = models.PositiveSmallIntegerField(default=2, help_text="Batch jobs that may wait or run at a time")
    batch_customers = models.PositiveIntegerField(
        default=1_000_000, help_text="The most customers of one batch job"
    )
    batch_weight = models.PositiveSmallIntegerField(
        default=2, help_text="Share of the workers that batch jobs get beside those of other shops"
    )
    batch_days = models.PositiveSmallIntegerField(default=7, help_text="How long the results of batch jobs are kept")
    kept_versions = models.PositiveSmallIntegerField(
        default=5, help_text="Versions of a model whose files are kept, the newest"
    )
    kept_version_days = models.PositiveSmallIntegerField(
        default=30, help_text="How long the files of an older version are kept after it was made or last served"
    )
    trains_daily = models.BooleanField(default=False)
    has_isolated_model = models.BooleanField(default=False)
    isolation_orders = models.PositiveIntegerField(
        default=1000, help_text="Countable orders of its own that a tenant needs for an isolated model"
    )
    has_experiments = models.BooleanField(default=False)
    alert_channels = models.JSONField(
        default=list, help_text="Kinds of channel on which a shop can be told of alerts, besides mail: slack, webhook"
    )

    class Meta:
        ordering = ["position"]

    def __str__(self) -> str:
        return self.name

    def lacks(self, what: str, having: Iterable["Plan"]) -> str:
        """That this plan has no such things, and which plans have them."""
        names = " or ".join(plan.name for plan in having) or "No plan"
        return f"The {self.name} plan has no {what}. {names} includes them."

    def days_of(self, kind: str) -> int:
        """How many days an event of this kind is kept."""
        return min(self.event_days.get(kind, self.retention_days), self.retention_days)
