"""Bad parameters, addresses, methods and headers over every route of the API (R47, R56)."""

import pytest
from django.test import Client

from tests import make
from tests.examining import GOOD, LISTS, ONES, WRITING, allowed, kept, key_routes, raw, stored, wrong
from tests.house import routes


@pytest.fixture
def unchanged(acme, api):
    yield from kept(acme, api)


# --- Parameters -------------------------------------------------------------------------------------------
BAD_QUERIES = [
    "limit=abc",
    "limit=0",
    "limit=-1",
    "limit=101",
    f"limit={10**20}",
    f"limit={10**9}",
    "limit=%EF%BC%95",
    "limit=1.5",
    "limit=1e1",
    "limit=",
    "limit=+5",
    "limit=%205",
    "limit=0x5",
    "limit=%00",
    "limit=5&limit=6",
    "limit[]=5",
    "page=0",
    "page=-1",
    f"page={10**30}",
    "page_size=1000000000",
    "cursor=x",
    "cursor=%00",
    "cursor=%FF",
    "offset=5",
    "none_such=1",
    "=1",
    "%00=1",
    "tenant_id=1",
    "a[b][c][d][e]=1",
    "&".join(f"a{n}=1" for n in range(1500)),
    "x=" + "y" * 20_000,
    "format=xml",
    "%F0%9F%92%A9=1",
    "limit=5;cursor=x",
]


@pytest.mark.parametrize("query", BAD_QUERIES, ids=lambda query: query[:30])
def test_a_parameter_that_is_not_right(unchanged, query):
    """Rows 7, 9, 11 and 45: 400 on every GET that takes parameters, and on those that take none."""
    faults = {path: wrong(unchanged.get(f"{path}?{query}"), 400) for path in LISTS}
    assert not {path: fault for path, fault in faults.items() if fault}


def test_a_cursor_of_another_shop_or_list(acme, globex, api):
    """Row 45."""
    theirs = make.Api(make.key(globex))
    for n in range(2):
        make.customer(acme, f"c{n}")
    cursor = api.get("/api/v1/customers?limit=1").json()["next_cursor"]
    assert cursor
    before = stored()
    for caller, path in ((theirs, "customers"), (api, "products"), (api, "orders")):
        assert not wrong(caller.get(f"/api/v1/{path}?limit=1&cursor={cursor}"), 400)
    for changed in (cursor[:-1], cursor + "x", cursor[::-1], cursor.swapcase()):
        assert not wrong(api.get(f"/api/v1/customers?cursor={changed}"), 400)
    assert stored() == before


# --- Addresses, methods, headers ----------------------------------------------------------------------------
STRANGE = [
    "abc",
    str(2**63),
    "%00",
    "..%2f..%2fetc",
    "a%0d%0ab",
    "%E2%80%8E",
    "x" * 5000,
    "%FF",
    "-1",
    "%2e%2e",
    "a;b",
    "%F0%9F%92%A9",
]


@pytest.mark.parametrize("name", STRANGE, ids=lambda name: name[:20])
def test_an_id_of_nothing(unchanged, name):
    """Row 37: 404 as a problem on every route that names one."""
    faults = {}
    for method, route in ONES:
        if method not in ("GET", "DELETE"):
            continue
        path = route.path(**{parameter: name for parameter, _ in route.parameters})
        answer = unchanged(method, path)
        if route.name not in {"recommend-cross-sell", "recommend-outfit"}:  # an unknown product has recommendations too
            faults[f"{method} {path[:60]}"] = wrong(answer, 404)
        elif answer.status_code != 200:
            faults[f"{method} {path[:60]}"] = wrong(answer, 400, 404)
    assert not {call: fault for call, fault in faults.items() if fault}


@pytest.mark.parametrize(
    "path",
    [
        "/api/",
        "/api/v1",
        "/api/v1/",
        "/api/none",
        "/api/v1/..%2f..%2fetc/passwd",
        "/api/v1//products",
        "/api/v1/%00",
        "/api/%ff",
        "/api/v1/" + "x" * 5000,
        "/api/v1/Products",
        "/api/v2/products",
        "/api/v1/products.json",
    ],
)
def test_an_address_of_nothing(unchanged, path):
    """Row 37: problems, never a page."""
    for method in ("GET", "POST", "PUT", "DELETE", "PATCH"):
        assert not wrong(raw(unchanged, method, path, b"{}"), 404, 405), (method, path)


def test_a_method_that_is_not_there(unchanged):
    faults = {}
    for route in routes.of("key"):
        for method in {"GET", *WRITING, "TRACE", "CONNECT", "PROPFIND", "X"} - set(allowed(route)):
            answer = raw(unchanged, method, route.path(), b"")
            faults[f"{method} {route.path()}"] = wrong(answer, 403, 405)
        head = raw(unchanged, "HEAD", route.path(), b"")
        assert head.status_code in (200, 404, 405, 400)
        assert head.content == b""
        assert raw(unchanged, "OPTIONS", route.path(), b"").status_code in (200, 204, 401, 403, 405)
    assert not {call: fault for call, fault in faults.items() if fault}


def test_another_method_by_header_is_ignored(acme, unchanged):
    """Row 47."""
    for header in ("x-http-method-override", "x-method-override", "x-http-method"):
        answer = raw(unchanged, "POST", "/api/v1/products/p-1", b"{}", **{header: "DELETE"})
        assert not wrong(answer, 405, 403)
    assert acme.products.filter(external_id="p-1").exists()


@pytest.mark.parametrize("path", [*LISTS, "/api/none", "/api/schema"])
@pytest.mark.parametrize(
    "host", ["evil.example", "bad host", "a" * 300, "testserver:99999x", "testserver@evil.example", "[::1", ""]
)
def test_a_host_that_is_not_ours(unchanged, path, host):
    """Row 47, T30."""
    assert not wrong(unchanged.get(path, host=host), 400)


