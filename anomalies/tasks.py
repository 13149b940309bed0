"""Handlers of the app's background work."""

from anomalies import expecting, following, measured, streams, watching
from anomalies.channels import digest, telling
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


@work.handler("anomalies.close_measures")
def close_measures(lease: work.Lease) -> None:
    measured.close(renew=lease.renew)


@work.handler("anomalies.sweep_points")
def sweep_points(lease: work.Lease) -> None:
    streams.sweep()
    expecting.sweep()


@work.handler("anomalies.tell")
def tell(lease: work.Lease) -> None:
    """Due notices become deliveries, and due digests letters."""
    telling.fan_out()
    digest.hand_out()


@work.handler(telling.TASK)
def deliver(lease: work.Lease) -> None:
    telling.deliver(lease)


@work.handler(telling.TEST_TASK)
def test_channel(lease: work.Lease) -> None:
    telling.test(lease)


@work.handler(digest.TASK)
def send_digest(lease: work.Lease) -> None:
    digest.send(lease)


@work.handler("anomalies.sweep_deliveries")
def sweep_deliveries(lease: work.Lease) -> None:
    telling.sweep()
