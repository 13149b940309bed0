"""A shop's own alerts: page, banner, the two things to do; nobody else's are seen."""

from datetime import timedelta

import pytest
from django.utils import timezone

from anomalies import following, incidents
from anomalies.models import AnomalyIncident
from tenants import occurrences
from tests.anomalies.test_inbox import flagged


@pytest.fixture
def owner(ana, signed_in):
    return signed_in(ana)


def text(client, path):
    answer = client.get(path)
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_banner_stands_on_every_page_until_it_is_dismissed(owner, ben, signed_in, acme):
    """R137: severity, a plain sentence, two actions; the dismissal is this person's and ends when it gets worse."""
    one = flagged(acme)
    for path in ("overview", "catalogue", "alerts"):
        html = text(owner, f"/t/acme/{path}")
        assert 'id="alert-banner"' in html
        assert "Many orders within minutes" in html
        assert "Look into it" in html
    owner.post(f"/t/acme/alerts/{one.pk}/dismiss")
    assert "Look into it" not in text(owner, "/t/acme/overview")
    assert "Look into it" in text(signed_in(ben), "/t/acme/overview")
    flagged(acme, severity="high", window="w2", minutes=1)
    assert "Look into it" in text(owner, "/t/acme/overview")


def test_it_is_expected_ends_it_and_holds_the_next(owner, acme):
    """R68, R137"""
    one = flagged(acme)
    owner.post(f"/t/acme/alerts/{one.pk}/expected", {"note": "our sale"})
    one = AnomalyIncident.objects.across_tenants().get()
    assert (one.state, one.verdict) == ("resolved", "expected")
    assert flagged(acme, window="w2", minutes=0) is None
    assert "our sale" in text(owner, f"/t/acme/alerts/{one.pk}")


def test_looking_into_it_is_noted(owner, acme, ana):
    one = flagged(acme)
    owner.post(f"/t/acme/alerts/{one.pk}/look")
    one = AnomalyIncident.objects.across_tenants().get()
    assert (one.state, one.owner_id) == ("acknowledged", ana.pk)


def test_a_shop_sees_its_own_alone(owner, acme, globex):
    """R68: a neighbour's is as unknown as none."""
    flagged(acme)
    theirs = flagged(globex, "failed_auth")
    html = text(owner, "/t/acme/alerts")
    assert "Many orders" in html
    assert "Failed sign-ins" not in html.split('id="rows"')[1]
    assert owner.get(f"/t/acme/alerts/{theirs.pk}").status_code == 404
    for verb in ("look", "expected", "note", "dismiss"):
        assert owner.post(f"/t/acme/alerts/{theirs.pk}/{verb}", {"note": "x"}).status_code == 404


def test_the_worst_open_alert_stands_first(owner, acme):
    """Not the newest: a low one that came after must not push a high one down."""
    flagged(acme, "failed_auth", severity="high", minutes=20)
    flagged(acme, severity="low", minutes=1)
    rows = text(owner, "/t/acme/alerts").split('id="rows"')[1]
    assert rows.index("Failed sign-ins") < rows.index("Many orders")
    newest = text(owner, "/t/acme/alerts?sort=-last").split('id="rows"')[1]
    assert newest.index("Many orders") < newest.index("Failed sign-ins")


def test_the_staffs_notes_stay_with_the_staff(owner, acme, sam, signed_in):
    one = flagged(acme)
    signed_in(sam).post(f"/anomalies/{one.pk}/note", {"note": "they are scraping us"})
    html = text(owner, f"/t/acme/alerts/{one.pk}")
    assert "scraping" not in html
    assert "LuxeBrain&#x27;s staff" in html
    assert sam.name not in html


def test_an_analyst_reads_and_does_not_act(ben, acme, signed_in):
    one = flagged(acme)
    client = signed_in(ben)
    html = text(client, "/t/acme/overview")
    assert "Look into it" in html
    assert "It&#x27;s expected" not in html
    assert "It's expected" not in html
    assert client.post(f"/t/acme/alerts/{one.pk}/expected").status_code == 403


def test_no_alert_says_so(owner, acme):
    assert "No alerts here" in text(owner, "/t/acme/alerts")


def test_what_happened_below_becomes_an_incident_once(acme, sam, signed_in):
    """A damaged file, a failed batch: said once, however often it is read; an activation is a mark, no incident."""
    occurrences.record(acme, "artefact.damaged", subject="version 3", facts={"file": "items.npy"})
    occurrences.record(acme, "version.activated", subject="version 4")
    following.follow()
    following.follow()
    (incident,) = AnomalyIncident.objects.across_tenants()
    assert (incident.metric, incident.severity, incident.count) == ("artefact_damaged", "high", 1)
    html = text(signed_in(sam), f"/anomalies?id={incident.pk}")
    assert "model activated (version 4)" in html
    assert "items.npy" in html
    occurrences.record(acme, "artefact.damaged", subject="version 5")
    following.follow()
    assert AnomalyIncident.objects.across_tenants().get().count == 2


