"""Audiences: which customers a batch is for, read strictly, counted, sampled and streamed page by page.

An audience is a small JSON object, {"kind": "ordered_within", "days": 90}, that `read` has checked. It
is answered from the rows of the moment; a page is read in a transaction of its own unless the caller is
inside the tenant already, so a long one keeps nothing open.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from decimal import Decimal
from itertools import islice
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet, Subquery, Sum
from django.db.models.functions import Now

from luxebrain.lib.problems import Problem
from recommendations import fields
from recommendations.fields import Refused
from tenants import tenancy
from tenants.models import Tenant

PAGE = 2000
LOOKED_THROUGH = 10  # pages of a file, for a sample
MOST_DAYS = 3650
MOST_IDS = 1000  # named in a call; more come as a file
KINDS = {
    "all": (),
    "ordered_within": ("days",),
    "not_ordered_within": ("days",),
    "spent": ("least",),
    "bought_in": ("category",),
    "ids": ("ids",),
    "saved": ("id",),
}
Asked = Mapping[str, Any]


def read(tenant: Tenant, value: Any, *, field: str = "audience") -> dict[str, Any]:
    """The audience that was asked for, clean. Inside the tenant. Raises Problem with a reason for every
    field, named under `field`; an audience that is not this shop's is as unknown as any."""
    if not isinstance(value, Mapping):
        raise Problem("The audience is not right.", fields={field: "Must be an object with a kind."})
    kind = value.get("kind")
    if not isinstance(kind, str) or kind not in KINDS:
        raise Problem("The audience is not right.", fields={f"{field}.kind": f"Must be one of {', '.join(KINDS)}."})
    wrong = {
        f"{field}.{fields.shown(name)}": f"An audience of the kind {kind} has no such field."
        for name in value
        if name != "kind" and name not in KINDS[kind]
    }
    clean: dict[str, Any] = {"kind": kind}
    for name in KINDS[kind]:
        try:
            clean[name] = _CHECKS[name](tenant, value.get(name))
        except Refused as refused:
            wrong[f"{field}.{name}"] = refused.message
    if wrong:
        raise Problem("The audience is not right.", fields=wrong)
    return clean


def members(tenant: Tenant, asked: Asked) -> Iterator[str]:
    """The ids of its customers, each once. Ids of a file or list may be unknown to the shop."""
    for page, _ in pages(tenant, asked):
        yield from page


def pages(tenant: Tenant, asked: Asked, *, after: str = "", size: int = PAGE) -> Iterator[tuple[list[str], str]]:
    """Pages of ids, each with the mark to go on after it (give it back as `after`); none is empty.

    Raises Problem when a saved audience is gone.
    """
    with tenancy.within(tenant.pk) as entered:
        asked = resolve(entered, asked)
    next_page = _NEXT.get(asked["kind"], _of_customers)
    while True:
        with tenancy.within(tenant.pk) as entered:
            page, after = next_page(entered, asked, after, size)
        if not page:
            return
        yield page, after


def count(tenant: Tenant, asked: Asked, *, most: int | None = None) -> int:
    """How many customers it has now; with `most` the counting stops there. Inside the tenant."""
    asked = resolve(tenant, asked)
    if asked["kind"] == "ids":
        return len(asked["ids"])
    if asked["kind"] == "file":
        return tenant.audiences.get(pk=asked["id"]).size or 0
    if asked["kind"] == "spent":  # one pass over the orders, instead of one look-up per customer
        return _spenders(tenant, asked).exclude(customer=None)[:most].count()
    return _customers(tenant, asked)[:most].count()


def sample(tenant: Tenant, asked: Asked, size: int = 3) -> list[str]:
    """The first few of its customers that the shop knows, those with orders where there are. Inside the tenant."""
    asked = resolve(tenant, asked)
    if asked["kind"] not in _NEXT:
        return _few(tenant, _customers(tenant, asked), size)
    found: list[str] = []
    for page, _ in islice(pages(tenant, asked), LOOKED_THROUGH):
        found += _few(tenant, tenant.customers.filter(external_id__in=page), size - len(found))
        if len(found) == size:
            break
    return found


def _few(tenant: Tenant, rows: QuerySet, size: int) -> list[str]:
    bought = tenant.orders.countable().filter(customer=OuterRef("pk"))
    found = list(rows.filter(Exists(bought)).order_by("external_id").values_list("external_id", flat=True)[:size])
    if len(found) < size:
        others = rows.exclude(external_id__in=found).order_by("external_id")
        found += others.values_list("external_id", flat=True)[: size - len(found)]
    return found


def resolve(tenant: Tenant, asked: Asked) -> dict[str, Any]:
    """What a saved audience stands for; any other as it is. Inside the tenant. Raises Problem if it is gone."""
    if asked["kind"] != "saved":
        return dict(asked)
    row = in_use(tenant).filter(pk=asked["id"]).first()
    if row is None:
        raise Problem("The saved audience is gone.", fields={"audience.id": "This audience was removed."})
    return {"kind": "file", "id": row.pk} if row.asked["kind"] == "file" else row.asked


def in_use(tenant: Tenant) -> QuerySet:
    """The shop's audiences but for those that were removed."""
    return tenant.audiences.filter(removed_at=None)