def test_what_a_proxy_says_is_not_believed(unchanged):
    """Row 47, T27: forged headers change neither the host nor who calls."""
    answer = unchanged.get(
        "/api/v1/products", **{"x-forwarded-host": "evil.example", "x-forwarded-for": "1.2.3.4", "forwarded": "x"}
    )
    assert answer.status_code == 200
    assert "evil.example" not in answer.content.decode()


def test_guessing_from_a_hundred_forged_places_is_guessing_from_one(ana, client):
    """Row 47, T27, T20: the fifth failure locks, and a forged place is not another place."""
    codes = []
    for n in range(100):
        places = {"x-forwarded-for": f"10.{n}.0.1", "x-real-ip": f"10.{n}.0.2", "forwarded": f"for=10.{n}.0.3"}
        form = {"login": ana.email, "password": f"wrong {n}"}
        codes.append(client.post("/account/login/", form, headers=places).status_code)
    assert codes == [200] * 4 + [429] * 96


def test_calls_from_forged_places_are_one_keys_calls(db):
    """Row 47, T27: the limit belongs to the key."""
    api = make.Api(make.key(make.tenant(plan="free")))  # one call a second comes back
    left = [
        int(api.get("/api/v1/products", **{"x-forwarded-for": f"1.2.3.{n}"})["X-RateLimit-Remaining"]) for n in range(9)
    ]
    assert left[-1] < left[0]  # time fills it again meanwhile


@pytest.mark.parametrize(
    "accept", ["application/xml", "text/html", "nonsense", "*/*;q=0", "application/json;q=x", "", "a/b," * 2000]
)
def test_an_accept_that_we_do_not_speak(unchanged, accept):
    for path in LISTS:
        answer = unchanged.get(path, accept=accept)
        assert answer.status_code in (200, 406), path
        assert "json" in answer["Content-Type"], path


@pytest.mark.parametrize(
    "headers",
    [
        {"expect": "100-continue"},
        {"expect": "nonsense"},
        {"range": "bytes=0-5"},
        {"x-request-id": "a\u202eb"},
        {"cookie": "x=" + "y" * 8000},
        {"transfer-encoding": "chunked"},
        {"if-match": "*"},
        {"x-request-id": "<script>"},
        {"accept-language": "x" * 5000},
        {"te": "x"},
    ],
)
def test_headers_that_mean_nothing_here(unchanged, headers):
    for path in LISTS:
        answer = unchanged.get(path, **headers)
        assert answer.status_code == 200 or not wrong(answer, 400), path
        assert "<" not in answer["X-Request-Id"]


def test_a_browsers_key_reads_no_catalogue(acme):
    """Row 39, R9: a publishable key is for recommendations and events, whatever it asks for."""
    public = make.Api(make.key(acme, kind="pk"))
    before = stored()
    for method, route in key_routes():
        if "recommendations" in route.pattern or "events" in route.pattern:
            continue
        answer = raw(public, method, route.path(), b"{}" if method in WRITING else b"", origin="https://shop.example")
        assert not wrong(answer, 403), (method, route.pattern)
    for path in ("/api/v1/recommendations", "/api/v1/events"):
        assert not wrong(raw(public, "POST", path, b"{}", origin="https://evil.example"), 400, 403), path
    assert stored() == before


def test_nobody_without_a_session_is_staff(unchanged):
    """Row 39: no key opens what operators use."""
    for route in routes.of("staff"):
        answer = raw(unchanged, "POST", route.path(), b"{}")
        assert answer.status_code in (302, 401, 403, 404, 405), route.pattern


def test_a_panels_form_is_not_asked_for_json(ana, signed_in):
    """R47: forms of pages are untouched."""
    answer = signed_in(ana).post("/t/acme/team/invite", {"email": "x@example.com", "role": "analyst"})
    assert answer.status_code in (200, 302, 303)
    assert Client().post("/account/login/", {"login": "x", "password": "y"}).status_code == 200


def test_a_view_may_take_anything(db, monkeypatch):
    """R47: signed webhooks read the bytes themselves; the limit is theirs as well."""
    from django.http import HttpResponse
    from django.test import RequestFactory

    from luxebrain.middleware import RequestValidationMiddleware

    def view(request):
        return HttpResponse(request.body)

    view.accepts, view.max_body = "anything", 10
    middleware = RequestValidationMiddleware(view)
    ask = RequestFactory().post
    form = ask("/api/v1/webhooks/x", "webhook_id", content_type="application/x-www-form-urlencoded")
    assert middleware.process_view(form, view, (), {}) is None
    assert form.body == b"webhook_id"
    assert middleware.process_view(ask("/api/x", "x" * 11, content_type="text/plain"), view, (), {}).status_code == 413
    assert middleware.process_view(ask("/t/x", "x" * 11, content_type="text/plain"), view, (), {}) is None
    del view.accepts
    read = ask("/api/x", '{"a": 1}', content_type="application/json")
    assert middleware.process_view(read, view, (), {}) is None
    assert read.json == {"a": 1}


def test_a_body_is_read_once(api, monkeypatch):
    """R47: neither the middleware nor REST framework reads it again."""
    from luxebrain.lib import jsonbody

    seen = []
    decode = jsonbody.decode
    monkeypatch.setattr(jsonbody, "decode", lambda raw: seen.append(len(raw)) or decode(raw))
    for name in ("products", "orders", "events", "recommendations"):
        api.post(f"/api/v1/{name}", GOOD[name])
    assert len(seen) == 4
    api.get("/api/v1/recommendations?customer_id=c-1")
    assert len(seen) == 4
