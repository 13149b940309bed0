"""One round of a connection: page after page, each kept in one transaction with the place after it."""

import random
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import orjson
from django.utils import timezone

from luxebrain.lib import logs, sealed
from luxebrain.lib.problems import PlanLimit
from recommendations import ingest
from recommendations.models import StoreConnection
from recommendations.models.connection import PURPOSE
from recommendations.pulling import shops
from recommendations.storefronts import reading, shopify, woocommerce
from tenants import tenancy
from tenants.models import Tenant

EVERY = timedelta(minutes=4)  # the timetable looks every five
CUSTOMERS_EVERY = timedelta(days=1)
BUDGET_SECONDS = 15.0  # then other work gets its turn
PAUSE_SECONDS = 0.5  # two calls a second at most
KEPT_PROBLEMS = 20
_KIND = {"products": "product", "customers": "customer", "orders": "order"}
_INGEST = {"products": ingest.products, "customers": ingest.customers, "orders": ingest.orders}
log = logs.get(__name__)

State = StoreConnection.State


def carry_on(tenant_id: int, pk: int, *, renew: Callable[[int], None], finish: Callable[[], None]) -> float | None:
    """Reads on until the round is over (None) or must wait: the seconds after which to call again.

    `finish` marks the work done, inside the transaction of the last change.
    """
    ends_at = time.monotonic() + BUDGET_SECONDS
    while True:
        with tenancy.enter(tenant_id) as tenant:
            connection = tenant.store_connections.select_for_update().filter(pk=pk).first()
            if connection is None or connection.state != State.ACTIVE:
                finish()
                return None
            begin(tenant, connection)
        if time.monotonic() > ends_at:
            return 1.0
        renew(60)
        kind = connection.pending[0]
        try:
            page = shops.page(shop(connection), kind, connection.cursors[kind])
        except shops.ShopFault as fault:
            return _failed(tenant_id, connection, fault, finish)
        try:
            over = _keep(tenant_id, connection, kind, page, finish)
        except PlanLimit as limit:
            return _failed(tenant_id, connection, shops.ShopFault(limit.detail, wait=3600), finish)
        if over:
            return None
        if page.rest > PAUSE_SECONDS:
            return page.rest
        time.sleep(PAUSE_SECONDS)


def shop(connection: StoreConnection) -> shops.Shop:
    try:
        credentials = orjson.loads(sealed.unseal(connection.sealed_credentials, purpose=PURPOSE))
    except sealed.Unreadable:
        raise shops.ShopRefusal("The credentials cannot be read any more. Enter them again.") from None
    return shops.Shop(connection.source, connection.address, credentials)


def begin(tenant: Tenant, connection: StoreConnection) -> None:
    """Opens a round if none is open: each resource goes on from the newest state that was seen, less an overlap."""
    if connection.pending:
        return
    now = timezone.now()
    lists_in_full = connection.source == "woocommerce"
    fresh = connection.customers_read_at and connection.customers_read_at > now - CUSTOMERS_EVERY
    connection.pending = [
        kind for kind in connection.resources if not (kind == "customers" and lists_in_full and fresh)
    ]
    for kind in connection.pending:
        seen = connection.cursors.get(kind, {}).get("seen")
        after = (datetime.fromisoformat(seen) - shops.OVERLAP).isoformat() if seen else None
        if kind == "orders" and after is None:
            first = now - timedelta(days=tenant.plan.retention_days)
            after = first.isoformat(timespec="seconds")
        if kind == "customers" and lists_in_full:
            after = None
        connection.cursors[kind] = {**shops.start(after), "seen": seen, "done": 0, "total": None}
    connection.round_began_at = now
    connection.save(update_fields=["pending", "cursors", "round_began_at"])


def _keep(tenant_id: int, read: StoreConnection, kind: str, page: shops.Page, finish: Callable[[], None]) -> bool:
    """The page's rows and the place after it, or neither. True when the round is over."""
    with tenancy.enter(tenant_id) as tenant:
        now = timezone.now()
        connection = tenant.store_connections.select_for_update().filter(pk=read.pk).first()
        moved = connection is None or (connection.pending, connection.cursors) != (read.pending, read.cursors)
        if moved or connection.state != State.ACTIVE:
            return False  # somebody else read on, or it was stopped: look again
        _take(tenant, connection, kind, page.rows, now=now)
        cursor = connection.cursors[kind]
        cursor["done"] += len(page.rows)
        cursor["total"] = page.total if cursor["total"] is None else cursor["total"]
        cursor["newest"] = max(filter(None, (cursor.get("newest"), page.newest)), default=None)
        connection.failures, connection.last_error = 0, ""
        if page.following is not None:
            cursor |= page.following
        else:
            connection.cursors[kind] = {**cursor, "seen": _reached(connection, cursor)}
            connection.pending.pop(0)
            if kind == "customers":
                connection.customers_read_at = now
        if not connection.pending:
            connection.first_done_at = connection.first_done_at or now
            connection.last_success_at, connection.next_at = now, now + EVERY
            finish()
        connection.save()
        log.info("pull.page", connection=connection.pk, kind=kind, rows=len(page.rows))
        return not connection.pending


