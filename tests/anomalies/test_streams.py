"""Learned baselines: bursts, drops, silence, recovery, and that a bucket counts once."""

from datetime import timedelta

import pytest
from django.utils import timezone

from anomalies import rules, streams
from anomalies.detection import AnomalyDetector
from anomalies.models import AnomalyIncident, ExpectedWindow, Stream, StreamPoint
from luxebrain.lib import redis
from tenants import pace
from tests import make
from tests.anomalies.learned import taught


@pytest.fixture
def begin(db):
    """The beginning of a bucket some hours ago."""
    return streams.bucket_of(timezone.now()) - timedelta(hours=6)


def feed(shop, metric, values, begin, exposure=1.0):
    """Closes one bucket after another with these values; returns the incidents there are then."""
    detector, at = AnomalyDetector(rules.book()), begin
    for value in values:
        streams.close_one(detector, shop, at, {metric: (value, exposure)}, now=at + streams.BUCKET)
        at += streams.BUCKET
    return list(AnomalyIncident.objects.across_tenants().filter(tenant=shop))


def test_a_tenfold_burst_is_found_within_one_bucket(acme, begin):
    """R58: the count engine's alarm becomes an incident with what was expected and how unlikely it is."""
    taught(acme, "requests", until=begin)
    (incident,) = feed(acme, "requests", [200.0], begin)
    assert (incident.kind, incident.side, incident.severity, incident.count) == ("baseline", "up", "high", 1)
    assert 10 < incident.expected < 30
    assert incident.low < incident.expected < incident.high < 200
    assert incident.log10p < -8


def test_it_says_which_key_and_endpoint_are_behind_a_burst(acme, begin):
    taught(acme, "requests", until=begin)
    name = pace.minute_key(acme.pk, int(begin.timestamp()) // 60 + 1)
    redis.client().hset(name, mapping={"recommendations|7": 190, "events|8": 10})
    (incident,) = feed(acme, "requests", [200.0], begin)
    assert incident.facts["who"]["keys"] == [["key 7", 190], ["key 8", 10]]
    assert incident.facts["who"]["endpoints"][0] == ["recommendations", 190]


def test_a_drop_to_zero_is_found_and_calls_itself_high(acme, begin):
    taught(acme, "orders", until=begin, mean=30)
    (incident,) = feed(acme, "orders", [0.0, 0.0, 0.0], begin)
    assert (incident.side, incident.severity) == ("down", "high")


def test_an_ordinary_day_raises_nothing(acme, begin):
    taught(acme, "requests", until=begin)
    assert feed(acme, "requests", [20.0, 24.0, 15.0, 18.0, 22.0, 27.0, 19.0], begin) == []
    assert StreamPoint.objects.across_tenants().count() == 7


def test_repeats_raise_the_count_and_six_quiet_buckets_end_it(acme, begin):
    """R73: nobody needs to watch; R127: one incident."""
    taught(acme, "requests", until=begin)
    (incident,) = feed(acme, "requests", [200.0, 220.0, 210.0], begin)
    assert (incident.count, incident.peak) == (3, 220)
    (incident,) = feed(acme, "requests", [20.0] * 8, begin + 3 * streams.BUCKET)
    assert incident.state == "resolved"
    assert incident.verdict == ""
    assert [line.act for line in incident.history.using("ops")] == ["opened", "recovered"]


def test_a_return_within_a_day_reopens_the_same_incident(acme, begin):
    """R69: reopened as regressed, with its history."""
    taught(acme, "requests", until=begin)
    (first,) = feed(acme, "requests", [200.0, *[20.0] * 8], begin)
    (again,) = feed(acme, "requests", [260.0], begin + 9 * streams.BUCKET)
    assert (again.pk, again.state, again.sub_state) == (first.pk, "new", "regressed")


def test_a_bucket_counts_once(acme, begin):
    """Two workers that close the same bucket: one point, one signal, one lesson for the engine."""
    taught(acme, "requests", until=begin)
    feed(acme, "requests", [200.0], begin)
    state = bytes(Stream.objects.across_tenants().get().state)
    (incident,) = feed(acme, "requests", [200.0], begin)
    assert incident.count == 1
    assert bytes(Stream.objects.across_tenants().get().state) == state
    assert StreamPoint.objects.across_tenants().count() == 1


def test_no_data_is_its_own_state_and_no_zero(acme, begin):
    """A lost counter is a gap; a drop is not raised for it."""
    taught(acme, "requests", until=begin, mean=50)
    assert feed(acme, "requests", [None] * 12, begin) == []
    stream = Stream.objects.across_tenants().get()
    assert stream.silent_since == begin
    assert set(StreamPoint.objects.across_tenants().values_list("value", flat=True)) == {None}
    assert feed(acme, "requests", [50.0], begin + 12 * streams.BUCKET) == []
    assert Stream.objects.across_tenants().get().silent_since is None


def test_what_is_expected_is_not_raised_and_not_learnt(acme, begin):
    """R127: a sale day holds the baseline."""
    taught(acme, "requests", until=begin)
    ExpectedWindow.objects.across_tenants().create(
        tenant=acme, metric="requests", starts_at=begin, ends_at=begin + timedelta(hours=2), reason="Sale"
    )
    state = bytes(Stream.objects.across_tenants().get().state)
    assert feed(acme, "requests", [400.0] * 6, begin) == []
    assert bytes(Stream.objects.across_tenants().get().state) == state


def test_slow_answers_are_found_on_the_logarithm(acme, globex, begin):
    for shop in (acme, globex):
        taught(shop, "latency", until=begin, mean=-5.0)
    assert feed(acme, "latency", [0.0067, 0.9, 0.0067], begin) == []  # a single odd bucket
    (incident,) = feed(globex, "latency", [0.0067, 0.9, 0.8], begin)
    assert (incident.metric, incident.side) == ("latency", "up")
    assert incident.expected < 0.02


def test_a_stream_that_still_learns_is_silent(acme, begin):
    """72 hours belong to the fixed limits alone."""
    taught(acme, "requests", until=begin, days=1)
    assert feed(acme, "requests", [500.0], begin) == []


def test_the_round_reads_counters_and_rows(acme, globex):
    """The whole way: calls by the minute and orders of the bucket that is over, each shop's own."""
    now = streams.bucket_of(timezone.now()) + timedelta(minutes=1)
    begin = streams.bucket_of(now) - streams.BUCKET
    redis.client().set("pace:began", (begin - timedelta(hours=1)).timestamp())
    redis.client().hincrby(pace.minute_key(acme.pk, int(begin.timestamp()) // 60 + 2), "api_calls|1", 7)
    row = make.order(globex, ["p-1"], days_ago=0)
    globex.orders.filter(pk=row.pk).update(created_at=begin, updated_at=begin, ordered_at=begin)
    assert streams.close(now=now) == 1
    found = {(p.tenant_id, p.metric): p.value for p in StreamPoint.objects.across_tenants()}
    assert found[acme.pk, "requests"] == 7
    assert found[globex.pk, "orders"] == 1
    assert streams.close(now=now) == 0
