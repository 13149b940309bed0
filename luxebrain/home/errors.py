"""Errors that no view answers: JSON problems under /api/, a plain page elsewhere."""

import sys
from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import Resolver404

from luxebrain.lib import problems
from luxebrain.lib.uploads import FileTooLarge


def say(request: HttpRequest, status: int, code: str, detail: str) -> HttpResponse:
    if request.path.startswith("/api/"):
        return problems.respond(request, status=status, code=code, detail=detail)
    context = {"detail": detail, "request_id": getattr(request, "request_id", "")}
    return render(request, f"{status}.html", context, status=status)


def bad_request(request: HttpRequest, exception: Any = None) -> HttpResponse:
    """Django counts a body that is too large among what is malformed; it has a status of its own."""
    if isinstance(exception, RequestDataTooBig):
        return too_large(request, str(exception) if isinstance(exception, FileTooLarge) else "")
    return say(request, 400, "bad_request", "The request was refused as malformed.")


def too_large(request: HttpRequest, detail: str = "") -> HttpResponse:
    detail = detail or "The body is larger than 10 MB."
    if request.path.startswith("/api/"):
        return problems.respond(request, status=413, code="too_large", detail=detail)
    context = {"status": 413, "title": problems.TITLES[413], "detail": detail}
    context["request_id"] = getattr(request, "request_id", "")
    return render(None, "errors/problem.html", context, status=413)  # type: ignore[arg-type]


def forbidden(request: HttpRequest, exception: Any = None) -> HttpResponse:
    return say(request, 403, "forbidden", str(exception) or "You may not do this.")


def not_found(request: HttpRequest, exception: Any = None) -> HttpResponse:
    detail = "There is nothing here, or it is not yours."
    if isinstance(exception, Resolver404) and request.path.startswith("/api/"):
        detail = "There is no such call: /api/docs lists them all."
    return say(request, 404, "not_found", detail)


def server_error(request: HttpRequest) -> HttpResponse:
    """Django calls this inside its own `except`: an error of an inner middleware, which no view hook
    sees, is handed on to ErrorTrackingMiddleware from here."""
    if getattr(request, "unhandled", None) is None:
        request.unhandled = sys.exc_info()[1]  # type: ignore[attr-defined]
    return say(request, 500, "internal", "Something went wrong on our side.")
