"""The work of batch jobs: read an audience into chunks, do one chunk, and the beat's look every five seconds."""

from recommendations import batch_handing, batch_planning
from recommendations.batch import BatchInferenceQueue
from tenants import tenancy, work

DUE_TASK = "recommendations.batch_due"


@work.handler(batch_handing.TASK)
def chunk(lease: work.Lease) -> None:
    BatchInferenceQueue.process_batch(lease)


@work.handler(batch_planning.TASK)
def plan(lease: work.Lease) -> None:
    BatchInferenceQueue.read_audience(lease)


@work.handler(DUE_TASK)
def take_up_what_is_due(lease: work.Lease) -> None:
    """R16: hands out what is due, takes back what was lost, ends what is finished, lets go what is over."""
    for place, tenant_id in enumerate(BatchInferenceQueue.tenants_to_look_after()):
        if place % 20 == 19:
            lease.renew()
        try:
            with tenancy.enter(tenant_id) as tenant:
                BatchInferenceQueue(tenant).look_after()
        except tenancy.NoSuchTenant:
            continue
