"""Culprits: who is behind a strange bucket of a stream, asked for when there is one."""

from collections import Counter
from datetime import datetime, timedelta
from typing import Any

from anomalies import suspects
from anomalies.detection import behind, top
from anomalies.metrics import BUCKET_SECONDS
from luxebrain.lib import redis
from tenants import pace, refusals
from tenants.models import Tenant


def of(tenant: Tenant, metric: str, at: datetime) -> dict[str, Any]:
    """Keys and endpoints of calls, subjects of refusals, senders of forgeries, products of orders; {} where unknown."""
    end = at + timedelta(seconds=BUCKET_SECONDS)
    try:
        if metric == "requests":
            return _calls(tenant, at)
        if metric == "refusals":
            return _refused(tenant, at, end)
        if metric == "webhook_forgeries":
            return _forged(tenant, at, end)
    except redis.Unreachable:
        return {}
    if metric in ("orders", "order_value"):
        return _products(tenant, at, end)
    return {}


def _calls(tenant: Tenant, at: datetime) -> dict[str, Any]:
    first = int(at.timestamp()) // 60
    total: Counter[str] = Counter()
    for counts in pace.read([tenant.pk], range(first, first + BUCKET_SECONDS // 60)).get(tenant.pk, {}).values():
        total.update(counts)
    return behind(total) if total else {}


def _refused(tenant: Tenant, at: datetime, end: datetime) -> dict[str, Any]:
    seen = suspects.sort(refusals.between(at, end)).of_tenant.get(tenant.pk, [])
    found = Counter(subject for one in seen for subject in one.subjects)
    return {"subjects": top(found)} if found else {}


def _forged(tenant: Tenant, at: datetime, end: datetime) -> dict[str, Any]:
    seen = suspects.forgers(refusals.between(at, end)).get(tenant.pk, [])
    if not seen:
        return {}
    names = {f"webhook {row.pk}": row.name for row in tenant.webhook_endpoints.all()}
    targets = Counter(names.get(target, target) for target, _ in seen)
    return {"subjects": top(Counter(sender for _, sender in seen)), "webhooks": top(targets)}


def _products(tenant: Tenant, at: datetime, end: datetime) -> dict[str, Any]:
    lines = tenant.order_lines.filter(order__updated_at__gte=at, order__created_at__gte=at, order__created_at__lt=end)
    found: Counter[str] = Counter()
    for name, quantity in lines.values_list("product_external_id", "quantity")[:5000]:
        found[name] += quantity
    return {"products": top(found)} if found else {}
