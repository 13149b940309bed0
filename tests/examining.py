"""The examination's means: every route that takes a call, what lies in the tables, what an answer must be."""

import time

from django.db import connections

from tests import make
from tests.house import routes

MOMENT = "2025-01-01T00:00:00Z"
LINE = {"product_id": "p-1", "quantity": 1, "unit_price": "1.00"}
GOOD = {
    "products": {"id": "p-9", "title": "Mug"},
    "customers": {"id": "c-9"},
    "orders": {"id": "o-9", "ordered_at": MOMENT, "lines": [LINE]},
    "events": {"type": "view", "customer_id": "c-1", "product_id": "p-1"},
    "recommendations": {"customer_id": "c-1"},
}
# When a key was last used is no effect of a call; a delivery that was refused is kept, to be corrected; the
# log of answers grows by what was answered, a moment later.
UNCOUNTED = {"tenants_apikey", "django_session", "recommendations_webhookreceipt", "recommendations_servedlist"}
PLACES = {"event": "order-created"}  # what a parameter of an address must be for the body to be looked at
LONG = 0.5  # seconds of CPU that no refusal takes, however large or strange the call
WRITING = ("POST", "PUT", "PATCH", "DELETE")


def key_routes():
    for route in routes.of("key"):
        scope = route.audience[1]
        methods = scope if isinstance(scope, dict) else dict.fromkeys(allowed(route), scope)
        for method in methods:
            yield method, route


def allowed(route):
    view = getattr(route.view, "cls", route.view)
    named = getattr(view, "http_method_names", ["get", "post"])
    return [name.upper() for name in named if hasattr(view, name) and name != "options"]


def takes_json(route):
    view = getattr(route.view, "cls", route.view)
    return getattr(view, "accepts", "json") == "json"


WRITES = [(method, route.path(**PLACES)) for method, route in key_routes() if method in WRITING and takes_json(route)]
BODIES = [(method, path) for method, path in WRITES if method != "DELETE"]
# Whose address says it all: they may come without a body.
BODILESS = {
    route.path(**PLACES)
    for _, route in key_routes()
    if not getattr(getattr(route.view, "cls", route.view), "takes_body", True)
}
LISTS = [route.path() for method, route in key_routes() if method == "GET" and not route.parameters]
ONES = [(method, route) for method, route in key_routes() if route.parameters and takes_json(route)]


def stored():
    """What lies in the tables: {table: (rows, digest)}."""
    with connections["owner"].cursor() as cursor:
        cursor.execute(
            "select c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace "
            "where n.nspname = 'public' and c.relkind in ('r', 'p') and not c.relispartition"
        )
        tables = sorted({row[0] for row in cursor.fetchall()} - UNCOUNTED)
        cursor.execute(
            " union all ".join(
                f"select '{name}', count(*), md5(string_agg(t::text, '' order by t::text)) from {name} t"
                for name in tables
            )
        )
        return {name: (rows, digest) for name, rows, digest in cursor.fetchall()}


def kept(acme, api):
    """For a fixture: the caller; afterwards nothing may have changed."""
    make.product(acme, "p-1", title="Green tea")
    api.get("/api/limits/status")
    before = stored()
    yield api
    assert stored() == before


def raw(api, method, path, body, content_type="application/json", **headers):
    """One call. A refusal that took long is asked for again: what is slow once was something else's work."""
    headers = {"authorization": f"Bearer {api.secret}", **headers}
    for _ in range(3):
        begun = time.thread_time()
        answer = api.client.generic(method, path, body, content_type, headers=headers)
        answer.seconds = time.thread_time() - begun
        if answer.seconds <= LONG or answer.status_code < 400:
            break
    return answer


def wrong(answer, *statuses):
    """What is wrong with an answer that must be one of these problems; empty when nothing is."""
    if answer.status_code not in statuses:
        return f"{answer.status_code} {answer.content[:200]!r}"
    if answer["Content-Type"] != "application/problem+json":
        return answer["Content-Type"]
    body = answer.json()
    if body["request_id"] != answer["X-Request-Id"] or not body["detail"] or body["error"]["code"] != body["code"]:
        return str(body)
    return "slow" if getattr(answer, "seconds", 0) > LONG else ""
