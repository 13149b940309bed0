"""What only this app can say in the audit trail: which batch job an act was done to, by more than its id."""

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from django.urls import reverse

from luxebrain.lib import figures, markup
from recommendations import audiences, queries
from recommendations.models import BatchJob, Placement
from tenants.audit_changes import ABOUT, About
from tenants.models import AuditEntry, Tenant


def lists(job: BatchJob) -> str:
    """Which lists it makes: their kind, or the placement that says it."""
    asked = job.asked
    if "placement" in asked and "type" not in asked:
        return f"Placement {asked['placement']}"
    return str(Placement.Kind(queries.KINDS[asked.get("type", "personalised")]).label)


def for_whom(tenant: Tenant, job: BatchJob) -> str:
    """Names no customer."""
    return audiences.describe(tenant, job.audience) if job.audience else _count(job.total)


def _count(total: int) -> str:
    return figures.plural(total, "customer,customers")


def jobs(entries: Iterable[AuditEntry]) -> dict[tuple[int | None, str], About]:
    """The jobs that these entries name, by shop and id: as they stand, or as they were asked for if they are gone."""
    shops = {entry.tenant_id: entry.tenant for entry in entries}
    wanted = {(entry.tenant_id, entry.target) for entry in entries if _is_id(entry.target)}
    if not wanted:
        return {}
    alias, ids = next(shop.alias for shop in shops.values() if shop), {target for _, target in wanted}
    rows = BatchJob._default_manager.using(alias).filter(tenant_id__in=shops, public_id__in=ids)
    found = {(row.tenant_id, str(row.public_id)): _there(shops[row.tenant_id], row) for row in rows}
    gone = {target for tenant_id, target in wanted if (tenant_id, target) not in found}
    if gone:
        asked = AuditEntry.objects.using(alias).filter(tenant_id__in=shops, action="batch.requested", target__in=gone)
        found = {(entry.tenant_id, entry.target): _gone(entry) for entry in asked} | found
    return {key: found.get(key, About(("A batch job that is gone",))) for key in wanted}


def _is_id(text: str) -> bool:
    try:
        return str(UUID(text)) == text
    except ValueError:
        return False


def _there(shop: Tenant, job: BatchJob) -> About:
    when = f"begun {markup.exact(job.started_at)}" if job.started_at else f"asked for {markup.exact(job.created_at)}"
    url = reverse("panel:batch-job", kwargs={"slug": shop.slug, "public_id": job.public_id})
    return About(_known(job.name, lists(job), for_whom(shop, job), when), url)


def _gone(entry: AuditEntry) -> About:
    kept: Mapping[str, Any] = entry.details
    whom = kept.get("audience") or (_count(kept["total"]) if "total" in kept else "")
    return About(_known(kept.get("name"), kept.get("kind"), whom, f"asked for {markup.exact(entry.happened_at)}"))


def _known(*words: str | None) -> tuple[str, ...]:
    return tuple(word for word in words if word)


ABOUT["batch"] = jobs
