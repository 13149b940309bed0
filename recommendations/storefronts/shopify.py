"""Shopify: its webhooks and REST resources as readings.

Topics and fields: Shopify's documentation of webhooks and of the Admin API. Money comes as text, times
carry an offset, `tags` is one text with commas, a line of a deleted or custom product names no product,
`current_quantity` is what refunds and edits have left of a line.
"""

from decimal import Decimal
from typing import Any

from recommendations.storefronts import reading as take
from recommendations.storefronts.reading import Reading, Row

_RESOURCES = {"products": "product", "customers": "customer", "orders": "order"}
_PRIVACY = {"customers/data_request": "data_request", "customers/redact": "redact", "shop/redact": "shop_redact"}
_ENDED = {"refunded": "refunded", "voided": "cancelled"}
_PENDING = {"pending", "expired", None}


def read(topic: str, payload: Any, *, shop: str = "") -> Reading:
    """What a webhook says. `shop`: the shop's domain, for the addresses of its products. Raises Unreadable."""
    topic = topic.lower()
    if topic in _PRIVACY:
        return _privacy(_PRIVACY[topic], take.mapping(payload))
    resource, _, event = topic.partition("/")
    kind = _RESOURCES.get(resource)
    if kind is None:
        return take.ignored("other", _why(topic))
    row = take.mapping(payload)
    if event == "delete":
        return Reading(kind, "delete", take.required_identifier(row))  # type: ignore[arg-type]
    return read_resource(kind, row, shop=shop)


def read_resource(kind: str, payload: Any, *, shop: str = "") -> Reading:
    """One product, customer or order as the Admin API lists it. Raises Unreadable."""
    row = take.mapping(payload)
    if kind == "product":
        return product(row, shop=shop)
    return customer(row) if kind == "customer" else order(row)


def product(row: Row, *, shop: str = "") -> Reading:
    name = take.required_identifier(row)
    variants = take.parts(row, "variants")
    images = [take.part(row, "image"), *take.parts(row, "images")]
    handle = row.get("handle")
    address = f"https://{shop}/products/{handle}" if shop and type(handle) is str and handle else ""
    category = take.part(row, "category").get("name")
    tags = row.get("tags")
    data = {
        "id": name,
        "title": take.text(row.get("title"), take.TITLE),
        "description": take.markup(row.get("body_html")),
        "url": take.web_address(address),
        "image_url": next(filter(None, (take.web_address(image.get("src")) for image in images)), ""),
        "price": _lowest(variants),
        "categories": take.words([row.get("product_type"), category], most=take.CATEGORIES, limit=take.CATEGORY),
        "brand": take.text(row.get("vendor"), take.BRAND),
        "tags": take.words(
            tags.split(",") if type(tags) is str else tags if type(tags) is list else [], most=take.TAGS, limit=take.TAG
        ),
        "attributes": _attributes(row, variants),
        "stock": _stock(variants),
        "updated_at": take.moment(row.get("updated_at")),
    }
    # Absent fields say nothing: an older API sends no status, a partial payload no published_at.
    published = row.get("status", "active") == "active" and row.get("published_at", "") is not None
    data = {**take.without_nothing(data), "published": published}
    return Reading("product", "upsert", name, data, take.instant(row.get("updated_at")))


def customer(row: Row) -> Reading:
    name = take.required_identifier(row)
    address = take.part(row, "default_address")
    data = {
        "id": name,
        "country": take.text(address.get("country_code") or address.get("country"), take.NAME),
        "updated_at": take.moment(row.get("updated_at")),
    }
    return Reading("customer", "upsert", name, take.without_nothing(data), take.instant(row.get("updated_at")))


