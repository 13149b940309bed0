"""No data is a state of its own: said in words on both pages, with the incident, and over the API."""

from datetime import timedelta

import pytest
from django.utils import timezone

from anomalies import streams
from anomalies.models import Stream
from tests.anomalies.test_inbox import flagged, page

SHOP = "/t/acme/alerts"


@pytest.fixture
def silent(acme, globex):
    """Calls of Acme without data for a bucket of three days ago; orders of both shops give data."""
    since = streams.bucket_of(timezone.now() - timedelta(days=3))
    for shop, metric, hole in ((acme, "requests", since), (acme, "orders", None), (globex, "orders", None)):
        Stream.objects.across_tenants().create(
            tenant=shop, metric=metric, engine="count", read_until=since, silent_since=hole
        )
    there = since.astimezone(acme.zone)
    return since, f"No data since {there.day} {there:%b}, {there:%H:%M}: the pipeline is silent"


def test_a_shop_reads_what_gives_no_data(signed_in, ana, acme, silent):
    text = page(signed_in(ana), SHOP)
    assert f"API calls: {silent[1]}." in text and "This is no drop to zero" in text
    assert text.index("API calls") < text.index("What is watched")
    incident = flagged(acme, "api_rate")
    assert silent[1] in page(signed_in(ana), f"{SHOP}/{incident.pk}")


def test_a_stream_of_today_says_the_time_alone(signed_in, ana, acme):
    since = timezone.now()
    Stream.objects.across_tenants().create(
        tenant=acme, metric="orders", engine="count", read_until=since, silent_since=since
    )
    text = page(signed_in(ana), SHOP)
    assert "Orders: No data since" in text and f"{since.astimezone(acme.zone):%H:%M}: the pipeline is silent" in text


def test_it_is_not_said_where_data_comes(signed_in, gil, globex, silent):
    text = page(signed_in(gil), "/t/globex/alerts")
    assert "No data" not in text and "Learning" in text


def test_the_staff_reads_whose_streams_are_silent(signed_in, sam, acme, silent):
    text = page(signed_in(sam), "/anomalies")
    since = silent[0]
    assert f"API calls: No data since {since.day} {since:%b}, {since:%H:%M} UTC: the pipeline is silent (Acme)" in text
    incident = flagged(acme, "requests")
    assert silent[1] in page(signed_in(sam), f"/anomalies?id={incident.pk}")


def test_the_api_lists_streams_with_their_state(signed_in, sam, acme, silent):
    client = signed_in(sam)
    for name in ("acme", acme.pk):
        calls, orders = client.get(f"/api/admin/anomalies/{name}/streams").json()["data"]
        assert (calls["metric"], calls["state"], calls["words"]) == ("requests", "no_data", silent[1])
        assert (orders["metric"], orders["state"], orders["silent_since"]) == ("orders", "data", None)
    assert client.get("/api/admin/anomalies/nobody/streams").status_code == 404
    assert client.get("/api/admin/anomalies/acme/streams?page=2").status_code == 400


def test_it_shows_the_newest_value_beside_what_is_usual(signed_in, ana, acme):
    until = streams.bucket_of(timezone.now())
    for metric, read in (("orders", {"log10p": -0.4}), ("requests", {"log10p": None}), ("catalogue", {"log10p": -0.1})):
        Stream.objects.across_tenants().create(tenant=acme, metric=metric, engine="count", read_until=until)
        acme.stream_points.create(metric=metric, at=until - streams.BUCKET, value=12, low=6.2, high=19.8, **read)
    text = page(signed_in(ana), SHOP)
    assert "12 orders in 5 min" in text and "6–20" in text
    assert "Learning" in text
    now = timezone.now()
    acme.expected_windows.create(metric="orders", reason="Sale", starts_at=now, ends_at=now + timedelta(hours=1))
    assert "nothing is judged until it ends" in page(signed_in(ana), SHOP)


def test_it_says_so_where_nothing_is_watched_yet(signed_in, ana):
    assert "Nothing is watched yet" in page(signed_in(ana), SHOP)
