"""Products, customers and orders from the API: check each row, merge what is right, tell what became of it."""

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connections, transaction

from luxebrain.lib import logs, redis
from luxebrain.lib.problems import PlanLimit
from recommendations import history, shapes, shoppers, staging, suppression
from tenants import epochs, work
from tenants.models import Tenant

RECENT = timedelta(days=1)  # an order this young is news; an older one changes what lists hold in between
_ROOM = 0x726F  # of advisory locks
_AT_ONCE = 10 * shapes.MAX_ROWS  # what calls that run at this moment may add
log = logs.get(__name__)

Rows = Sequence[Any]
Results = list[dict[str, Any]]


def products(tenant: Tenant, rows: Rows, *, now: datetime) -> Results:
    """Upserts products; what a row leaves out takes its default. Raises PlanLimit."""
    results, taken = _check(rows, lambda row: shapes.PRODUCT.check(row, now=now))
    if taken:
        with tenant.atomic():
            ids = {row["id"] for row in taken.values()}
            check_room(tenant, sorted(ids))
            staging.open(tenant, staging.PRODUCT)
            staging.put(tenant, staging.PRODUCT, [_product(tenant, n, row) for n, row in taken.items()])
            outcomes = _note(results, staging.merge_products(tenant))
            if outcomes["created"] or outcomes["updated"]:
                epochs.bump(tenant, "catalogue")
    return results


def customers(tenant: Tenant, rows: Rows, *, now: datetime) -> Results:
    """Upserts customers."""
    results, taken = _check(rows, lambda row: shapes.CUSTOMER.check(row, now=now))
    if taken:
        with tenant.atomic():
            staging.open(tenant, staging.CUSTOMER)
            staging.put(tenant, staging.CUSTOMER, [_customer(n, row) for n, row in taken.items()])
            outcomes = staging.merge_customers(tenant)
            _note(results, outcomes)
            changed = [taken[n]["id"] for n, outcome in outcomes if outcome in ("created", "updated")]
            transaction.on_commit(lambda: shoppers.forget(tenant.pk, changed), using=tenant.alias, robust=True)
    return results


def orders(tenant: Tenant, rows: Rows, *, now: datetime) -> Results:
    """Upserts orders with their lines; the tenth countable order ends the cold start at once."""
    results, taken = _check(rows, lambda row: shapes.ORDER.check(row, now=now))
    if taken:
        with tenant.atomic():
            staging.open(tenant, staging.ORDER, staging.LINE)
            staging.put(tenant, staging.ORDER, [_head(tenant, n, row) for n, row in taken.items()])
            staging.put(tenant, staging.LINE, [line for n, row in taken.items() for line in _lines(n, row)])
            outcomes = staging.merge_orders(tenant)
            counts = _note(results, outcomes)
            if counts["created"] or counts["updated"]:
                tell_orders(tenant)
            changed = {n: outcome for n, outcome in outcomes if outcome in ("created", "updated")}
            _after_commit(tenant, [(taken[n], outcome) for n, outcome in changed.items()], now=now)
    return results


def check_room(tenant: Tenant, external_ids: Sequence[str]) -> None:
    """Raises PlanLimit if these products would be more than the plan holds. Inside the transaction."""
    limit = tenant.plan.products
    if limit is None:
        return
    if tenant.products.count() + len(external_ids) + _AT_ONCE <= limit:
        return
    if not _new(tenant, external_ids):  # it may hold a row already, and must wait for nobody who waits for that
        return
    with connections[tenant.alias].cursor() as cursor:  # near the limit calls take turns, or two could use one place
        cursor.execute("select pg_advisory_xact_lock(%s, %s)", [_ROOM, tenant.pk % 2**31])
    have, new = tenant.products.count(), _new(tenant, external_ids)
    if have + new > limit:
        raise PlanLimit(
            f"The {tenant.plan.name} plan holds {limit:,} products and there are {have:,}; "
            f"this would add {new:,}. Nothing was changed."
        )


def _new(tenant: Tenant, external_ids: Sequence[str]) -> int:
    """How many of these the shop does not have yet."""
    return len(external_ids) - tenant.products.filter(external_id__in=external_ids).count()


def tell_orders(tenant: Tenant) -> None:
    """Orders changed: popular products and the cold start are looked at anew, a first training is asked for."""
    epochs.bump(tenant, "popular")
    countable = tenant.orders.filter(is_countable=True).values_list("pk")[: settings.COLD_START_ORDERS]
    if len(countable) >= settings.COLD_START_ORDERS and not tenant.model_versions.exists():
        work.enqueue(tenant, "recommendations.train_if_warm", key="warm")


