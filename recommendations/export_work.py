"""The work of exports."""

from recommendations.exporting import files
from tenants import work


@work.handler(files.TASK, heavy=True)
def export(lease: work.Lease) -> None:
    """Writes one file. May run twice: the second writes a file of its own."""
    files.make(
        lease.tenant_id or 0,
        int(lease.subject),
        renew=lease.renew,
        finish=lambda: lease.finish("default"),
        last=lease.attempt >= work.MAX_ATTEMPTS,
    )