def _reached(connection: StoreConnection, cursor: dict[str, Any]) -> str | None:
    """Up to where nothing can have been missed: the newest state, but no later than the beginning of the round.

    A shop may list in any order, so what changed during the round may lie on a page that was read before.
    """
    if not cursor["newest"]:
        return cursor["seen"]  # type: ignore[no-any-return]
    return min(datetime.fromisoformat(cursor["newest"]), connection.round_began_at).isoformat(timespec="seconds")


def _take(tenant: Tenant, connection: StoreConnection, kind: str, rows: list[Any], *, now: datetime) -> None:
    vendor = woocommerce if connection.source == "woocommerce" else shopify
    host = connection.address.partition("://")[2].partition("/")[0]
    told: list[dict[str, str]] = []
    found: list[reading.Reading] = []
    for row in rows:
        try:
            one = vendor.read_resource(_KIND[kind], row, shop=host)
        except reading.Unreadable as wrong:
            named = row.get("id") if type(row) is dict else ""
            told.append({"kind": kind, "id": str(named)[:64], "field": wrong.field, "message": wrong.message})
            continue
        if one.action == "upsert":
            found.append(one)
    refused = len(told)
    found = _living(tenant, kind, found)
    for result in _INGEST[kind](tenant, [one.data for one in found], now=now) if found else ():
        if result["status"] == "refused":
            first = result["errors"][0]
            refused += 1
            told.append(
                {"kind": kind, "id": str(result["id"] or found[result["index"]].object_id)[:64],
                 "field": first["field"], "message": first["message"]}
            )  # fmt: skip
        elif result["status"] == "unchanged":
            connection.unchanged += 1
        else:
            connection.kept += 1
    connection.refused += refused
    known = [{k: v.replace("\0", "") for k, v in problem.items()} for problem in told]
    others = [problem for problem in connection.problems if problem not in known]
    connection.problems = [*known, *others][:KEPT_PROBLEMS]


def _living(tenant: Tenant, kind: str, found: list[reading.Reading]) -> list[reading.Reading]:
    """Without what the shop deleted after the state that we read; orders of deleted customers are nobody's."""
    if kind == "orders":
        named = {one.data["customer_id"] for one in found if one.data.get("customer_id")}
        gone = set(
            tenant.tombstones.filter(kind="customer", external_id__in=named).values_list("external_id", flat=True)
        )
        for one in found:
            if one.data.get("customer_id") in gone:
                del one.data["customer_id"]
    ids = [one.object_id for one in found]
    graves = tenant.tombstones.filter(kind=_KIND[kind], external_id__in=ids)
    deleted = dict(graves.values_list("external_id", "deleted_at"))
    return [
        one for one in found
        if one.object_id not in deleted or (one.modified_at and one.modified_at > deleted[one.object_id])
    ]  # fmt: skip


def _failed(tenant_id: int, read: StoreConnection, fault: shops.ShopFault, finish: Callable[[], None]) -> float | None:
    """Notes it. A refusal waits for people; anything else is tried again, later each time."""
    with tenancy.enter(tenant_id) as tenant:
        connection = tenant.store_connections.select_for_update().filter(pk=read.pk).first()
        if connection is None or connection.state != State.ACTIVE:
            finish()
            return None
        connection.last_error = fault.detail[:300]
        connection.failures = min(connection.failures + 1, 1000)
        wait = None
        if isinstance(fault, shops.ShopRefusal):
            connection.state = State.REFUSED
            finish()
        else:
            grown = min(2.0 ** min(connection.failures, 12), 600.0) * random.uniform(0.75, 1.25)  # noqa: S311
            wait = max(fault.wait or 0.0, grown)
            connection.next_at = timezone.now() + timedelta(seconds=wait)
        connection.save(update_fields=["last_error", "failures", "state", "next_at"])
        log.warning("pull.failed", connection=connection.pk, code=fault.code, failures=connection.failures)
        return wait
