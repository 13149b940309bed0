"""What sets an isolated tenant's training apart: whose rows it may read, and what its model is held against."""

from __future__ import annotations

from django.db import connections

from modelregistry import versions
from modelregistry.isolation import TenantModelIsolation
from modelregistry.models import ModelVersion
from recommendations import common_table, common_votes, comparison, datasets
from recommendations.comparison import Verdict
from recommendations.datasets import Dataset
from recommendations.evaluation.selection import DECIDES, TrainingResult
from recommendations.models import TrainingRun
from tenants import tenancy
from tenants.models import Tenant

SHARED, TENANT = ModelVersion.Scope.SHARED, ModelVersion.Scope.TENANT
BASELINE = "popularity"
# Whose rows this transaction can see in what a training reads. Under row-level security only the tenant's own;
# where that does not hold (a role that passes policies by), training in isolation is refused.
_OWNERS = """
select tenant_id from recommendations_order group by tenant_id
union select tenant_id from recommendations_orderline group by tenant_id
union select tenant_id from recommendations_customer group by tenant_id
union select tenant_id from recommendations_event group by tenant_id
union select tenant_id from recommendations_product group by tenant_id
"""


def scope_of(tenant: Tenant) -> str:
    """Which kind of version a training of this tenant makes."""
    return TENANT if TenantModelIsolation(tenant).should_isolate_tenant() else SHARED


def read(tenant: Tenant, scope: str) -> Dataset:
    """The rows to learn from. In isolation, ForeignRows is raised where any row of another tenant is in sight;
    otherwise what other shops say stands beside them, if the shop takes part."""
    if scope == TENANT:
        TenantModelIsolation(tenant).filter_training_data(_owners_in_sight(tenant))
        return datasets.of(tenant)
    if not tenant.takes_part:
        return datasets.of(tenant)
    return common_table.beside(tenant, datasets.of(tenant, key=common_votes.key()))


def _owners_in_sight(tenant: Tenant) -> list[int]:
    with connections[tenant.alias].cursor() as cursor:
        cursor.execute(_OWNERS)
        return [row[0] for row in cursor.fetchall()]


def beside(tenant_id: int, scope: str, result: TrainingResult, dataset: Dataset, *, seed: int) -> dict[str, float]:
    """NDCG@10 of the best sellers and of the shop's latest shared model on the test of an isolated one.

    Keys "popular_ndcg@10" and "shared_ndcg@10"; one that could not be measured is left out.
    """
    if scope != TENANT or result.cut is None:
        return {}
    found = {"popular": result.metrics.get(BASELINE, {}).get(DECIDES)}
    with tenancy.enter(tenant_id) as tenant:
        shared = TenantModelIsolation(tenant).latest_shared()
    if shared is not None:
        found["shared"] = comparison.measured(shared, result, dataset, seed=seed)
    return {f"{name}_{DECIDES}": value for name, value in found.items() if value is not None}


def began(tenant: Tenant, run: TrainingRun) -> None:
    if run.scope == TENANT:
        TenantModelIsolation(tenant).training_began()


def still(tenant: Tenant, scope: str, verdict: Verdict) -> Verdict:
    """The verdict, or that the version is kept aside where isolation began or ended while it was trained."""
    if scope == scope_of(tenant):
        return verdict
    return Verdict(False, f"{verdict.words}; whether this shop has an isolated model changed meanwhile")


def ended(tenant: Tenant, run_id: int) -> None:
    """The isolation request follows the training that it waits for."""
    run = tenant.training_runs.select_related("version").get(pk=run_id)
    if run.scope != TENANT:
        return
    served = run.version is not None and versions.champion(tenant) == run.version
    TenantModelIsolation(tenant).training_ended(run.version if served else None, outcome=run.error or run.outcome)
