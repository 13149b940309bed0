"""Artefacts that were found missing or damaged while serving: noted once an hour, for the watch and the panel."""

from datetime import timedelta

from django.utils import timezone

from modelregistry.models import ModelVersion
from tenants import errors, occurrences
from tenants.models import Tenant

KIND = "artefact.damaged"
QUIET = timedelta(hours=1)


def note(tenant: Tenant, version: ModelVersion, error: Exception, *, in_service: bool) -> bool:
    """Keeps that this version could not be loaded; False where that was said within the hour.

    in_service    the version is the champion, so that another one answers in its place
    """
    subject = f"version {version.number}"
    known = tenant.occurrences.filter(kind=KIND, subject=subject, happened_at__gte=timezone.now() - QUIET)
    if known.exists():
        return False
    facts = {"model": version.model, "version": version.number, "in_service": in_service, "reason": str(error)[:300]}
    occurrences.record(tenant, KIND, subject=subject, facts=facts)
    if in_service:
        errors.record(error, source="serving", tenant_id=tenant.pk, path=f"model {version}")
    return True
