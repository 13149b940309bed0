"""Placements: make, change, copy, switch and remove them, and the five that most shops begin with.

Each change moves the epoch "control", so that every process's next answer follows it, and is audited.
"""

from typing import Any

from django.db import IntegrityError
from django.utils import timezone

from luxebrain.lib.problems import Conflict, Problem
from recommendations import drafts, putting_back
from recommendations.models import Merchandising, Placement
from tenants import audit, epochs
from tenants.models import Tenant, User

MOST = 100  # of a shop
REMOVED = "placements.remove"
_TAKEN = "There is a placement with this code already."
Kind, Surface = Placement.Kind, Placement.Surface
# What "begin" makes: the places that nearly every shop has, each with the list that fits there.
STARTING: tuple[dict[str, Any], ...] = (
    {"code": "home", "name": "Home page", "surface": Surface.HOME, "kind": Kind.PERSONALISED, "count": 12},
    {"code": "product", "name": "Product page", "surface": Surface.PRODUCT, "kind": Kind.SIMILAR, "count": 8},
    {"code": "cart", "name": "Cart", "surface": Surface.CART, "kind": Kind.BOUGHT_TOGETHER, "count": 4,
     "bought": Placement.Bought.AGAIN},
    {"code": "category", "name": "Category page", "surface": Surface.CATEGORY, "kind": Kind.PERSONALISED, "count": 24},
    {"code": "email", "name": "E-mail", "surface": Surface.EMAIL, "kind": Kind.PERSONALISED, "count": 6,
     "bought": Placement.Bought.AGAIN},
)  # fmt: skip


def create(tenant: Tenant, *, by: User | str | None, **values: Any) -> Placement:
    """A new placement. Raises Problem with a reason per field, Conflict when there are too many."""
    row = drafts.placement(tenant, values)
    if tenant.placements.count() >= MOST:
        raise Conflict(f"A shop has at most {MOST} placements. Remove one first.")
    return _keep(tenant, row, "placements.create", by=by, fresh=True)


def update(tenant: Tenant, placement: Placement, *, by: User | str | None, **values: Any) -> Placement:
    """The placement with these values; the others stay. Raises Problem with a reason per field."""
    return _keep(tenant, drafts.placement(tenant, values, of=placement), "placements.update", by=by)


def copy(tenant: Tenant, placement: Placement, *, by: User | str | None) -> Placement:
    """A second placement with the same settings, switched off, under the next free code."""
    taken = set(tenant.placements.values_list("code", flat=True))
    code = next(
        name for number in range(2, MOST + 3) if (name := f"{placement.code[:36]}-{number}") not in taken
    )
    values = {name: getattr(placement, name) for name in putting_back.names(Placement) if name != "updated_by"}
    values |= {"code": code, "name": f"{placement.name[:70]} (copy)", "is_active": False}
    return create(tenant, by=by, **values)


def switch(tenant: Tenant, placement: Placement, *, on: bool, by: User | str | None) -> Placement:
    """Off: calls that name it get an empty list, with a warning."""
    placement.is_active = on
    return _keep(tenant, placement, "placements.on" if on else "placements.off", by=by)


def remove(tenant: Tenant, placement: Placement, *, by: User | str | None) -> None:
    """Forgets it; calls that name it follow their own parameters. It can be put back for a week."""
    with tenant.atomic():
        audit.record(tenant, REMOVED, by=by, target=placement.code, details=putting_back.state(placement))
        tenant.placements.filter(pk=placement.pk).delete()
        epochs.bump(tenant, "control")


def put_back(tenant: Tenant, pk: int, *, by: User | str | None) -> Placement:
    """The placement that was removed, as it was. Raises NotFound, Conflict when its code is taken again."""
    row: Any = putting_back.find(tenant, Placement, REMOVED, pk)
    if tenant.placements.filter(code=row.code).exists():
        raise Conflict(_TAKEN)
    return _keep(tenant, row, "placements.put_back", by=by, fresh=True)


def begin(tenant: Tenant, *, by: User | str | None) -> list[Placement]:
    """The five starting placements; those whose code is there already are left as they are."""
    taken = set(tenant.placements.values_list("code", flat=True))
    with tenant.atomic():
        return [create(tenant, by=by, **values) for values in STARTING if values["code"] not in taken]


def general(tenant: Tenant) -> Merchandising:
    """What holds for all lists of the shop; the defaults, not saved, if nothing was said."""
    return tenant.merchandising.first() or Merchandising(tenant_id=tenant.pk)


def set_general(tenant: Tenant, *, language: str, bought_again: list[str], by: User | str | None) -> Merchandising:
    """Language of reasons, and the categories that people buy from again. Raises Problem."""
    wrong = {}
    if language not in Merchandising.Language.values:
        wrong["language"] = f"Must be one of {', '.join(Merchandising.Language.values)}."
    names = list(dict.fromkeys(name.strip() for name in bought_again if name.strip()))
    if len(names) > 200 or any(len(name) > 120 for name in names):
        wrong["bought_again"] = "Must be at most 200 categories of at most 120 characters."
    if wrong:
        raise Problem("Some fields are not right.", fields=wrong)
    with tenant.atomic():
        values = {"language": language, "bought_again": names}
        was = general(tenant)
        before = {name: getattr(was, name) for name, value in values.items() if getattr(was, name) != value}
        row, _ = tenant.merchandising.update_or_create(defaults=values)
        audit.record(tenant, "merchandising.update", by=by, details={**values, "before": before})
        epochs.bump(tenant, "control")
    return row


def _keep(tenant: Tenant, row: Placement, action: str, *, by: User | str | None, fresh: bool = False) -> Placement:
    row.updated_by = by if isinstance(by, User) else None
    row.updated_at = timezone.now()
    try:
        with tenant.atomic():
            details = putting_back.moved(tenant, row)
            row.save(using=tenant.alias, force_insert=fresh)
            audit.record(tenant, action, by=by, target=row.code, details={**details, "id": row.pk})
            epochs.bump(tenant, "control")
    except IntegrityError:
        raise Problem("Some fields are not right.", fields={"code": _TAKEN}) from None
    return row
