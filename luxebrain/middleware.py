"""The outer layers of every request: its id, its unhandled errors, and the panels' own middleware.

Order (asserted by a test): request id, error tracking, security, static files, session, sign-in,
tenant, key, validation, usage. Middleware named Panel… steps aside for /api/.
"""

import re
from collections.abc import Callable
from typing import Any

from corsheaders.middleware import CorsMiddleware
from csp.middleware import CSPMiddleware
from django.conf import settings
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.messages.middleware import MessageMiddleware
from django.contrib.sessions.middleware import SessionMiddleware
from django.core.exceptions import DisallowedHost, RequestDataTooBig, SuspiciousOperation
from django.db import OperationalError, connections
from django.http import HttpRequest, HttpResponse
from django.middleware.clickjacking import XFrameOptionsMiddleware
from django.middleware.common import CommonMiddleware
from django.middleware.csrf import CsrfViewMiddleware
from django.middleware.security import SecurityMiddleware
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django_htmx.middleware import HtmxMiddleware
from django_permissions_policy import PermissionsPolicyMiddleware
from whitenoise.middleware import WhiteNoiseMiddleware

from luxebrain.lib import jsonbody, logs, problems, tokens
from tenants import errors

GetResponse = Callable[[HttpRequest], HttpResponse]
API = "/api/"
STAFF_API = "/api/admin/"  # operators call it with their session
_READING = frozenset({"GET", "HEAD", "OPTIONS"})  # a body that came with them is never read
KNOWN_HOSTS = 100  # a name below a wildcard is one of many
_CLIENT_ID = re.compile(r"^[A-Za-z0-9_-]{8,40}$")
log = logs.get(__name__)


class RequestIdMiddleware:
    """Gives every request an id that is in the answer, on every log line and in the panel's search."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response
        self.static = f"/{settings.STATIC_URL.lstrip('/')}"

    def __call__(self, request: HttpRequest) -> HttpResponse:
        given = request.META.get("HTTP_X_REQUEST_ID", "")
        request.request_id = given if _CLIENT_ID.match(given) else tokens.request_id()  # type: ignore[attr-defined]
        logs.clear()
        logs.bind(request_id=request.request_id)  # type: ignore[attr-defined]
        response = self.get_response(request)
        response["X-Request-Id"] = request.request_id  # type: ignore[attr-defined]
        headers = response.headers
        if request.path.startswith(API):
            if "Vary" in headers:
                patch_vary_headers(response, ("Authorization", "X-Api-Key"))
            else:
                headers["Vary"] = "Authorization, X-Api-Key"
            headers.setdefault("X-Content-Type-Options", "nosniff")
        if not request.path.startswith(self.static):
            headers.setdefault("Cache-Control", "private, no-store")  # no proxy mixes people's pages
        return response


class ErrorTrackingMiddleware:
    """Outermost of ours: an exception anywhere inside becomes an answer with an id, never a trace."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response
        self.hosts: set[str] = set()

    def __call__(self, request: HttpRequest) -> HttpResponse:
        try:
            self.check_host(request)
            response = self.get_response(request)
        except Exception as error:  # noqa: BLE001  (an exception raised by an inner middleware itself)
            return self.respond(request, error)
        caught = getattr(request, "unhandled", None)
        if caught is not None and response.status_code >= 500:
            return self.respond(request, caught)
        if response.status_code == 405 and not response.content:
            detail = "A form is sent to this address. Open the page with it."
            return self.say(request, 405, "method_not_allowed", detail, headers={"Allow": response["Allow"]})
        return response

    def check_host(self, request: HttpRequest) -> None:
        """Django looks at the Host header only when somebody asks. What it let pass once it lets pass again."""
        host = request.META.get("HTTP_HOST")
        if host is None or host not in self.hosts or settings.USE_X_FORWARDED_HOST:
            request.get_host()
            if host is not None and len(self.hosts) < KNOWN_HOSTS:
                self.hosts.add(host)

    def process_exception(self, request: HttpRequest, error: Exception) -> None:
        """Django hands view exceptions here before it turns them into its own answer."""
        request.unhandled = error  # type: ignore[attr-defined]

    def respond(self, request: HttpRequest, error: BaseException) -> HttpResponse:
        if isinstance(error, problems.Problem):
            return self.say(request, error.status, error.code, error.detail, errors=error.errors, headers=error.headers)
        if isinstance(error, RequestDataTooBig):
            return self.say(request, 413, "too_large", "The body is larger than 10 MB.")
        if isinstance(error, DisallowedHost):
            return problems.respond(request, status=400, code="bad_host", detail="This host is not served here.")
        if isinstance(error, SuspiciousOperation):
            return self.say(request, 400, "bad_request", "The request was refused as malformed.")
        if isinstance(error, OperationalError):
            connections.close_all()
            log.warning("database.unreachable", reason=str(error)[:200])
            detail = "The database is not reachable. Nothing was changed; please try again."
            return self.say(request, 503, "unavailable", detail, headers={"Retry-After": "2"})
        tenant = getattr(request, "tenant", None)
        user = getattr(request, "user", None)
        error_id = errors.record(
            error,
            source="web",
            request_id=request.request_id,  # type: ignore[attr-defined]
            tenant_id=getattr(tenant, "pk", None),
            user_id=getattr(user, "pk", None),
            method=request.method or "",
            path=request.path,
        )
        detail = "We have noted the fault. Quote the error id if you write to us."
        return self.say(request, 500, "internal", detail, error_id=error_id)

    def say(self, request: HttpRequest, status: int, code: str, detail: str, **more: Any) -> HttpResponse:
        if request.path.startswith(API):
            return problems.respond(request, status=status, code=code, detail=detail, **more)
        context = {
            "status": status,
            "title": problems.TITLES.get(status, "Error"),
            "detail": detail,
            "request_id": getattr(request, "request_id", ""),
            "error_id": more.get("error_id", ""),
        }
        response = render(None, "errors/problem.html", context, status=status)  # type: ignore[arg-type]
        for name, value in more.get("headers", {}).items():
            response[name] = value
        return response


