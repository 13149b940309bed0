"""The pages of channels: both panels, what they show, and whom they let in."""

import re

import pytest

from anomalies.channels import setup
from anomalies.models import AlertChannel, AlertRule
from tenants import work
from tenants.models import AuditEntry

PLATFORM, SHOP = "/anomalies/channels", "/t/acme/alerts/channels"


@pytest.fixture(params=[PLATFORM, SHOP])
def door(request, signed_in, acme, sam, ana):
    ours = request.param == PLATFORM
    return request.param, signed_in(sam if ours else ana), None if ours else acme


def test_it_opens_changes_tests_and_removes_a_channel(door):
    base, browser, tenant = door
    empty = browser.get(base)
    assert "Nobody is told yet" in empty.content.decode()
    given = {"name": "On call", "recipients": "a@lux.example\nb@lux.example", "min_severity": "high", "digest": "on"}
    assert browser.post(f"{base}/new?kind=mail", given).status_code == 302
    row = setup.of(tenant).get()
    assert (row.recipients, row.min_severity) == (["a@lux.example", "b@lux.example"], "high")
    assert "On call" in browser.get(base).content.decode()
    changed = browser.post(f"{base}/{row.pk}", {**given, "name": "Night", "quiet_from": "22", "quiet_to": "6"})
    assert changed.status_code == 302 and setup.of(tenant).get().quiet_from == 22
    browser.post(f"{base}/{row.pk}/test")
    assert 'hx-trigger="every 2s"' in browser.get(base).content.decode()
    work.run_due(tasks={"anomalies.test_channel"})
    assert "Sent" in browser.get(base).content.decode() and setup.of(tenant).get().test_state == "sent"
    browser.post(f"{base}/{row.pk}/switch")
    assert not setup.of(tenant).get().is_active
    assert "Remove" in browser.get(f"{base}/{row.pk}/remove").content.decode()
    browser.post(f"{base}/{row.pk}/remove")
    assert not setup.of(tenant).exists()


def test_it_says_what_is_wrong_beside_the_field(door):
    base, browser, _ = door
    page = browser.post(f"{base}/new?kind=slack", {"name": "x", "url": "https://10.0.0.1/x", "min_severity": "low"})
    assert page.status_code == 422 and not AlertChannel.objects.using("ops").exists()
    assert browser.get(f"{base}/new?kind=pigeon").status_code == 404


def test_it_shows_a_secret_once_and_never_again(door):
    base, browser, tenant = door
    page = browser.post(f"{base}/new?kind=webhook", {
        "name": "Own", "url": "https://8.8.8.8/alerts", "min_severity": "low",
    }).content.decode()  # fmt: skip
    (secret,) = set(re.findall(r"whsec_[A-Za-z0-9+/=]+", page))
    row = setup.of(tenant).get()
    assert secret not in row.sealed_secret and "8.8.8.8" not in row.sealed_url and row.host == "8.8.8.8"
    for path in (base, f"{base}/{row.pk}"):
        assert "whsec_" not in browser.get(path).content.decode()


def test_a_shop_sees_its_own_channels_alone(signed_in, acme, globex, ana, gil, sam):
    theirs, _ = setup.save(globex, kind="mail", by=gil, name="Theirs", recipients=["x@globex.example"])
    ours, _ = setup.save(None, kind="mail", by=sam, name="Platform", recipients=["x@lux.example"])
    browser = signed_in(ana)
    page = browser.get(SHOP).content.decode()
    assert "Theirs" not in page and "Platform" not in page
    for row in (theirs, ours):
        for verb in ("", "/test", "/switch", "/remove"):
            assert browser.post(f"{SHOP}/{row.pk}{verb}").status_code == 404
    assert signed_in(gil).get(SHOP).status_code == 404


