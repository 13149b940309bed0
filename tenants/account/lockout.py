"""Failed sign-ins: whom they were for, the page after too many, and the line that each leaves."""

from datetime import timedelta
from typing import Any

from axes.helpers import get_client_ip_address
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from luxebrain.lib import logs
from tenants import refusals

log = logs.get(__name__)


def username(request: HttpRequest, credentials: dict[str, Any] | None = None) -> str:
    """The address that was tried: the sign-in form says `login`, the password check says `email`."""
    given = credentials or {}
    name = given.get("email") or given.get("username") or request.POST.get("login", "")
    return str(name).strip().lower()[:254]


def note(event: str, request: HttpRequest, credentials: dict[str, Any] | None) -> None:
    """One structured line, with the address shortened: a log is read by more people than a table."""
    name, _, host = username(request, credentials).partition("@")
    log.warning(event, email=f"{name[:2]}…@{host}", ip=get_client_ip_address(request))
    refusals.note(request, "sign_in", who=username(request, credentials))


def respond(request: HttpRequest, response: HttpResponse | None = None, credentials: Any = None) -> HttpResponse:
    """The page after the fifth failure in a row from one place for one address."""
    note("sign_in.locked", request, credentials)
    cool_off = timedelta(hours=settings.AXES_COOLOFF_TIME)
    context = {"limit": settings.AXES_FAILURE_LIMIT, "minutes": int(cool_off.total_seconds() // 60)}
    page = render(request, "tenants/account/locked.html", context, status=429)
    page["Retry-After"] = str(int(cool_off.total_seconds()))
    return page
