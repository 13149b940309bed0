"""Occurrence: something that happened to a tenant, or to the platform, and that somebody above may act on."""

from django.db import models

from tenants.models.tenant import Tenant


class Occurrence(models.Model):
    """One thing that happened at one moment: an artefact was found damaged, a version went live, an import ended.

    Rows are only ever added. Parts below write them and know nobody who reads; the watch reads them by id,
    in order, and turns them into incidents or into marks on charts. tenant is null for what concerns the
    whole platform (a deployment). `kind` is "noun.verb" in the past tense, `subject` names the row it is
    about ("version 12"), `facts` holds what a person needs to understand it, in JSON.
    """

    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="occurrences", null=True)
    kind = models.CharField(max_length=60)
    subject = models.CharField(max_length=160, blank=True)
    facts = models.JSONField(default=dict)
    happened_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["id"]
        indexes = [
            models.Index(fields=["tenant", "-happened_at"], name="occurrence_by_time"),
            models.Index(fields=["happened_at"], name="occurrence_all_by_time"),
        ]
