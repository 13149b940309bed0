"""REST framework in our dialect: the strict JSON that the middleware read, and a fast renderer."""

from typing import Any

import orjson
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer

from luxebrain.lib import jsonbody


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
        return b"" if data is None else orjson.dumps(data, default=str)
