"""The addresses that machines ask, with parts missing."""

import time

import pytest
from django.conf import settings
from django.db import connections

from luxebrain.lib import redis


def beat_heart(seconds_ago=0):
    redis.client().set("worker:heartbeat", int(time.time()) - seconds_ago)


@pytest.fixture
def redis_away(db, monkeypatch):
    """The cache server's address leads nowhere."""
    redis.client.cache_clear()
    monkeypatch.setattr(settings, "REDIS_URL", "redis://127.0.0.1:9/0")
    yield
    redis.client.cache_clear()


@pytest.mark.parametrize("path", ["/alive", "/health", "/health/db", "/startup"])
def test_it_answers_without_signing_in(db, client, path):
    """R92: cheap, open, JSON, never cached."""
    answer = client.get(path)
    assert (answer.status_code, answer.json()["status"]) == (200, "ok")
    assert "no-store" in answer["Cache-Control"]


def test_it_is_ready_when_everything_is_there(db, client):
    """R92: database, migrations, cache server, broker, worker."""
    beat_heart()
    answer = client.get("/ready")
    assert answer.status_code == 200, answer.content
    assert set(answer.json()["parts"]) == {"database", "migrations", "cache", "broker", "worker"}


@pytest.mark.parametrize("age", [None, 61])
def test_it_is_not_ready_without_a_worker(db, client, age):
    if age:
        beat_heart(age)
    answer = client.get("/ready")
    assert (answer.status_code, answer.json()["failed"]) == (503, ["worker"])


def test_it_is_not_ready_without_the_cache_server(redis_away, client):
    """R92: ready really asks; the probes that do not need the cache stay well."""
    answer = client.get("/ready")
    assert answer.status_code == 503
    assert set(answer.json()["failed"]) == {"cache", "worker"}
    assert client.get("/health").status_code == 503
    assert client.get("/alive").status_code == client.get("/health/db").status_code == 200


def test_it_is_not_ready_without_the_broker(db, client, monkeypatch):
    beat_heart()
    monkeypatch.setattr(settings, "BROKER_URL", "redis://127.0.0.1:9/0")
    assert client.get("/ready").json()["failed"] == ["broker"]


def test_it_is_not_ready_with_unapplied_migrations(db, client):
    """R108: a forgotten migration is named, and start-up is not over."""
    beat_heart()
    with connections["owner"].cursor() as cursor:
        cursor.execute("delete from django_migrations where app = 'recommendations' and name = '0003_rollup'")
    try:
        answer = client.get("/ready")
        assert (answer.status_code, answer.json()["failed"]) == (503, ["migrations"])
        assert "recommendations.0003_rollup" in answer.json()["parts"]["migrations"]["text"]
        assert client.get("/startup").status_code == 503
    finally:
        with connections["owner"].cursor() as cursor:
            cursor.execute(
                "insert into django_migrations (app, name, applied) values ('recommendations', '0003_rollup', now())"
            )


def test_it_gives_no_secret_away(redis_away, client):
    text = client.get("/ready").content.decode()
    for secret in (settings.SECRET_KEY, settings.DATABASES["default"]["PASSWORD"], "127.0.0.1", "lux_app"):
        assert secret not in text
