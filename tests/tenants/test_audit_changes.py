"""What a line of the audit trail says of a change: names, values and units in words, before and after."""

import pytest
from django.utils import timezone

from anomalies import rule_acts
from anomalies.models import AlertRule
from recommendations import placements, rules
from tenants import audit, audit_changes, members, plans, profile, standing
from tenants.models import AuditEntry, Plan
from tests import make


def newest(shop=None, **wanted):
    entry = AuditEntry.objects.using("ops").filter(**wanted).first()
    return audit_changes.tell([entry], shop=shop)[0].told


def lines(told):
    return {one.label: (one.before, one.after) for one in told.lines + told.more}


@pytest.fixture
def spot(acme, ana):
    made = placements.create(acme, by=ana, code="home", name="Home", surface="home", kind="personalised", count=8)
    return acme.placements.get(pk=made.pk)


def test_a_new_row_says_what_is_not_as_usual(spot):
    said = lines(newest(action="placements.create"))
    assert said == {
        "Name": ("", "Home"), "Where it is shown": ("", "Home page"),
        "Products in a list": ("", "8 products"),
    }  # fmt: skip


def test_a_change_says_before_and_after_of_what_changed_alone(acme, ana, spot):
    placements.update(acme, spot, by=ana, count=12, fallback="none", diversity=0.4)
    assert lines(newest(action="placements.update")) == {
        "Products in a list": ("8 products", "12 products"), "Diversity": ("0%", "40%"),
        "Filled up with": ("Best sellers", "Nothing: a shorter list"),
    }  # fmt: skip


def test_what_was_taken_away_says_what_it_was(acme, ana, spot):
    placements.remove(acme, spot, by=ana)
    assert lines(newest(action="placements.remove"))["Name"] == ("Home", "")


def test_settings_of_lists_say_what_they_were(acme, ana):
    placements.set_general(acme, language="de", bought_again=["Tea"], by=ana)
    placements.set_general(acme, language="fr", bought_again=["Tea"], by=ana)
    assert lines(newest(action="merchandising.update")) == {"Language of reasons": ("Deutsch", "Français")}
    placements.set_general(acme, language="fr", bought_again=["Tea"], by=ana)
    told = newest(action="merchandising.update")
    assert told.same and not told.lines


def test_a_rule_says_its_owner_its_days_in_the_readers_zone_and_shortens_lists(acme, ana):
    timezone.activate("Europe/Paris")
    wanted = {"name": "Tea", "action": "boost", "products": [f"p-{n}" for n in range(9)]}
    for code in wanted["products"]:
        make.product(acme, code)
    row = rules.create(acme, by=ana, **wanted, owner="ana@example.com", ends_at="2026-12-01T09:00:00Z")
    said = lines(newest(action="rules.create"))
    assert said["Products"] == ("", "p-0, p-1, p-2, p-3, p-4 and 4 more")
    assert said["Ends"] == ("", "1 Dec 2026, 10:00 CET") and said["Owner"] == ("", str(ana))
    rules.switch(acme, row, on=False, by=ana)
    assert lines(newest(action="rules.off")) == {"In use": ("yes", "no")}


def test_an_alert_rule_says_unit_plan_and_action(acme, sam):
    draft = {"metric": "calls_per_key", "kind": "limit", "threshold": 500, "window_seconds": 300}
    rule, _ = rule_acts.save(AlertRule(plan_id="growth", **draft), by=sam)
    said = lines(newest(action="alert_rule.saved"))
    assert said["For the plan"] == ("", "Growth") and said["Limit"] == ("", "500")
    rule_acts.change(
        rule.pk, AlertRule(tenant=acme, **draft | {"window_seconds": 900}, action="throttle", severity="high"), by=sam
    )
    said = lines(newest(action="alert_rule.moved"))
    assert said["For the plan"] == ("Growth", "every plan") and said["For the shop"] == ("every shop", "Acme")
    assert said["Counted over"] == ("5\u00a0min", "15\u00a0min")
    assert said["What is done by itself"] == ("Only tell", "Throttle the key")
    assert said["Severity"] == ("by how strange it is", "High")


