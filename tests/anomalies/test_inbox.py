"""The staff's inbox: what is listed, shown and done, and that the badge says the same."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from anomalies import incidents
from anomalies.incidents import Signal
from anomalies.models import AnomalyIncident, ExpectedWindow, SavedView, Stream
from tests import make


def flagged(shop, metric="rapid_orders", *, severity="medium", minutes=5, count=3, window="w1", side="up", **more):
    at = timezone.now() - timedelta(minutes=minutes)
    signal = Signal(metric, side, at, 30.0, severity, more.pop("kind", "limit"), window, count, 10.0, **more)
    return incidents.flag(shop, signal, now=timezone.now())


@pytest.fixture
def staff(sam, signed_in):
    return signed_in(sam)


def page(client, path="/anomalies", **headers):
    answer = client.get(path, headers=headers)
    assert answer.status_code == 200
    return answer.content.decode()


def badge_of(html):
    found = re.search(r'class="badge-slot".*?</a>', html, re.DOTALL).group()
    text = re.search(r'hidden-text">([^<]*anomal[^<]*)<', found)
    return text.group(1) if text else ""


def test_it_lists_what_is_open_with_its_shop_and_words(staff, acme, globex):
    """R61"""
    flagged(acme)
    flagged(globex, "failed_auth", severity="high")
    html = page(staff)
    assert "Many orders within minutes" in html
    assert "30 orders in 5 min, limit 10" in html
    assert "Failed sign-ins" in html
    assert badge_of(html) == "2 open anomalies"


def test_filters_stand_in_the_address(staff, acme, globex):
    """R61: severity, type, tenant, status."""
    flagged(acme)
    flagged(globex, "failed_auth", severity="high")
    for query in ("severity=high", "metric=failed_auth", "tenant=globex", "q=glob"):
        rows = page(staff, f"/anomalies?{query}").split('id="rows"')[1]
        assert "Failed sign-ins" in rows
        assert "Many orders within minutes" not in rows
    assert "Nothing here" in page(staff, "/anomalies?tab=resolved")


def test_one_beside_the_list_says_who_is_behind_it_and_what_to_do(staff, acme):
    make.key(acme)
    key = acme.api_keys.get()
    one = flagged(acme, "api_rate", facts={"who": {"keys": [[f"key {key.pk}", 93], ["key 0", 7]]}})
    html = page(staff, f"/anomalies?id={one.pk}")
    assert f"test ({key.prefix}…) · 93 · 93%" in html
    assert "What to do." in html
    fragment = page(staff, f"/anomalies?id={one.pk}", hx_request="true", hx_target="detail")
    assert fragment.lstrip().startswith('<section id="detail"')


def test_the_likely_cause_is_linked(staff, acme):
    """The key, the model versions, the errors, the queue; each page is there."""
    places = {
        "failed_auth": "/tenants/acme#keys", "clicks": "/models/acme/live", "errors": "/errors",
        "batch_failed": "/monitoring",
    }  # fmt: skip
    for metric, place in places.items():
        one = flagged(acme, metric)
        assert f'<a href="{place}">' in page(staff, f"/anomalies?id={one.pk}").split("What to do.")[1].split("</p>")[0]
        assert staff.get(place.split("#")[0]).status_code == 200
    assert 'id="keys"' in page(staff, "/tenants/acme")


def test_acknowledge_resolve_and_undo_are_history(staff, acme, sam):
    """R69: who, when, from, to, note; the badge is right at once."""
    one = flagged(acme)
    staff.post(f"/anomalies/{one.pk}/acknowledge", {"note": "looking"})
    assert badge_of(page(staff)) == ""
    staff.post(f"/anomalies/{one.pk}/resolve", {"verdict": "real", "note": "a stuck till"})
    one = AnomalyIncident.objects.across_tenants().get()
    assert (one.state, one.verdict, one.owner_id) == ("resolved", "real", sam.pk)
    staff.post(f"/anomalies/{one.pk}/undo")
    one = AnomalyIncident.objects.across_tenants().get()
    assert (one.state, one.verdict) == ("acknowledged", "")
    lines = [(line.act, line.actor_id, line.to_state, line.note) for line in one.history.using("ops")]
    assert lines[1:] == [
        ("acknowledged", sam.pk, "acknowledged", "looking"),
        ("resolved", sam.pk, "resolved", "a stuck till"),
        ("undone", sam.pk, "acknowledged", ""),
    ]


def test_resolving_wants_a_verdict(staff, acme):
    """R69"""
    one = flagged(acme)
    answer = staff.post(f"/anomalies/{one.pk}/resolve", {"verdict": ""}, follow=True)
    assert "Say what it was." in answer.content.decode()
    assert AnomalyIncident.objects.across_tenants().get().state == "new"


def test_expected_and_false_alarm_teach(staff, acme):
    """R127: "this is expected" holds the next signals back; a false alarm raises the limit for two weeks."""
    one = flagged(acme, "rapid_orders")
    staff.post(f"/anomalies/{one.pk}/resolve", {"verdict": "expected"})
    assert ExpectedWindow.objects.across_tenants().get().metric == "rapid_orders"
    assert flagged(acme, "rapid_orders", minutes=0, window="w9") is None
    two = flagged(acme, "api_rate")
    staff.post(f"/anomalies/{two.pk}/resolve", {"verdict": "false_alarm"})
    taught = Stream.objects.across_tenants().get(metric="api_rate")
    assert taught.cumulative == 30
    from anomalies import rules

    acme.refresh_from_db()
    assert rules.book().of(acme, "api_rate", "limit").threshold == 100
    taught.cumulative = 140
    taught.save()
    assert rules.book().of(acme, "api_rate", "limit").threshold == 140
    staff.post(f"/anomalies/{two.pk}/undo")
    assert rules.book().of(acme, "api_rate", "limit").threshold == 100


def test_an_archived_one_comes_back_when_it_gets_worse(staff, acme):
    """R69: until it escalates, until a date, for good."""
    one = flagged(acme)
    staff.post(f"/anomalies/{one.pk}/archive", {"kind": "escalates"})
    again = flagged(acme, minutes=4, window="w2")
    assert (again.state, again.count) == ("archived", 6)
    worse = flagged(acme, minutes=3, window="w3", severity="high")
    assert (worse.state, worse.sub_state) == ("new", "escalating")
    staff.post(f"/anomalies/{one.pk}/archive", {"kind": "until", "until": "7"})
    assert "Archived until" in page(staff, "/anomalies?tab=archived")
    with_date = AnomalyIncident.objects.across_tenants().get()
    assert incidents.settle(acme, now=with_date.archived_until + timedelta(minutes=1)) == 0
    assert AnomalyIncident.objects.across_tenants().get().state == "new"


def test_many_at_once(staff, acme, globex):
    """Each by itself: what is refused is named."""
    one, two = flagged(acme), flagged(globex)
    staff.post(f"/anomalies/{two.pk}/resolve", {"verdict": "real"})
    form = {"ids": [one.pk, two.pk, 999999], "verb": "resolve", "verdict": "real"}
    answer = staff.post("/anomalies/bulk", form, follow=True)
    text = answer.content.decode()
    assert "1 incident: Resolved." in text
    assert "It is resolved already." in text
    assert set(AnomalyIncident.objects.across_tenants().values_list("state", flat=True)) == {"resolved"}


def test_the_list_refreshes_itself_and_leaves_the_note_alone(staff, acme):
    """R72: every 20 s the rows and tabs, with the filters of the address; the pane is not among them."""
    one = flagged(acme)
    html = page(staff, f"/anomalies?severity=medium&id={one.pk}")
    assert f'hx-get="/anomalies?severity=medium&amp;id={one.pk}" hx-trigger="every 20s"' in html
    rows = page(staff, f"/anomalies?severity=medium&id={one.pk}", hx_request="true", hx_target="rows")
    assert 'id="inbox-tabs" hx-swap-oob="true"' in rows
    assert "incident-note" not in rows
    assert f'id="tick-{one.pk}"' in rows
    assert "hx-preserve" in rows


def test_the_badge_is_capped_red_and_spoken(staff, acme):
    """R135"""
    assert badge_of(page(staff)) == ""
    AnomalyIncident.objects.across_tenants().bulk_create(
        AnomalyIncident(tenant=acme, metric=f"m{n}", side="up", severity="low", first_seen_at=timezone.now(),
                        last_seen_at=timezone.now()) for n in range(120)
    )  # fmt: skip
    html = page(staff, "/anomalies/badge")
    assert ">99+<" in html
    assert "120 open anomalies" in html
    assert "urgent" not in html
    flagged(acme, severity="high")
    assert "count urgent" in page(staff, "/anomalies/badge")


def test_views_are_kept_for_the_person(staff, sam, pat, signed_in):
    staff.post("/anomalies/views", {"name": "Mine", "query": "severity=high&id=4&page=2"})
    assert 'href="/anomalies?severity=high"' in page(staff)
    view = SavedView.objects.using("ops").get()
    other = signed_in(pat)
    assert "Mine" not in page(other)
    assert other.post(f"/anomalies/views/{view.pk}/drop").status_code == 404
    staff.post(f"/anomalies/views/{view.pk}/drop")
    assert not SavedView.objects.using("ops").exists()


def test_a_reader_acts_on_nothing(pat, signed_in, acme):
    one = flagged(acme)
    client = signed_in(pat)
    assert "Resolve ticked" not in page(client)
    assert client.post(f"/anomalies/{one.pk}/resolve", {"verdict": "real"}).status_code == 403


def test_unknown_ones_are_404(staff, acme):
    one = flagged(acme)
    assert staff.post("/anomalies/999999/resolve", {"verdict": "real"}).status_code == 404
    assert staff.post(f"/anomalies/{one.pk}/explode").status_code == 404


def test_a_rule_is_tried_before_it_is_saved(staff, acme):
    """ "Would have raised 3 incidents", from the stored orders; nothing is saved by trying."""
    from anomalies.models import AlertRule

    for day in (1, 5, 9):
        row = make.order(acme, ["p-1"], days_ago=day)
        acme.orders.filter(pk=row.pk).update(total=500)
    form = {"what": "limit:large_order", "scope": "shop", "shop": "acme", "threshold": "400", "window": "300",
            "is_active": "on"}  # fmt: skip
    html = staff.post("/anomalies/rules/new", {**form, "try": "1"}).content.decode()
    assert "it would have raised 3 incidents in 1 of 1 shops" in html
    assert not AlertRule.objects.using("ops").exists()
    staff.post("/anomalies/rules/new", form)
    rule = AlertRule.objects.using("ops").get()
    assert (rule.tenant_id, rule.threshold) == (acme.pk, 400)
    listed = page(staff, "/anomalies/rules")
    assert "Acme" in listed and "400 in the shop&#x27;s currency" in listed and "more than 100 calls" in listed
    assert "from 5 refusals on" in listed and "What is strangeness?" in listed
    asked = page(staff, f"/anomalies/rules/{rule.pk}/remove")
    assert "Remove the rule “Order value”?" in asked and "Acme: what stands behind it holds again" in asked
    staff.post(f"/anomalies/rules/{rule.pk}/remove")
    assert not AlertRule.objects.using("ops").exists()


def test_rules_are_searched_narrowed_and_paged(staff, acme, globex):
    from anomalies.models import AlertRule

    for shop in (acme, globex):
        for metric in ("api_rate", "large_order"):
            AlertRule.objects.using("ops").create(tenant=shop, metric=metric, kind="limit", threshold=5)
    AlertRule.objects.using("ops").create(metric="orders", kind="baseline", threshold=6)
    assert page(staff, "/anomalies/rules").count('class="row-link"') == 5
    assert page(staff, "/anomalies/rules?q=globex").count('class="row-link"') == 2
    only = page(staff, "/anomalies/rules?metric=large_order&kind=limit&sort=-whom")
    assert only.count('class="row-link"') == 2 and only.index("Globex") < only.index("Acme")
    assert page(staff, "/anomalies/rules?kind=baseline").count('class="row-link"') == 1
    assert "Nothing matches" in page(staff, "/anomalies/rules?q=nobody")


@pytest.mark.parametrize(
    "change",
    [
        {"threshold": "-1"},
        {"threshold": "x"},
        {"what": "limit:none"},
        {"scope": "shop:acme"},
        {"scope": "shop"},
        {"scope": "shop", "shop": "no"},
        {"what": "limit:api_rate", "window": "90"},
        {"what": "baseline:orders", "threshold": "17"},
    ],
)
def test_a_wrong_rule_is_refused_beside_its_field(staff, acme, change):
    form = {"what": "limit:large_order", "scope": "", "threshold": "400", "window": "300"}
    answer = staff.post("/anomalies/rules/new", {**form, **change})
    assert answer.status_code == 422
    assert "error" in answer.content.decode()


@pytest.mark.parametrize(
    ("metric", "path"),
    [
        ("webhook_rejections", "/tenants/acme/webhooks?state=rejected"),
        ("webhook_forgeries", "/tenants/acme/webhooks"),
        ("webhook_off", "/tenants/acme/webhooks/sent"),
    ],
)
def test_an_incident_of_webhooks_leads_to_the_shops_log(staff, acme, metric, path):
    one = flagged(acme, metric)
    assert f'href="{path}"' in page(staff, f"/anomalies?id={one.pk}")
    assert staff.get(path).status_code == 200
