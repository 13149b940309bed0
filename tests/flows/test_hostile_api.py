"""Hostile values into every field of every write route of the API, and into every address (R50, T9, T11, T25, T26).

Routes come from the resolver, bodies from the published schema: what is added later is met the day it is added.
"""

import json
from functools import cache
from urllib.parse import quote

import pytest
from django.test import Client
from drf_spectacular.generators import SchemaGenerator

from tenants.models import ErrorOccurrence
from tests import hostile, make
from tests.house import routes

WRITES = ("post", "put", "patch", "delete")
METHODS = {"GET", *map(str.upper, WRITES)}
# What no answer may hold: traces, statements, names of drivers and of files of ours.
INTERNALS = (
    "Traceback",
    "psycopg2",
    "django.",
    "site-packages",
    "syntax error",
    "recommendations_",
    "tenants_",
    "select ",
    'File "',
    "row-level security",
    "enter_tenant(",
    "orjson",
    "Exception",
)


@cache
def schema():
    return SchemaGenerator().get_schema(request=None, public=True)


def described():
    """(path with {parameters}, method, body schema or None) of every write that the schema publishes."""
    for path, operations in schema()["paths"].items():
        for method in WRITES:
            if method in operations:
                content = operations[method].get("requestBody", {}).get("content", {})
                yield path, method, content.get("application/json", {}).get("schema")


OPERATIONS = list(described())


QUERIES = (
    *hostile.SQL,
    *hostile.MARKUP[::4],
    *hostile.LINES,
    *hostile.UNICODE[:8],
    *map(str, hostile.VALUES),
)
# Bodies that the first of the alternatives does not show.
VARIANTS = {
    "/api/v1/webhooks/{event}": [{"id": "h1", "title": "Tea", "price": "1.00", "currency": "EUR"}],
    "/api/v1/rules": [{"action": "exclude", "filter": "price < 5", "products": []}],
    "/api/admin/models/track": [{"window_from": "2025-06-01T00:00:00Z", "window_until": "2025-06-02T00:00:00Z"}],
    "/api/v1/events": [
        {"type": "view"},
        {"type": "impression", "items": ["h1", "h2"]},
        {"type": "purchase", "items": [{"product_id": "h1", "quantity": 1, "price": "1.00"}]},
    ],
}


class Keys:
    """Calls of a shop with so many keys that no limit is met before the checks are."""

    def __init__(self):
        self.shop = make.tenant("hostile", plan="enterprise")
        self.apis = [make.Api(make.key(self.shop)) for _ in range(6)]
        self.staff = Client(raise_request_exception=False)
        staff = make.user("staff", platform_role="operator")
        self.staff.force_login(staff, backend="allauth.account.auth_backends.AuthenticationBackend")
        self.calls, self.wrong = 0, []

    def ask(self, method, path, body=None, content_type="application/json"):
        api = self.apis[self.calls % len(self.apis)]
        self.calls += 1
        head = {"authorization": f"Bearer {api.secret}"}
        text = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        client, head = (self.staff, {}) if path.startswith("/api/admin/") else (api.client, head)
        answer = client.generic(method.upper(), path, text, content_type, headers=head)
        self.judge(answer, method, path, body)
        is_json = answer.content[:1] == b"{"
        return answer.status_code, json.loads(answer.content) if is_json else {}

    def judge(self, answer, method, path, body):
        said = answer.content.decode(errors="replace")
        about = f"{method} {path[:80]} {str(body)[:120]} → {answer.status_code} {said[:160]}"
        if answer.status_code >= 500 or answer.status_code == 429:
            self.wrong.append(about)
        elif answer.status_code >= 400 and answer["Content-Type"] != "application/problem+json":
            self.wrong.append(about)
        # What was sent may be told back (an address in a message): only what it does not hold itself is ours.
        sent = f"{path} {body}"
        if answer.status_code >= 400 and any(word in said and word not in sent for word in INTERNALS):
            self.wrong.append(f"tells internals: {about}")


@pytest.fixture
def keys(db):
    made = Keys()
    yield made
    assert not made.wrong, "\n".join(made.wrong[:20])
    faults = ErrorOccurrence.objects.using("ops").values_list("path", "trace")
    assert not faults, [(path, trace[-400:]) for path, trace in faults[:3]]
    assert made.calls > 50


def address(path):
    """The path with a good value for each parameter."""
    while "{" in path:
        before, _, rest = path.partition("{")
        name, _, rest = rest.partition("}")
        path = f"{before}{'product-updated' if name == 'event' else 'h1'}{rest}"
    return path


