"""The month's calls: told once at 80 % and once at 100 %; what follows is the plan's, and nothing else is held back."""

from datetime import timedelta

import pytest
from django.utils import timezone

from recommendations import candidates
from tenants import consumption, epochs, quota, usage
from tenants.models import AuditEntry, Plan, Tenant
from tests import make
from tests.parallel import together
from tests.recommendations import shops
from tests.recommendations.test_arms import begin
from tests.recommendations.test_serving import ask, counted

PAGE = "/plans/growth/used-up"


@pytest.fixture(autouse=True)
def _fresh_process():
    candidates.forget()


@pytest.fixture
def used(acme):
    """used(calls): what the shop called in this hour beside what it calls in the test."""

    def use(calls):
        hour = timezone.now().replace(minute=0, second=0, microsecond=0)
        acme.usage_hours.update_or_create(meter="events", api_key_id=1, hour=hour, defaults={"count": calls})
        return quota.watch()

    return use


def model(tenant):
    shops.stock(tenant)
    shops.sell(tenant)
    shops.fit(tenant)


def told(tenant):
    return list(tenant.notices.order_by("pk").values_list("kind", "tone", "text"))


def says(then, **more):
    Plan.objects.using("ops").filter(pk="growth").update(when_used_up=then, **more)


def test_it_is_told_once_at_four_fifths_and_once_at_all(acme, ana, signed_in, used):
    """T10: whoever looks, and however often; on another plan anew."""
    assert used(3_999_999) == 0 and told(acme) == []
    assert used(4_000_000) == 1 and used(4_500_000) == 0
    assert told(acme)[0][:2] == ("usage.nearly.growth", "warning")
    assert "Once they are used up, nothing is held back." in told(acme)[0][2]
    hour = acme.usage_hours.filter(meter="events")
    hour.update(count=5_000_001)
    assert sum(together(*[quota.watch] * 3)) == 1 and used(6_000_000) == 0
    assert [kind for kind, *_ in told(acme)] == ["usage.nearly.growth", "usage.used_up.growth"]
    assert "5,000,001 of 5,000,000 calls of the Growth plan" in told(acme)[1][2]
    page = signed_in(ana).get("/t/acme/notices").text
    assert "calls of this month are used up" in page and "/t/acme/usage" in page
    acme.refresh_from_db()
    assert acme.used_up_until == quota.month(acme, timezone.now())[1]


def test_calls_that_were_refused_and_those_of_another_month_use_nothing_up(acme, used):
    began = quota.month(acme, timezone.now())[0]
    acme.usage_hours.create(meter="events", api_key_id=1, hour=began - timedelta(hours=1), count=9_000_000)
    acme.usage_hours.create(meter="throttled", api_key_id=1, hour=began, count=9_000_000)
    acme.usage_hours.create(meter="over_limit", api_key_id=1, hour=began, count=9_000_000)
    acme.usage_hours.create(meter="inferences", api_key_id=0, hour=began, count=9_000_000)
    assert used(1_000) == 0
    assert consumption.report(acme, now=timezone.now()).calls == 1_000


def test_used_up_calls_hold_nothing_back_where_the_plan_does_not_say_so(acme, api, used):
    model(acme)
    used(5_000_000)
    answer = api.get("/api/v1/recommendations?customer_id=t-1")
    assert (answer.status_code, answer["X-Plan-Calls"]) == (200, "used-up")
    assert answer.json()["type"] == "personalised"
    month = api.get("/api/limits/status").json()["month"]
    assert (month["used_up"], month["when_used_up"], month["remaining"]) == (True, "goes_on", 0)


def test_a_plan_may_answer_with_best_sellers_alone(acme, api, used, monkeypatch):
    """Whatever is asked for and whatever a placement says, and no arm's; in one round trip, without SQL, as ever."""
    model(acme)
    shops.fit(acme)
    begin(acme)
    says("popular")
    before = ask(api, customer_id="t-1")
    assert (before["type"], before["experiment"]) == ("personalised", "trial")
    used(5_000_000)
    body = {"customer_id": "t-1", "placements": [{"placement": "home"}, {"placement": "cart", "type": "newest"}]}
    several = api.post("/api/v1/recommendations", body).json()["placements"]
    assert {one["type"] for one in several.values()} == {"popular"}
    best = [item["product_id"] for item in ask(api, type="popular")["items"]]
    ask(api, customer_id="t-1")
    with counted(monkeypatch) as counts:
        found = ask(api, customer_id="t-1")
    assert counts == {"sql": 0, "trips": 1}
    assert [item["product_id"] for item in found["items"]] == best
    assert (found["experiment"], found["model_version"]) == (None, "v2")
    Tenant.objects.using("ops").filter(pk=acme.pk).update(used_up_until=timezone.now())  # the next month began
    epochs.bump_now(acme.pk, "keys")
    assert ask(api, customer_id="t-1")["type"] == "personalised"


def test_a_plan_may_refuse_recommendations_and_nothing_else(acme, ana, sam, api, used, signed_in):
    """402 with the way out; events, shop data, the usage page and the state of limits go on; a larger plan ends it."""
    make.product(acme, "p-1")
    says("refuse")
    used(5_000_000)
    for answer in (api.get("/api/v1/recommendations"), api.post("/api/v1/recommendations", {"limit": 3})):
        assert (answer.status_code, answer.json()["code"]) == (402, "plan_limit")
        assert "Recommendations are answered again from" in answer.json()["detail"]
    event = {"events": [{"type": "view", "product_id": "p-1", "session_id": "s"}]}
    assert api.post("/api/v1/events", event).status_code in (200, 202)
    assert api.get("/api/v1/products").status_code == 200
    assert api.get("/api/limits/status").json()["month"]["when_used_up"] == "refuse"
    page = signed_in(ana).get("/t/acme/usage").text
    assert "recommendations are refused (402)" in page
    usage.fold()
    assert sum(acme.usage_hours.filter(meter="over_limit").values_list("count", flat=True)) == 2
    assert not acme.usage_hours.filter(meter="recommendations").exists()
    signed_in(sam).post("/tenants/acme/plan", {"plan": "enterprise", "reason": "They grew"})
    assert api.get("/api/v1/recommendations").status_code == 200


def test_the_staff_says_what_follows_and_it_holds_with_the_next_call(acme, sam, pat, api, used, signed_in):
    make.product(acme, "p-1")
    used(5_000_000)
    staff = signed_in(sam)
    assert "Everything goes on" in staff.get("/plans").text and f'href="{PAGE}"' in staff.get("/plans").text
    assert 'value="goes_on"' in staff.get(PAGE).text and api.get("/api/v1/recommendations").status_code == 200
    assert staff.post(PAGE, {"then": "refuse", "reason": "contract"}).status_code == 302
    assert api.get("/api/v1/recommendations").status_code == 402
    assert staff.post(PAGE, {"then": "refuse"}).status_code == 422
    assert staff.post(PAGE, {"then": "bill"}).status_code == 422
    assert staff.get("/plans/none/used-up").status_code == 404
    entry = AuditEntry.objects.using("ops").get(action="plans.change_when_used_up")
    assert (entry.target, entry.reason, entry.details) == ("growth", "contract", {"from": "goes_on", "to": "refuse"})
    assert "Recommendations are refused" in signed_in(pat).get("/plans").text
    assert signed_in(pat).post(PAGE, {"then": "goes_on"}).status_code == 403
