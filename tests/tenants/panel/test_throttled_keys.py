"""A throttled key: slowed with its next calls, told when to come back, shown, taken back, over by itself."""

from datetime import timedelta

import pytest
from django.utils import timezone

from luxebrain.lib import redis
from tenants.models import ApiKey
from tests import make

PATH = "/api/limits/status"


@pytest.fixture
def secret(acme):
    return make.key(acme)


@pytest.fixture
def key(acme, secret):
    return acme.api_keys.get()


def throttled(client, key, **fields):
    given = {"per_minute": "3", "minutes": "60", "reason": "a stuck script", **fields}
    return client.post(f"/t/acme/api-keys/{key.pk}/throttle", given)


def statuses(secret, calls):
    api = make.Api(secret)
    return [api.get(PATH).status_code for _ in range(calls)]


def test_it_slows_the_key_from_its_next_calls_and_says_until_when(acme, ana, signed_in, secret, key):
    """R58, D9: no other key is slower; the answer is a problem with the seconds to wait."""
    other = make.key(acme)
    assert statuses(secret, 5) == [200] * 5
    assert throttled(signed_in(ana), key).status_code == 302
    assert statuses(secret, 1) == [200]  # the call with which this process learns of it
    assert statuses(secret, 5) == [200] * 3 + [429] * 2
    refused = make.Api(secret).get(PATH)
    assert refused["Content-Type"] == "application/problem+json"
    assert 1 <= int(refused["Retry-After"]) <= 60
    assert refused["X-RateLimit-Limit"] == "3"
    assert refused.json()["code"] == "rate_limited"
    assert "This key is throttled to 3 calls a minute until " in refused.json()["detail"]
    assert statuses(other, 6) == [200] * 6


def test_it_costs_the_hot_path_one_round_trip_as_before(acme, ana, signed_in, secret, key, monkeypatch):
    """The limit travels with the key's facts: neither a second call of the cache server nor a query of the key."""
    from tenants import api_keys

    throttled(signed_in(ana), key, per_minute="50")
    assert statuses(secret, 1) == [200]
    looked_up = []
    monkeypatch.setattr(api_keys, "look_up", lambda digest: looked_up.append(digest))
    asked, ask = [], redis.Script._ask
    monkeypatch.setattr(redis.Script, "_ask", lambda *args: asked.append(args) or ask(*args))
    answer = make.Api(secret).get(PATH)
    assert answer["X-RateLimit-Limit"] == "50"
    assert looked_up == []
    assert len(asked) == 1


def test_it_is_shown_with_the_key_and_taken_back_by_a_button(acme, ana, signed_in, secret, key):
    client = signed_in(ana)
    throttled(client, key)
    page = client.get("/t/acme/api-keys").text
    assert "Throttled" in page and "3 calls a minute until" in page and "a stuck script" in page
    assert statuses(secret, 5) == [200] * 3 + [429] * 2
    taken = client.post(f"/t/acme/api-keys/{key.pk}/release", follow=True)
    assert "as fast as before" in taken.text and "calls a minute until" not in taken.text
    assert statuses(secret, 6) == [200] * 6  # the first of them too, though its process did not know
    assert "is not throttled" in client.post(f"/t/acme/api-keys/{key.pk}/release", follow=True).text
    done = list(acme.audit_entries.order_by("pk").values_list("action", "actor", "reason"))
    assert done[-2:] == [("api_keys.throttle", ana.pk, "a stuck script"), ("api_keys.release", ana.pk, "")]


def test_it_is_over_by_itself(acme, ana, signed_in, secret, key):
    """No chore and no epoch is needed: the key's facts say when."""
    client = signed_in(ana)
    throttled(client, key)
    over = timezone.now() + timedelta(seconds=2)
    ApiKey.objects.across_tenants().filter(pk=key.pk).update(throttled_until=over)
    assert statuses(secret, 4) == [200] * 3 + [429]
    while timezone.now() <= over:
        pass
    assert statuses(secret, 6) == [200] * 6
    assert "calls a minute until" not in client.get("/t/acme/api-keys").text


def test_values_that_no_key_can_have_are_refused_beside_their_field(acme, ana, signed_in, key):
    client = signed_in(ana)
    for field, value in (("per_minute", "0"), ("per_minute", "1201"), ("per_minute", "x"), ("minutes", "7")):
        answer = throttled(client, key, **{field: value})
        assert answer.status_code == 422, (field, value)
        assert f'id="id_{field}_error"' in answer.text, (field, value)
    key.refresh_from_db()
    assert key.throttled_until is None


def test_only_who_may_change_keys_throttles_one(acme, globex, ben, gil, signed_in, key):
    assert throttled(signed_in(ben), key).status_code == 403
    assert signed_in(gil).post(f"/t/globex/api-keys/{key.pk}/throttle", {"per_minute": 1}).status_code == 404
    assert signed_in(gil).post(f"/t/globex/api-keys/{key.pk}/release").status_code == 404


def test_an_ended_key_is_not_throttled(acme, ana, signed_in, key):
    client = signed_in(ana)
    client.post(f"/t/acme/api-keys/{key.pk}/revoke")
    answer = throttled(client, key)
    assert answer.status_code == 422 and "not in use any more" in answer.text


def test_it_holds_without_the_cache_server_too(acme, ana, signed_in, secret, key, monkeypatch):
    from django.conf import settings

    from tenants import gate

    throttled(signed_in(ana), key)
    monkeypatch.setattr(settings, "REDIS_URL", "redis://127.0.0.1:9/0")
    redis.client.cache_clear()
    gate._arrivals.clear()
    try:
        assert statuses(secret, 5) == [200] * 3 + [429] * 2
    finally:
        redis.client.cache_clear()
        gate._arrivals.clear()
