"""What a call brings: its JSON body, strictly read, and the query of a list."""

from collections.abc import Collection
from typing import Any

from django.http import HttpRequest

from luxebrain.lib.jsonbody import body as read
from luxebrain.lib.parameters import limit, query
from luxebrain.lib.problems import Problem, fault
from recommendations.fields import shown

__all__ = ["known", "limit", "nothing", "query", "read", "rows", "unknown"]


def nothing(request: HttpRequest) -> None:
    """For a call whose address says it all: no body, or an empty object. Raises Problem."""
    if request.body and read(request) != {}:
        raise Problem("This call takes no body.")


def known(request: Any, names: Collection[str]) -> dict[str, Any]:
    """The body of a call without a query: one object with these fields and no others. Raises Problem."""
    query(request.query_params, allowed=())
    body = read(request._request)
    if type(body) is not dict:
        raise Problem("Send one JSON object.")
    if wrong := [unknown(name) for name in body if name not in names]:
        raise Problem("Some fields are not right.", errors=wrong)
    return body


def unknown(name: str) -> dict[str, str]:
    return fault(shown(name), "unknown", "There is no such field.")


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
        others = [unknown(other) for other in list(body)[:20] if other != name]
        raise Problem(f'Beside "{name}" there may be no other field.', errors=others)
    if type(many) is not list or not many:
        raise Problem("Some fields are not right.", fields={name: "Must be a list of at least one object."})
    if len(many) > most:
        raise Problem(f"Send at most {most:,} at a time; these are {len(many):,}.", status=413, code="too_many")
    return many
