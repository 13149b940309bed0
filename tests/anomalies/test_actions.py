"""What a rule does by itself: suspend the key behind it, roll back what was activated before. Shown and taken back."""

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
    assert "the key was suspended" in page(staff, f"/anomalies?id={incident.pk}")
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
