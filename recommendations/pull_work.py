"""The work of connections: makes those due whose time has come, and reads on where one stopped."""

from recommendations.pulling import connections, rounds
from tenants import work


@work.handler("recommendations.pull_due")
def pull_due(lease: work.Lease) -> None:
    connections.fan_out()


@work.handler(connections.TASK)
def pull(lease: work.Lease) -> None:
    """Some pages of one connection. May run twice: a page is kept only from the place where it was read."""
    wait = rounds.carry_on(
        lease.tenant_id or 0, int(lease.subject), renew=lease.renew, finish=lambda: lease.finish("default")
    )
    if wait is not None:
        raise work.RetryLater(wait)
