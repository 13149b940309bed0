"""What a rule does by itself: throttle or suspend the key behind it, roll back what was activated before. Shown, and
taken back."""

from django.utils import timezone

from anomalies import actions, watching
from anomalies.models import AlertRule, AnomalyIncident
from modelregistry import versions
from tests import make
from tests.anomalies.test_inbox import flagged, page
from tests.anomalies.test_limits import minute as minute  # a fixture
from tests.trained import register as register  # a fixture


def test_the_key_behind_a_flood_is_suspended_and_given_back(acme, api, sam, signed_in, minute):
    """Its calls are refused at once; taking it back, they pass again. Both stand in the history."""
    AlertRule.objects.using("ops").create(
        tenant=acme, metric="api_rate", kind="limit", threshold=20, window_seconds=60, action="suspend"
    )
    for _ in range(25):
        assert api.get("/api/limits/status").status_code == 200
    watching.look()
    assert api.get("/api/limits/status").status_code == 401
    incident = AnomalyIncident.objects.across_tenants().get(metric="api_rate")
    staff = signed_in(sam)
    assert "The key behind it was suspended" in page(staff, f"/anomalies?id={incident.pk}")
    watching.look()
    staff.post(f"/anomalies/{incident.pk}/take_back")
    assert api.get("/api/limits/status").status_code == 200
    watching.look()
    assert api.get("/api/limits/status").status_code == 200
    acts = [line.act for line in incident.history.using("ops")]
    assert acts == ["opened", "suspended", "taken_back"]


def test_no_key_is_suspended_that_is_not_behind_most_of_it(acme):
    make.key(acme)
    key = acme.api_keys.get()
    who = {"keys": [["key 0", 90], [f"key {key.pk}", 10]]}
    incident = flagged(acme, "api_rate", facts={"who": who, "action": "suspend"})
    actions.perform(acme, incident, now=timezone.now())
    key.refresh_from_db()
    assert key.expires_at is None


def test_a_version_that_went_live_before_clicks_fell_is_rolled_back(acme, sam, signed_in, register):
    """And activated again by whoever takes it back."""
    make.product(acme)
    first, second = register(acme), register(acme)
    versions.activate(first, by=sam)
    versions.activate(second, by=sam)
    incident = flagged(acme, "clicks", side="down", kind="baseline", facts={"action": "roll_back"})
    actions.perform(acme, incident, now=timezone.now())
    assert versions.champion(acme) == first
    acts = [line.act for line in incident.history.using("ops")]
    assert acts == ["opened", "rolled_back"]
    signed_in(sam).post(f"/anomalies/{incident.pk}/take_back")
    assert versions.champion(acme) == second
    assert [line.act for line in incident.history.using("ops")][-1] == "taken_back"


def throttling_rule(client, **fields):
    given = {"what": "limit:api_rate", "scope": "shop", "shop": "acme", "threshold": "20", "window": "60",
             "severity": "", "action": "throttle", "throttle_per_minute": "2", "throttle_minutes": "30",
             "is_active": "on"}  # fmt: skip
    return client.post("/anomalies/rules/new", {**given, **fields})


def statuses(api, calls):
    return [api.get("/api/limits/status").status_code for _ in range(calls)]


def test_the_key_behind_a_flood_is_throttled_by_itself_and_released(acme, api, ana, sam, signed_in, minute):
    """R58: from a rule made on the page; once for the incident; shown on both pages and with the key."""
    staff, owner = signed_in(sam), signed_in(ana)
    assert throttling_rule(staff).status_code == 302
    assert "2 a minute for 30 min" in page(staff, "/anomalies/rules")
    assert statuses(api, 25) == [200] * 25
    watching.look()
    assert statuses(api, 5) == [200] * 3 + [429] * 2  # the first is the call with which the process learns of it
    incident = AnomalyIncident.objects.across_tenants().get(metric="api_rate")
    for client, path in ((staff, f"/anomalies?id={incident.pk}"), (owner, f"/t/acme/alerts/{incident.pk}")):
        html = page(client, path)
        assert "is throttled to 2 calls a minute until" in html
        assert "Take it back" in html
    assert f"incident {incident.pk}" in page(owner, "/t/acme/api-keys")
    staff.post(f"/anomalies/{incident.pk}/take_back")
    assert statuses(api, 5) == [200] * 5
    watching.look()
    assert statuses(api, 5) == [200] * 5
    assert [line.act for line in incident.history.using("ops")] == ["opened", "throttled", "taken_back"]
    trail = list(acme.audit_entries.order_by("pk").values_list("action", "actor_label"))
    assert ("api_keys.throttle", "alert rule") in trail and ("api_keys.release", str(sam)) in trail