def order(row: Row) -> Reading:
    name = take.required_identifier(row)
    notes: list[str] = []
    status = _state(row)
    lines = _lines(row, notes, as_ordered=status in ("cancelled", "refunded"))
    if not lines:
        lines = _lines(row, [], as_ordered=True)
        if not lines:
            why = take.told([*notes, "Nothing is left of the order that names a product."])
            return take.ignored("order", why, name)
        status = "refunded"  # everything went back, whatever the payment says
    current = row.get("current_total_price")
    data = {
        "id": name,
        "customer_id": take.identifier(take.part(row, "customer")),
        "session_id": take.session(row, "note_attributes", name="name"),
        "status": status,
        "currency": row.get("currency"),
        "total": take.amount(row.get("total_price") if current is None or status == "refunded" else current),
        "ordered_at": take.moment(row.get("processed_at") or row.get("created_at")),
        "lines": lines,
        "updated_at": take.moment(row.get("updated_at")),
    }
    modified = take.instant(row.get("updated_at"))
    return Reading("order", "upsert", name, take.without_nothing(data), modified, take.told(notes))


def _privacy(action: Any, row: Row) -> Reading:
    if action == "shop_redact":
        return Reading("privacy", action, take.identifier(row, "shop_id"))
    person = take.identifier(take.part(row, "customer"))
    return Reading("privacy", action, person, reason="" if person else "The request names no customer.")


def _why(topic: str) -> str:
    if topic.startswith("refunds/"):
        return "A refund comes with its order (orders/updated)."
    if topic == "app/uninstalled":
        return "The app was taken out of the shop."
    return f"We have no use for {topic[:60]}."


def _state(row: Row) -> str:
    if row.get("test") is True:
        return "test"
    if row.get("cancelled_at"):
        return "cancelled"
    paid = row.get("financial_status")
    paid = paid if type(paid) is str else None
    return _ENDED.get(paid or "") or ("pending" if paid in _PENDING else "completed")


def _lines(row: Row, notes: list[str], *, as_ordered: bool) -> list[Row]:
    lines = []
    for line in take.required_parts(row, "line_items"):
        product_id = take.identifier(line, "product_id")
        left = line.get("quantity") if as_ordered else line.get("current_quantity", line.get("quantity"))
        quantity = take.pieces(left)
        if not product_id:
            notes.append("A line that names no product of the shop was left out.")
        elif quantity is not None and quantity < 1:
            notes.append("A line that was given back or taken out was left out.")
        else:
            lines.append({"product_id": product_id, "quantity": left if quantity is None else quantity} | _price(line))
    return lines


def _price(line: Row) -> Row:
    """What one piece cost after the line's own discount."""
    price, discount = take.number(line.get("price")), take.number(line.get("total_discount"))
    ordered = take.pieces(line.get("quantity")) or 0
    if price is None or not discount or ordered < 1 or abs(price) >= 10**12 or abs(discount) >= 10**12:
        return {"unit_price": take.amount(line.get("price")) or "0"}
    return {"unit_price": str(max(price - discount / ordered, Decimal(0)).quantize(Decimal("0.01")))}


def _lowest(variants: list[Row]) -> str | None:
    prices = [price for price in (take.number(variant.get("price")) for variant in variants) if price is not None]
    return str(min(prices)) if prices else None


def _attributes(row: Row, variants: list[Row]) -> Row:
    found: Row = {}
    for option in take.parts(row, "options")[: take.ATTRIBUTES]:
        name, values = take.text(option.get("name"), take.NAME), option.get("values")
        if type(name) is str and name and name != "Title" and type(values) is list:
            found.setdefault(name, take.words(values, most=take.VALUES, limit=take.VALUE))
    if skus := take.words([variant.get("sku") for variant in variants], most=take.VALUES, limit=take.VALUE):
        found.setdefault("sku", skus)
    return found


def _stock(variants: list[Row]) -> int | None:
    """Pieces of all variants; None where one of them is not counted or is sold beyond none."""
    total = Decimal(0)
    for variant in variants:
        left = take.number(variant.get("inventory_quantity"))
        is_free = variant.get("inventory_policy") == "continue" or variant.get("inventory_management", "") is None
        if left is None or is_free:
            return None
        total += max(left, Decimal(0))
    return int(min(total, Decimal(10**9))) if variants else None
