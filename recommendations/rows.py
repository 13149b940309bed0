"""One row of a shop, by the shop's own id: find, replace, change and delete a product, customer or order."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from luxebrain.lib import problems
from recommendations import fields, ingest, told, tracking
from recommendations.models import Order
from tenants import epochs, work
from tenants.models import Tenant


class RowRefused(problems.Problem):
    """The row is not right; `errors` say which fields, with a code each."""

    def __init__(self, errors: list[dict[str, str]]) -> None:
        super().__init__("Some fields are not right.", errors=errors)


class Outdated(problems.Conflict):
    """What was sent is older than what is stored (409)."""

    code = "outdated"


class NoSuchRow(problems.NotFound):
    """No row of this shop has this id; a stranger's is as unknown as one that never was."""

    def __init__(self) -> None:
        super().__init__("There is nothing here, or it is not yours.")


@dataclass(frozen=True)
class Kind:
    """What differs between products, customers and orders."""

    name: str
    of: Callable[[Tenant], QuerySet]
    take: Callable[..., ingest.Results]
    told: Callable[[Tenant, list[Any]], told.Told]
    delete: Callable[[Tenant, Any], None]

    def find(self, tenant: Tenant, external_id: str, *, lock: bool = False) -> Any:
        """The row. Raises NoSuchRow."""
        names = _spellings(external_id)
        rows = self.of(tenant).filter(external_id__in=names)
        found = {row.external_id: row for row in (rows.select_for_update(of=("self",)) if lock else rows)}
        row = next((found[name] for name in names if name in found), None)
        if row is None:
            raise NoSuchRow
        return row

    def tell(self, tenant: Tenant, external_id: str) -> dict[str, Any]:
        """The row in the API's words. Raises NoSuchRow."""
        return self.told(tenant, [self.find(tenant, external_id)])[0]


def replace(tenant: Tenant, kind: Kind, external_id: str, given: Any, *, now: datetime) -> tuple[dict[str, Any], bool]:
    """Makes the row what is given; what is left out takes its default. Returns (the row told, whether it is new).

    Raises RowRefused, Outdated, PlanLimit.
    """
    name = _new(tenant, kind, external_id)
    status = _take(tenant, kind, _named(given, name), now=now)
    return kind.tell(tenant, name), status == "created"


def change(tenant: Tenant, kind: Kind, external_id: str, given: Any, *, now: datetime) -> dict[str, Any]:
    """Changes the named fields alone: they are merged with the stored row, which is held until the commit,
    and the whole is checked. Of an order whose lines are named without a total, the total follows.

    Raises NoSuchRow, RowRefused, Outdated.
    """
    with tenant.atomic():
        row = kind.find(tenant, external_id, lock=True)
        named = _named(given, row.external_id)
        if len(named) < 2:
            raise problems.Problem("Name at least one field to change.")
        stored = kind.told(tenant, [row])[0]
        if "lines" in named:
            stored.pop("total", None)
        _take(tenant, kind, stored | named, now=now)
        return kind.tell(tenant, row.external_id)


def delete(tenant: Tenant, kind: Kind, external_id: str) -> None:
    """Takes the row out for good. Raises NoSuchRow."""
    with tenant.atomic():
        kind.delete(tenant, kind.find(tenant, external_id, lock=True))


def _spellings(external_id: str) -> list[str]:
    """The ids that an address may mean: the one it says, or the one before its trailing slash. None if it says none."""
    names = []
    for text in dict.fromkeys((external_id, external_id.removesuffix("/"))):
        with suppress(fields.Refused):
            names.append(fields.identifier(text))
    return names


def _new(tenant: Tenant, kind: Kind, external_id: str) -> str:
    """The id that an address gives to a row: one that is there, or a new one. Raises RowRefused."""
    if external_id.endswith("/") and kind.of(tenant).filter(external_id__in=_spellings(external_id)[:1]).exists():
        return external_id
    try:
        return fields.identifier(external_id.removesuffix("/"))
    except fields.Refused as refused:
        raise RowRefused([{"field": "id", "code": refused.code, "message": refused.message}]) from None


def _named(given: Any, name: str) -> dict[str, Any]:
    """The object with the id of the address, which it may repeat and may not contradict."""
    if type(given) is not dict:
        raise problems.Problem("Send one JSON object.")
    try:
        repeated = fields.identifier(given.get("id", name))
    except fields.Refused as refused:
        raise RowRefused([{"field": "id", "code": refused.code, "message": refused.message}]) from None
    if repeated != name:
        raise RowRefused([{"field": "id", "code": "conflict", "message": "Must be the id of the address."}])
    return {**given, "id": name}


def _take(tenant: Tenant, kind: Kind, row: dict[str, Any], *, now: datetime) -> str:
    """What became of the row: created, updated or unchanged."""
    result = kind.take(tenant, [row], now=now)[0]
    if result["status"] == "refused":
        raise RowRefused(result["errors"])
    if "reason" in result:
        raise Outdated(f"{result['reason']} Nothing was changed.")
    return str(result["status"])


def _delete_product(tenant: Tenant, row: Any) -> None:
    """What was bought of it stays in the orders."""
    row.delete()
    epochs.bump(tenant, "catalogue")


def _delete_customer(tenant: Tenant, row: Any) -> None:
    """The orders stay, and are nobody's."""
    lists = set(ingest.subjects(row.external_id, ""))
    row.delete()
    transaction.on_commit(lambda: ingest.forget(tenant.pk, lists), using=tenant.alias, robust=True)


def _delete_order(tenant: Tenant, row: Order) -> None:
    """With its lines, and with what it brought: the figures from its day on are made anew."""
    lists = set(ingest.subjects(row.customer.external_id if row.customer else "", row.session_id))
    since = row.ordered_at.isoformat()
    row.delete()
    ingest.tell_orders(tenant)
    if tenant.attributions.filter(order_external_id=row.external_id).exists():
        work.enqueue(tenant, tracking.TASK, payload={"since": since}, key=f"since:{since}")
    transaction.on_commit(lambda: ingest.forget(tenant.pk, lists), using=tenant.alias, robust=True)


PRODUCTS = Kind("products", lambda tenant: tenant.products.all(), ingest.products, told.products, _delete_product)
CUSTOMERS = Kind("customers", lambda tenant: tenant.customers.all(), ingest.customers, told.customers, _delete_customer)
ORDERS = Kind(
    "orders", lambda tenant: tenant.orders.select_related("customer"), ingest.orders, told.orders, _delete_order
)