def test_a_kind_that_the_plan_has_not_is_shown_with_the_reason(signed_in, globex, gil):
    """Never left out in silence: on the list, on the form's page, and as an answer to who sends it all the same."""
    browser, base, why = signed_in(gil), "/t/globex/alerts/channels", "The Starter plan has no Slack channels."
    listed = browser.get(base).content.decode()
    assert why in listed and "Growth or Enterprise includes them." in listed and "?kind=slack" not in listed
    page = browser.get(f"{base}/new?kind=slack").content.decode()
    assert why in page and "Incoming webhook" not in page
    sent = browser.post(f"{base}/new?kind=slack", {"name": "x", "url": "https://8.8.8.8/x", "min_severity": "low"})
    assert sent.status_code == 422 and why in sent.content.decode()
    assert not AlertChannel.objects.using("ops").exists()


def test_a_rule_is_given_its_channels_on_its_page(signed_in, acme, sam, ana):
    """R58: kinds, the platform's channels, and those of the one shop that the rule is for."""
    setup.save(None, kind="mail", by=sam, name="On call", recipients=["x@lux.example"])
    theirs, _ = setup.save(acme, kind="mail", by=ana, name="Owner", recipients=["x@acme.example"])
    browser = signed_in(sam)
    form = {"what": "limit:api_rate", "scope": "", "threshold": "400", "window": "60", "is_active": "on"}
    page = browser.get("/anomalies/rules/new").content.decode()
    assert "Every Slack channel" in page and "On call (E-mail)" in page and "Owner" not in page
    named = {**form, "channels": ["slack", f"channel:{theirs.pk}"]}
    assert browser.post("/anomalies/rules/new", named).status_code == 422  # no rule for all names one shop's channel
    named |= {"scope": "shop", "shop": "acme"}
    assert "Owner (E-mail)" in browser.post("/anomalies/rules/new", {**named, "try": "1"}).content.decode()
    assert browser.post("/anomalies/rules/new", named).status_code == 302
    assert AlertRule.objects.using("ops").get().channels == ["slack", f"channel:{theirs.pk}"]
    assert "Every Slack, Owner" in browser.get("/anomalies/rules").content.decode()
    setup.remove(theirs, by=ana)
    assert "Every Slack, 1 removed" in browser.get("/anomalies/rules").content.decode()
    for shop in ("\x00", "nobody", ""):
        assert browser.post("/anomalies/rules/new", {**named, "shop": shop}).status_code == 422


def test_a_rule_lists_the_channels_of_the_shop_that_is_chosen(signed_in, acme, sam, ana):
    """R58: at once (htmx), and with a button where there is no script; what is filled in stays and is not checked."""
    setup.save(acme, kind="mail", by=ana, name="Owner", recipients=["x@acme.example"])
    browser, path = signed_in(sam), "/anomalies/rules/new"
    form = {"what": "limit:rapid_orders", "scope": "shop", "shop": "acme", "threshold": "", "window": "90",
            "channels": ["slack"]}  # fmt: skip
    page = browser.get(path).content.decode()
    assert 'hx-post="/anomalies/rules/new"' in page and "Show the channels of this shop" in page
    whole = browser.post(path, {**form, "show": "1"})
    text = whole.content.decode()
    assert whole.status_code == 200 and "Owner (E-mail)" in text and "This field is required" not in text
    assert 'value="90"' in text and re.search(r'value="slack"[^>]* checked', text)
    part = browser.post(path, {**form, "show": "1"}, headers={"HX-Request": "true"}).content.decode()
    assert "Owner (E-mail)" in part and "<form" not in part and 'id="told-on"' in part
    other = browser.post(path, {**form, "scope": "", "show": "1"}).content.decode()
    assert "Owner" not in other and not AlertRule.objects.using("ops").exists()


