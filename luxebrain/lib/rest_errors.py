"""The API's one exception handler: every error as a problem."""

from typing import Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.db import OperationalError, connection
from django.http import Http404
from drf_standardized_errors.formatter import ExceptionFormatter
from rest_framework import exceptions
from rest_framework.response import Response

from luxebrain.lib import problems


class _Flat(ExceptionFormatter):
    """Flattens nested validation errors into [{field, code, message}]."""

    def flat(self) -> list[dict[str, str]]:
        return [
            {"field": error.attr or "", "code": error.code, "message": str(error.detail)} for error in self.get_errors()
        ]


def handle_exception(error: Exception, context: dict[str, Any]) -> Response | None:
    """Every API error as a problem; unknown exceptions are left to ErrorTrackingMiddleware."""
    if connection.in_atomic_block:
        connection.set_rollback(True)
    headers: dict[str, str] = {}
    errors: list[dict[str, str]] = []
    if isinstance(error, problems.Problem):
        status, code, detail = error.status, error.code, error.detail
        errors, headers = error.errors, error.headers
    elif isinstance(error, Http404):
        status, code, detail = 404, "not_found", "There is nothing here, or it is not yours."
    elif isinstance(error, PermissionDenied):
        status, code, detail = 403, "forbidden", str(error) or "This key may not do that."
    elif isinstance(error, RequestDataTooBig):
        status, code, detail = 413, "too_large", "The body is larger than 10 MB."
    elif isinstance(error, OperationalError):
        status, code, detail, headers = 503, "unavailable", "The database is not reachable.", {"Retry-After": "2"}
    elif isinstance(error, exceptions.APIException):
        status, code = error.status_code, getattr(error, "default_code", "error")
        detail = "Some fields are not right." if isinstance(error, exceptions.ValidationError) else str(error.detail)
        errors = _Flat(error, context, error).flat() if isinstance(error, exceptions.ValidationError) else []
        for name in ("auth_header", "wait"):
            if value := getattr(error, name, None):
                headers["WWW-Authenticate" if name == "auth_header" else "Retry-After"] = str(value)
    else:
        return None
    request_id = getattr(context["request"], "request_id", "") if context.get("request") else ""
    content = problems.body(status=status, code=code, detail=detail, errors=errors, request_id=request_id)
    return Response(content, status=status, headers=headers, content_type=problems.CONTENT_TYPE)
