"""The layers of a request: their order, and what a fault in any of them becomes."""

import json

import pytest
from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.db import OperationalError
from django.http import HttpResponse
from django.test import Client
from django.utils.module_loading import import_string

from tenants.models import ErrorOccurrence

ORDER = [
    "RequestIdMiddleware",
    "ErrorTrackingMiddleware",
    "PanelSecurityMiddleware",
    "PanelWhiteNoiseMiddleware",
    "PanelCSPMiddleware",
    "PanelXFrameOptionsMiddleware",
    "PanelPermissionsPolicyMiddleware",
    "PanelSessionMiddleware",
    "PanelCommonMiddleware",
    "PanelCsrfMiddleware",
    "PanelAuthenticationMiddleware",
    "PanelMessageMiddleware",
    "PanelHtmxMiddleware",
    "AccountMiddleware",
    "AxesMiddleware",
    "ApiCorsMiddleware",
    "TenantMiddleware",
    "ApiKeyMiddleware",
    "RequestValidationMiddleware",
    "UsageTrackingMiddleware",
]
INNER = [path for path in settings.MIDDLEWARE if path.rsplit(".", 1)[1] not in ORDER[:2]]


def log_lines():
    path = settings.LOGS_DIR / "luxebrain.log"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def test_the_layers_stand_in_this_order():
    """R89, R51: request id → error tracking → security → session and sign-in → tenant → key → validation → usage."""
    names = [path.rsplit(".", 1)[1] for path in settings.MIDDLEWARE]
    kept = [name for name in names if name in ORDER]
    assert kept == ORDER
    assert names[:2] == ORDER[:2]
    assert names.index("UsageTrackingMiddleware") > names.index("TenantMiddleware")


def test_every_layer_can_be_imported():
    """R94"""
    for path in settings.MIDDLEWARE:
        assert callable(import_string(path))


@pytest.mark.parametrize("path", ["/api/v1/recommendations", "/account/login/"])
def test_a_fault_in_a_view_has_an_id_everywhere(db, monkeypatch, path):
    """R94: the same id in the answer, in the log and in the table that the panel shows."""
    from django.core.handlers.base import BaseHandler

    def explode(self, request):
        raise KeyError("in the view")

    with monkeypatch.context() as patch:
        patch.setattr(BaseHandler, "resolve_request", explode)
        answer = Client(raise_request_exception=False).get(path)
    check_fault(answer, path, "KeyError")


@pytest.mark.parametrize("layer", INNER)
@pytest.mark.parametrize("path", ["/api/v1/recommendations", "/alive"])
def test_a_fault_in_any_layer_has_an_id_everywhere(db, monkeypatch, layer, path):
    """R89, R94: an error raised in any of them is tracked and answered with the right status."""

    class Broken:
        def __init__(self, get_response):
            pass

        def __call__(self, request):
            raise ZeroDivisionError(layer)

    at = settings.MIDDLEWARE.index(layer)
    changed = [*settings.MIDDLEWARE[:at], "tests.house.test_middleware.broken", *settings.MIDDLEWARE[at + 1 :]]
    monkeypatch.setattr("tests.house.test_middleware.broken", Broken)
    with monkeypatch.context() as patch:
        patch.setattr(settings, "MIDDLEWARE", changed)
        answer = Client(raise_request_exception=False).get(path)
    check_fault(answer, path, "ZeroDivisionError")


broken = None


def check_fault(answer, path, exception):
    assert answer.status_code == 500
    body = answer.content.decode()
    assert "Traceback" not in body
    assert exception not in body, "internals stay inside"
    row = ErrorOccurrence.objects.using("ops").select_related("group").get()
    assert row.error_id in body
    assert (row.group.exception, row.path) == (exception, path)
    assert row.request_id == answer["X-Request-Id"]
    if path.startswith("/api/"):
        assert answer["Content-Type"] == "application/problem+json"
        assert (answer.json()["error_id"], answer.json()["request_id"]) == (row.error_id, row.request_id)
    line = next(line for line in reversed(log_lines()) if line.get("error_id") == row.error_id)
    assert line["request_id"] == row.request_id
    assert exception in line["exception"]


def test_the_panel_finds_a_fault_by_its_id(db, sam, signed_in, monkeypatch):
    """R94: from the id in an answer to the page that explains it."""
    from tenants import errors

    try:
        raise LookupError("planted")
    except LookupError as fault:
        error_id = errors.record(fault, source="web")
    staff = signed_in(sam)
    group = ErrorOccurrence.objects.using("ops").get(error_id=error_id).group_id
    assert "LookupError" in staff.get("/errors").content.decode()
    assert error_id in staff.get(f"/errors/{group}").content.decode()


