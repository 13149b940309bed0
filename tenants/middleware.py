"""Who the request belongs to: the panel's tenant, the API's key, and the gate that counts it."""

from collections.abc import Callable
from datetime import UTC
from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from luxebrain.lib import jsonbody, logs, problems, tokens
from tenants import access, api_keys, gate, lanes, quota, refusals, tenancy

GetResponse = Callable[[HttpRequest], HttpResponse]


class TenantMiddleware:
    """/t/<slug>/…: finds the tenant through the signed-in person's memberships, and enters it.

    A stranger gets the same 404 as for a shop that does not exist. Everything inside happens in one
    transaction; an answer of 500 or above rolls it back.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.tenant = request.membership = None  # type: ignore[attr-defined]
        if not request.path.startswith("/t/"):
            return self.get_response(request)
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        found = access.membership(request.user, slug=request.path.split("/", 3)[2])
        if found is None:
            return not_found(request)
        if request.content_type == "multipart/form-data":
            request.POST  # noqa: B018  (read the body first: a slow upload must not hold a transaction open)
        with tenancy.enter(found.tenant_id) as tenant:
            request.tenant, request.membership = tenant, found  # type: ignore[attr-defined]
            with timezone.override(tenant.zone):
                response = self.get_response(request)
            if response.status_code >= 500:
                transaction.set_rollback(True)
        return response


def not_found(request: HttpRequest) -> HttpResponse:
    context = {"request_id": getattr(request, "request_id", "")}
    return render(request, "404.html", context, status=404)


class ApiKeyMiddleware:
    """Reads the key of an API call, and refuses one that nobody has, once the view says that it needs one.

    What the key may do is asked at the gate, which knows whether this process's copy of it is fresh.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path.startswith("/api/"):
            request.credential = None  # type: ignore[attr-defined]
            request.raw_key = bearer(request)  # type: ignore[attr-defined]
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        if not needs_key(request, view):
            return None
        raw = request.raw_key  # type: ignore[attr-defined]
        try:
            if not raw:
                detail = "Send your API key as `Authorization: Bearer …`."
                raise problems.Unauthenticated(detail, headers={"WWW-Authenticate": "Bearer"})
            request.known_key = api_keys.authenticate(raw)  # type: ignore[attr-defined]
        except problems.Problem as problem:
            if raw:
                refusals.note(request, "key", who=tokens.digest(raw[:200]).hex())
            return problems.answer(request, problem)
        return None


def needs_key(request: HttpRequest, view: Any) -> bool:
    if not request.path.startswith("/api/") or request.method == "OPTIONS":
        return False
    return getattr(getattr(view, "cls", view), "scope", None) is not None


def bearer(request: HttpRequest) -> str:
    given = request.META.get("HTTP_AUTHORIZATION", "")
    if given[:7].lower() == "bearer ":
        return given[7:].strip()
    return request.META.get("HTTP_X_API_KEY", "").strip()


