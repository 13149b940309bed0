"""One pull: page after page, each with its cursor in one transaction, a little at a time."""

import random
import time
from datetime import UTC, datetime, timedelta
from typing import Any

from django.utils import timezone

from luxebrain.lib import logs
from recommendations import ingest
from recommendations.models import StoreConnection
from recommendations.pulling import asking, connections
from recommendations.storefronts import shopify, woocommerce
from recommendations.storefronts.reading import Reading, Unreadable
from recommendations.validator import InputValidator
from tenants import tenancy, work
from tenants.models import Tenant

SECONDS_A_TURN = 15.0  # then the worker is free for others, and we stand in line again
CUSTOMERS_EVERY = timedelta(days=1)  # WooCommerce cannot say which changed, so all are read
MAX_FAILURES = 8
KEPT_PROBLEMS = 20
_KINDS = {"products": "product", "customers": "customer", "orders": "order"}
_TAKE = {"products": ingest.products, "customers": ingest.customers, "orders": ingest.orders}
State = StoreConnection.State
log = logs.get(__name__)


def pull(lease: work.Lease) -> None:
    """Reads on from the cursors until everything is read or the turn is over. Raises RetryLater."""
    assert lease.tenant_id is not None
    ends_at = time.monotonic() + SECONDS_A_TURN
    while True:
        with tenancy.enter(lease.tenant_id) as tenant:
            connection = tenant.store_connections.filter(pk=int(lease.subject)).first()
            if connection is None or connection.state != State.ACTIVE:
                lease.finish("default")
                return
            resource = _next(connection)
            if resource is None:
                _done(connection)
                lease.finish("default")
                return
            cursor = _cursor(connection, resource)
        page = _ask(lease, connection, resource, cursor)
        with tenancy.enter(lease.tenant_id) as tenant:
            _keep(tenant, connection.pk, resource, page)
        lease.renew()
        if time.monotonic() > ends_at:
            raise work.RetryLater(0.2)
        time.sleep(page.pause)


def _next(connection: StoreConnection) -> str | None:
    """The resource to read on with: the first that is not read to its end in this pull."""
    return next((name for name in asking.RESOURCES if not _is_read(connection, name)), None)


def _is_read(connection: StoreConnection, resource: str) -> bool:
    held = connection.cursors.get(resource, {})
    if held.get("done"):
        return True
    read_at = held.get("read_at")
    whole = connection.source == StoreConnection.Source.WOOCOMMERCE and resource == "customers"
    fresh = whole and read_at and datetime.fromisoformat(read_at) > timezone.now() - CUSTOMERS_EVERY
    return bool(fresh and not held.get("cursor"))


def _cursor(connection: StoreConnection, resource: str) -> asking.Cursor:
    """Where the pull stopped in this resource, or where the last one ended less the overlap."""
    held = connection.cursors.get(resource, {})
    if held.get("cursor"):
        return held["cursor"]
    since = held.get("since")
    if not since:
        return {}
    return {"after": (datetime.fromisoformat(since) - asking.OVERLAP).strftime("%Y-%m-%dT%H:%M:%S")}


def _ask(lease: work.Lease, connection: StoreConnection, resource: str, cursor: asking.Cursor) -> asking.Page:
    """The next page. A shop that is busy is asked again later, one that refuses is not."""
    try:
        return asking.ask(
            connection.source, connection.address, connections.credentials(connection), resource, cursor
        )
    except asking.Refused as refused:
        _note(lease, connection.pk, State.BROKEN, refused.detail)
        raise work.RetryLater(1) from None  # finds it broken, and ends
    except asking.Busy as busy:
        failures = _note(lease, connection.pk, State.ACTIVE, busy.reason, asked=busy.seconds is not None)
        wait = busy.seconds or min(5 * 2.0**failures, 600) * random.uniform(0.7, 1.3)  # noqa: S311
        raise work.RetryLater(wait) from None


def _note(lease: work.Lease, pk: int, state: str, reason: str, *, asked: bool = False) -> int:
    """Writes what went wrong; returns how often in a row. Being asked to wait is no failure."""
    with tenancy.enter(lease.tenant_id) as tenant:  # type: ignore[arg-type]
        connection = tenant.store_connections.select_for_update().filter(pk=pk).first()
        if connection is None or asked:
            return 0
        connection.failures = min(connection.failures + 1, 1000)
        gone = connection.failures >= MAX_FAILURES
        connection.state = State.BROKEN if gone else state
        connection.last_error = f"{reason} We tried {MAX_FAILURES} times." if gone and state != State.BROKEN else reason
        connection.save(update_fields=["failures", "state", "last_error"])
        log.warning("pull.failed", connection=pk, reason=reason)
        return connection.failures


