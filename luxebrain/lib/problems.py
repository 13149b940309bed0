"""What is wrong, said the same way everywhere: RFC 9457 problem details.

Every error under /api/ is application/problem+json with: type, title, status, detail, code,
errors [{field, code, message}], request_id; and `error` {code, message, fields}, the shape that the
first storefront plugins read.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import orjson
from django.http import HttpRequest, HttpResponse

CONTENT_TYPE = "application/problem+json"
TITLES = {
    400: "Bad request",
    401: "Not signed in",
    402: "Plan limit reached",
    403: "Not allowed",
    404: "Not found",
    405: "Method not allowed",
    406: "Not acceptable",
    409: "Conflict",
    413: "Too large",
    415: "Unsupported media type",
    422: "Unprocessable",
    429: "Too many requests",
    500: "Something went wrong on our side",
    503: "Temporarily unavailable",
}


def fault(field: str, code: str, message: str) -> dict[str, str]:
    """What is wrong with one field: `code` for programs (required, unknown, type, range …), `message` for people."""
    return {"field": field, "code": code, "message": message}


class Problem(Exception):
    """Base of every exception that a user may see. Subclasses set status and code. `errors` name fields with a code
    of their own; `fields` are the rest: {field: message}."""

    status = 400
    code = "invalid"

    def __init__(
        self,
        detail: str,
        *,
        fields: Mapping[str, str] | None = None,
        errors: Sequence[Mapping[str, str]] = (),
        headers: Mapping[str, str] | None = None,
        code: str | None = None,
        status: int | None = None,
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.headers = dict(headers or {})
        self.errors = [*map(dict, errors), *(fault(name, "invalid", text) for name, text in (fields or {}).items())]
        self.code = code or self.code
        self.status = status or self.status

    @property
    def words(self) -> str:
        """What is wrong and why, in one line for a page."""
        return " ".join([self.detail, *(error["message"] for error in self.errors)])


class NotFound(Problem):
    status, code = 404, "not_found"


class Conflict(Problem):
    status, code = 409, "conflict"


class Forbidden(Problem):
    status, code = 403, "forbidden"


class Unauthenticated(Problem):
    status, code = 401, "unauthenticated"


class PlanLimit(Problem):
    status, code = 402, "plan_limit"


class Unavailable(Problem):
    status, code = 503, "unavailable"

    def __init__(self, detail: str, *, retry_after: int = 2, **options: Any) -> None:
        super().__init__(detail, headers={"Retry-After": str(retry_after)}, **options)


def body(
    *, status: int, code: str, detail: str, errors: Sequence[Mapping[str, str]] = (), request_id: str = "", **more: Any
) -> dict[str, Any]:
    return {
        "type": f"https://luxebrain.example/problems/{code}",
        "title": TITLES.get(status, "Error"),
        "status": status,
        "code": code,
        "detail": detail,
        "errors": list(errors),
        "error": {"code": code, "message": detail, "fields": {e["field"]: e["message"] for e in errors}},
        "request_id": request_id,
        **more,
    }


def respond(
    request: HttpRequest,
    *,
    status: int,
    code: str,
    detail: str,
    errors: Sequence[Mapping[str, str]] = (),
    headers: Mapping[str, str] | None = None,
    **more: Any,
) -> HttpResponse:
    """The problem as a response; `request.request_id` is set by RequestIdMiddleware."""
    content = body(
        status=status, code=code, detail=detail, errors=errors, request_id=getattr(request, "request_id", ""), **more
    )
    response = HttpResponse(orjson.dumps(content), status=status, content_type=CONTENT_TYPE)
    for name, value in (headers or {}).items():
        response[name] = value
    return response


def answer(request: HttpRequest, problem: Problem) -> HttpResponse:
    return respond(
        request,
        status=problem.status,
        code=problem.code,
        detail=problem.detail,
        errors=problem.errors,
        headers=problem.headers,
    )
