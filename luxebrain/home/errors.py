"""Errors that no view answers: JSON problems under /api/, a plain page elsewhere."""

import sys
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from luxebrain.lib import problems


def say(request: HttpRequest, status: int, code: str, detail: str) -> HttpResponse:
    if request.path.startswith("/api/"):
        return problems.respond(request, status=status, code=code, detail=detail)
    context = {"detail": detail, "request_id": getattr(request, "request_id", "")}
    return render(request, f"{status}.html", context, status=status)


def bad_request(request: HttpRequest, exception: Any = None) -> HttpResponse:
    return say(request, 400, "bad_request", "The request was refused as malformed.")


def forbidden(request: HttpRequest, exception: Any = None) -> HttpResponse:
    return say(request, 403, "forbidden", str(exception) or "You may not do this.")


def not_found(request: HttpRequest, exception: Any = None) -> HttpResponse:
    return say(request, 404, "not_found", "There is nothing here, or it is not yours.")


def server_error(request: HttpRequest) -> HttpResponse:
    """Django calls this inside its own `except`: an error of an inner middleware, which no view hook
    sees, is handed on to ErrorTrackingMiddleware from here."""
    if getattr(request, "unhandled", None) is None:
        request.unhandled = sys.exc_info()[1]  # type: ignore[attr-defined]
    return say(request, 500, "internal", "Something went wrong on our side.")
