"""What a call brings: its JSON body, strictly read, and the query of a list."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest

from luxebrain.lib.problems import Problem
from luxebrain.lib.rest import decode

_UTF8 = {"utf-8", "utf8"}


def read(request: HttpRequest) -> Any:
    """The JSON of the body. Raises Problem: 415 for another kind of body, 413, 400."""
    if request.content_type != "application/json":
        raise Problem("Send application/json.", status=415, code="unsupported_media_type")
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise Problem("Send the body uncompressed.", status=415, code="unsupported_media_type")
    if (request.content_params or {}).get("charset", "utf-8").lower() not in _UTF8:
        raise Problem("Send JSON as UTF-8.", status=415, code="unsupported_media_type")
    try:
        return decode(request.body)
    except RequestDataTooBig:
        raise Problem("The body is larger than 10 MB.", status=413, code="too_large") from None
    except ValueError as error:
        raise Problem(str(error), code="parse_error") from error


def rows(request: HttpRequest, *, name: str, most: int) -> list[Any]:
    """One object, or the list under `name`. Raises Problem."""
    body = read(request)
    if type(body) is not dict:
        raise Problem(f'Send one object, or {{"{name}": […]}}.')
    if name not in body:
        if not body:
            raise Problem(f'Send one object, or {{"{name}": […]}}.')
        return [body]
    many = body[name]
    if len(body) > 1:
        others = ", ".join(sorted(set(body) - {name}))[:200]
        raise Problem(f'Beside "{name}" there may be no other field.', fields={others: "There is no such field."})
    if type(many) is not list or not many:
        raise Problem("Some fields are not right.", fields={name: "Must be a list of at least one object."})
    if len(many) > most:
        raise Problem(f"Send at most {most:,} at a time; these are {len(many):,}.", status=413, code="too_many")
    return many


def query(given: Mapping[str, Any], *, allowed: Iterable[str]) -> dict[str, str]:
    """The query of a GET as plain text, each parameter once. Raises Problem."""
    known = set(allowed)
    found = {}
    for name in given:
        values = given.getlist(name)  # type: ignore[attr-defined]
        if name not in known:
            raise Problem("There is no such parameter.", fields={name[:60]: f"Use {', '.join(sorted(known))}."})
        if len(values) != 1:
            raise Problem("A parameter came twice.", fields={name: "Send it once."})
        if not values[0].isprintable() or len(values[0]) > 500:
            raise Problem("A parameter is not right.", fields={name: "Must be at most 500 visible characters."})
        found[name] = values[0]
    return found


def limit(text: str | None, *, default: int = 50, most: int = 100) -> int:
    if text is None:
        return default
    if not (text.isascii() and text.isdigit() and len(text) <= 4 and 1 <= int(text) <= most):
        raise Problem("A parameter is not right.", fields={"limit": f"Must be a whole number from 1 to {most}."})
    return int(text)