def _check(
    rows: Rows, check: Callable[[Any], tuple[dict[str, Any], shapes.Errors]]
) -> tuple[Results, dict[int, dict[str, Any]]]:
    """A result for each row, and the rows to merge by place. Of two with one id the newer is merged."""
    results: Results = []
    by_id: dict[str, int] = {}
    taken: dict[int, dict[str, Any]] = {}
    for index, row in enumerate(rows):
        clean, errors = check(row)
        result: dict[str, Any] = {"index": index, "id": clean.get("id")}
        results.append(result)
        if errors:
            result |= {"status": "refused", "errors": errors}
            continue
        earlier = by_id.get(clean["id"])
        if earlier is not None:
            loser = _older(earlier, taken[earlier], index, clean)
            results[loser] |= {"status": "unchanged", "reason": "The same id came again in this call."}
            if loser == index:
                continue
            del taken[earlier]
        by_id[clean["id"]], taken[index] = index, clean
    return results, taken


def _older(first: int, one: dict[str, Any], second: int, other: dict[str, Any]) -> int:
    """Which of two rows with the same id gives way: the one last changed earlier, else the first."""
    before, after = one.get("updated_at"), other.get("updated_at")
    return second if before and after and after < before else first


def _note(results: Results, outcomes: list[tuple[int, str]]) -> Counter[str]:
    for n, outcome in outcomes:
        if outcome == "older":
            results[n] |= {"status": "unchanged", "reason": "A newer state of this row is stored."}
        elif outcome == "erased":
            results[n] |= {"status": "unchanged", "reason": "This customer was erased; nothing is kept of them."}
        else:
            results[n]["status"] = outcome
    return Counter(outcome for _, outcome in outcomes)


def _product(tenant: Tenant, n: int, row: dict[str, Any]) -> dict[str, Any]:
    return {
        "n": n,
        "external_id": row["id"],
        "title": row["title"],
        "description": row.get("description", ""),
        "url": row.get("url", ""),
        "image_url": row.get("image_url", ""),
        "price": row.get("price"),
        "currency": row.get("currency") or tenant.currency,
        "categories": row.get("categories", []),
        "brand": row.get("brand", ""),
        "tags": row.get("tags", []),
        "attributes": row.get("attributes", {}),
        "stock": row.get("stock"),
        "is_published": row.get("published", True),
        "source_updated_at": row.get("updated_at"),
    }


def _customer(n: int, row: dict[str, Any]) -> dict[str, Any]:
    return {
        "n": n,
        "external_id": row["id"],
        "country": row.get("country", ""),
        "attributes": row.get("attributes", {}),
        "source_updated_at": row.get("updated_at"),
    }


def _head(tenant: Tenant, n: int, row: dict[str, Any]) -> dict[str, Any]:
    return {
        "n": n,
        "external_id": row["id"],
        "customer": row.get("customer_id", ""),
        "session_id": row.get("session_id", ""),
        "state": row.get("status", "completed"),
        "currency": row.get("currency") or tenant.currency,
        "total": row["total"],
        "ordered_at": row["ordered_at"],
        "source_updated_at": row.get("updated_at"),
    }


def _lines(n: int, row: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        {
            "n": n,
            "position": position,
            "product": line["product_id"],
            "quantity": line["quantity"],
            "unit_price": line["unit_price"],
        }
        for position, line in enumerate(row["lines"])
    ]


def _after_commit(tenant: Tenant, changed: list[tuple[dict[str, Any], str]], *, now: datetime) -> None:
    """What shoppers did lately follows: a fresh order is added, any other change has the list read again."""
    acts: list[tuple[str, str, str, float]] = []
    signed_in: set[tuple[str, str]] = set()
    stale: set[str] = set()
    erased = suppression.read(tenant)
    buyers: set[str] = set()
    for row, outcome in changed:
        of = subjects(row.get("customer_id", ""), row.get("session_id", ""))
        if erased.has(*of):
            continue
        buyers.add(row.get("customer_id", ""))
        news = outcome == "created" and row["ordered_at"] > now - RECENT
        if news and row.get("status", "completed") in ("pending", "completed"):
            moment = row["ordered_at"].timestamp()
            if row.get("customer_id") and row.get("session_id"):
                signed_in.add((row["customer_id"], row["session_id"]))
            acts += [(one, line["product_id"], "purchase", moment) for one in of for line in row["lines"]]
        else:
            stale.update(of)
    tenant_id = tenant.pk

    def tell() -> None:
        history.push(tenant_id, acts, signed_in=signed_in)
        forget(tenant_id, stale)
        shoppers.forget(tenant_id, buyers)

    transaction.on_commit(tell, using=tenant.alias, robust=True)


def subjects(customer: str, session: str) -> list[str]:
    """The lists an act belongs to: the customer's and the session's, whichever are known."""
    both = (history.subject(customer=customer), history.subject(session=session))
    return [of for of in both if of]


def forget(tenant_id: int, of: set[str]) -> None:
    """Drops lists and facts of customers, so that they are read again from the rows. Never raises for a cache
    server that is away."""
    if not of:
        return
    shoppers.forget(tenant_id, [one[2:] for one in of if one.startswith("c:")])
    try:
        client = redis.client()
        names = [history.key(tenant_id, one) for one in of]
        for start in range(0, len(names), 1000):
            client.delete(*names[start : start + 1000])
    except redis.Unreachable:
        log.warning("history.not_forgotten", tenant_id=tenant_id, subjects=len(of))