@pytest.mark.parametrize("host", ["evil.example", "bad host", "a" * 300, "testserver:99999x"])
def test_a_host_that_is_not_ours_is_refused(db, client, host):
    answer = client.get("/alive", headers={"host": host})
    assert answer.status_code == 400
    assert not ErrorOccurrence.objects.using("ops").exists(), "strangers' nonsense is no fault of ours"


@pytest.mark.parametrize("path", ["/api/v1/events", "/api/v1/products", "/api/v1/recommendations"])
def test_a_body_above_the_limit_is_413(api, path):
    """R47: more than 10 MB is refused as a problem."""
    body = b'{"a": "' + b"x" * (settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1) + b'"}'
    answer = api.client.post(
        path, data=body, content_type="application/json", headers={"authorization": f"Bearer {api.secret}"}
    )
    assert (answer.status_code, answer["Content-Type"]) == (413, "application/problem+json")


@pytest.mark.parametrize("path", ["/api/v1/none", "/alive"])
def test_a_form_above_the_limit_is_413(db, monkeypatch, path):
    from django.core.handlers.base import BaseHandler

    def too_big(self, request):
        raise RequestDataTooBig

    monkeypatch.setattr(BaseHandler, "resolve_request", too_big)
    assert Client(raise_request_exception=False).get(path).status_code == 413


@pytest.mark.parametrize("path", ["/api/v1/products", "/t/acme/overview"])
def test_without_the_database_the_answer_is_503_at_once(acme, ana, api, signed_in, monkeypatch, path):
    """Promise 1: an honest 503 with Retry-After, never a hang; and it is no fault to be tracked."""
    import time

    from django.db import connections

    client = signed_in(ana)
    refused = OperationalError("connection refused")

    def unreachable(*args, **options):
        raise refused

    began = time.monotonic()
    for alias in ("default", "ops"):
        connections[alias].close()
        monkeypatch.setattr(connections[alias], "connect", unreachable)
    answer = client.get(path, headers={"authorization": f"Bearer {api.secret}"})
    monkeypatch.undo()
    assert (answer.status_code, answer["Retry-After"]) == (503, "2")
    assert time.monotonic() - began < 10
    assert not ErrorOccurrence.objects.using("ops").exists()
    assert client.get(path, headers={"authorization": f"Bearer {api.secret}"}).status_code == 200, "and it comes back"


def test_a_clients_request_id_is_kept_and_a_strange_one_is_not(db, client):
    assert client.get("/alive", headers={"x-request-id": "shop-12345678"})["X-Request-Id"] == "shop-12345678"
    assert client.get("/alive", headers={"x-request-id": "<script>"})["X-Request-Id"].startswith("req_")


def test_answers_of_the_api_are_kept_by_nobody(api):
    answer = api.get("/api/limits/status")
    assert answer["Cache-Control"] == "private, no-store"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert "Set-Cookie" not in answer


def test_pages_carry_the_policies(client, db):
    """R89: security headers on every page."""
    answer = client.get("/account/login/")
    assert "'unsafe-inline'" not in answer["Content-Security-Policy"]
    assert "default-src 'self'" in answer["Content-Security-Policy"]
    assert answer["X-Frame-Options"] == "DENY"
    assert answer["Referrer-Policy"] == "same-origin"
    assert "camera=()" in answer["Permissions-Policy"]


def test_a_form_without_its_token_is_refused(ana):
    client = Client(enforce_csrf_checks=True, raise_request_exception=False)
    client.force_login(ana, backend="allauth.account.auth_backends.AuthenticationBackend")
    assert client.post("/t/acme/team/invite", {"email": "x@example.com"}).status_code == 403


def test_an_answer_of_500_rolls_the_page_back(acme, ana, signed_in, monkeypatch):
    """A fault changes nothing, however late it comes."""
    from tenants.middleware import UsageTrackingMiddleware

    def half(self, request):
        request.tenant.products.create(external_id="half", title="Half")
        return HttpResponse(status=500)

    monkeypatch.setattr(UsageTrackingMiddleware, "__call__", half)
    assert signed_in(ana).get("/t/acme/overview").status_code == 500
    assert not acme.products.exists()
