"""REST framework in our dialect: a strict JSON parser and a fast renderer."""

import json
from typing import Any

import orjson
from rest_framework import exceptions
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer

MAX_DEPTH = 32


def decode(raw: bytes) -> Any:
    """Strict JSON: UTF-8, at most 32 levels, no duplicate keys, no NaN, no NUL, no lone surrogates.

    Raises ValueError with a sentence for the caller.
    """
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ValueError("The body is not valid UTF-8.") from error
    _check_depth(text)
    try:
        value = json.loads(text, object_pairs_hook=_unique, parse_constant=_refuse)
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise ValueError(f"The body is not valid JSON: {error.msg} at {where}.") from None
    except RecursionError:
        raise ValueError("The body is nested too deeply.") from None
    _check_text(value)
    return value


def _check_depth(text: str) -> None:
    if text.count("[") + text.count("{") <= MAX_DEPTH:
        return
    depth, in_string, escaped = 0, False, False
    for char in text:
        if in_string:
            if escaped:
                escaped = False
            elif char == "\\":
                escaped = True
            elif char == '"':
                in_string = False
        elif char == '"':
            in_string = True
        elif char in "[{":
            depth += 1
            if depth > MAX_DEPTH:
                raise ValueError(f"The body is nested more than {MAX_DEPTH} levels deep.")
        elif char in "]}":
            depth -= 1


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"The key {twice[:60]!r} appears twice.")
    return value


def _refuse(name: str) -> Any:
    raise ValueError(f"{name} is not a JSON number.")


def _check_text(value: Any) -> None:
    stack = [value]
    while stack:
        item = stack.pop()
        if isinstance(item, dict):
            stack.extend(item.keys())
            stack.extend(item.values())
        elif isinstance(item, list):
            stack.extend(item)
        elif isinstance(item, str):
            if "\x00" in item:
                raise ValueError("The body contains a null character.")
            try:
                item.encode("utf-8")
            except UnicodeEncodeError:
                raise ValueError("The body contains half of a surrogate pair.") from None
        elif isinstance(item, float) and item in (float("inf"), float("-inf")):
            raise ValueError("The body contains a number that is out of range.")
        elif isinstance(item, int) and abs(item) > 2**63:
            raise ValueError("The body contains a number that is out of range.")


class StrictJSONParser(BaseParser):
    media_type = "application/json"

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        charset = dict(
            part.strip().split("=", 1) for part in (media_type or "").split(";")[1:] if "=" in part
        ).get("charset", "utf-8")
        if charset.strip('"').lower() not in {"utf-8", "utf8"}:
            raise exceptions.UnsupportedMediaType(media_type, "Send JSON as UTF-8.")
        try:
            return decode(stream.read())
        except ValueError as error:
            raise exceptions.ParseError(str(error)) from error


class ORJSONRenderer(BaseRenderer):
    media_type = "application/json"
    format = "json"
    charset = None
    render_style = "binary"

    def render(self, data: Any, accepted_media_type: Any = None, renderer_context: Any = None) -> bytes:
        return b"" if data is None else orjson.dumps(data, default=str)
