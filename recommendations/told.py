"""How rows are told: products, customers, orders and events in the words of the API.

Each function takes rows of one kind and gives one JSON object a row; what it tells of a product, a
customer or an order can be sent back as it is.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from recommendations.models import Customer, Event, Order, Product, ServedList
from tenants.models import Tenant

Told = list[dict[str, Any]]


def products(tenant: Tenant, rows: Sequence[Product]) -> Told:
    return [
        {
            "id": row.external_id,
            "title": row.title,
            "description": row.description,
            "url": row.url,
            "image_url": row.image_url,
            "price": None if row.price is None else str(row.price),
            "currency": row.currency,
            "categories": row.categories,
            "brand": row.brand,
            "tags": row.tags,
            "attributes": row.attributes,
            "stock": row.stock,
            "published": row.is_published,
            "updated_at": time(row.source_updated_at),
        }
        for row in rows
    ]


def customers(tenant: Tenant, rows: Sequence[Customer]) -> Told:
    return [
        {
            "id": row.external_id,
            "country": row.country,
            "attributes": row.attributes,
            "updated_at": time(row.source_updated_at),
        }
        for row in rows
    ]


def orders(tenant: Tenant, rows: Sequence[Order]) -> Told:
    """With their lines, which are read in one query."""
    lines: dict[int, Told] = {}
    for line in tenant.order_lines.filter(order_id__in=[row.pk for row in rows]).order_by("position"):
        lines.setdefault(line.order_id, []).append(
            {"product_id": line.product_external_id, "quantity": line.quantity, "unit_price": str(line.unit_price)}
        )
    return [
        {
            "id": row.external_id,
            "customer_id": row.customer.external_id if row.customer else "",
            "session_id": row.session_id,
            "status": row.state,
            "currency": row.currency,
            "total": str(row.total),
            "ordered_at": time(row.ordered_at),
            "lines": lines.get(row.pk, []),
            "updated_at": time(row.source_updated_at),
        }
        for row in rows
    ]


def events(tenant: Tenant, rows: Sequence[Event]) -> Told:
    return [
        {
            "id": str(row.id),
            "type": row.kind,
            "occurred_at": time(row.occurred_at),
            "received_at": time(row.received_at),
            "customer_id": row.customer_external_id,
            "session_id": row.session_id,
            "product_id": row.product_external_id,
            "quantity": row.quantity,
            "value": None if row.value is None else str(row.value),
            "currency": row.currency,
            "order_id": row.order_external_id,
            "recommendation_id": row.recommendation_id,
            "placement": row.placement,
            "properties": row.properties,
        }
        for row in rows
    ]


def time(value: datetime | None) -> str | None:
    return value.isoformat().replace("+00:00", "Z") if value else None


def lists(rows: Sequence[ServedList]) -> Told:
    """Answered lists with what they were made from."""
    return [
        {
            "recommendation_id": row.recommendation_id,
            "request_id": row.request_id,
            "answered_at": time(row.at),
            "customer_id": row.customer_external_id or None,
            "session_id": row.session_id or None,
            "placement": row.placement or None,
            "product_ids": row.products,
            "made_from": row.facts,
        }
        for row in rows
    ]
