"""The gate of the API: exact limits, headers, one count per call, and what happens without the cache server."""

from collections import Counter

import pytest
from django.conf import settings

from luxebrain.lib import redis
from tenants import api_keys, epochs, gate, usage
from tenants.models import Plan
from tests import make
from tests.parallel import together

PATH = "/api/limits/status"


def credential(tenant, *, per_minute=10, key_id=1):
    return api_keys.Credential(
        key_id=key_id,
        tenant_id=tenant.pk,
        tenant_slug=tenant.slug,
        tenant_state="active",
        kind="sk",
        mode="live",
        scopes=frozenset(api_keys.SCOPES),
        origins=frozenset(),
        expires_at=None,
        requests_per_minute=per_minute,
        label="lb_live…abcd",
        is_demo=False,
        currency="EUR",
    )


@pytest.fixture
def cache_away(acme, monkeypatch):
    """The cache server's address leads nowhere, and this process remembers no arrivals."""
    monkeypatch.setattr(settings, "REDIS_URL", "redis://127.0.0.1:9/0")
    forget()
    yield
    forget()


def forget():
    redis.client.cache_clear()
    gate._arrivals.clear()


def counters(tenant):
    client = redis.client()
    return Counter(
        {
            field.decode().partition("|")[0]: int(count)
            for name in client.scan_iter(redis.key(tenant.pk, "usage", "*"))
            for field, count in client.hgetall(name).items()
        }
    )


def test_it_lets_exactly_the_limit_pass_in_parallel(acme):
    """A limit of 10 lets 10 of 60 simultaneous calls pass; the others are told when to come back."""
    mine = credential(acme)
    passages = together(*[lambda: gate.enter(mine, meter="recommendations")] * 60)
    assert Counter(p.allowed for p in passages) == {True: 10, False: 50}
    assert sorted(p.remaining for p in passages if p.allowed) == list(range(10))
    assert all(0 < p.retry_after <= 60 for p in passages if not p.allowed)
    assert counters(acme) == {"recommendations": 10, "throttled": 50}


def test_it_limits_each_key_by_itself(acme, globex):
    for mine in (credential(acme), credential(acme, key_id=2), credential(globex)):
        assert [gate.enter(mine, meter="m").allowed for _ in range(11)] == [True] * 10 + [False]


def test_it_reads_what_the_view_wants_in_the_same_round_trip(acme):
    client = redis.client()
    client.set("test:value", b"v")
    client.rpush("test:list", b"1", b"2", b"3")
    passage = gate.enter(credential(acme), meter="m", reads=[("test:value", 0), ("test:list", 2), ("test:none", 0)])
    assert passage.values == [b"v", [b"1", b"2"], b""]


def test_it_tells_the_limit_in_headers(db):
    """D9"""
    shop = make.tenant("small", plan="free")
    answer = make.Api(make.key(shop)).get(PATH)
    assert answer.status_code == 200, answer.content
    assert answer["X-RateLimit-Limit"] == str(shop.plan.requests_per_minute)
    assert answer["X-RateLimit-Remaining"] == str(shop.plan.requests_per_minute - 1)


def test_it_answers_429_with_the_time_to_wait(db):
    """D9: a rate limit is 429 and says when."""
    shop = make.tenant("small", plan="free")
    api = make.Api(make.key(shop))
    limit = Plan.objects.using("ops").get(code="free").requests_per_minute
    answers = [api.get(PATH)]
    while answers[-1].status_code == 200 and len(answers) < 3 * limit:
        answers.append(api.get(PATH))
    refused = answers.pop()
    assert refused.status_code == 429
    assert len(answers) >= limit, "a whole minute's calls may come at once"
    assert refused.json()["code"] == "rate_limited"
    assert 1 <= int(refused["Retry-After"]) <= 60
    assert refused["X-RateLimit-Remaining"] == "0"
    assert refused["Content-Type"] == "application/problem+json"


