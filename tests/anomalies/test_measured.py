"""The quality of models as streams: measured once a day and once a training, judged once, told with their version."""

import random
from datetime import datetime, time, timedelta

import pytest
from django.utils import timezone

from anomalies import measured
from anomalies.channels import message
from anomalies.models import AlertChannel, AlertRule, AnomalyIncident, ExpectedWindow, Stream, StreamPoint
from modelregistry import metrics, versions
from modelregistry.models import ModelVersion
from modelregistry.statistics import shares
from tests import make
from tests.anomalies.test_inbox import page
from tests.trained import register as register  # a fixture

LISTS = 4000


@pytest.fixture
def version(acme, register):
    make.product(acme)
    return register(acme)


def day(shop, version, days_ago, clicked, lists=LISTS, metric="ctr"):
    """What the nightly measuring keeps of a day that is over."""
    today = timezone.now().astimezone(shop.zone).date() - timedelta(days=days_ago)
    begin = datetime.combine(today, time.min, tzinfo=shop.zone)
    window = (begin, datetime.combine(today + timedelta(days=1), time.min, tzinfo=shop.zone))
    metrics.record(
        version, metric, value=clicked / lists, sample_size=lists, window=window, source=metrics.ONLINE,
        interval=shares.wilson(clicked, lists),
    )  # fmt: skip


def usual(shop, version, *, days=20, since=2, share=0.05, seed=1):
    rng = random.Random(seed)
    for days_ago in range(since + days - 1, since - 1, -1):
        day(shop, version, days_ago, round(LISTS * share * rng.uniform(0.93, 1.07)))


def points(metric="quality_online"):
    return list(StreamPoint.objects.across_tenants().filter(metric=metric).order_by("at"))


def test_a_day_on_which_the_models_lists_are_clicked_less_is_an_incident(acme, ana, signed_in, version):
    """R58: with the version, what was expected, and a chart of the days; the next ordinary day ends it."""
    usual(acme, version)
    assert measured.close() == 20
    assert not AnomalyIncident.objects.across_tenants().exists()
    day(acme, version, 1, 110)
    assert measured.close() == 1
    assert measured.close() == 0
    (incident,) = AnomalyIncident.objects.across_tenants()
    assert (incident.metric, incident.side, incident.kind, incident.count) == ("quality_online", "down", "baseline", 1)
    assert incident.low < incident.expected < incident.high and incident.observed < incident.low
    html = page(signed_in(ana), f"/t/acme/alerts/{incident.pk}")
    assert "The model&#x27;s lists are clicked less" in html
    told = message.of_incident(incident, "opened", AlertChannel(tenant=acme))
    assert ("Seen", "2.75% of lists, a day") in told.facts
    assert "2.75% of lists, a day" in html
    assert "2.75%" in html and "version 1" in html and "21 measures" in html and "by the measures of four weeks" in html
    yesterday = StreamPoint.objects.across_tenants().latest("at").at
    later = measured.Measure(yesterday, yesterday + timedelta(days=1), 0.05, 0.044, 0.057, 1)
    found = {"quality_online": [later]}
    measured.close_one(measured.AnomalyDetector(measured.rules.book()), acme, found, now=later.at)
    incident.refresh_from_db()
    assert (incident.state, incident.verdict) == ("resolved", "")
    assert incident.history.using("ops").last().note == "The next measure was ordinary."


def test_a_day_with_few_lists_or_that_is_not_over_is_no_data(acme, version):
    """Never a zero: there is no point, and after three days the stream says since when."""
    usual(acme, version, days=8, since=5)
    day(acme, version, 2, 0, lists=40)
    day(acme, version, 0, 0)
    assert measured.close() == 8
    stream = Stream.objects.across_tenants().get(metric="quality_online")
    assert stream.silent_since == points()[-1].at
    day(acme, version, 1, 200)
    measured.close()
    stream.refresh_from_db()
    assert stream.silent_since is None
    assert all(point.value for point in points())


def test_the_day_is_that_of_the_version_that_answered_most(acme, register, version):
    canary = register(acme)
    day(acme, version, 1, 200)
    day(acme, canary, 1, 40, lists=400)
    measured.close()
    assert [point.value for point in points()] == [0.05]


def test_a_training_that_reaches_less_than_usual_is_an_incident(acme, register):
    """Of each training once, in the order of the trainings; uploads are somebody's own."""
    make.product(acme)
    for number in range(9):
        value = 0.03 if number == 8 else 0.21 + 0.004 * (number % 3)
        register(acme, metrics={"ndcg@10": value, "ndcg@10_low": value - 0.02, "ndcg@10_high": value + 0.02})
    register(acme, metrics={})  # too few returning shoppers: no data
    moment = timezone.now() - timedelta(days=1)
    for row in ModelVersion.objects.across_tenants().order_by("number"):
        moment += timedelta(hours=1)
        ModelVersion.objects.across_tenants().filter(pk=row.pk).update(created_at=moment)
    metrics.keep_offline(acme)
    assert measured.close() == 9
    assert measured.close() == 0
    (incident,) = AnomalyIncident.objects.across_tenants()
    assert (incident.metric, incident.side) == ("quality_offline", "down")
    assert incident.facts["subject"] == "version 9"


def test_history_that_is_read_late_is_learnt_and_not_told(acme, version):
    usual(acme, version, days=20, since=10)
    day(acme, version, 9, 20)
    assert measured.close() == 21
    assert not AnomalyIncident.objects.across_tenants().exists()


def test_an_expected_day_is_neither_raised_nor_learnt(acme, version):
    """R127: a window that touches the day is enough."""
    usual(acme, version)
    measured.close()
    state = bytes(Stream.objects.across_tenants().get(metric="quality_online").state)
    day(acme, version, 1, 110)
    noon = timezone.now() - timedelta(days=1)
    ExpectedWindow.objects.across_tenants().create(
        tenant=acme, metric="", starts_at=noon, ends_at=noon + timedelta(minutes=1), reason="Sale"
    )
    assert measured.close() == 1
    assert not AnomalyIncident.objects.across_tenants().exists()
    assert bytes(Stream.objects.across_tenants().get(metric="quality_online").state) == state


def test_a_rule_rolls_the_version_back_that_went_live_before(acme, sam, register, version):
    worse = register(acme)
    versions.activate(version, by=sam)
    versions.activate(worse, by=sam)
    AlertRule.objects.using("ops").create(metric="quality_online", kind="baseline", threshold=3, action="roll_back")
    usual(acme, version)
    measured.close()
    day(acme, worse, 1, 110)
    measured.close()
    assert versions.champion(acme) == version
