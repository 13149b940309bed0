"""The REST APIs of WooCommerce and Shopify: one page of one resource, and what their refusals mean.

Shopify: the REST Admin API and not GraphQL, because its resources are the payloads of Shopify's webhooks,
which `storefronts/shopify.py` reads; both doors then end in the same rows.
"""

import base64
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from luxebrain.lib import outbound
from luxebrain.lib.problems import Problem
from recommendations.storefronts import reading

PER_PAGE = 100
SECONDS = 15.0
MAX_BYTES = 20_000_000
SHOPIFY_VERSION = "2025-10"
OVERLAP = timedelta(minutes=2)  # clocks differ, and a shop may date a change a little before it shows it
_WORDS = {"products": "products", "customers": "customers", "orders": "orders"}
_NEXT = re.compile(r'<([^<>]{1,4000})>\s{0,5};\s{0,5}rel="?next"?')

Position = dict[str, Any]


class ShopFault(Problem):
    """The shop did not answer as it should; `wait` is how many seconds it asked us to stay away."""

    status, code = 502, "shop_fault"

    def __init__(self, detail: str, *, wait: float | None = None) -> None:
        super().__init__(detail)
        self.wait = wait


class ShopRefusal(ShopFault):
    """Only people can mend it: a wrong key, a missing permission, an address that is no shop."""

    status, code = 422, "shop_refusal"


@dataclass(frozen=True)
class Shop:
    source: str
    address: str  # without a slash at its end
    credentials: dict[str, str]


@dataclass(frozen=True)
class Page:
    """rows as the shop wrote them; `following` is None at the end. `rest`: seconds to leave the shop alone."""

    rows: list[Any]
    following: Position | None
    newest: str | None
    total: int | None
    rest: float


def start(after: str | None) -> Position:
    return {"after": after, "page": 1, "token": ""}


def page(shop: Shop, kind: str, at: Position, *, size: int = PER_PAGE, seconds: float = SECONDS) -> Page:
    """Raises ShopFault, ShopRefusal."""
    if shop.source == "woocommerce":
        return _woocommerce(shop, kind, at, size, seconds)
    return _shopify(shop, kind, at, size, seconds)


def check(shop: Shop, kinds: list[str]) -> None:
    """Asks for one row of each: whether address, key and permissions are right. Raises ShopFault, ShopRefusal."""
    for kind in kinds:
        page(shop, kind, start(None), size=1, seconds=5)


def _woocommerce(shop: Shop, kind: str, at: Position, size: int, seconds: float) -> Page:
    query: dict[str, Any] = {"per_page": size, "page": at["page"], "order": "asc"}
    if kind == "customers":  # neither sorted nor filtered by change, in any version
        query |= {"orderby": "id", "role": "all"}
    else:
        query |= {"orderby": "modified", "dates_are_gmt": "true"}
        if at["after"]:
            query["modified_after"] = at["after"].removesuffix("+00:00")
    pair = f"{shop.credentials['key']}:{shop.credentials['secret']}".encode()
    headers = {"Authorization": f"Basic {base64.b64encode(pair).decode()}"}
    answer = _ask(f"{shop.address}/wp-json/wc/v3/{kind}?{urlencode(query)}", headers, kind, seconds)
    rows = _rows(answer.json_value, "WooCommerce")
    newest = _newest([row.get("date_modified_gmt") for row in rows if type(row) is dict], utc=True)
    pages = _number(answer.headers.get("x-wp-totalpages"))
    is_last = len(rows) < size or (pages is not None and at["page"] >= pages)
    following = None
    if not is_last:
        # The pages of a list that changes while it is read slip; its time does not.
        before = _earlier(newest, timedelta(seconds=1)) if newest and kind != "customers" else None
        slid = before is not None and before > (at["after"] or "")
        following = start(before) if slid else {**at, "page": at["page"] + 1}
    return Page(rows, following, newest, _number(answer.headers.get("x-wp-total")), 0.0)


