"""Tenant: one shop and how it is served."""

from contextlib import AbstractContextManager
from datetime import date, tzinfo
from zoneinfo import ZoneInfo

from django.core.validators import RegexValidator
from django.db import models, transaction
from django.utils import timezone

from tenants.models.plan import Plan


class Tenant(models.Model):
    """A shop. Every other row of the shop points here and is read through it."""

    class State(models.TextChoices):
        ACTIVE = "active", "Active"
        SUSPENDED = "suspended", "Suspended"
        CLOSED = "closed", "Closed"

    name = models.CharField(max_length=120)
    slug = models.CharField(
        max_length=50,
        unique=True,
        validators=[RegexValidator(r"^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$", "Lower-case letters, digits and hyphens.")],
    )
    plan = models.ForeignKey(Plan, models.PROTECT, related_name="tenants")
    state = models.CharField(max_length=10, choices=State.choices, default=State.ACTIVE)
    suspended_reason = models.CharField(max_length=300, blank=True)
    time_zone = models.CharField(max_length=60, default="UTC")
    currency = models.CharField(max_length=3, default="EUR")
    website = models.URLField(max_length=300, blank=True)
    attribution_hours = models.PositiveSmallIntegerField(
        default=24, help_text="How long after a click an order still counts for the list"
    )
    takes_part = models.BooleanField(
        default=True, help_text="Gives to the shared model and takes from it (recommendations/common_votes.py)"
    )
    used_up_until = models.DateTimeField(
        null=True, blank=True, help_text="The month's calls are used up: when the next month begins"
    )
    is_demo = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    @property
    def zone(self) -> tzinfo:
        return ZoneInfo(self.time_zone)

    def today(self) -> date:
        """The day that it is where the shop is."""
        return timezone.now().astimezone(self.zone).date()

    @property
    def is_active(self) -> bool:
        return self.state == self.State.ACTIVE

    @property
    def alias(self) -> str:
        """The database alias this tenant was read through; its rows are written through the same."""
        return self._state.db or "default"

    def atomic(self) -> AbstractContextManager[None]:
        return transaction.atomic(using=self.alias)