def test_it_goes_on_without_the_cache_server_with_a_limit_of_its_own(acme, cache_away):
    """R60, promise 1: one dead part does not stop the API, nor lift the limit."""
    mine = credential(acme, per_minute=5)
    passages = [gate.enter(mine, meter="m") for _ in range(7)]
    assert [p.allowed for p in passages] == [True] * 5 + [False] * 2
    assert all(p.blind for p in passages)
    assert passages[-1].retry_after > 0


def test_it_refuses_a_revoked_key_soon_without_the_cache_server(acme, cache_away, monkeypatch):
    secret = make.key(acme)
    api = make.Api(secret)
    assert api.get(PATH).status_code == 200
    api_keys.revoke(acme.api_keys.get(), by=None)
    monkeypatch.setattr(api_keys, "KNOWN_SECONDS_BLIND", -1)
    assert api.get(PATH).status_code == 401


def test_a_key_that_is_looked_up_again_after_a_while_is_looked_up_once(acme, api, monkeypatch):
    """And a change of the shop's keys since is seen all the same."""
    api.get(PATH)
    looked_up, look_up = [], api_keys.look_up
    monkeypatch.setattr(api_keys, "look_up", lambda digest: looked_up.append(digest) or look_up(digest))
    monkeypatch.setattr(api_keys, "KNOWN_SECONDS", -1)
    assert api.get(PATH).status_code == 200
    assert len(looked_up) == 1
    epochs.bump_now(acme.pk, "keys")
    assert api.get(PATH).status_code == 200
    assert len(looked_up) == 3


def test_it_counts_each_authenticated_call_once(acme, api, client):
    """R60"""
    for _ in range(3):
        api.get(PATH)
    client.get(PATH)
    assert sum(counters(acme).values()) == 3
    usage.fold()
    assert sum(acme.usage_hours.values_list("count", flat=True)) == 3
    assert acme.api_keys.get().last_used_at


def test_it_survives_folding_twice(acme):
    usage.record(acme, "imports", amount=4)
    assert usage.fold() == 1
    assert usage.fold() == 0
    assert acme.usage_hours.get().count == 4
    usage.record(acme, "imports", amount=2)
    usage.fold()
    assert acme.usage_hours.get().count == 6


@pytest.mark.parametrize("moment", ["before the commit", "after the commit"])
def test_it_neither_loses_nor_doubles_when_folding_crashes(acme, monkeypatch, moment):
    """R10: counts survive a crash at any point."""
    usage.record(acme, "imports", amount=4)
    store = usage._store

    def crash(aside, values):
        if moment == "after the commit":
            store(aside, values)
        raise SystemError("killed")

    monkeypatch.setattr(usage, "_store", crash)
    with pytest.raises(SystemError):
        usage.fold()
    monkeypatch.setattr(usage, "_store", store)
    usage.record(acme, "imports", amount=1)
    usage.fold()
    assert sum(acme.usage_hours.values_list("count", flat=True)) == 5


def test_it_folds_once_from_two_workers(acme):
    for meter in ("a", "b", "c"):
        usage.record(acme, meter, amount=3)
    together(usage.fold, usage.fold, usage.fold)
    usage.fold()
    assert sum(acme.usage_hours.values_list("count", flat=True)) == 9


def test_it_forgets_the_counts_of_a_tenant_that_is_gone(acme, globex):
    from tenants.models import UsageHour

    usage.record(acme, "imports")
    usage.record(globex, "imports")
    acme.delete()
    usage.fold()
    assert UsageHour.objects.across_tenants().count() == 1


def test_it_adds_what_is_not_folded_yet(acme):
    from datetime import UTC, datetime, timedelta

    since = datetime.now(UTC) - timedelta(days=1)
    usage.record(acme, "imports", amount=2)
    usage.fold()
    usage.record(acme, "imports", amount=3)
    usage.record(acme, "other", amount=9)
    assert usage.used(acme, "imports", since=since) == 5
