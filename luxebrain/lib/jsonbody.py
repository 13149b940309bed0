"""The JSON of a body: announced, sized, and strictly read, once."""

import json
import re
from math import isinf
from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest

from luxebrain.lib.problems import Problem

MAX_DEPTH = 32
MAX_BODY = 10 * 1024 * 1024
MAX_WHOLE = 2**63
_UTF8 = {"utf-8", "utf8"}
# Strings, closed or not, and everything else that opens or closes no level.
_NO_LEVEL = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*(?:"|\\?\Z)|[^\[\]{}"]+', re.DOTALL)
_ESCAPED = re.compile(r"\\u(?:0000|[dD][89a-fA-F])")


class Unreadable(ValueError):
    """A body that is not the JSON we take; the message is a sentence for the caller."""


def body(request: HttpRequest) -> Any:
    """The JSON of the body, read and checked once. Raises Problem: 415 for another kind of body, 413, 400."""
    try:
        return request.json  # type: ignore[attr-defined]
    except AttributeError:
        check_kind(request)
        request.json = found = _decoded(request)  # type: ignore[attr-defined]
        return found


def check_kind(request: HttpRequest) -> None:
    """Raises Problem unless the headers announce JSON, in UTF-8 and not compressed."""
    if request.content_type != "application/json":
        raise Problem("Send application/json.", status=415, code="unsupported_media_type")
    if request.META.get("HTTP_CONTENT_ENCODING", "identity").lower() != "identity":
        raise Problem("Send the body uncompressed.", status=415, code="unsupported_media_type")
    if request.content_params and request.content_params.get("charset", "utf-8").lower() not in _UTF8:
        raise Problem("Send JSON as UTF-8.", status=415, code="unsupported_media_type")


def check_size(request: HttpRequest, *, most: int = MAX_BODY) -> None:
    """Raises Problem for a body that is announced longer than `most` bytes, before any of it is read."""
    announced = request.META.get("CONTENT_LENGTH") or "0"
    if not (announced.isascii() and announced.isdigit()):
        raise Problem("Content-Length must be a whole number.", code="bad_request")
    if len(announced) > 15 or int(announced) > most:
        raise too_large(most)


def too_large(most: int) -> Problem:
    return Problem(f"The body is larger than {most // 2**20} MB.", status=413, code="too_large")


def _decoded(request: HttpRequest) -> Any:
    try:
        return decode(request.body)
    except RequestDataTooBig:
        raise too_large(MAX_BODY) from None
    except ValueError as error:
        raise Problem(str(error), code="parse_error") from error


def decode(raw: bytes) -> Any:
    """Strict JSON: UTF-8, at most 32 levels, no duplicate keys, no NaN, no NUL, no lone surrogates.

    Raises ValueError with a sentence for the caller.
    """
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Unreadable("The body is not valid UTF-8.") from error
    _check_depth(text)
    try:
        value = json.loads(
            text, object_pairs_hook=_unique, parse_constant=_refuse, parse_int=_whole, parse_float=_broken
        )
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise Unreadable(f"The body is not valid JSON: {error.msg} at {where}.") from None
    if _ESCAPED.search(text):  # only an escape can bring a null character or half of a pair
        _check_text(value)
    return value


def _check_depth(text: str) -> None:
    if text.count("[") + text.count("{") <= MAX_DEPTH:
        return
    depth = 0
    for char in _NO_LEVEL.sub("", text):
        depth += 1 if char in "[{" else -1
        if depth > MAX_DEPTH:
            raise Unreadable(f"The body is nested more than {MAX_DEPTH} levels deep.")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        seen: set[str] = set()
        twice = next(name for name, _ in pairs if name in seen or seen.add(name))  # type: ignore[func-returns-value]
        raise Unreadable(f"The key {twice[:60]!r} appears twice.")
    return value


def _refuse(name: str) -> Any:
    raise Unreadable(f"{name} is not a JSON number.")


def _whole(digits: str) -> int:
    if len(digits) < 19 or (len(digits) <= 20 and abs(int(digits)) <= MAX_WHOLE):
        return int(digits)
    raise Unreadable("The body contains a number that is out of range.")


def _broken(digits: str) -> float:
    value = float(digits)
    if isinf(value):
        raise Unreadable("The body contains a number that is out of range.")
    return value


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
                raise Unreadable("The body contains a null character.")
            try:
                item.encode("utf-8")
            except UnicodeEncodeError:
                raise Unreadable("The body contains half of a surrogate pair.") from None