def is_call_with_key(path: str) -> bool:
    """Whether calls of this path speak with an API key: there a session or a token has no place and no cost."""
    return path.startswith(API) and not path.startswith(STAFF_API)


def has_key(request: HttpRequest) -> bool:
    return is_call_with_key(request.path)


def panel_only(middleware: type) -> type:
    """The middleware, stepping aside for calls that speak with an API key."""

    class PanelOnly(middleware):  # type: ignore[misc, valid-type]
        sync_capable, async_capable = True, False

        def __call__(self, request: HttpRequest) -> HttpResponse:
            return self.get_response(request) if has_key(request) else super().__call__(request)

    PanelOnly.__name__ = PanelOnly.__qualname__ = f"Panel{middleware.__name__}"
    return PanelOnly


class PanelCsrfMiddleware(panel_only(CsrfViewMiddleware)):  # type: ignore[misc]
    def process_view(self, request: HttpRequest, *args: Any) -> HttpResponse | None:
        return None if has_key(request) else super().process_view(request, *args)


PanelSecurityMiddleware = panel_only(SecurityMiddleware)
PanelWhiteNoiseMiddleware = panel_only(WhiteNoiseMiddleware)
PanelCSPMiddleware = panel_only(CSPMiddleware)
PanelXFrameOptionsMiddleware = panel_only(XFrameOptionsMiddleware)
PanelPermissionsPolicyMiddleware = panel_only(PermissionsPolicyMiddleware)
PanelSessionMiddleware = panel_only(SessionMiddleware)
PanelCommonMiddleware = panel_only(CommonMiddleware)
PanelAuthenticationMiddleware = panel_only(AuthenticationMiddleware)
PanelMessageMiddleware = panel_only(MessageMiddleware)
PanelHtmxMiddleware = panel_only(HtmxMiddleware)


class ApiCorsMiddleware(CorsMiddleware):
    """Cross-origin answers for /api/ only; whether a key may be used from an origin is the key's affair."""

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path.startswith(API) and "HTTP_ORIGIN" in request.META:
            return super().__call__(request)
        return self.get_response(request)


class RequestValidationMiddleware:
    """The body of every write under /api/: its size and kind, then its JSON, read once into `request.json`.

    Its place is after the key and before usage. Size and kind are checked here, from the headers. The JSON
    of a call with a key is read when the gate let it through, so that a flood costs no reading. A view says
    otherwise by `accepts = "anything"` (it reads the bytes itself, as signed webhooks must) and by
    `max_body` (bytes).
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        if request.method in _READING or not request.path.startswith(API):
            return None
        view = getattr(view, "cls", view)
        try:
            jsonbody.check_size(request, most=getattr(view, "max_body", jsonbody.MAX_BODY))
            if getattr(view, "accepts", "json") == "json" and _has_body(request):
                jsonbody.check_kind(request)
                request.has_json = True  # type: ignore[attr-defined]
                if getattr(view, "scope", None) is None:  # there will be no gate
                    jsonbody.body(request)
        except problems.Problem as problem:
            return problems.answer(request, problem)
        return None


def _has_body(request: HttpRequest) -> bool:
    """Whether there is anything to read; a view that needs a body misses it by itself."""
    return (request.META.get("CONTENT_LENGTH") or "0").strip("0") != ""
