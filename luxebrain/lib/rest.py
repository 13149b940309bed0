"""REST framework in our dialect: the strict JSON that the middleware read, and a fast renderer."""

from typing import Any

import orjson
from django.http import HttpRequest, HttpResponse
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer

from luxebrain.lib import jsonbody, problems


class StrictJSONParser(BaseParser):
    """What RequestValidationMiddleware read, for views that ask REST framework for it."""

    media_type = "application/json"

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        return jsonbody.body(parser_context["request"]._request)


class ORJSONRenderer(BaseRenderer):
    media_type = "application/json"
    format = "json"
    charset = None
    render_style = "binary"

    def render(self, data: Any, accepted_media_type: Any = None, renderer_context: Any = None) -> bytes:
        return b"" if data is None else orjson.dumps(data, default=str, option=orjson.OPT_UTC_Z)


class OneAnswer(DefaultContentNegotiation):
    """Every call has one kind of answer, whatever Accept says: files as files, everything else as JSON."""

    def select_renderer(self, request: Any, renderers: Any, format_suffix: str | None = None) -> tuple[Any, str]:
        return renderers[0], renderers[0].media_type


def nothing(*, allow: str = "") -> HttpResponse:
    """204 without a body; `allow` are the methods that an OPTIONS asks for."""
    response = HttpResponse(status=204, headers={"Allow": allow} if allow else None)
    del response["Content-Type"]
    return response


def other_method(request: HttpRequest, *allowed: str) -> HttpResponse:
    """What a plain view answers to a method that it does not know, and to OPTIONS."""
    allow = ", ".join([*allowed, "OPTIONS"])
    if request.method == "OPTIONS":
        return nothing(allow=allow)
    detail = f"Use {' or '.join(allowed)}."
    return problems.respond(request, status=405, code="method_not_allowed", detail=detail, headers={"Allow": allow})
