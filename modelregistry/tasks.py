"""Handlers of the app's background work."""

import contextlib

from luxebrain.lib import logs
from modelregistry import retention, store, sweeping, undecided
from modelregistry.artifacts import ArtifactUnreachable
from modelregistry.models import ModelVersion
from tenants import tenancy, work

log = logs.get(__name__)


@work.handler(retention.TASK)
def let_go(lease: work.Lease) -> None:
    """Without a tenant: finds the shops with files to look at. With one: lets go what its plan keeps no longer."""
    if lease.tenant_id is None:
        rows = ModelVersion.objects.across_tenants().filter(files_removed_at=None)
        shops = set(rows.values_list("tenant_id", flat=True))
        for tenant in tenancy.across().filter(pk__in=shops).order_by("pk"):
            work.enqueue(tenant, retention.TASK, key="retention-of-versions")
        return
    with tenancy.enter(lease.tenant_id) as tenant:
        undecided.lapse(tenant)  # first: what they held may go with the same look
        over = retention.let_go(tenant)
        gone = sweeping.forget_releases(tenant)
        lease.finish("default")
    with contextlib.suppress(ArtifactUnreachable):  # no version names them any more: the sweep finds them
        for place in over:
            store.discard(place)
    if over or any(gone.values()):
        log.info("versions.let_go", tenant_id=lease.tenant_id, files=len(over), **gone)


@work.handler(sweeping.TASK)
def sweep(lease: work.Lease) -> None:
    """What interrupted trainings left in the store."""
    removed = sweeping.sweep(lease.renew)
    if removed:
        log.info("artefacts.swept", folders=removed)
