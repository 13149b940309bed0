"""The preview: what a shopper would see, where each product comes from, and the call that asks for it."""

from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.db.models import Count, Q
from django.http import HttpResponse
from django.views.decorators.http import require_safe

from luxebrain.lib.pages import render_page
from luxebrain.lib.problems import Problem
from recommendations import explaining, queries
from tenants.access import tenant_page
from tenants.models import Tenant

LIMIT = 12
KINDS = (
    ("personalised", "For a shopper", "Personal to one shopper, from what they bought and did."),
    ("similar", "Similar products", "Beside one product: alike, or bought by the same people."),
    ("bought-together", "Bought together", "Beside one product or in the cart: what goes into the same order."),
    ("trending", "Trending", "What sells faster lately than before."),
    ("popular", "Popular", "The best sellers of this shop."),
)
BESIDE_A_PRODUCT = {"similar", "bought-together"}
REASONS = {
    "cold_start": "The shop has fewer than {needed} orders, so everybody sees its best sellers.",
    "model_training": "There are enough orders, and the first model is not in service yet: best sellers until then.",
    "model_unavailable": "The model could not be loaded, so best sellers are shown. The platform's staff was told.",
    "no_history": "Nothing is known of this shopper yet, so the model falls back to what most people like.",
    "unknown_product": "The model has not seen this product yet, so it falls back to what most people like.",
}


@require_safe
@tenant_page(may="recommendations.read")
def recommendations(request: Any) -> HttpResponse:
    tenant: Tenant = request.tenant
    kind = request.GET.get("type", "personalised")
    kind = kind if kind in {name for name, _, _ in KINDS} else "personalised"
    text = request.GET.get("q", "").replace("\x00", "").strip()[:100]
    customer = request.GET.get("customer", "").replace("\x00", "")[:64]
    product = request.GET.get("product", "").replace("\x00", "")[:64]
    beside = kind in BESIDE_A_PRODUCT
    context: dict[str, Any] = {
        "kind": kind,
        "kinds": kinds(request, kind),
        "about": next(words for name, _, words in KINDS if name == kind),
        "beside": beside,
        "wants_shopper": kind == "personalised",
        "q": text,
        "customer": customer,
        "product": product,
        "products_found": find_products(tenant, text) if beside else [],
        "customers_found": find_customers(tenant, text, chosen=customer) if kind == "personalised" else [],
        "chosen": tenant.products.filter(external_id=product).first() if beside and product else None,
    }
    if not beside or product:
        context |= ask(tenant, kind=kind, customer=customer, product=product, request_id=request.request_id)
    return render_page(request, "recommendations/preview.html", context, fragment="answer")


def kinds(request: Any, current: str) -> list[dict[str, Any]]:
    base = request.GET.copy()
    found = []
    for name, label, _ in KINDS:
        base["type"] = name
        base.pop("q", None)
        found.append({"label": label, "url": f"{request.path}?{base.urlencode()}", "current": name == current})
    return found


def find_customers(tenant: Tenant, text: str, *, chosen: str) -> list[Any]:
    """Those whose id contains the text; without one the chosen one and the shop's best customers."""
    counted = tenant.orders.countable().values("customer_id").annotate(n=Count("pk"))
    if text:
        found = list(tenant.customers.filter(external_id__icontains=text).order_by("external_id")[:8])
    else:
        best = counted.filter(customer__isnull=False).order_by("-n", "customer_id")[:8]
        found = list(tenant.customers.filter(pk__in=[row["customer_id"] for row in best]))
        if chosen and chosen not in {customer.external_id for customer in found}:
            found += tenant.customers.filter(external_id=chosen)
    numbers = dict(counted.filter(customer__in=found).values_list("customer_id", "n"))
    for customer in found:
        customer.n = numbers.get(customer.pk, 0)
    return sorted(found, key=lambda customer: (customer.external_id != chosen, -customer.n))


def find_products(tenant: Tenant, text: str) -> list[Any]:
    rows = tenant.products.for_sale()
    if text:
        rows = rows.filter(Q(title__icontains=text) | Q(external_id__icontains=text))
    return list(rows.order_by("title")[:8])


def ask(tenant: Tenant, *, kind: str, customer: str, product: str, request_id: str) -> dict[str, Any]:
    """The answer as the API would give it, read by the same rules."""
    asked: dict[str, Any] = {"type": kind, "limit": LIMIT}
    if kind == "personalised" and customer:
        asked["customer_id"] = customer
    if kind in BESIDE_A_PRODUCT:
        asked["product_id"] = product
    try:
        query = queries.parse(asked)
    except Problem as problem:
        return {"refused": " ".join(error["message"] for error in problem.errors) or problem.detail}
    answer = priced(explaining.explain(tenant, query, request_id=request_id))
    reason = answer.get("strategy_reason")
    return {
        "answer": answer,
        "reason": REASONS.get(reason or "", "").format(needed=settings.COLD_START_ORDERS),
        "call": curl(asked),
        "orders": tenant.orders.countable().filter(customer__external_id=customer).count() if customer else 0,
    }


def priced(answer: dict[str, Any]) -> dict[str, Any]:
    """Prices come as the text that the API sends."""
    for item in answer["items"]:
        item["price"] = Decimal(item["price"]) if item.get("price") is not None else None
    return answer


def curl(asked: dict[str, Any]) -> str:
    address = f"{settings.BASE_URL}/api/v1/recommendations?{urlencode({**asked, 'details': 'true'})}"
    return f'curl "{address}" -H "Authorization: Bearer $LUXEBRAIN_KEY"'
