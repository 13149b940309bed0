"""The work of imports: one handler for every long part, fenced by the run's own row; and of feeds."""

from recommendations.importing import background, feeds, files
from tenants import work


@work.handler(files.TASK, heavy=True)
def import_file(lease: work.Lease) -> None:
    """Checks, writes or takes back, as the run's state says. May run twice; done pieces are not done again."""
    background.carry_on(
        lease.tenant_id or 0,
        int(lease.subject),
        renew=lease.renew,
        finish=lambda: lease.finish("default"),
        last=lease.attempt >= work.MAX_ATTEMPTS,
    )


@work.handler(feeds.TASK)
def fetch_feed(lease: work.Lease) -> None:
    """Fetches one feed. May run twice: the second file is the same one."""
    feeds.fetch(lease)


@work.handler("recommendations.fetch_due_feeds")
def fetch_due_feeds(lease: work.Lease) -> None:
    feeds.fetch_due()