def _keep(tenant: Tenant, pk: int, resource: str, page: asking.Page) -> None:
    """The page's rows and the cursor behind them, together."""
    connection = tenant.store_connections.select_for_update().filter(pk=pk).first()
    if connection is None:
        return
    stored, faults = _store(tenant, connection, resource, page.rows)
    counts = connection.counts.setdefault(resource, {"read": 0, "stored": 0, "refused": 0})
    counts["read"] += len(page.rows)
    counts["stored"] += stored
    counts["refused"] += len(faults)
    connection.problems = (faults + connection.problems)[:KEPT_PROBLEMS]
    held = connection.cursors.setdefault(resource, {})
    if page.newest and page.newest.isoformat() > held.get("newest", ""):
        held["newest"] = page.newest.isoformat()
    held["cursor"] = page.cursor
    if page.cursor is None:
        held |= {"done": True, "read_at": timezone.now().isoformat(), "since": held.get("newest", held.get("since"))}
    _progress(connection, resource, page)
    connection.failures, connection.last_error = 0, ""
    connection.save()


def _progress(connection: StoreConnection, resource: str, page: asking.Page) -> None:
    told = connection.progress
    if told.get("resource") != resource:
        told = {"resource": resource, "read": 0, "total": page.total, "began": timezone.now().isoformat()}
    told["read"] += len(page.rows)
    connection.progress = told


def _done(connection: StoreConnection) -> None:
    """Everything is read: the next pull begins where this one ended."""
    for held in connection.cursors.values():
        held.pop("done", None)
        held.pop("cursor", None)
    now = timezone.now()
    connection.progress, connection.last_success_at, connection.last_error = {}, now, ""
    connection.next_run_at, connection.failures = now + connections.EVERY, 0
    connection.save()


def _store(
    tenant: Tenant, connection: StoreConnection, resource: str, rows: list[Any]
) -> tuple[int, list[dict[str, str]]]:
    """(rows that changed something, what was wrong with others)."""
    reader = woocommerce if connection.source == StoreConnection.Source.WOOCOMMERCE else shopify
    shop = connection.address.partition("://")[2]
    kind = _KINDS[resource]
    clean: list[dict[str, Any]] = []
    faults: list[dict[str, str]] = []
    for row in rows:
        try:
            reading = reader.read_resource(kind, row, shop=shop)
        except Unreadable as fault:
            faults.append(_fault(resource, row, fault.field, fault.message))
            continue
        if reading.action == "upsert":
            values, errors, _ = InputValidator.validate_webhook_data(kind, reading.data)
            if errors:
                faults.append(_fault(resource, row, errors[0]["field"], errors[0]["message"]))
            else:
                clean.append(_timed(values, reading))
    kept = _not_deleted(tenant, kind, clean)
    results = _TAKE[resource](tenant, kept, now=timezone.now()) if kept else []
    for result in results:
        if result["status"] == "refused":
            faults.append(_fault(resource, result, result["errors"][0]["field"], result["errors"][0]["message"]))
    return sum(result["status"] in ("created", "updated") for result in results), faults


def _timed(values: dict[str, Any], reading: Reading) -> dict[str, Any]:
    values["updated_at"] = values.get("updated_at") or reading.modified_at
    return values


def _fault(resource: str, row: Any, field: str, message: str) -> dict[str, str]:
    name = str(row.get("id", ""))[:64] if isinstance(row, dict) else ""
    return {"resource": resource, "id": name, "field": field[:60], "message": message[:200]}


def _not_deleted(tenant: Tenant, kind: str, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Without what was deleted after it was changed, and without customers who are gone."""
    graves = dict(
        tenant.tombstones.filter(kind=kind, external_id__in=[row["id"] for row in rows]).values_list(
            "external_id", "deleted_at"
        )
    )
    earliest = datetime(1990, 1, 1, tzinfo=UTC)
    kept = [row for row in rows if row["id"] not in graves or graves[row["id"]] < (row["updated_at"] or earliest)]
    named = [row["customer_id"] for row in kept if row.get("customer_id")]
    if kind == "order" and named:
        gone = set(
            tenant.tombstones.filter(kind="customer", external_id__in=named).values_list("external_id", flat=True)
        )
        for row in kept:
            if row.get("customer_id") in gone:
                row.pop("customer_id")
    return kept
