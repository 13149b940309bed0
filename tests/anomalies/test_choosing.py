"""Which channels hear of an incident: those that its rule names, and that the shop's plan has."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from anomalies import incidents, rules
from anomalies.channels import setup
from anomalies.detection import AnomalyDetector, OrderSeen
from anomalies.models import AlertChannel, AlertDelivery, AlertNotice, AlertRule, AnomalyIncident, IncidentEvent
from luxebrain.lib.problems import PlanLimit
from tenants import tenancy
from tests.anomalies.test_channels import go_on, happen, open_channel
from tests.anomalies.test_channels import slack as slack  # a fixture
from tests.anomalies.test_channels import smtp as smtp  # a fixture


def burst(acme, orders):
    """So many orders within a minute, by the rule that holds, and the group wait over."""
    now = timezone.now()
    seen = [OrderSeen(f"o{n}", Decimal(10), "EUR", "c", now - timedelta(seconds=n)) for n in range(orders)]
    with tenancy.enter(acme.pk) as shop:
        detector = AnomalyDetector(rules.book())
        for signal in detector.orders(shop, seen, since=now - timedelta(minutes=5), usual=lambda _: None):
            incidents.flag(shop, signal, now=now)
    AlertNotice.objects.across_tenants().update(created_at=now - timedelta(minutes=5))


def test_a_rule_names_the_channels_that_are_told(acme, sam, ana, smtp):
    """Kinds or single channels; without a name every one that wants it; where none is in use, everybody again."""
    ops = open_channel(sam, kind="mail", recipients=["ops@lux.example"], name="Ops")
    open_channel(ana, acme, kind="mail", recipients=["owner@acme.example"], name="Owner")
    AlertRule.objects.using("ops").create(
        tenant=acme, metric="rapid_orders", kind="limit", threshold=3, channels=[f"channel:{ops.pk}"]
    )
    burst(acme, 5)
    go_on()
    assert [to for to, _ in smtp.letters] == ["ops@lux.example"]
    setup.switch(ops, on=False, by=sam)
    AnomalyIncident.objects.across_tenants().update(notified_at=None, severity="low")
    burst(acme, 20)
    go_on()
    assert [to for to, _ in smtp.letters] == ["ops@lux.example", "owner@acme.example"]


def test_a_channel_that_the_plan_has_not_is_refused_with_the_reason(acme, globex, sam, gil, slack, smtp):
    """Slack from growth on: Globex is on starter. One that it has from before stays, and says why it is silent."""
    why = "The Starter plan has no Slack channels. Growth or Enterprise includes them."
    with pytest.raises(PlanLimit) as refused:
        open_channel(gil, globex, kind="slack", url=f"{slack.url}/T1")
    assert refused.value.detail == why
    open_channel(sam, acme, kind="slack", url=f"{slack.url}/T1")
    row = AlertChannel.objects.using("ops").get()
    AlertChannel.objects.using("ops").update(tenant=globex)
    happen(globex)
    go_on()
    notice, delivery = AlertNotice.objects.across_tenants().get(), AlertDelivery.objects.using("ops").get()
    assert (notice.state, notice.reason) == ("dropped", "its channels are not part of the plan")
    assert (delivery.state, delivery.reason, slack.asked) == ("failed", why, [])
    line = IncidentEvent.objects.across_tenants().get(act="not_told")
    assert line.note == f"Slack “On call” {why}"
    row.refresh_from_db(using="ops")
    with pytest.raises(PlanLimit):
        setup.send_test(row, by=gil)
