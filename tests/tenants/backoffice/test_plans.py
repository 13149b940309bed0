"""The page of plans: what each offers; an operator changes on which channels its shops are told of alerts."""

from tenants.models import AuditEntry, Plan

PAGE, STARTER = "/plans", "/plans/starter/channels"


def kinds():
    return Plan.objects.using("ops").get(pk="starter").alert_channels


def test_it_shows_what_each_plan_offers_and_how_many_shops_are_on_it(acme, globex, sam, signed_in):
    page = signed_in(sam).get(PAGE).text
    assert "Free" in page and "Enterprise" in page and '<a href="/tenants?plan=starter">1</a>' in page
    assert "Mail, Signed webhook, Slack" in page and f'href="{STARTER}"' in page
    assert 'href="/plans"' in signed_in(sam).get("/tenants").text


def test_a_plan_is_given_a_kind_of_channel_and_its_shops_may_have_it_at_once(globex, gil, sam, signed_in):
    """R58: channels per plan."""
    shop, staff = signed_in(gil), signed_in(sam)
    mine = "/t/globex/alerts/channels"
    assert "The Starter plan has no Slack channels." in shop.get(mine).text
    form = staff.get(STARTER).text
    assert "Every plan has mail" in form and 'value="webhook"' in form and "checked" in form
    done = staff.post(STARTER, {"channels": ["webhook", "slack"], "reason": "asked for"}, follow=True)
    assert done.redirect_chain[-1][0] == PAGE and kinds() == ["webhook", "slack"]
    assert "?kind=slack" in shop.get(mine).text
    entry = AuditEntry.objects.using("ops").get(action="plans.change_alert_channels")
    assert (entry.tenant, entry.target, entry.actor, entry.reason) == (None, "starter", sam, "asked for")
    assert entry.details == {"from": ["webhook"], "to": ["webhook", "slack"]}
    assert "plans.change_alert_channels" in staff.get("/audit?area=plans.").text


def test_a_plan_may_be_left_with_mail_alone(globex, sam, signed_in):
    assert signed_in(sam).post(STARTER, {}).status_code == 302 and kinds() == []


def test_it_says_what_is_wrong_and_changes_nothing(globex, sam, signed_in):
    staff = signed_in(sam)
    same = staff.post(STARTER, {"channels": ["webhook"]})
    assert same.status_code == 422 and "just these channels already" in same.text
    assert staff.post(STARTER, {"channels": ["pigeon"]}).status_code == 422
    assert staff.get("/plans/none/channels").status_code == 404
    assert not AuditEntry.objects.using("ops").filter(action__startswith="plans.").exists() and kinds() == ["webhook"]


def test_an_analyst_reads_the_plans_and_changes_none(globex, pat, signed_in):
    page = signed_in(pat).get(PAGE)
    assert page.status_code == 200 and "/channels" not in page.text
    assert signed_in(pat).post(STARTER, {}).status_code in (403, 404) and kinds() == ["webhook"]
