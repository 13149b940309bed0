"""The product as a stranger on the network sees it: headers, hosts, doors (T3, T30, T34)."""

import pytest
from django.test import Client

from tests import make
from tests.house import routes

DOORS = """
/admin /admin/ /django-admin/ /metrics /metrics/ /debug /__debug__/ /silk/ /.env /.git/config /.git/HEAD /server-status
/health/details /healthz /status /info /phpinfo.php /wp-login.php /actuator /actuator/env /console /shell /flower
/celery /rq /redis /grafana /swagger /graphql /api /api/ /api/v1 /api/v1/ /api/admin /api/admin/ /api/admin/models
/static/../manage.py /static/%2e%2e/manage.py /static/..%2f..%2fetc/passwd /media/ /uploads/ /var/ /backup.sql /dump.sql
/manage.py /luxebrain/settings.py /requirements/all.lock /.venv/ /logs/luxebrain.log /run/environ.json /favicon.ico/
""".split()


@pytest.fixture
def asked(acme, ana, sam, signed_in):
    """(path, answer) of every route: as the owner, as an operator, as a key, as nobody."""
    api = make.Api(make.key(acme))
    found = []
    for route in routes.ALL:
        if {"(", "^"} & set(route.pattern):
            continue
        path = route.path(slug="acme") if route.pattern.startswith("t/") else route.path()
        kind = (route.audience or ("anyone",))[0]
        client = {"tenant": signed_in(ana), "person": signed_in(ana), "staff": signed_in(sam)}.get(kind, Client())
        found.append((path, api.get(path) if kind == "key" else client.get(path)))
    return found


def test_no_answer_may_be_kept_by_a_proxy(asked):
    """T3: on every address, for whoever asks; and those that depend on a key say so."""
    loose = [
        path
        for path, answer in asked
        if not {"no-store", "private"} <= {part.strip() for part in answer.get("Cache-Control", "").split(",")}
    ]
    assert not loose
    unsaid = [path for path, answer in asked if path.startswith("/api/") and "Authorization" not in answer["Vary"]]
    assert not unsaid


def test_a_key_in_the_address_is_no_key(acme, client):
    """T3: addresses stand in logs and histories."""
    secret = make.key(acme)
    for name in ("api_key", "key", "token", "access_token"):
        assert client.get(f"/api/v1/products?{name}={secret}").status_code == 401


@pytest.mark.parametrize("host", ["evil.example", "testserver.evil.example", "testserver@evil.example", "[::1", ""])
def test_every_address_wants_our_host(db, host):
    """T30: links in letters and redirects are built from it."""
    client = Client(raise_request_exception=False)
    wrong = []
    for route in routes.ALL:
        if {"(", "^"} & set(route.pattern):
            continue
        answer = client.get(route.path(), headers={"host": host})
        if answer.status_code != 400:
            wrong.append((route.path(), answer.status_code))
    assert not wrong


def test_a_forwarded_host_and_method_are_ignored(acme, api, client):
    """T30: exam of headers that frameworks like to believe."""
    answer = client.get("/t/acme/overview", headers={"x-forwarded-host": "evil.example"})
    assert answer["Location"].startswith("/account/login/")
    make.product(acme, "kept")
    api.post("/api/v1/products/kept", {}, **{"x-http-method-override": "DELETE", "x-method-override": "DELETE"})
    assert acme.products.filter(external_id="kept").exists()


def test_no_door_of_operators_is_open(db, client):
    """T34: nothing is told but that there is nothing, whatever the caller accepts."""
    open_doors = []
    for path in DOORS:
        for accept in ("*/*", "text/html"):
            answer = client.get(path, headers={"accept": accept})
            text = answer.content.decode(errors="replace")
            if answer.status_code not in {301, 302, 401, 404} or "Traceback" in text or "DEBUG = True" in text:
                open_doors.append((path, answer.status_code))
    assert not open_doors


def test_the_api_has_no_pages(api, acme):
    """T34: a browsable API would show forms and traces."""
    for accept in ("text/html", "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8", "application/vnd.api+json"):
        answer = api.get("/api/v1/products", accept=accept)
        assert "json" in answer["Content-Type"]
    assert "json" in api.get("/api/v1/products?format=api")["Content-Type"]
