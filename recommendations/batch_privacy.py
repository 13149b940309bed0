"""What batch jobs hold of one customer: handed out, and taken away."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from luxebrain.lib import logs
from recommendations import batch_packing, privacy_places
from recommendations.batch_packing import SKIPPED
from recommendations.models import BatchChunk
from recommendations.privacy_places import Subject
from tenants.models import Tenant

log = logs.get(__name__)


def _chunks_with(tenant: Tenant, customer: str) -> Iterator[tuple[BatchChunk, list[str], int]]:
    """(chunk, its customers, place of this one); looked through one by one, since they are kept packed."""
    for chunk in tenant.batch_chunks.select_related("job").defer("outcome").iterator(chunk_size=50):
        try:
            ids = batch_packing.unpack_ids(chunk.customers)
        except (OSError, ValueError):  # damaged in the table: nobody reads a name in it any more
            log.error("batch.chunk_unreadable", tenant=tenant.slug, chunk=chunk.pk)
            continue
        if customer in ids:
            yield chunk, ids, ids.index(customer)


def erase(tenant: Tenant, subject: Subject) -> int:
    """The name and the list of this customer in every job that is kept."""
    found = list(_chunks_with(tenant, subject.customer)) if subject.customer else []
    for chunk, ids, place in found:
        ids[place] = ""
        changes: dict[str, Any] = {"customers": batch_packing.pack_ids(ids)}
        if chunk.outcome is not None:
            parts = list(batch_packing.parts(chunk.outcome))
            parts[place] = (SKIPPED, False, [])
            changes["outcome"] = batch_packing.pack(batch_packing.joined(parts))
        tenant.batch_chunks.filter(pk=chunk.pk).update(**changes)
    return len(found) + _from_questions(tenant, subject)


def _from_questions(tenant: Tenant, subject: Subject) -> int:
    """Jobs, planned ones too, whose question or audience names the customer or one of their sessions."""
    changed = 0
    for job in tenant.batch_jobs.filter(audience__ids__contains=[subject.customer]):
        job.audience = {**job.audience, "ids": [one for one in job.audience["ids"] if one != subject.customer]}
        job.save(update_fields=["audience"])
        changed += 1
    for row in tenant.batch_schedules.filter(wanted__audience__ids__contains=[subject.customer]):
        row.wanted["audience"]["ids"].remove(subject.customer)
        row.save(update_fields=["wanted"])
        changed += 1
    if subject.sessions:
        for job in tenant.batch_jobs.filter(asked__session_id__in=list(subject.sessions)):
            job.asked = {name: value for name, value in job.asked.items() if name != "session_id"}
            job.save(update_fields=["asked"])
            changed += 1
    return changed


def held(tenant: Tenant, subject: Subject) -> list[dict[str, Any]]:
    """The customer's lists of all jobs that are kept."""
    found = []
    for chunk, ids, place in _chunks_with(tenant, subject.customer):
        lists = []
        if chunk.outcome is not None:
            lists = list(batch_packing.told(ids, chunk.outcome, chunk.problems, start=place, stop=place + 1))
        found.append({"job_id": str(chunk.job.public_id), "asked_at": chunk.job.created_at, "lists": lists})
    return found


privacy_places.register("batches", "Lists of batch jobs", erase, held)