def flood(shop):
    """An incident that one key is behind."""
    make.key(shop)
    key = shop.api_keys.get()
    return key, flagged(shop, "api_rate", facts={"who": {"keys": [[f"key {key.pk}", 90], ["key 0", 10]]}})


def test_people_throttle_the_key_behind_an_incident_by_hand(acme, ana, sam, signed_in):
    """The shop's people and the staff alike; what was done stands in the history with who did it."""
    key, incident = flood(acme)
    owner, staff = signed_in(ana), signed_in(sam)
    assert "Throttle test to" in page(owner, f"/t/acme/alerts/{incident.pk}")
    given = {"per_minute": "5", "minutes": "15"}
    done = owner.post(f"/t/acme/alerts/{incident.pk}/throttle", given, follow=True).text
    assert "is throttled to 5 calls a minute" in done and "Throttle test to" not in done
    key.refresh_from_db()
    assert key.throttle_per_minute == 5
    again = staff.post(f"/anomalies/{incident.pk}/throttle", given, follow=True)
    assert "Something was done about it already" in again.text
    owner.post(f"/t/acme/alerts/{incident.pk}/take_back")
    key.refresh_from_db()
    assert key.throttled_until is None
    staff.post(f"/anomalies/{incident.pk}/throttle", {"per_minute": "7", "minutes": "60"})
    key.refresh_from_db()
    assert key.throttle_per_minute == 7
    lines = [(line.act, line.actor_id) for line in incident.history.using("ops")]
    assert lines == [("opened", None), ("throttled", ana.pk), ("taken_back", ana.pk), ("throttled", sam.pk)]


def test_what_cannot_be_throttled_is_refused_with_the_reason(acme, ana, ben, signed_in):
    key, incident = flood(acme)
    owner = signed_in(ana)
    path = f"/t/acme/alerts/{incident.pk}/throttle"
    for per_minute, minutes, words in (
        ("", "60", "Say how many calls"), ("1.5", "60", "Say how many calls"), ("9" * 30, "60", "Say how many calls"),
        ("99999", "60", "was not throttled"), ("5", "0", "was not throttled"),
    ):  # fmt: skip
        answer = owner.post(path, {"per_minute": per_minute, "minutes": minutes}, follow=True)
        assert words in answer.text, (per_minute, minutes)
    assert signed_in(ben).post(path, {"per_minute": "5", "minutes": "15"}).status_code == 403
    fall = flagged(acme, "requests", side="down", facts={"who": {"keys": [[f"key {key.pk}", 9]]}}, window="w2")
    answer = owner.post(f"/t/acme/alerts/{fall.pk}/throttle", {"per_minute": "5", "minutes": "15"}, follow=True)
    assert "No key in use is behind most of it" in answer.text
    key.refresh_from_db()
    assert key.throttled_until is None


def test_a_throttle_that_was_changed_with_the_key_is_left_alone(acme, ana, signed_in):
    key, incident = flood(acme)
    owner = signed_in(ana)
    owner.post(f"/t/acme/alerts/{incident.pk}/throttle", {"per_minute": "5", "minutes": "15"})
    owner.post(f"/t/acme/api-keys/{key.pk}/throttle", {"per_minute": "9", "minutes": "60", "reason": ""})
    assert "that is over" in page(owner, f"/t/acme/alerts/{incident.pk}")
    answer = owner.post(f"/t/acme/alerts/{incident.pk}/take_back", follow=True)
    assert "was changed on the key" in answer.text
    key.refresh_from_db()
    assert key.throttle_per_minute == 9


def test_a_rule_says_whom_it_can_throttle_and_how_much(sam, acme, signed_in):
    staff = signed_in(sam)
    for fields, words in (
        ({"what": "limit:large_order"}, "name a key; this does not"),
        ({"throttle_per_minute": ""}, "Say how much"),
        ({"throttle_minutes": "20000"}, "less than or equal to 10080"),
    ):
        answer = throttling_rule(staff, **fields)
        assert answer.status_code == 422 and words in answer.text, fields
    assert not AlertRule.objects.using("ops").exists()
