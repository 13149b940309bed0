"""WooCommerce: its webhooks and REST v3 resources as readings.

Topics and fields: the plugin's class-wc-webhook.php and the REST API documentation. Money comes as
text, `*_gmt` times are UTC without saying so, `customer_id` 0 is a guest, a deletion is an id alone.
"""

from decimal import Decimal
from typing import Any

from recommendations.storefronts import reading as take
from recommendations.storefronts.reading import Reading, Row

_STATES = {
    "pending": "pending",
    "on-hold": "pending",
    "processing": "completed",
    "completed": "completed",
    "cancelled": "cancelled",
    "trash": "cancelled",
    "refunded": "refunded",
    "failed": "failed",
}
_UNFINISHED = {"checkout-draft", "auto-draft", "draft", "new"}


def read(topic: str, payload: Any, *, shop: str = "") -> Reading:
    """What a webhook says. Raises Unreadable."""
    resource, _, event = topic.lower().partition(".")
    if resource not in _READERS:
        return take.ignored("other", f"We have no use for {topic[:60]}.")
    row = take.mapping(payload)
    if event == "deleted":
        return Reading(resource, "delete", take.required_identifier(row))  # type: ignore[arg-type]
    return read_resource(resource, row, shop=shop)


def read_resource(kind: str, payload: Any, *, shop: str = "") -> Reading:
    """One product, customer or order as the REST API lists it. Raises Unreadable."""
    return _READERS[kind](take.mapping(payload))


def product(row: Row) -> Reading:
    name = take.required_identifier(row)
    if row.get("type") == "variation":
        return take.ignored("product", "A variation: its product is sent by itself.", name)
    published = row.get("status", "publish") == "publish" and row.get("catalog_visibility") != "hidden"
    images = take.parts(row, "images")
    data = {
        "id": name,
        "title": take.text(row.get("name"), take.TITLE),
        "description": take.markup(row.get("description") or row.get("short_description")),
        "url": take.web_address(row.get("permalink")),
        "image_url": take.web_address(images[0].get("src")) if images else "",
        "price": take.amount(row.get("price")),
        "categories": _names(row, "categories", most=take.CATEGORIES, limit=take.CATEGORY),
        "brand": next(iter(_names(row, "brands", most=1, limit=take.BRAND)), ""),
        "tags": _names(row, "tags", most=take.TAGS, limit=take.TAG),
        "attributes": _attributes(row),
        "stock": _stock(row),
        "updated_at": _modified(row),
    }
    data = {**take.without_nothing(data), "published": published}
    return Reading("product", "upsert", name, data, take.instant(_modified(row)))


def customer(row: Row) -> Reading:
    name = take.required_identifier(row)
    country = take.part(row, "billing").get("country") or take.part(row, "shipping").get("country")
    data = {"id": name, "country": take.text(country, take.NAME), "updated_at": _modified(row)}
    return Reading("customer", "upsert", name, take.without_nothing(data), take.instant(_modified(row)))


def order(row: Row) -> Reading:
    name = take.required_identifier(row)
    status = row.get("status")
    if type(status) is not str:
        raise take.Unreadable("status", "Must be text.")
    status = status.removeprefix("wc-")
    if status in _UNFINISHED:
        return take.ignored("order", "Not an order yet: the shopper has not finished it.", name)
    notes: list[str] = []
    lines = _lines(row, notes)
    if not lines:
        return take.ignored("order", take.told([*notes, "Nothing is left of the order that names a product."]), name)
    ordered_at = row.get("date_created_gmt") or row.get("date_paid_gmt")
    data = {
        "id": name,
        "customer_id": take.identifier(row, "customer_id"),
        "session_id": take.session(row, "meta_data", name="key"),
        "status": _state(row, status),
        "currency": row.get("currency"),
        "total": _total(row),
        "ordered_at": take.moment(ordered_at, utc=True),
        "lines": lines,
        "updated_at": _modified(row),
    }
    modified = take.instant(_modified(row))
    return Reading("order", "upsert", name, take.without_nothing(data), modified, take.told(notes))


_READERS = {"product": product, "customer": customer, "order": order}


def _modified(row: Row) -> Any:
    return take.moment(row.get("date_modified_gmt") or row.get("date_created_gmt"), utc=True)


def _names(row: Row, name: str, *, most: int, limit: int) -> list[str]:
    return take.words([part.get("name") for part in take.parts(row, name)], most=most, limit=limit)


def _attributes(row: Row) -> Row:
    found: Row = {}
    for attribute in take.parts(row, "attributes")[: take.ATTRIBUTES]:
        name = take.text(attribute.get("name"), take.NAME)
        options = attribute.get("options")
        if type(name) is str and name and type(options) is list:
            found.setdefault(name, take.words(options, most=take.VALUES, limit=take.VALUE))
    if type(row.get("sku")) is str and row["sku"]:
        found.setdefault("sku", take.text(row["sku"], take.VALUE))
    return found


def _stock(row: Row) -> int | None:
    """Pieces left; None where the shop does not count them, or sells on beyond none."""
    if row.get("stock_status") == "outofstock":
        return 0
    if row.get("manage_stock") is not True or row.get("backorders") in ("yes", "notify"):
        return None
    left = take.number(row.get("stock_quantity"))
    return None if left is None else int(max(min(left, Decimal(10**9)), Decimal(-(10**6))))


def _state(row: Row, status: str) -> str:
    """A status that a plug-in added counts as sold once it is paid."""
    return _STATES.get(status) or ("completed" if row.get("date_paid_gmt") else "pending")


def _total(row: Row) -> Any:
    """What is left after partial refunds, which come as negative totals beside the order."""
    total = take.number(row.get("total"))
    if total is None:
        return take.amount(row.get("total"))
    given_back = sum((abs(take.number(refund.get("total")) or 0) for refund in take.parts(row, "refunds")), Decimal(0))
    return str(max(total - given_back, Decimal(0))) if given_back else row["total"]


def _lines(row: Row, notes: list[str]) -> list[Row]:
    lines = []
    for line in take.required_parts(row, "line_items"):
        product_id, quantity = take.identifier(line, "product_id"), take.pieces(line.get("quantity"))
        if not product_id:
            notes.append("A line of a product that no longer exists was left out.")
        elif quantity is not None and quantity < 1:
            notes.append("A line of no pieces was left out.")
        else:
            price = take.unit_price(line.get("total"), quantity, line.get("price")) if quantity else line.get("price")
            pieces = line.get("quantity") if quantity is None else quantity
            lines.append({"product_id": product_id, "quantity": pieces, "unit_price": price})
    return lines