def test_a_plan_a_role_and_settings_are_said_by_their_labels(acme, ana, ben, sam):
    standing.change_plan(acme, plan="starter", by=sam)
    assert lines(newest(action="standing.change_plan"))["Plan"][1] == "Starter"
    members.change_role(acme.memberships.get(user=ben), role="developer", by=ana)
    assert lines(newest(action="members.change_role")) == {"Role": ("Analyst", "Developer")}
    profile.update(acme, name=acme.name, currency="EUR", time_zone="UTC", website="", attribution_hours=48,
                   takes_part=False, by=ana)  # fmt: skip
    said = lines(newest(action="profile.update"))
    assert said["Orders count for a list"] == ("24 hours", "48 hours")
    assert said["Takes part in the shared model"] == ("yes", "no")
    plan = Plan.objects.using("ops").get(pk="growth")
    plans.change_alert_channels(plan, kinds=[], by=sam)
    assert lines(newest(action="plans.change_alert_channels"))["Alert channels"][1] == "mail only"


def test_a_secret_is_never_said(acme, ana):
    audit.record(acme, "connection.made", by=ana, details={"consumer_secret": "cs_1", "resources": ["orders"]})
    told = newest(action="connection.made")
    assert lines(told) == {"Consumer secret": ("", "not shown"), "What is read": ("", "orders")}
    assert "cs_1" not in told.raw and '"not shown"' in told.raw


def test_a_shop_learns_no_other_shops_name(acme, globex, ana, sam):
    audit.record(acme, "alert_rule.moved", by=sam, details={
        "before": {"tenant_id": globex.pk}, "after": {"tenant_id": acme.pk}})  # fmt: skip
    assert lines(newest(shop=acme, action="alert_rule.moved")) == {"For the shop": ("tenant that is gone", "Acme")}


def test_both_panels_show_it_with_the_raw_record_behind(acme, ana, sam, spot, signed_in):
    placements.update(acme, spot, by=ana, count=12)
    for person, path in ((sam, "/audit"), (sam, "/tenants/acme"), (ana, "/t/acme/changes")):
        page = signed_in(person).get(path).text
        assert "Products in a list" in page and "8 products" in page and "12 products" in page, path
        assert "Raw record" in page and "&quot;count&quot;: 12" in page, path


def test_a_shop_reads_its_own_trail_without_what_is_the_staffs(acme, globex, ana, ben, sam, signed_in):
    standing.change_plan(acme, plan="starter", by=sam, reason="Asked by phone")
    audit.record(acme, "anomaly.noted", by=sam, target="failed_auth #1", reason="Looks like a bot")
    audit.record(acme, "alert_rule.saved", by=sam, target="failed_auth (limit)")
    audit.record(globex, "rules.create", by="demo", target="Other shop's rule")
    page = signed_in(ana).get("/t/acme/changes").text
    assert "Shop plan changed" in page and "Asked by phone" in page and "LuxeBrain&#x27;s staff" in page
    assert "Incident noted" in page and "Looks like a bot" not in page and sam.email not in page
    assert "failed_auth (limit)" not in page and "Other shop" not in page
    assert signed_in(ben).get("/t/acme/changes").status_code == 403
    assert "Nothing matches" in signed_in(ana).get("/t/acme/changes?q=zzz").text


def test_the_trail_of_a_page_is_told_with_few_queries(acme, ana, spot, django_assert_max_num_queries):
    for count in range(1, 9):
        placements.update(acme, acme.placements.get(), by=ana, count=count)
    rows = list(acme.audit_entries.all())
    with django_assert_max_num_queries(3, using=acme.alias):
        audit_changes.tell(rows, shop=acme)
