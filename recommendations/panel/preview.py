"""The preview: what a shopper would see, where each product comes from, and the call that asks for it."""

from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.db.models import Count, Q
from django.http import HttpResponse
from django.views.decorators.http import require_safe

from luxebrain.lib.pages import render_page
from luxebrain.lib.problems import NotFound, Problem
from modelregistry.artifacts import ArtifactError
from recommendations import emphasis, explaining, queries, reach, replaying
from recommendations.algorithms.bundle import BundleDamaged
from recommendations.models import Merchandising
from tenants.access import tenant_page
from tenants.models import Tenant

LIMIT = 12
MOST_PRODUCTS = 10
KINDS = (
    ("personalised", "For a shopper", "Personal to one shopper, from what they bought and did."),
    ("similar", "Similar products", "Beside one product: alike, or bought by the same people."),
    ("bought-together", "Bought together", "Beside one product or in the cart: what goes into the same order."),
    ("complete-the-look", "Completes the look", "Beside one product: what goes with it, from other categories."),
    ("trending", "Trending", "What sells faster lately than before."),
    ("popular", "Popular", "The best sellers of this shop."),
    ("newest", "New", "The newest products of the catalogue."),
    ("recently-viewed", "Viewed lately", "What one shopper looked at and has not bought."),
    ("pending-cart", "Still in the cart", "What one shopper put into the cart and has not bought."),
    ("buy-again", "Buy again", "What one shopper bought before, by how often and how lately."),
)
BESIDE_A_PRODUCT = {"similar", "bought-together", "complete-the-look"}
OF_A_SHOPPER = {"personalised", "recently-viewed", "pending-cart", "buy-again"}
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
    placements = {row.code: row for row in tenant.placements.all()}
    placement = request.GET.get("placement", "")
    placement = placement if placement in placements else ""
    kind = request.GET.get("type", "")
    is_given = kind in {name for name, _, _ in KINDS}
    if not is_given:
        own = placements[placement].kind if placement else "personalised"
        kind = queries.SPOKEN.get(own, own)
    text = clean(request.GET.get("q", ""), 100).strip()
    customer = clean(request.GET.get("customer", ""), 64)
    products = list(dict.fromkeys(clean(name, 64) for name in request.GET.getlist("product") if name))[:MOST_PRODUCTS]
    language = request.GET.get("language", "")
    beside, wants_shopper = kind in BESIDE_A_PRODUCT, kind in OF_A_SHOPPER
    context: dict[str, Any] = {
        "kind": kind,
        "sent_type": kind if is_given else "",
        "kinds": kinds(request, kind),
        "about": next(words for name, _, words in KINDS if name == kind),
        "beside": beside,
        "wants_shopper": wants_shopper,
        "q": text,
        "customer": customer,
        "placement": placement,
        "placements": placements.values(),
        "language": language,
        "languages": Merchandising.Language.choices,
        "version": request.GET.get("version", ""),
        "versions": replaying.versions(tenant),
        "products_found": [one for one in find_products(tenant, text) if one.external_id not in products]
        if beside else [],
        "customers_found": find_customers(tenant, text, chosen=customer) if wants_shopper else [],
        "chosen": chosen(request, tenant, products) if beside else [],
    }
    asked: dict[str, Any] = {"customer_id": customer if wants_shopper else "", "placement": placement}
    asked |= {"product_ids": products if beside else [], "language": language}
    asked = {name: value for name, value in asked.items() if value}
    if is_given or not placement:
        asked["type"] = kind
    if not placement:
        asked["limit"] = LIMIT
    if not beside or products:
        context |= ask(tenant, asked, version=context["version"], request_id=request.request_id)
    return render_page(request, "recommendations/preview.html", context, fragment="answer")


def clean(text: str, most: int) -> str:
    return text.replace("\x00", "")[:most]


