"""Handlers of the app's background work."""

from anomalies import watching
from tenants import work


@work.handler("anomalies.look")
def look(lease: work.Lease) -> None:
    watching.look(renew=lease.renew)


@work.handler("anomalies.settle")
def settle(lease: work.Lease) -> None:
    watching.settle(renew=lease.renew)
