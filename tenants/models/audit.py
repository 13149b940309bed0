"""AuditEntry: who did what to which row, when and why. Rows are only ever added."""

from django.db import models

from tenants import audit_words
from tenants.models.people import User
from tenants.models.tenant import Tenant


class AuditEntry(models.Model):
    """One act. tenant is null for acts on the platform itself. The actor is a person, a key or a chore."""

    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="audit_entries", null=True)
    actor = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    actor_label = models.CharField(max_length=160)
    action = models.CharField(max_length=60)
    target = models.CharField(max_length=160, blank=True)
    details = models.JSONField(default=dict)
    reason = models.CharField(max_length=500, blank=True)
    request_id = models.CharField(max_length=40, blank=True)
    happened_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["tenant", "-happened_at"], name="audit_by_time")]

    @property
    def said(self) -> str:
        return audit_words.said(self.action)