def chosen(request: Any, tenant: Tenant, products: list[str]) -> list[dict[str, str]]:
    """The products that the list stands beside, each with the address of the page without it."""
    titles = reach.titles(tenant, products)
    found = []
    for name in products:
        rest = request.GET.copy()
        rest.setlist("product", [one for one in products if one != name])
        found.append({"id": name, "title": titles.get(name, name), "url": f"{request.path}?{rest.urlencode()}"})
    return found


def kinds(request: Any, current: str) -> list[dict[str, Any]]:
    found = []
    for name, label, _ in KINDS:
        base = request.GET.copy()
        base["type"] = name
        base.pop("q", None)
        if name not in BESIDE_A_PRODUCT:
            base.setlist("product", [])
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
    """Those for sale whose title or id contains the text; without one the best sellers."""
    rows = tenant.products.for_sale()
    if text:
        return list(rows.filter(Q(title__icontains=text) | Q(external_id__icontains=text)).order_by("title")[:8])
    found = explaining.explain(tenant, queries.Query(kind="popular", limit=8))
    best = [item["product_id"] for item in found["items"]]
    return sorted(rows.filter(external_id__in=best), key=lambda row: best.index(row.external_id))


def ask(tenant: Tenant, asked: dict[str, Any], *, version: str, request_id: str) -> dict[str, Any]:
    """The answer as the API would give it, read by the same rules; beside it that of another version."""
    try:
        query = queries.parse(asked)
    except Problem as problem:
        return {"refused": " ".join(error["message"] for error in problem.errors) or problem.detail}
    answer = priced(explaining.explain(tenant, query, request_id=request_id))
    reason = answer.get("strategy_reason")
    context = {
        "answer": answer,
        "reason": REASONS.get(reason or "", "").format(needed=settings.COLD_START_ORDERS),
        "call": curl(asked),
        "orders": tenant.orders.countable().filter(customer__external_id=query.customer).count()
        if query.customer else 0,
    }
    if version.isascii() and version.isdecimal() and len(version) < 9:
        context |= compared(tenant, queries.parse(asked), answer, int(version))
    return context


def compared(tenant: Tenant, query: queries.Query, answer: dict[str, Any], version: int) -> dict[str, Any]:
    """The list by another version, and how each product stands in both."""
    try:
        other = priced(explaining.explain(tenant, query, version=version))
    except (NotFound, ArtifactError, BundleDamaged, OSError):
        return {"not_compared": f"Version v{version} is not stored, or cannot be loaded."}
    first, second = ({item["product_id"]: item["rank"] for item in one["items"]} for one in (answer, other))
    names = [one["model_version"] or "best sellers" for one in (answer, other)]
    for one, against, there in ((answer, second, names[1]), (other, first, names[0])):
        for item in one["items"]:
            place = against.get(item["product_id"])
            same = place == item["rank"]
            item["elsewhere"] = f"not in {there}" if place is None else "" if same else f"{there}: place {place}"
    both = first.keys() & second.keys()
    return {
        "other": other, "shared": len(both), "moved": sum(first[name] != second[name] for name in both),
        "is_same": first == second,
    }


def priced(answer: dict[str, Any]) -> dict[str, Any]:
    """For people: prices as numbers, sources and parts by their names, without parts that add nothing."""
    for item in answer["items"]:
        item["price"] = Decimal(item["price"]) if item.get("price") is not None else None
        item["source"] = emphasis.spoken(item["source"])
        item["parts"] = [
            {"part": emphasis.spoken(part["part"]), "score": part["score"]}
            for part in item["parts"] if round(part["score"], 3)
        ]  # fmt: skip
    return answer


def curl(asked: dict[str, Any]) -> str:
    pairs = {name: ",".join(value) if isinstance(value, list) else value for name, value in asked.items()}
    address = f"{settings.BASE_URL}/api/v1/recommendations?{urlencode({**pairs, 'details': 'true'})}"
    return f'curl "{address}" -H "Authorization: Bearer $LUXEBRAIN_KEY"'