def test_a_rule_is_changed_in_its_form(signed_in, acme, sam):
    browser, path = signed_in(sam), "/anomalies/rules/new"
    form = {"what": "limit:api_rate", "scope": "shop", "shop": "acme", "threshold": "400", "window": "120",
            "is_active": "on", "action": "throttle", "throttle_per_minute": "7", "throttle_minutes": "30",
            "channels": ["mail"], "cool_down": "0"}  # fmt: skip
    browser.post(path, form)
    rule = AlertRule.objects.using("ops").get()
    change = f"/anomalies/rules/{rule.pk}"
    assert f'href="{change}"' in browser.get("/anomalies/rules").content.decode()
    page = browser.get(change).content.decode()
    assert "Change the rule" in page and 'value="shop" selected' in page and 'name="shop" value="acme"' in page
    assert 'value="400.0"' in page
    assert f'action="{change}"' in page and f'hx-post="{change}"' in page
    assert rule.cool_down_minutes == 0 and "again after 0 min" in browser.get("/anomalies/rules").content.decode()
    assert 'value="7"' in page and re.search(r'value="mail"[^>]* checked', page)
    browser.post(change, {**form, "threshold": "500"})
    assert AlertRule.objects.using("ops").get().threshold == 500
    copied = browser.get(f"{path}?copy={rule.pk}").content.decode()
    assert "New alert rule" in copied and 'value="500.0"' in copied and f'action="{path}"' in copied
    again = browser.post(path, form, follow=True).content.decode()
    assert "It took the place of the one with the threshold 500." in again
    for number in ("0", "x", "9" * 30):
        assert browser.get(f"{path}?copy={number}").status_code == 404
    assert browser.get("/anomalies/rules/0").status_code == 404


def test_a_changed_rule_moves_and_every_act_is_undone(signed_in, acme, globex, sam, pat):
    """Another shop or metric in the form: the rule goes there, none stays behind. Undone from the newest act back."""
    browser, path, rows = signed_in(sam), "/anomalies/rules/new", AlertRule.objects.using("ops")
    form = {"what": "limit:api_rate", "scope": "shop", "shop": "acme", "threshold": "400", "window": "120",
            "is_active": "on"}  # fmt: skip
    browser.post(path, form)
    browser.post(path, {**form, "scope": ""})
    rule = rows.get(tenant=acme)
    taken = browser.post(f"/anomalies/rules/{rule.pk}", {**form, "scope": ""})
    assert taken.status_code == 422 and "There is a rule for this and the same shops already." in taken.content.decode()
    browser.post(f"/anomalies/rules/{rule.pk}", {**form, "what": "limit:large_order", "shop": "globex"})
    moved = rows.get(pk=rule.pk)
    assert (moved.tenant_id, moved.metric, rows.count()) == (globex.pk, "large_order", 2)
    browser.post(f"/anomalies/rules/{rule.pk}/remove")
    newest = [entry.action for entry in AuditEntry.objects.using("ops").order_by("pk")]
    assert newest[-3:] == ["alert_rule.moved", "alert_rule.moved_away", "alert_rule.removed"]
    listed = browser.get("/anomalies/rules").content.decode()
    assert "Order value, Globex: moved from API rate, Acme" in listed and "Order value, Globex: removed" in listed
    undoable = re.findall(r"/anomalies/rules/acts/(\d+)/undo", listed)
    assert len(undoable) == 2  # the removal, and the other rule's beginning
    assert browser.post(f"/anomalies/rules/acts/{undoable[0]}/undo").status_code == 302
    assert rows.get(pk=rule.pk).tenant_id == globex.pk
    listed = browser.get("/anomalies/rules").content.decode()
    move = re.findall(r"/anomalies/rules/acts/\d+/undo", listed)[0]
    browser.post(move)
    back = rows.get(pk=rule.pk)
    assert (back.tenant_id, back.metric, back.threshold) == (acme.pk, "api_rate", 400)
    stale = browser.post(f"/anomalies/rules/acts/{undoable[0]}/undo", follow=True).content.decode()
    assert "The rule was changed since." in stale and rows.count() == 2
    assert browser.post("/anomalies/rules/acts/0/undo").status_code == 404
    looking = signed_in(pat)
    assert "/undo" not in looking.get("/anomalies/rules").content.decode()
    assert looking.post(f"/anomalies/rules/acts/{undoable[1]}/undo").status_code == 403