def test_every_way_to_write_is_described():
    """What the schema does not publish would be missed below."""
    known = {(path.rstrip("/"), method) for path, method, _ in OPERATIONS}
    missed = []
    for route in routes.of("key"):
        scope = route.audience[1]
        methods = [m.lower() for m in scope] if isinstance(scope, dict) else []
        path = "/" + route.pattern.rstrip("/")
        for name, kind in route.parameters:
            path = path.replace(f"<{kind}:{name}>", f"{{{name}}}").replace(f"<{name}>", f"{{{name}}}")
        missed += [(path, method) for method in methods if method in WRITES and (path, method) not in known]
    assert not missed


@pytest.mark.parametrize(("path", "method", "body"), OPERATIONS, ids=[f"{m} {p}" for p, m, _ in OPERATIONS])
def test_a_hostile_value_in_any_field_is_taken_or_refused(keys, path, method, body):
    """R50, R54: never a fault, never a trace; a refusal is a problem."""
    if body is None:
        return all_addresses(keys, method, path)
    described = hostile.good(schema(), body)
    for change in VARIANTS.get(path, [{}]):
        all_fields(keys, method, address(path), {**described, **change})
    if len(alternatives(body)) > 1:  # many in one call: each row is judged by itself
        many = hostile.good(schema(), body, which=1)
        (name,) = many
        row = many[name][0]
        for field in row:
            rows = [{**row, field: value} for value in (*hostile.TEXTS, *hostile.VALUES) if len(str(value)) < 5_000]
            keys.ask(method, address(path), {name: rows})
    return None


def all_fields(keys, method, path, whole):
    """Each hostile value in each field of a body that is taken without it."""
    body = settled(keys, method, path, whole)
    places = [place for place in hostile.fields(whole) if len(place) <= 3]
    for number, place in enumerate(places):
        for turn, value in enumerate((*hostile.TEXTS, *hostile.VALUES)):
            # Every value meets every field of a small body; of a large one, every field meets a fifth of them.
            if len(places) <= 6 or (turn + number) % 5 == 0:
                keys.ask(method, path, hostile.spoiled({place[0]: whole[place[0]], **body}, place, value))


def settled(keys, method, path, whole):
    """The body without the fields that contradict the others: a view with items, a patch of what is not there."""
    body = dict(whole)
    for _ in range(4):
        status, said = keys.ask(method, path, body)
        if status < 300 or status in (404, 409):  # or it is right, and does not fit the state of things
            return body
        for error in said.get("errors", []):
            body.pop(error["field"].split(".")[0], None)
    raise AssertionError(f"no good body for {method} {path}: {body} {said}")


def alternatives(body):
    while "$ref" in body:
        body = schema()["components"]["schemas"][body["$ref"].rsplit("/", 1)[1]]
    return body.get("oneOf", [])


def test_a_hostile_body_is_refused_by_every_route(keys):
    """T11, T28: what is no body of ours at all, under any content type."""
    for path, method, _ in OPERATIONS:
        for body in hostile.BODIES:
            keys.ask(method, address(path), body)
        for content_type in (
            "text/plain",
            "application/x-www-form-urlencoded",
            "multipart/form-data; boundary=x",
            "",
            "application/json; charset=utf-16",
            "application/json; charset=foo",
            "a/b/c;;=",
            "💥",
        ):
            keys.ask(method, address(path), b'{"id": "a"}', content_type)


@pytest.mark.parametrize("method", sorted(METHODS))
def test_a_hostile_address_is_a_plain_refusal(keys, method):
    """T16, R4: parameters of the path, with every method; those that never match are none of ours."""
    for route in routes.of("key"):
        methods = route.audience[1] if isinstance(route.audience[1], dict) else {"GET": "", "POST": ""}
        if method in methods and ("<" in route.pattern or method != "GET"):  # queries are met below
            all_addresses(keys, method, "/" + route.pattern.replace("<", "{").replace(">", "}"))


def test_no_method_is_left_out_of_it():
    told = [route.audience[1] for route in routes.of("key") if isinstance(route.audience[1], dict)]
    assert {method for methods in told for method in methods} <= METHODS


def all_addresses(keys, method, path):
    if "{" not in path:  # neither a JSON body nor a parameter: a file
        for body in (*hostile.BODIES, *(text.encode("utf-8", "replace") for text in hostile.TEXTS)):
            for content_type in ("multipart/form-data; boundary=x", "application/json", "text/plain"):
                keys.ask(method, path, body, content_type)
        return
    before = path.partition("{")[0]
    for text in hostile.TEXTS:
        if 0 < len(text) < 2_000:
            keys.ask(method, before + quote(text, safe=""), {})


def test_a_hostile_query_is_taken_or_refused(keys):
    """T26: thirty and more payloads in every parameter of every GET."""
    for path, operations in schema()["paths"].items():
        if "get" not in operations or not path.startswith("/api/v1"):
            continue
        names = [p["name"] for p in operations["get"].get("parameters", []) if p["in"] == "query"]
        for name in [*names, "none_such"]:
            for text in QUERIES:
                keys.ask("get", f"{address(path)}?{name}={quote(text[:2_000], safe='')}")
