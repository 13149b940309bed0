"""Expected times: entered, listed, changed, removed and put back by a shop; they hold the baseline and are drawn."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from anomalies import streams
from anomalies.models import AnomalyIncident, ExpectedWindow
from tenants import occurrences
from tests import make
from tests.anomalies.learned import taught
from tests.anomalies.test_inbox import flagged, page
from tests.anomalies.test_inbox_in_browser import burst
from tests.anomalies.test_streams import feed

LIST = "/t/acme/alerts/expected"


@pytest.fixture
def begin(db):
    return streams.bucket_of(timezone.now()) - timedelta(hours=6)


def moment(shop, at):
    return f"{at.astimezone(shop.zone):%Y-%m-%dT%H:%M}"


def given(shop, *, hours=0.0, length=24.0, **fields):
    at = timezone.now() + timedelta(hours=hours)
    return {
        "reason": "Winter sale", "starts_at": moment(shop, at), "ends_at": moment(shop, at + timedelta(hours=length)),
        "metric": "", "holds": "on", **fields,
    }  # fmt: skip


def test_a_shop_enters_a_sale_day_and_nothing_is_raised_or_learnt_then(acme, ana, signed_in, begin):
    """R58, R127: with the form alone, without scripts; the minutes before it begins still count."""
    taught(acme, "requests", until=begin)
    client = signed_in(ana)
    assert "Nothing expected" in page(client, LIST)
    fields = given(acme, starts_at=moment(acme, begin), ends_at=moment(acme, begin + timedelta(hours=1)))
    answer = client.post(f"{LIST}/new", fields)
    assert answer.status_code == 302
    assert "Winter sale" in page(client, f"{LIST}?tab=past")
    state = bytes(acme.streams.get().state)
    assert feed(acme, "requests", [400.0] * 12, begin) == []
    assert bytes(acme.streams.get().state) == state
    (incident,) = feed(acme, "requests", [400.0], begin + timedelta(hours=1))
    assert incident.metric == "requests"
    (entry,) = acme.audit_entries.filter(action="expected.added")
    assert (entry.actor, entry.target) == (ana, "Winter sale")


def test_one_that_is_only_drawn_holds_nothing(acme, ana, signed_in, begin):
    taught(acme, "requests", until=begin)
    fields = given(acme, starts_at=moment(acme, begin), ends_at=moment(acme, begin + timedelta(hours=1)))
    signed_in(ana).post(f"{LIST}/new", {**fields, "holds": ""})
    assert len(feed(acme, "requests", [400.0], begin)) == 1
    assert "only drawn on charts" in page(signed_in(ana), f"{LIST}?tab=past")


def test_it_is_changed_removed_and_put_back(acme, ana, signed_in):
    client = signed_in(ana)
    client.post(f"{LIST}/new", given(acme))
    window = ExpectedWindow.objects.across_tenants().get()
    form = page(client, f"{LIST}/{window.pk}")
    assert f'value="{moment(acme, window.starts_at)}"' in form and "Winter sale" in form
    changed = client.post(f"{LIST}/{window.pk}", given(acme, reason="Spring sale", metric="orders"), follow=True).text
    assert "Spring sale" in changed and "Winter sale" not in changed and '<td data-label="About">Orders' in changed
    assert "Remove Spring sale?" in page(client, f"{LIST}/{window.pk}/remove")
    removed = client.post(f"{LIST}/{window.pk}/remove", follow=True).text
    assert "Nothing expected" in removed and "Removed lately" in removed
    assert client.get(f"{LIST}/{window.pk}").status_code == 404
    back = client.post(f"{LIST}/{window.pk}/put-back", follow=True).text
    assert "Spring sale is back" in back and "Removed lately" not in back
    assert client.post(f"{LIST}/{window.pk}/put-back").status_code == 404
    acts = list(acme.audit_entries.order_by("pk").values_list("action", flat=True))
    assert acts[-4:] == ["expected.added", "expected.changed", "expected.removed", "expected.put_back"]


def test_what_was_removed_holds_nothing_and_is_gone_after_a_week(acme, ana, signed_in, begin):
    from anomalies import expecting

    taught(acme, "requests", until=begin)
    client = signed_in(ana)
    client.post(f"{LIST}/new", given(acme, hours=-8))
    window = ExpectedWindow.objects.across_tenants().get()
    client.post(f"{LIST}/{window.pk}/remove")
    assert len(feed(acme, "requests", [400.0], begin)) == 1
    assert expecting.sweep() == 0
    ExpectedWindow.objects.across_tenants().update(removed_at=timezone.now() - timedelta(days=8))
    assert client.post(f"{LIST}/{window.pk}/put-back").status_code == 404
    assert expecting.sweep() == 1


def test_values_that_make_no_sense_are_refused_beside_their_field(acme, ana, signed_in):
    client = signed_in(ana)
    for field, fields in (
        ("reason", {"reason": " "}), ("reason", {"reason": "x" * 201}), ("ends_at", {"length": -1}),
        ("ends_at", {"length": 24 * 90}), ("ends_at", {"hours": 24 * 900}), ("starts_at", {"hours": -24 * 500}),
        ("starts_at", {"starts_at": "soon"}), ("starts_at", {"starts_at": ""}), ("metric", {"metric": "none such"}),
        ("metric", {"metric": "import_failed"}),
    ):  # fmt: skip
        answer = client.post(f"{LIST}/new", given(acme, **fields))
        assert answer.status_code == 422, fields
        assert f'id="id_{field}_error"' in answer.text, fields
    assert not ExpectedWindow.objects.across_tenants().exists()


def test_only_who_may_act_on_alerts_changes_them_and_only_their_own(acme, globex, ana, ben, gil, signed_in):
    signed_in(ana).post(f"{LIST}/new", given(acme))
    window = ExpectedWindow.objects.across_tenants().get()
    analyst, stranger = signed_in(ben), signed_in(gil)
    html = page(analyst, LIST)
    assert "Winter sale" in html and "New time" not in html and "Remove" not in html
    assert analyst.post(f"{LIST}/new", given(acme)).status_code == 403
    assert analyst.post(f"{LIST}/{window.pk}/remove").status_code == 403
    for path in (f"/t/globex/alerts/expected/{window.pk}", f"/t/globex/alerts/expected/{window.pk}/remove"):
        assert stranger.get(path).status_code == 404
        assert stranger.post(path, given(globex)).status_code == 404
    assert "Winter sale" not in page(stranger, "/t/globex/alerts/expected")


def test_the_staff_reads_those_of_all_shops(acme, globex, ana, gil, sam, signed_in):
    signed_in(ana).post(f"{LIST}/new", given(acme))
    signed_in(gil).post("/t/globex/alerts/expected/new", given(globex, reason="Clearance", hours=48))
    staff = signed_in(sam)
    html = page(staff, "/anomalies/expected")
    assert "Winter sale" in html and "Clearance" in html and "Any shop" in html
    only = page(staff, "/anomalies/expected?tenant=globex")
    assert "Clearance" in only and "Winter sale" not in only
    assert "Clearance" not in page(staff, "/anomalies/expected?q=winter")


def test_it_is_drawn_on_the_chart_of_its_time(acme, ana, signed_in):
    """As a shaded stretch with its name, and beside the incident."""
    make.key(acme)
    incident = burst(acme)
    client = signed_in(ana)
    client.post(f"{LIST}/new", given(acme, hours=-4, length=2, reason="Newsletter at noon", holds=""))
    client.post(f"{LIST}/new", given(acme, hours=-4, length=2, reason="Of orders alone", metric="orders"))
    html = page(client, f"/t/acme/alerts/{incident.pk}")
    (span,) = re.findall(r'class="chart-span"><rect x="([\d.]+)%" y="0" width="([\d.]+)%"', html)
    assert float(span[0]) == pytest.approx(66, abs=3)
    assert float(span[1]) == pytest.approx(16, abs=3)
    assert "<title>Newsletter at noon</title>" in html
    assert "Newsletter at noon (expected)" in html and "Of orders alone" not in html


def test_what_happened_beside_an_alert_can_be_the_reason(acme, ana, signed_in):
    """An import, an activation or a deployment leads to the form with its time and name filled in."""
    occurrences.record(acme, "import.finished", subject="products.csv")
    incident = flagged(acme, "orders", minutes=1)
    client = signed_in(ana)
    html = page(client, f"/t/acme/alerts/{incident.pk}")
    link = re.search(r'href="(/t/acme/alerts/expected/new\?[^"]*)"', html).group(1).replace("&amp;", "&")
    form = page(client, link)
    assert 'value="import (products.csv)"' in form
    assert '<option value="orders" selected>' in form
    happened = acme.occurrences.get().happened_at
    assert f'value="{moment(acme, happened)}"' in form
    hostile = page(client, f"{LIST}/new?from=%00&until=99999-01-01&metric=x&reason=%3Cb%3E")
    assert "&lt;b&gt;" in hostile


def test_the_verdict_expected_makes_one_and_undoing_it_takes_it_away(acme, ana, sam, signed_in):
    incident = flagged(acme, "orders")
    staff = signed_in(sam)
    staff.post(f"/anomalies/{incident.pk}/resolve", {"verdict": "expected", "note": ""})
    assert f"Incident {incident.pk}: expected" in page(signed_in(ana), LIST)
    staff.post(f"/anomalies/{incident.pk}/undo")
    assert not ExpectedWindow.objects.across_tenants().exists()
    assert AnomalyIncident.objects.across_tenants().get().state == "new"


def test_a_deployment_is_drawn_and_can_be_the_reason_at_every_shop(acme, ana, signed_in):
    """The platform's own: no shop's row says it."""
    occurrences.record_deployment("1.2")
    incident = flagged(acme, "requests", kind="baseline", minutes=1)
    text = signed_in(ana).get(f"/t/acme/alerts/{incident.pk}").content.decode()
    assert "deployment (1.2)" in text and "because of this" in text
