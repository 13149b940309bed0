"""Deliveries with a wrong signature: counted by the bucket, an incident when they are many, never a failed sign-in."""

from datetime import timedelta

import pytest
from django.utils import timezone

from anomalies import streams, watching
from anomalies.models import AnomalyIncident, Stream, StreamPoint
from luxebrain.lib import redis
from tests.anomalies.learned import taught
from tests.anomalies.test_inbox import page
from tests.recommendations.api.test_webhooks import Shop


@pytest.fixture
def bucket(db):
    """The bucket that is running, and the moment at which it is closed. The cache server has been there for long."""
    begin = streams.bucket_of(timezone.now())
    redis.client().set("pace:began", (begin - timedelta(hours=1)).timestamp())
    return begin, begin + streams.BUCKET + timedelta(minutes=1)


def forge(shop, times):
    for number in range(times):
        row = {"id": number}
        assert shop.woo("order.updated", row, delivery_id=f"d{number}", secret="not the secret").status_code == 401


def point(tenant):
    return StreamPoint.objects.across_tenants().get(tenant=tenant, metric="webhook_forgeries")


def test_a_burst_of_forgeries_is_an_incident_that_names_the_sender_and_the_address(acme, ana, signed_in, bucket):
    """R58: through the address of a shop; the same calls are no failed sign-ins of a key or person."""
    begin, over = bucket
    shop = Shop(acme, "woocommerce", name="Webshop")
    taught(acme, "webhook_forgeries", until=begin, mean=0)
    forge(shop, 30)
    streams.close(now=over)
    watching.look(now=over)
    assert point(acme).value == 30
    (incident,) = AnomalyIncident.objects.across_tenants()
    assert (incident.metric, incident.kind, incident.severity) == ("webhook_forgeries", "baseline", "high")
    assert incident.facts["who"] == {"subjects": [["address 127.0.0.1", 30]], "webhooks": [["Webshop", 30]]}
    html = page(signed_in(ana), f"/t/acme/alerts/{incident.pk}")
    assert "Webhooks with a wrong signature" in html
    assert 'href="/t/acme/catalogue/addresses"' in html
    refused = StreamPoint.objects.across_tenants().filter(tenant=acme, metric="refusals", value__gt=0)
    assert not refused.exists()


def test_the_stream_begins_with_the_first_address_and_none_is_a_zero(acme, globex, bucket):
    """A shop that listens has zero forgeries; a shop without an address has nothing to count."""
    Shop(acme, "woocommerce", name="Webshop")
    streams.close(now=bucket[1])
    assert point(acme).value == 0
    assert not Stream.objects.across_tenants().filter(tenant=globex, metric="webhook_forgeries").exists()


def test_a_cache_server_that_was_emptied_is_no_data(acme, bucket):
    """Never a zero: neither of forgeries nor of failed authentications."""
    begin, over = bucket
    Shop(acme, "woocommerce", name="Webshop")
    for metric in ("webhook_forgeries", "refusals"):
        taught(acme, metric, until=begin, mean=0)
    redis.client().delete("pace:began")
    streams.close(now=over)
    for metric in ("webhook_forgeries", "refusals"):
        assert StreamPoint.objects.across_tenants().get(metric=metric).value is None
        assert Stream.objects.across_tenants().get(metric=metric).silent_since == begin
