"""Trying a placement before it is saved: for a real shopper, product or cart, beside what is saved."""

import random
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Count, Max, Min, QuerySet
from django.http import HttpRequest

from luxebrain.lib.problems import Problem
from recommendations import drafts, explaining, queries, reach
from recommendations.models import Placement
from recommendations.panel.placement_form import PlacementForm
from recommendations.panel.preview import find_customers, find_products, priced
from recommendations.queries import BESIDE
from tenants.models import Tenant

UNSAVED = "unsaved"  # the code of a placement that has none yet
MOST_IN_CART = 10


@dataclass(slots=True)
class Trial:
    """For whom, and beside what, a list is tried."""

    customer: str = ""
    products: list[str] = field(default_factory=list)
    text: str = ""


def draft_of(tenant: Tenant, form: PlacementForm, row: Placement) -> tuple[Placement | None, str]:
    """The placement of the form, or what is still missing for one."""
    for name in ("name", "code"):
        if name in form.fields:
            form.fields[name].required = False
    if not form.is_valid():
        return None, next(iter(form.errors.values()))[0]
    values = form.values()
    values["name"] = values["name"] or row.name or "This placement"
    if not row.pk:
        values["code"] = UNSAVED
    try:
        return drafts.placement(tenant, values, of=row if row.pk else None), ""
    except Problem as problem:
        return None, problem.errors[0]["message"] if problem.errors else problem.detail


def trial_of(tenant: Tenant, request: HttpRequest, draft: Placement) -> Trial:
    """What the page chose, or somebody at random; a kind that goes with a product gets one."""
    given = request.POST
    text = given.get("try_text", "").replace("\x00", "").strip()[:100]
    if "try_random" in given:
        return Trial(*at_random(tenant, draft))
    customer = given.get("try_customer", "").replace("\x00", "")[:64]
    if "try_customer" not in given and draft.kind not in BESIDE:  # nobody was chosen yet: the best customer
        customer = next((best.external_id for best in find_customers(tenant, text, chosen="")), "")
    chosen = [name.replace("\x00", "")[:64] for name in given.getlist("try_product") if name.strip()]
    if draft.kind in BESIDE and not chosen:
        _, chosen = at_random(tenant, draft)
    return Trial(customer, chosen[:MOST_IN_CART], text)


def at_random(tenant: Tenant, draft: Placement) -> tuple[str, list[str]]:
    """A customer; and a product, or the products of a real order where the list stands in the cart."""
    customer = _any(tenant.customers.all())
    name = customer.external_id if customer else ""
    if draft.kind not in BESIDE:
        return name, []
    if draft.surface == Placement.Surface.CART:
        bought = tenant.orders.countable().annotate(many=Count("lines")).filter(many__gte=2)
        order = _any(bought, of=tenant.orders.all())
        if order is not None:
            lines = order.lines.order_by("position").values_list("product_external_id", flat=True)
            return name, list(dict.fromkeys(lines))[:MOST_IN_CART]
    product = _any(tenant.products.for_sale())
    return name, [product.external_id] if product else []


def _any(rows: QuerySet, *, of: QuerySet | None = None) -> Any:
    """A row at random: the next one after a random place between the first and the last."""
    ends = (rows if of is None else of).aggregate(first=Min("pk"), last=Max("pk"))
    if ends["first"] is None:
        return None
    place = random.randint(ends["first"], ends["last"])  # noqa: S311  (no secret)
    return rows.filter(pk__gte=place).order_by("pk").first() or rows.order_by("pk").first()


def context_of(tenant: Tenant, request: HttpRequest, draft: Placement, saved: Placement | None) -> dict[str, Any]:
    """Everything that the preview's part of the page shows."""
    trial = trial_of(tenant, request, draft)
    beside = draft.kind in BESIDE
    context: dict[str, Any] = {
        "trial": trial,
        "beside": beside,
        "try_customers": [] if beside else find_customers(tenant, trial.text, chosen=trial.customer),
        "try_products": find_products(tenant, trial.text) if beside else [],
        "try_chosen": reach.titles(tenant, trial.products),
    }
    if beside and not trial.products:
        return context | {"refused": "There is no product for sale to show it beside."}
    try:
        return context | lists(tenant, trial, draft, saved)
    except Problem as problem:
        return context | {"refused": " ".join(error["message"] for error in problem.errors) or problem.detail}


def lists(tenant: Tenant, trial: Trial, draft: Placement, saved: Placement | None) -> dict[str, Any]:
    """The list with these settings, and what differs from the one that is saved. Raises Problem."""
    asked: dict[str, Any] = {"placement": draft.code, "product_ids": trial.products}
    if trial.customer:
        asked["customer_id"] = trial.customer
    control = reach.shop_of(tenant).control
    answer = priced(explaining.explain(tenant, queries.parse(asked), rules=control.beside(placement=draft)))
    context: dict[str, Any] = {"answer": answer}
    if saved is not None:
        before = explaining.explain(tenant, queries.parse(asked), rules=control.beside(placement=saved))
        old = {item["product_id"]: item["rank"] for item in before["items"]}
        now = {item["product_id"] for item in answer["items"]}
        for item in answer["items"]:
            item["is_new"] = item["product_id"] not in old
            item["moved"] = old.get(item["product_id"], item["rank"]) - item["rank"]
        context["gone"] = [item for item in before["items"] if item["product_id"] not in now]
        context["differs"] = list(old) != [item["product_id"] for item in answer["items"]]
        context["compared"] = True
    return context
