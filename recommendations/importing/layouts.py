"""What columns the exports of shop systems have, and which of our fields each is; what a file seems to be."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from recommendations.importing import columns

KINDS = ("products", "customers", "orders", "events")


@dataclass(frozen=True)
class Field:
    """One of our fields as the mapping page shows it."""

    name: str
    label: str
    help: str = ""


def _fields(*rows: str) -> tuple[Field, ...]:
    return tuple(Field(*(part.strip() for part in row.split("|"))) for row in rows)


FIELDS: dict[str, tuple[Field, ...]] = {
    "products": _fields(
        "id|Product id", "title|Title", "description|Description", "url|Page", "image_url|Picture",
        "price|Price", "sale_price|Sale price|Used instead of the price where it is given",
        "currency|Currency", "categories|Categories", "brand|Brand", "tags|Tags",
        "attributes|Attributes|A JSON object", "stock|Stock",
        "availability|Availability|In stock or not, where no number is known", "published|Published",
        "visibility|Status|Active, draft, archived",
        "group|Group|Rows with the same group are variants of one product",
        "variant|Variant|Added to the title of a product with several",
        "row_type|Row type|Variations join their parent",
        "updated_at|Changed at",
    ),
    "customers": _fields(
        "id|Customer id", "email|E-mail|Kept as a code that cannot be turned back; the address is not stored",
        "country|Country", "attributes|Attributes|A JSON object", "updated_at|Changed at",
    ),
    "orders": _fields(
        "order_id|Order id", "ordered_at|Ordered at", "product_id|Product id",
        "product_sku|Product SKU|Used where the product id is empty", "quantity|Quantity",
        "unit_price|Unit price", "line_total|Line total|Divided by the quantity where no unit price is given",
        "customer_id|Customer id", "email|Customer's e-mail|Kept as a code, where there is no customer id",
        "session_id|Session id", "status|State", "cancelled_at|Cancelled at", "currency|Currency", "total|Order total",
        "updated_at|Changed at",
    ),
    "events": _fields(
        "type|Kind of event", "occurred_at|Happened at", "customer_id|Customer id", "session_id|Session id",
        "product_id|Product id", "quantity|Quantity", "value|Value", "currency|Currency", "event_order_id|Order id",
        "recommendation_id|Recommendation id", "placement|Placement", "event_id|Event id",
        "properties|Properties|A JSON object",
    ),
}  # fmt: skip
# Each group: one of these must be there.
REQUIRED: dict[str, tuple[tuple[str, ...], ...]] = {
    "products": (("id", "group"), ("title",)),
    "customers": (("id", "email"),),
    "orders": (
        ("order_id",), ("ordered_at",), ("product_id", "product_sku"), ("quantity",), ("unit_price", "line_total"),
    ),
    "events": (("type",), ("occurred_at",), ("customer_id", "session_id")),
}  # fmt: skip


@dataclass(frozen=True)
class Layout:
    """A known export. `marks`: spelled names that all must be there; `names`: our field → spelled names, best first."""

    code: str
    label: str
    kind: str
    marks: frozenset[str]
    names: dict[str, tuple[str, ...]] = field(default_factory=dict)
    is_grouped: bool = False  # rows belong together across pieces, so the file is read as a whole
    notes: str = ""


def _names(**given: str) -> dict[str, tuple[str, ...]]:
    return {name: tuple(spelled.split()) for name, spelled in given.items()}


LAYOUTS = (
    Layout(
        "shopify-products", "Shopify product export", "products",
        frozenset({"handle", "title", "variant_sku", "variant_price"}),
        _names(
            id="variant_sku", group="handle", title="title", description="body_html", brand="vendor",
            categories="type product_category", tags="tags", published="published", visibility="status",
            variant="option1_value", stock="variant_inventory_qty", price="variant_price", image_url="image_src",
        ),
        is_grouped=True,
        notes="A variant with a SKU becomes a product of its own, as in Shopify's order export; one without is "
        "known by its handle. Rows that only add pictures are left out.",
    ),
    Layout(
        "shopify-orders", "Shopify order export", "orders",
        frozenset({"name", "financial_status", "lineitem_quantity", "lineitem_price"}),
        _names(
            order_id="name id", email="email", status="financial_status", cancelled_at="cancelled_at",
            ordered_at="created_at paid_at", currency="currency", total="total", product_sku="lineitem_sku",
            quantity="lineitem_quantity", unit_price="lineitem_price",
        ),
        notes="The export names its customers by e-mail only. The address itself is not stored.",
    ),
    Layout(
        "shopify-customers", "Shopify customer export", "customers",
        frozenset({"first_name", "last_name", "email", "total_spent", "total_orders"}),
        _names(id="customer_id", email="email", country="default_address_country_code country_code country"),
        notes="Map the e-mail instead of the customer id to match customers with the order export.",
    ),
    Layout(
        "woocommerce-products", "WooCommerce product export", "products",
        frozenset({"id", "type", "sku", "name", "published", "in_stock", "regular_price"}),
        _names(
            id="id", title="name", description="description short_description", published="published",
            availability="in_stock", stock="stock", sale_price="sale_price", price="regular_price",
            categories="categories", tags="tags", image_url="images", brand="brands", row_type="type", group="parent",
        ),
        is_grouped=True,
        notes="Variations join their parent: its price is the lowest of theirs, its stock their sum.",
    ),
    Layout(
        "woocommerce-orders", "WooCommerce order export", "orders",
        frozenset({"order_id", "item_product_id", "item_quantity"}),
        _names(
            order_id="order_id order_number", ordered_at="date order_date", status="status", currency="order_currency",
            total="order_total", customer_id="customer_id", email="billing_email", product_id="item_product_id",
            product_sku="item_sku", quantity="item_quantity", line_total="item_total",
        ),
        notes="One row per item, as the order export extension writes it.",
    ),
    Layout(
        "google", "Google product feed", "products",
        frozenset({"id", "title", "link", "availability"}),
        _names(
            id="id", title="title", description="description", url="link", image_url="image_link", price="price",
            sale_price="sale_price", availability="availability", brand="brand", group="item_group_id",
            categories="product_type google_product_category", updated_at="updated",
        ),
    ),
)  # fmt: skip
BY_CODE = {layout.code: layout for layout in LAYOUTS}


@dataclass(frozen=True)
class Guess:
    """What a file seems to be."""

    kind: str
    layout: str
    mapping: dict[str, str]


def guess(headers: Sequence[str]) -> Guess:
    """Kind, shop system and mapping by the names of the columns."""
    there = {columns.spelled(name) for name in headers}
    known = [layout for layout in LAYOUTS if layout.marks <= there]
    if known:
        best = max(known, key=lambda layout: len(layout.marks))
        return Guess(best.kind, best.code, mapped(headers, best.kind, best.code))
    found = {kind: mapped(headers, kind, "") for kind in ("orders", "events", "products", "customers")}
    complete = [kind for kind, mapping in found.items() if not missing(kind, mapping)]
    kind = complete[0] if complete else min(found, key=lambda kind: len(missing(kind, found[kind])))
    return Guess(kind, "", found[kind])


def mapped(headers: Iterable[str], kind: str, layout: str) -> dict[str, str]:
    """Our field → the file's column, as far as the names tell."""
    names = list(headers)
    known = BY_CODE.get(layout)
    if known is None or known.kind != kind:
        own = {"products": "product", "customers": "customer"}.get(kind, "id")
        plain = [one.name for one in FIELDS[kind] if columns.is_known(one.name)]
        return columns.choose(names, plain, own_id=own)
    there = {columns.spelled(name): name for name in reversed(names)}
    found: dict[str, str] = {}
    for name, spellings in known.names.items():
        column = next((there[one] for one in spellings if one in there and there[one] not in found.values()), None)
        if column is not None:
            found[name] = column
    return found


def missing(kind: str, mapping: Iterable[str]) -> list[str]:
    """The labels of the fields that are needed and not mapped."""
    have = set(mapping)
    labels = {one.name: one.label for one in FIELDS[kind]}
    return [
        " or ".join(labels[name] for name in group).capitalize() for group in REQUIRED[kind] if not have & set(group)
    ]
