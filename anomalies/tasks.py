"""Handlers of the app's background work."""

from anomalies import following, streams, watching
from tenants import work


@work.handler("anomalies.look")
def look(lease: work.Lease) -> None:
    watching.look(renew=lease.renew)
    following.follow()


@work.handler("anomalies.settle")
def settle(lease: work.Lease) -> None:
    watching.settle(renew=lease.renew)


@work.handler("anomalies.close_buckets")
def close_buckets(lease: work.Lease) -> None:
    streams.close(renew=lease.renew)


@work.handler("anomalies.sweep_points")
def sweep_points(lease: work.Lease) -> None:
    streams.sweep()
