"""Background work of pulls: one connection's turn, and those whose time has come."""

from recommendations.pulling import connections, pull
from tenants import work


@work.handler(connections.TASK)
def pull_connection(lease: work.Lease) -> None:
    pull.pull(lease)


@work.handler("recommendations.pull_due")
def pull_due(lease: work.Lease) -> None:
    connections.due()