class UsageTrackingMiddleware:
    """Lets a call through the gate once its view is known: its shop's lane, key, scope, origin, rate limit, usage.

    A view takes part by having a `scope` (text, or a mapping of method to text), and may have a
    `meter` and `reads(request, credential)`, which names what to read in the same round trip.
    The view finds `request.credential` and `request.passage`.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        try:
            response = self.get_response(request)
        finally:
            lane = getattr(request, "lane", None)
            if lane is not None:
                lanes.of_calls.leave(lane)
        passage = getattr(request, "passage", None)
        if passage is not None:
            response["X-RateLimit-Limit"] = str(passage.limit)
            response["X-RateLimit-Remaining"] = str(passage.remaining)
            if request.credential.used_up:  # type: ignore[attr-defined]
                response["X-Plan-Calls"] = "used-up"
        return response

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        if not needs_key(request, view):
            return None
        view = getattr(view, "cls", view)
        needed = view.scope if isinstance(view.scope, str) else view.scope.get(request.method, "")
        try:
            self.wait(request, needed)
            self.admit(request, view, needed)
            if getattr(request, "has_json", False):
                jsonbody.body(request)
        except problems.Problem as problem:
            if problem.status in (401, 403):
                known = request.known_key[0]  # type: ignore[attr-defined]
                refusals.note(request, problem.code, who=str(known.key_id), tenant_id=known.tenant_id)
            return problems.answer(request, problem)
        return None

    def wait(self, request: HttpRequest, needed: str) -> None:
        """Before anything is read or counted: so a flood waits for itself, and nobody else for it."""
        credential = request.known_key[0]  # type: ignore[attr-defined]
        lane = credential.tenant_id, needed
        try:
            lanes.of_calls.enter(lane)
        except lanes.Full:
            gate.turn_away(credential)
            raise too_many() from None
        request.lane = lane  # type: ignore[attr-defined]

    def admit(self, request: HttpRequest, view: Any, needed: str) -> None:
        raw = request.raw_key  # type: ignore[attr-defined]
        credential, epoch = request.known_key  # type: ignore[attr-defined]
        reads = getattr(view, "reads", None)
        wanted = reads(request, credential) if reads else ()
        asked = getattr(view, "meter", "api_calls")
        meter = quota.OVER if refuses(credential, asked) else asked
        passage = gate.enter(credential, meter=meter, reads=wanted)
        if passage.blind:
            if api_keys.is_stale(raw, blind=True):
                credential = api_keys.confirm(raw, None)
        elif epoch is None or passage.epochs[0] != epoch:  # type: ignore[index]
            credential = api_keys.confirm(raw, passage.epochs[0])  # type: ignore[index]
        check(request, credential, needed)
        if not passage.allowed and passage.throttled and not credential.is_throttled:
            passage = gate.enter(credential, meter=meter, reads=wanted)  # it was taken back: by the plan's limit
        if not passage.allowed:
            raise too_fast(credential, passage)
        if refuses(credential, asked):
            raise nothing_left(credential)
        request.credential, request.passage = credential, passage  # type: ignore[attr-defined]
        logs.bind(tenant=credential.tenant_slug, key=credential.key_id)


def refuses(credential: api_keys.Credential, meter: str) -> bool:
    """Whether calls of this meter are held back because the plan's calls of this month are used up."""
    return meter == quota.LIMITED and credential.used_up == quota.Then.REFUSE


def nothing_left(credential: api_keys.Credential) -> problems.PlanLimit:
    until = credential.used_up_until.astimezone(UTC)  # type: ignore[union-attr]
    return problems.PlanLimit(
        f"Your plan's calls of this month are used up. Recommendations are answered again from "
        f"{until:%Y-%m-%dT%H:%M:%SZ}, or at once on a larger plan. Everything else goes on."
    )


def too_fast(credential: api_keys.Credential, passage: gate.Passage) -> problems.Problem:
    wait = max(1, int(passage.retry_after + 0.999))
    detail = f"More than {passage.limit} calls a minute."
    if passage.throttled:
        until = credential.throttled_until.astimezone(UTC)  # type: ignore[union-attr]
        detail = f"This key is throttled to {passage.limit} calls a minute until {until:%Y-%m-%dT%H:%M:%SZ}."
    headers = {
        "Retry-After": str(wait), "X-RateLimit-Limit": str(passage.limit), "X-RateLimit-Remaining": "0",
    }  # fmt: skip
    return problems.Problem(f"{detail} Try again in {wait} s.", status=429, code="rate_limited", headers=headers)


def too_many() -> problems.Problem:
    detail = "Too many calls of this shop are waiting for their answers. Try again in 1 s."
    return problems.Problem(detail, status=429, code="too_many_at_once", headers={"Retry-After": "1"})


def check(request: HttpRequest, credential: api_keys.Credential, needed: str) -> None:
    """Raises Problem unless this key may make this call from where it comes."""
    if credential.expires_at is not None and credential.expires_at <= timezone.now():
        raise problems.Unauthenticated("This API key has expired.", headers={"WWW-Authenticate": "Bearer"})
    if credential.tenant_state != "active":
        raise problems.Forbidden("This shop is suspended. Please contact us.", code="tenant_suspended")
    if needed and not credential.may(needed):
        raise problems.Forbidden(f"This key does not have the scope {needed}.", code="scope_missing")
    if credential.only_reads(needed):
        raise problems.Forbidden(
            "This is a test key: it reads, and changes nothing. Send this with a live key.", code="test_key"
        )
    if credential.kind == "pk":
        origin = request.META.get("HTTP_ORIGIN", "").rstrip("/").lower()
        if origin not in credential.origins:
            raise problems.Forbidden(_not_from(origin), code="origin_not_allowed")


def _not_from(origin: str) -> str:
    """Why a publishable key is refused: developers meet this first of all."""
    if not origin:
        return "This is a publishable key: it works in the pages of its sites, whose browsers send an Origin."
    seen = "".join(char if char.isprintable() else "?" for char in origin[:100])
    return f"This key may not be used from {seen}. Add the site to the key, with scheme and port as they stand here."
