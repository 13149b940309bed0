"""One page of a vendor's API: what to ask, how to read the answer, and how far that brings us."""

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from luxebrain.lib import outbound
from luxebrain.lib.problems import Problem
from recommendations.storefronts.reading import instant

RESOURCES = ("products", "customers", "orders")
OVERLAP = timedelta(minutes=10)  # read again, for clocks and transactions that were slow
SHOPIFY_VERSION = "2026-07"
MAX_BYTES = 32 * 2**20
SECONDS = 30.0
_NEXT = re.compile(r'<[^>]*[?&]page_info=([A-Za-z0-9_=-]{1,2000})[^>]*>\s*;\s*rel="?next"?')
Cursor = dict[str, Any]


class Refused(Problem):
    """The shop will not answer us until a person changes something; the sentence says what."""

    status, code = 422, "refused_by_shop"


class Busy(Exception):
    """The shop asks us to come back, or cannot answer now."""

    def __init__(self, reason: str, *, seconds: float | None = None) -> None:
        super().__init__(reason)
        self.reason, self.seconds = reason, seconds


@dataclass(frozen=True)
class Page:
    """Rows as the vendor has them. `cursor` goes on from here; None when this was the last one."""

    rows: list[Any]
    cursor: Cursor | None
    total: int | None = None
    pause: float = 0.0
    newest: datetime | None = field(default=None)


def ask(source: str, address: str, credentials: Mapping[str, str], resource: str, cursor: Cursor) -> Page:
    """Asks for the page that `cursor` ({} for everything, from the beginning) points at.

    Raises Refused, Busy.
    """
    return (_woocommerce if source == "woocommerce" else _shopify)(address, credentials, resource, cursor)


def try_out(source: str, address: str, credentials: Mapping[str, str]) -> None:
    """Whether these credentials may read everything that is pulled. Raises Refused, Busy."""
    for resource in RESOURCES:
        ask(source, address, credentials, resource, {"size": 1})


def _woocommerce(address: str, credentials: Mapping[str, str], resource: str, cursor: Cursor) -> Page:
    """Products and orders by time of change, and never by page number alone: what changes while we read
    moves to the end, and everything behind it would move one place forward and be missed."""
    size = cursor.get("size", 100)
    number = cursor.get("page", 1)
    query: dict[str, Any] = {"per_page": size, "page": number, "order": "asc"}
    by_time = resource != "customers"  # the API cannot say which customers changed
    query |= {"orderby": "modified", "dates_are_gmt": "true"} if by_time else {"orderby": "id"}
    if by_time and cursor.get("after"):
        query["modified_after"] = cursor["after"]
    key = base64.b64encode(f"{credentials['key']}:{credentials['secret']}".encode()).decode()
    answer = _get(f"{address}/wp-json/wc/v3/{resource}?{urlencode(query)}", {"authorization": f"Basic {key}"})
    rows = answer.json()
    if type(rows) is not list:
        raise Refused("This address does not answer as a WooCommerce shop does.")
    times = [instant(f"{row.get('date_modified_gmt')}Z") for row in rows if type(row) is dict]
    newest = max((time for time in times if time), default=None)
    following: Cursor | None = None
    if len(rows) >= size:
        last = times[-1] if by_time else None  # the answer is in the order of change
        after = (last - timedelta(seconds=1)).strftime("%Y-%m-%dT%H:%M:%S") if last else None
        moved = after is not None and after > cursor.get("after", "")
        following = {"after": after, "page": 1} if moved else {**cursor, "page": number + 1}
    return Page(rows, following, _whole(answer.headers.get("x-wp-total")), newest=newest, pause=0.1)


def _shopify(address: str, credentials: Mapping[str, str], resource: str, cursor: Cursor) -> Page:
    query: dict[str, Any] = {"limit": cursor.get("size", 250)}
    if cursor.get("page_info"):
        query["page_info"] = cursor["page_info"]  # it carries the rest of the question
    else:
        query["order"] = "updated_at asc"
        if resource == "orders":
            query["status"] = "any"
        if cursor.get("after"):
            query["updated_at_min"] = cursor["after"] + "Z"
    url = f"{address}/admin/api/{SHOPIFY_VERSION}/{resource}.json?{urlencode(query)}"
    answer = _get(url, {"x-shopify-access-token": credentials["token"]})
    body = answer.json()
    rows = body.get(resource) if type(body) is dict else None
    if type(rows) is not list:
        raise Refused("This address does not answer as a Shopify shop does.")
    times = [instant(row.get("updated_at")) for row in rows if type(row) is dict]
    found = _NEXT.search(answer.headers.get("link", ""))
    following = {**cursor, "page_info": found[1]} if found else None
    pause = 0.0
    used, _, most = answer.headers.get("x-shopify-shop-api-call-limit", "").partition("/")
    if used.isdecimal() and most.isdecimal() and int(used) > int(most) * 0.75:
        pause = 1.0  # the bucket leaks two calls a second; the shop's other apps want some of it
    return Page(rows, following, newest=max((time for time in times if time), default=None), pause=pause)


def _get(url: str, headers: Mapping[str, str]) -> outbound.Answer:
    try:
        answer = outbound.fetch(url, headers=headers, max_bytes=MAX_BYTES, timeout=SECONDS)
    except outbound.Refused as refused:
        raise Refused(refused.detail) from None
    except outbound.Unreachable as problem:
        raise Busy(problem.detail) from None
    if answer.status == 200:
        return _Checked(answer)  # type: ignore[return-value]
    if answer.status == 429:
        wait = _whole(answer.headers.get("retry-after", "").partition(".")[0])
        raise Busy("The shop asks us to wait.", seconds=min(max(wait or 2, 1), 600))
    said = _SAID.get(answer.status)
    if said:
        raise Refused(said)
    if answer.status in (301, 302, 307, 308):
        raise Refused("The shop sends us on to another address. Give that one.")
    raise Busy(f"The shop answered with status {answer.status}.")


_SAID = {
    401: "The shop does not know this key. Check it, or make a new one.",
    402: "The shop is frozen by its provider.",
    403: "This key may not read everything: products, customers and orders.",
    404: "There is no shop of this kind at this address.",
    410: "There is no shop of this kind at this address.",
}


class _Checked:
    """An answer whose JSON, if it is none, is the shop's passing trouble and not ours."""

    def __init__(self, answer: outbound.Answer) -> None:
        self.headers, self._answer = answer.headers, answer

    def json(self) -> Any:
        try:
            return self._answer.json()
        except outbound.Unreachable:
            raise Busy("The shop answered with something that is not JSON.") from None


def _whole(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdecimal() and len(text) < 12 else None