def _shopify(shop: Shop, kind: str, at: Position, size: int, seconds: float) -> Page:
    query: dict[str, Any] = {"limit": size}
    if at["token"]:
        query["page_info"] = at["token"]  # stands alone: it holds the filters of the first page
    else:
        query["order"] = "updated_at asc"
        if at["after"]:
            query["updated_at_min"] = at["after"]
        if kind == "orders":
            query["status"] = "any"
    url = f"{shop.address}/admin/api/{SHOPIFY_VERSION}/{kind}.json?{urlencode(query)}"
    try:
        answer = _ask(url, {"X-Shopify-Access-Token": shop.credentials["token"]}, kind, seconds)
    except BadPosition:
        if not at["token"]:
            raise
        return _shopify(shop, kind, start(at["after"]), size, seconds)  # the token grew too old
    value = answer.json_value
    rows = _rows(value.get(kind) if type(value) is dict else None, "Shopify")
    newest = _newest([row.get("updated_at") for row in rows if type(row) is dict], utc=False)
    following = None
    if found := _NEXT.search(answer.headers.get("link", "")):
        # Of the link only the token is taken: where to ask is ours to say.
        token = parse_qs(urlsplit(found.group(1)).query).get("page_info", [""])[0]
        after = at["after"]
        if newest and _ascend(rows):  # else a list from there on would leave out what is still to come
            after = max(filter(None, (after, _earlier(newest, OVERLAP))))
        following = {"after": after, "page": at["page"] + 1, "token": token[:2000]} if token else None
    return Page(rows, following, newest, None, _rest(answer.headers.get("x-shopify-shop-api-call-limit", "")))


def _ascend(rows: list[Any]) -> bool:
    """Whether the shop did list by the time of change; not every resource documents that order."""
    times = [reading.instant(row.get("updated_at")) if type(row) is dict else None for row in rows]
    known = [moment for moment in times if moment]
    return len(known) == len(rows) and known == sorted(known)


def _rest(bucket: str) -> float:
    """Seconds until the bucket ("38/40") that leaks two calls a second is half empty again."""
    used, _, size = bucket.partition("/")
    if not (used.isdigit() and size.isdigit()) or int(used) <= int(size) * 0.75:
        return 0.0
    return min((int(used) - int(size) / 2) / 2, 10.0)


class BadPosition(ShopFault):
    """400: the shop does not take this place in its list (any more)."""


@dataclass(frozen=True)
class _Answer:
    json_value: Any
    headers: Any


def _ask(url: str, headers: dict[str, str], kind: str, seconds: float) -> _Answer:
    try:
        answer = outbound.fetch(url, headers=headers, max_bytes=MAX_BYTES, timeout=seconds)
    except outbound.Refused as refused:
        raise ShopRefusal(f"This address is not asked: {refused.detail}") from None
    except outbound.Unreachable as fault:
        raise ShopFault(fault.detail) from None
    _judge(answer, kind)
    try:
        return _Answer(answer.json(), answer.headers)
    except outbound.Unreachable:
        if answer.content[:200].lstrip()[:1] == b"<":
            raise ShopRefusal("A web page came instead of data: this is not the address of the shop's API.") from None
        raise ShopFault("The shop's answer was cut off or damaged.") from None


def _judge(answer: outbound.Answer, kind: str) -> None:
    """Raises what the status means, in plain words; the shop's own words stay unread but for two codes."""
    status, what = answer.status, _WORDS[kind]
    if status == 200:
        return
    if status == 401 and b"woocommerce_rest_cannot_view" not in answer.content[:2000]:
        raise ShopRefusal("The shop does not accept this key. Copy it once more, or make a new one.")
    if status in (401, 403):
        raise ShopRefusal(f"The key may not read {what}. Give it the permission to read them.")
    if status == 404:
        raise ShopRefusal("No shop was found at this address. Is it the address of the shop itself?")
    if status in (402, 423):
        raise ShopRefusal("The shop is closed or frozen at the moment.")
    if 300 <= status < 400:
        raise ShopRefusal("The shop sends us on to another address. Give the address it really has.")
    if status == 429 or status >= 500:
        said = "asks us to slow down" if status == 429 else f"has a fault (it answered {status})"
        raise ShopFault(f"The shop {said}. We try again.", wait=_seconds(answer.headers.get("retry-after")))
    raise BadPosition(f"The shop did not take our question (it answered {status}).")


def _seconds(value: str | None) -> float | None:
    found = reading.number(value)
    return None if found is None else min(max(float(found), 0.0), 3600.0)


def _number(value: str | None) -> int | None:
    return int(value) if value and value.isdigit() and len(value) < 10 else None


def _rows(value: Any, name: str) -> list[Any]:
    if type(value) is not list:
        raise ShopRefusal(f"What answers there is not the API of {name}.")
    return value


def _newest(values: list[Any], *, utc: bool) -> str | None:
    """The latest of the vendor's times, as UTC; those beyond now are none, lest all else be skipped."""
    found = [reading.instant(reading.moment(value, utc=utc)) for value in values]
    known = [moment for moment in found if moment and moment <= datetime.now(UTC) + OVERLAP]
    return max(known).isoformat(timespec="seconds") if known else None


def _earlier(value: str, by: timedelta) -> str:
    return (datetime.fromisoformat(value) - by).isoformat(timespec="seconds")
