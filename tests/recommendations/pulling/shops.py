"""Shops for tests: servers that answer as the REST APIs of WooCommerce and Shopify do, with faults on request."""

import base64
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.recommendations.storefronts.vendor import payload

KEY, SECRET, TOKEN = "ck_0123456789abcdef", "cs_planted_secret_7f3a", "shpat_planted_secret_9b2c"
START = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass
class FakeShop:
    """`items` by resource, as the shop would list them; `faults` are given out first, one a request."""

    items: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    faults: list[Any] = field(default_factory=list)
    keys_ok: bool = True
    forbidden: str = ""
    after_page: Any = None  # called with (kind, number of the request) after each answered page

    def fault(self) -> Any:
        return self.faults.pop(0) if self.faults else None

    def sorted(self, kind: str, name: str) -> list[dict[str, Any]]:
        return sorted(self.items.get(kind, []), key=lambda item: (item[name], item["id"]))


class Woo(FakeShop):
    def __call__(self, asked):
        if (found := self.fault()) is not None:
            return found
        pair = base64.b64encode(f"{KEY}:{SECRET}".encode()).decode()
        if asked.headers.get("authorization") != f"Basic {pair}" or not self.keys_ok:
            return 401, {}, {"code": "woocommerce_rest_authentication_error", "message": "Invalid signature"}
        kind = asked.path.rpartition("/")[2]
        if not asked.path.startswith("/wp-json/wc/v3/"):
            return 404, {"Content-Type": "text/html"}, b"<html>Nothing here</html>"
        if kind == self.forbidden:
            return 401, {}, {"code": "woocommerce_rest_cannot_view", "message": "Sorry, you cannot list resources."}
        rows = self.sorted(kind, "id" if kind == "customers" else "date_modified_gmt")
        after = asked.query.get("modified_after")
        if after:
            assert asked.query["dates_are_gmt"] == "true"
            rows = [row for row in rows if row["date_modified_gmt"] > after]
        size, page = int(asked.query["per_page"]), int(asked.query["page"])
        assert 1 <= size <= 100
        pages = -(-len(rows) // size)
        headers = {"X-WP-Total": str(len(rows)), "X-WP-TotalPages": str(pages)}
        shown = rows[(page - 1) * size : page * size]
        if self.after_page:
            self.after_page(kind, page)
        return 200, headers, shown


class Shopify(FakeShop):
    bucket: str = "2/40"
    stale_tokens: bool = False

    def __call__(self, asked):
        if (found := self.fault()) is not None:
            return found
        if asked.headers.get("x-shopify-access-token") != TOKEN or not self.keys_ok:
            return 401, {}, {"errors": "[API] Invalid API key or access token (unrecognized login or wrong password)"}
        kind = asked.path.rpartition("/")[2].removesuffix(".json")
        if kind == self.forbidden:
            return 403, {}, {"errors": "[API] This action requires merchant approval for read scope."}
        rows = self.sorted(kind, "updated_at")
        size = int(asked.query["limit"])
        if "page_info" in asked.query:
            assert set(asked.query) == {"limit", "page_info"}  # Shopify refuses other filters beside it
            if self.stale_tokens:
                return 400, {}, {"errors": {"page_info": "Invalid value."}}
            low, _, offset = asked.query["page_info"].partition("~")
        else:
            assert asked.query["order"] == "updated_at asc"
            assert kind != "orders" or asked.query["status"] == "any"
            low, offset = asked.query.get("updated_at_min", ""), "0"
        rows = [row for row in rows if row["updated_at"] >= low]
        shown, rest = rows[int(offset) : int(offset) + size], len(rows) - int(offset) - size
        headers = {"X-Shopify-Shop-Api-Call-Limit": self.bucket}
        if rest > 0:
            token = f"{low}~{int(offset) + size}".replace("+", "%2B")
            headers["Link"] = f'<https://evil.example/{kind}.json?limit={size}&page_info={token}>; rel="next"'
        if self.after_page:
            self.after_page(kind, int(offset))
        return 200, headers, {kind: shown}


def gmt(minutes: float) -> str:
    return (START + timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%S")


def woo_product(number: int, minutes: float, **fields: Any) -> dict[str, Any]:
    return payload("woocommerce_product", id=number, name=f"Product {number}", date_modified_gmt=gmt(minutes), **fields)


def woo_order(number: int, minutes: float, **fields: Any) -> dict[str, Any]:
    moment = gmt(minutes)
    return payload("woocommerce_order", id=number, date_created_gmt=moment, date_modified_gmt=moment, **fields)


def woo_customer(number: int) -> dict[str, Any]:
    return payload("woocommerce_customer", id=number)


def shopify_product(number: int, minutes: float, **fields: Any) -> dict[str, Any]:
    return payload(
        "shopify_product", id=number, title=f"Product {number}", updated_at=gmt(minutes) + "+00:00", **fields
    )
