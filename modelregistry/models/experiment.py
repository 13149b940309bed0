"""Experiment, ExperimentDay: two arms under comparison, and what each brought up to the end of each day."""

from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models

from tenants.models import Tenant, TenantOwned, User

MOST = 32_767  # experiments of one tenant: their number stands in recommendation ids, in 15 bits


class Experiment(TenantOwned):
    """A comparison of A with B. Who sees which is a hash of key and subject (modelregistry/bucketing.py).

    number     of the tenant's experiments, in the order of their making; never given twice
    key        salt of the hash and name in answers; letters, digits, hyphens
    unit       what differs: a version, multipliers of the blend's parts, rules, or whether lists are personal
    a, b       what the arm is: {"version": 3}, {"weights": {"neighbours": 1.5}}, {"rules": [7, 9]}, {}
    share_b    per cent of the subjects that B gets; A gets the others
    placements codes; empty: all lists
    phase      begins anew when the share moves, and figures with it; the days of earlier phases stay
    result     the figures when it ended, kept for good (written by modelregistry/results.py)
    """

    class Unit(models.TextChoices):
        VERSION = "version", "Model version"
        WEIGHTS = "weights", "Blend weights"
        RULES = "rules", "Rule set"
        HOLDOUT = "holdout", "Holdout: no personal recommendations"

    class State(models.TextChoices):
        DRAFT = "draft", "Draft"
        RUNNING = "running", "Running"
        STOPPED = "stopped", "Stopped"
        CONCLUDED = "concluded", "Concluded"

    class Goal(models.TextChoices):
        CLICKS = "clicks", "Subjects who clicked"
        CONVERSION = "conversion", "Subjects who ordered"
        REVENUE = "revenue", "Revenue per subject"

    class Automatic(models.TextChoices):
        NOTHING = "nothing", "Only says so"
        STOP = "stop", "Stops: all go back to what was there before"
        CONCLUDE = "conclude", "Gives the winner everything"

    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="experiments")
    number = models.PositiveSmallIntegerField()
    key = models.CharField(max_length=40)
    name = models.CharField(max_length=80)
    hypothesis = models.CharField(max_length=500, blank=True)
    model = models.CharField(max_length=40, default="recommendation")
    unit = models.CharField(max_length=8, choices=Unit.choices)
    a = models.JSONField(default=dict)
    b = models.JSONField(default=dict)
    share_b = models.PositiveSmallIntegerField(default=50)
    placements = ArrayField(models.CharField(max_length=40), default=list, blank=True)
    goal = models.CharField(max_length=10, choices=Goal.choices, default=Goal.CONVERSION)
    automatic = models.CharField(max_length=8, choices=Automatic.choices, default=Automatic.NOTHING)
    state = models.CharField(max_length=9, choices=State.choices, default=State.DRAFT)
    phase = models.PositiveSmallIntegerField(default=1)
    minimum_subjects = models.PositiveIntegerField(default=1000, help_text="Per arm, before anything is decided")
    planned_end = models.DateField(null=True, blank=True, help_text="In the tenant's time zone")
    created_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True)
    phase_started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    counted_until = models.DateTimeField(null=True, help_text="What arrived before stands in the figures")
    winner = models.CharField(max_length=4, blank=True, help_text="A or B, once it is concluded")
    conclusion = models.CharField(max_length=500, blank=True)
    result = models.JSONField(default=dict)

    class Meta(TenantOwned.Meta):
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(fields=["tenant", "number"], name="experiment_number"),
            models.UniqueConstraint(fields=["tenant", "key"], name="experiment_key"),
            models.CheckConstraint(condition=models.Q(share_b__range=(1, 99)), name="experiment_share"),
        ]
        indexes = [models.Index(fields=["tenant", "state"], name="experiment_by_state")]

    def __str__(self) -> str:
        return self.name

    @property
    def shares(self) -> tuple[int, int]:
        """Per cent of A and of B, in this order."""
        return 100 - self.share_b, self.share_b

    @property
    def arms(self) -> tuple[tuple[str, dict[str, Any], int], ...]:
        """(letter, what it is, per cent) of A and of B."""
        return ("A", self.a, self.shares[0]), ("B", self.b, self.shares[1])

    def arm(self, letter: str) -> dict[str, Any]:
        """What "A" or "B" is."""
        return {"A": self.a, "B": self.b}[letter]

    @property
    def is_running(self) -> bool:
        return self.state == self.State.RUNNING


class ExperimentDay(TenantOwned):
    """One arm at the end of one day (tenant's time zone): sums over all its subjects since the phase began.

    A **subject** is a customer, or a guest's session; a session in which somebody signs in is that
    customer from its beginning. It counts from its first impression: lists answered and not shown
    expose nobody. Subjects that saw both arms are left out of all sums and counted in `crossed` (once, in
    the row of the arm that they saw first). What a subject did counts from its first impression on.

    Sums stand for the whole phase up to `day`, so the newest row of an arm is its state, and the rows of
    an arm are the curve of the days. Figures of one day alone are the difference to the row before; a
    subject that crosses later leaves the later rows, so a difference may be below zero.

    segment       "" = all; "shopper:customer", "shopper:guest"; "placement:<code>" ("placement:" = lists
                  without a code): there a subject is one that saw a list there, from that moment
    subjects      exposed, not crossed: the n of all means
    impressions   lists shown; `impressions_squared` the sum over subjects of its square, and so on
    clicks        lists clicked (a list counts once); `clicks_impressions` is the sum of clicks × impressions,
                  for the variance of clicks ÷ impressions by the delta method
    clickers      subjects with at least one click
    carts         cart events
    orders        countable orders after exposure, whether a list led to them or not
    buyers        subjects with at least one order
    revenue       of those orders, in the tenant's currency; other currencies count as orders only
    before_*      the covariate of CUPED: what the subject ordered in the 28 days before the phase began
                  (guests: nothing). `before_revenue_revenue` is the sum of before × after.
    """

    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="experiment_days")
    experiment = models.ForeignKey(Experiment, models.CASCADE, related_name="days", db_constraint=False)
    phase = models.PositiveSmallIntegerField()
    arm = models.CharField(max_length=4)
    segment = models.CharField(max_length=60, blank=True)
    day = models.DateField()
    subjects = models.BigIntegerField(default=0)
    crossed = models.BigIntegerField(default=0)
    impressions = models.BigIntegerField(default=0)
    impressions_squared = models.BigIntegerField(default=0)
    clicks = models.BigIntegerField(default=0)
    clicks_squared = models.BigIntegerField(default=0)
    clicks_impressions = models.BigIntegerField(default=0)
    clickers = models.BigIntegerField(default=0)
    carts = models.BigIntegerField(default=0)
    carts_squared = models.BigIntegerField(default=0)
    orders = models.BigIntegerField(default=0)
    orders_squared = models.BigIntegerField(default=0)
    buyers = models.BigIntegerField(default=0)
    revenue = models.DecimalField(max_digits=18, decimal_places=2, default=0)
    revenue_squared = models.DecimalField(max_digits=30, decimal_places=4, default=0)
    before_orders = models.BigIntegerField(default=0)
    before_orders_squared = models.BigIntegerField(default=0)
    before_orders_orders = models.BigIntegerField(default=0)
    before_revenue = models.DecimalField(max_digits=18, decimal_places=2, default=0)
    before_revenue_squared = models.DecimalField(max_digits=30, decimal_places=4, default=0)
    before_revenue_revenue = models.DecimalField(max_digits=30, decimal_places=4, default=0)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta(TenantOwned.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "experiment", "phase", "segment", "day", "arm"], name="experiment_day_once"
            ),
        ]