def describe(tenant: Tenant, asked: Asked) -> str:
    """In words, for pages: "Ordered in the last 90 days". Inside the tenant."""
    kind = asked["kind"]
    if kind == "saved":
        row = in_use(tenant).filter(pk=asked["id"]).first()
        return (row.name or f"Ids of {row.filename}") if row else "A saved audience that was removed"
    words = {
        "all": "All customers",
        "ordered_within": "Ordered in the last {days} days",
        "not_ordered_within": "Ordered before, not in the last {days} days",
        "spent": "Spent at least {least} " + tenant.currency,
        "bought_in": "Bought in {category}",
    }
    if kind == "ids":
        return f"{len(asked['ids']):,} chosen customers" if len(asked["ids"]) != 1 else "One chosen customer"
    return words[kind].format(**asked)


def unknown(tenant: Tenant, ids: list[str]) -> list[str]:
    """Those of these ids (a page of them) that are no customers of the shop, in their order. Inside the tenant."""
    known = set(tenant.customers.filter(external_id__in=ids).values_list("external_id", flat=True))
    return [one for one in ids if one not in known]


def _customers(tenant: Tenant, asked: Asked) -> QuerySet:
    """Customers by a condition on their orders. Only countable ones count: not cancelled, refunded or a test."""
    rows, orders = tenant.customers.all(), tenant.orders.countable()
    own = orders.filter(customer=OuterRef("pk"))
    kind = asked["kind"]
    if kind == "ordered_within":
        return rows.filter(Exists(own.filter(ordered_at__gte=Now() - timedelta(days=asked["days"]))))
    if kind == "not_ordered_within":
        lately = own.filter(ordered_at__gte=Now() - timedelta(days=asked["days"]))
        return rows.filter(Exists(own), ~Exists(lately))
    if kind == "spent":
        spent = own.filter(currency=tenant.currency).order_by().values("customer").annotate(sum=Sum("total"))
        return rows.annotate(spent=Subquery(spent.values("sum"))).filter(spent__gte=Decimal(asked["least"]))
    if kind == "bought_in":
        products = tenant.products.filter(categories__contains=[asked["category"]]).values("external_id")
        lines = tenant.order_lines.filter(
            order__customer=OuterRef("pk"), order__is_countable=True, product_external_id__in=products
        )
        return rows.filter(Exists(lines))
    return rows


def _spenders(tenant: Tenant, asked: Asked) -> QuerySet:
    orders = tenant.orders.countable().filter(currency=tenant.currency).order_by()
    return orders.values("customer").annotate(sum=Sum("total")).filter(sum__gte=Decimal(asked["least"]))


def _of_customers(tenant: Tenant, asked: Asked, after: str, size: int) -> tuple[list[str], str]:
    rows = _customers(tenant, asked).filter(external_id__gt=after).order_by("external_id")
    page = list(rows.values_list("external_id", flat=True)[:size])
    return page, page[-1] if page else after


def _of_list(tenant: Tenant, asked: Asked, after: str, size: int) -> tuple[list[str], str]:
    start = int(after or 0)
    page = asked["ids"][start : start + size]
    return page, str(start + len(page))


def _of_file(tenant: Tenant, asked: Asked, after: str, size: int) -> tuple[list[str], str]:
    """One piece, however large a page was wished for; a piece that an erasure emptied is passed over."""
    rows = tenant.audience_pieces.filter(audience=asked["id"], position__gt=int(after or -1)).exclude(ids=[])
    piece = rows.order_by("position").first()
    return (piece.ids, str(piece.position)) if piece else ([], after)


_NEXT: dict[str, Callable[[Tenant, Asked, str, int], tuple[list[str], str]]] = {"ids": _of_list, "file": _of_file}


def _days(tenant: Tenant, value: Any) -> int:
    return fields.whole(value, least=1, most=MOST_DAYS)


def _least(tenant: Tenant, value: Any) -> str:
    amount = fields.money(value)
    if amount is None or amount <= 0:
        raise Refused("range", "Must be an amount above zero.")
    return str(amount)


def _category(tenant: Tenant, value: Any) -> str:
    category = fields.text(value, limit=120).strip()
    if not category:
        raise Refused("blank", "Must not be empty.")
    if not tenant.products.filter(categories__contains=[category]).exists():
        raise Refused("unknown", "No product is in this category.")
    return category


def _ids(tenant: Tenant, value: Any) -> list[str]:
    if not isinstance(value, list) or not value:
        raise Refused("type", "Must be a list of customer ids.")
    if len(value) > MOST_IDS:
        raise Refused("too_many", f"Must be at most {MOST_IDS:,} ids. More can be sent as a file.")
    return list(dict.fromkeys(fields.identifier(one) for one in value))


def _saved(tenant: Tenant, value: Any) -> int:
    is_number = isinstance(value, int) and not isinstance(value, bool) and 0 < value < 2**63
    if not is_number or not in_use(tenant).filter(pk=value).exists():
        raise Refused("unknown", "There is no such audience.")
    return value


_CHECKS: dict[str, Callable[[Tenant, Any], Any]] = {
    "days": _days,
    "least": _least,
    "category": _category,
    "ids": _ids,
    "id": _saved,
}
