"""Plan & usage: what was counted, against the plan, with warnings and a forecast; and shop settings."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from luxebrain.lib import redis
from tenants import api_keys, consumption, gate, usage
from tests import make

NOW = datetime(2026, 11, 16, 15, 30, tzinfo=UTC)


def used(tenant, days_ago: int, count: int, *, meter: str = "recommendations", key: int = 1) -> None:
    hour = (NOW - timedelta(days=days_ago)).replace(minute=0, second=0, microsecond=0)
    tenant.usage_hours.create(meter=meter, api_key_id=key, hour=hour, count=count)


def test_each_call_is_counted_once_and_survives_folding(acme, api):
    """R10, R60: counted in the cache server, folded into rows once, never lost on the way."""
    for _ in range(3):
        assert api.get("/api/limits/status").status_code == 200
    assert consumption.report(acme, now=timezone.now()).calls == 3
    assert usage.fold() == 1 and usage.fold() == 0
    assert acme.usage_hours.get().count == 3
    redis.client().flushdb()  # a restarted cache server
    found = api.get("/api/limits/status").json()
    assert found["month"]["calls"] == 4  # this call is counted before it is answered
    assert found["holdings"]["api_keys"] == {"used": 1, "limit": 10}
    assert (found["month"]["limit"], found["month"]["remaining"]) == (5_000_000, 4_999_996)
    acme.refresh_from_db()
    assert acme.api_keys.get().last_used_at is not None


def test_refused_calls_are_counted_apart(db):
    """The gate: limit headers, 429 with Retry-After, and a refused call is no used call."""
    shop = make.tenant("tiny", plan="free")  # 60 a minute
    api = make.Api(make.key(shop))
    first = api.get("/api/limits/status")
    assert (first["X-RateLimit-Limit"], first["X-RateLimit-Remaining"]) == ("60", "59")
    credential, _ = api_keys.authenticate(api.secret)
    passed = [gate.enter(credential, meter="api_calls").allowed for _ in range(120)]
    assert 59 <= sum(passed) < 80  # a minute's worth, and what came free while we asked
    refused = next(a for a in (api.get("/api/limits/status") for _ in range(5)) if a.status_code == 429)
    assert 1 <= int(refused["Retry-After"]) <= 2 and refused["X-RateLimit-Remaining"] == "0"
    assert refused.json()["code"] == "rate_limited" and refused["Content-Type"] == "application/problem+json"
    found = consumption.report(shop, now=timezone.now())
    assert found.calls == found.month["api_calls"] and found.month["throttled"] >= 40


def test_it_counts_this_month_and_thirty_days_in_the_shops_days(acme):
    used(acme, 0, 5)
    used(acme, 15, 7, meter="events")  # 1 November
    used(acme, 16, 11)  # 31 October
    used(acme, 31, 13)  # too long ago
    used(acme, 0, 17, meter="throttled")
    used(acme, 0, 19, meter="inferences", key=0)
    found = consumption.report(acme, now=NOW)
    assert found.calls == 12 and sum(count for _, count in found.by_day) == 23
    assert found.month == {"recommendations": 5, "events": 7, "throttled": 17, "inferences": 19}
    assert found.recent["recommendations"] == 16
    assert len(found.by_day) == 30 and found.by_day[-1] == (NOW.date(), 5)


def test_a_day_begins_at_the_shops_midnight(acme):
    hour = datetime(2026, 10, 31, 23, tzinfo=UTC)  # already November in Paris
    acme.usage_hours.create(meter="events", api_key_id=1, hour=hour, count=3)
    assert consumption.report(acme, now=NOW).calls == 0
    acme.time_zone = "Europe/Paris"
    assert consumption.report(acme, now=NOW).calls == 3


def test_the_forecast_is_computed_or_absent(acme):
    assert consumption.report(acme, now=NOW).forecast is None
    used(acme, 1, 100), used(acme, 2, 100)
    assert consumption.report(acme, now=NOW).forecast is None  # two days are no base
    used(acme, 3, 100), used(acme, 0, 10)
    # 310 so far; 15 days are left (16 to 30 November) at 100 a day, today's 10 being part of them
    assert consumption.report(acme, now=NOW).forecast == 300 + 15 * 100


@pytest.mark.parametrize(("calls", "words"), [(39_999, None), (40_000, "nearly used up"), (50_000, "are used up")])
def test_it_warns_at_four_fifths_and_at_all(db, signed_in, calls, words):
    shop = make.tenant("tiny", plan="free")  # 50,000 a month
    owner = make.member(shop, "olga")
    shop.usage_hours.create(
        meter="events", api_key_id=1, hour=timezone.now().replace(minute=0, second=0, microsecond=0), count=calls
    )
    page = signed_in(owner).get("/t/tiny/usage").text
    assert ("Your plan&#x27;s calls are" in page) == bool(words) and (words or "") in page
    assert "Not enough data" in page  # one day is no base for a forecast


def test_the_page_shows_plans_keys_and_an_empty_month(acme, ana, ben, gil, api, signed_in):
    page = signed_in(ana).get("/t/acme/usage").text
    assert "No calls in the last 30 days" in page
    for plan in ("Free", "Starter", "Growth", "Enterprise", "no limit", "5,000,000"):
        assert plan in page
    api.get("/api/limits/status")
    page = signed_in(ben).get("/t/acme/usage").text
    assert "1 API call this month" in page and api.secret[:15] in page and api.secret not in page
    assert signed_in(gil).get("/t/acme/usage").status_code == 404


def test_the_api_says_unreachable_counters(acme, api):
    assert set(api.get("/api/limits/status").json()) == {"request_id", "plan", "month", "rate", "holdings"}


def test_settings_are_the_owners(acme, ana, dev, signed_in):
    client = signed_in(ana)
    assert client.get("/t/acme/settings").status_code == 200
    form = {
        "name": "Acme & Sons",
        "website": "https://acme.example",
        "currency": "GBP",
        "time_zone": "Europe/London",
        "attribution_hours": 48,
    }
    assert "Your settings are saved" in client.post("/t/acme/settings", form, follow=True).text
    acme.refresh_from_db()
    assert (acme.name, acme.currency, acme.time_zone) == ("Acme & Sons", "GBP", "Europe/London")
    assert acme.attribution_hours == 48
    entry = acme.audit_entries.get()
    assert entry.action == "profile.update" and entry.details["currency"] == {"from": "EUR", "to": "GBP"}
    assert "Nothing was changed" in client.post("/t/acme/settings", form, follow=True).text
    assert client.post("/t/acme/settings", {**form, "website": "javascript:alert(1)"}).status_code == 422
    assert client.post("/t/acme/settings", {**form, "time_zone": "Mars/Olympus"}).status_code == 422
    for hours in ("0", "169", "1.5", "a day"):
        assert client.post("/t/acme/settings", {**form, "attribution_hours": hours}).status_code == 422
    assert signed_in(dev).post("/t/acme/settings", form).status_code == 403