def test_a_flood_that_is_held_out_of_the_shared_model_is_told_until_it_is_over(acme, owner, sam, signed_in):
    """T14: to the staff and to the shop, in words of the shop; it does not end because a day is quiet."""
    occurrences.record(acme, "shared.flooded", subject="1,260 orders, 60 when they were counted last")
    following.follow()
    incident = AnomalyIncident.objects.across_tenants().get()
    for html in (text(owner, f"/t/acme/alerts/{incident.pk}"), text(signed_in(sam), f"/anomalies?id={incident.pk}")):
        assert "A flood of orders is not yet in the shared model" in html and "nothing is to be done" in html
        assert "1,260 orders, 60 when they were counted last" in html
    incidents.settle(acme, now=timezone.now() + timedelta(days=14))
    incident.refresh_from_db(using="ops")
    assert incident.state == "new"
    occurrences.record(acme, "shared.flood_over")
    following.follow()
    following.follow()
    incident.refresh_from_db(using="ops")
    assert (incident.state, incident.verdict) == ("resolved", "")
    assert "made anew" in text(owner, f"/t/acme/alerts/{incident.pk}")


def test_a_batch_job_is_called_by_its_name(owner, acme):
    """R127: an id says nothing to a merchandiser."""
    job = {"job_id": "828c1dd3", "name": "Birthday cards", "status": "partial", "total": 1023, "processed": 1020,
           "failed": 3}  # fmt: skip
    occurrences.record(acme, "batch.partial", subject="828c1dd3", facts=job)
    following.follow()
    html = text(owner, "/t/acme/alerts")
    assert "A batch job failed, or part of it" in html
    assert "Birthday cards: 3 of 1,023 failed" in html


def test_the_overview_of_the_staff_shows_the_newest(sam, signed_in, acme):
    """R64: by severity, newest five, each a link."""
    one = flagged(acme, severity="high")
    html = text(signed_in(sam), "/dashboard")
    assert "1 high · 0 medium · 0 low" in html
    assert f'href="/anomalies?id={one.pk}"' in html


def test_a_platform_incident_holds_the_shops_own_back(sam, signed_in, db):
    """R127: one metric in alarm for a fifth of the shops, at least five, is said once."""
    from anomalies import watching
    from anomalies.models import AlertNotice, PlatformIncident
    from tests import make

    shops = [make.tenant(f"s-{n}") for n in range(6)]
    for shop in shops[:4]:
        flagged(shop, minutes=1)
    watching.look()
    assert not PlatformIncident.objects.using("ops").exists()
    flagged(shops[4], minutes=1)
    watching.look()
    (shared,) = PlatformIncident.objects.using("ops").all()
    assert (shared.tenant_count, shared.active_count) == (5, 6)
    assert set(AlertNotice.objects.across_tenants().values_list("state", flat=True)) == {"dropped"}
    html = text(signed_in(sam), "/anomalies")
    assert "5 of 6 active shops at once" in html
    assert "1 open anomaly" in html
    from anomalies import platform

    assert platform.settle(now=timezone.now() + timedelta(minutes=40)) == 1


def test_the_shops_list_is_sorted_and_filtered_within_its_tab(owner, acme):
    """By severity and kind; a filter leaves the tab as it is, with scripts and without."""
    flagged(acme, minutes=30)
    flagged(acme, "failed_auth", severity="high", minutes=5)
    past = flagged(acme, "large_order", severity="high")
    owner.post(f"/t/acme/alerts/{past.pk}/expected")

    def rows(query):
        return text(owner, f"/t/acme/alerts?{query}").split('id="rows"')[1]

    assert "Failed sign-ins" in rows("severity=high") and "Many orders" not in rows("severity=high")
    assert "Many orders" in rows("metric=rapid_orders") and "Failed sign-ins" not in rows("metric=rapid_orders")
    began = rows("sort=began")
    assert began.index("Many orders") < began.index("Failed sign-ins")
    assert "Unusually large order" in rows("tab=past&severity=high")
    page = text(owner, "/t/acme/alerts?tab=past&severity=low")
    assert '<input type="hidden" name="tab" value="past">' in page
    assert 'href="/t/acme/alerts?tab=past"' in page.split('id="rows"')[1]


def test_what_one_of_the_shop_did_can_be_undone_by_the_shop(owner, acme, sam, signed_in):
    """It's expected, said by mistake: the alert is open again and the window is gone."""
    one = flagged(acme)
    path = f"/t/acme/alerts/{one.pk}"
    owner.post(f"{path}/expected")
    assert "Undo “Resolved”" in text(owner, path)
    assert acme.expected_windows.exists()
    owner.post(f"{path}/undo")
    assert AnomalyIncident.objects.across_tenants().get().state == "new"
    assert not acme.expected_windows.exists()
    signed_in(sam).post(f"/anomalies/{one.pk}/acknowledge")
    assert "Undo “" not in text(owner, path)
    assert "LuxeBrain&#x27;s staff looks into it" in text(owner, path)
    answer = owner.post(f"{path}/undo", follow=True)
    assert "There is nothing to undo" in answer.content.decode()


def test_the_alert_says_what_to_do_when_it_falls(owner, acme):
    rise, fall = flagged(acme, "orders"), flagged(acme, "orders", side="down")
    assert "look for one customer behind them" in text(owner, f"/t/acme/alerts/{rise.pk}")
    assert "Check whether the shop still sells" in text(owner, f"/t/acme/alerts/{fall.pk}")
