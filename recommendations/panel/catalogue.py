"""The catalogue pages: products, customers and orders, as the shop sent them."""

from datetime import timedelta
from typing import Any

from django import forms
from django.db.models import Count, Max, QuerySet, Sum
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from luxebrain.lib.forms import FilterForm
from luxebrain.lib.pages import Column, ListPage, render_page
from recommendations import explaining
from recommendations.models import Event, Order, Product
from recommendations.panel import preview
from recommendations.queries import Query
from tenants.access import tenant_page
from tenants.models import Tenant

EVENTS = dict(Event.Kind.choices)
SALES_DAYS = 90


def tabs(request: Any, current: str) -> list[dict[str, Any]]:
    slug = {"slug": request.tenant.slug}
    names = (
        ("Products", "catalogue"), ("Customers", "customers"), ("Orders", "orders"), ("Deliveries", "deliveries"),
        ("Imports", "imports"), ("Connections", "connections"), ("Readiness", "readiness"), ("Data quality", "quality"),
    )  # fmt: skip
    if request.membership.may("data.export"):
        names += (("Export", "exports"),)
    return [
        {"label": label, "url": reverse(f"panel:{name}", kwargs=slug), "current": name == current}
        for label, name in names
    ]


class ProductFilter(FilterForm):
    show = forms.ChoiceField(
        label="Show",
        choices=[
            ("", "All products"),
            ("for-sale", "For sale"),
            ("out-of-stock", "Out of stock"),
            ("hidden", "Not published"),
            ("unsold", "Never ordered"),
        ],
    )

    def apply(self, rows: QuerySet) -> QuerySet:
        match self.chosen.get("show"):
            case "for-sale":
                return rows.for_sale()
            case "out-of-stock":
                return rows.filter(stock__lte=0)
            case "hidden":
                return rows.filter(is_published=False)
            case "unsold":
                return rows.exclude(external_id__in=self.ordered)
        return rows

    ordered: Any = ()


def product_filter(tenant: Tenant) -> type[ProductFilter]:
    """The filter, knowing which of this tenant's products were ever ordered."""
    ordered = tenant.order_lines.values("product_external_id")
    return type("ProductFilter", (ProductFilter,), {"ordered": ordered})


@require_safe
@tenant_page(may="catalogue.read")
def products(request: Any) -> HttpResponse:
    listing = ListPage(
        request,
        request.tenant.products.all(),
        template="recommendations/catalogue.html",
        columns=(
            Column("Product", "title"),
            Column("Price", "price", numeric=True),
            Column("Stock", "stock", numeric=True),
            Column("Orders", numeric=True),
            Column("Units", numeric=True),
            Column("Changed", "changed"),
        ),
        search=("title", "external_id", "brand"),
        filters=product_filter(request.tenant),
        sorts={"title": "title", "price": "price", "stock": "stock", "changed": "updated_at"},
        default_sort="title",
        nouns=("product", "products"),
    )
    sold = sales(request.tenant, [product.external_id for product in listing.rows])
    for product in listing.rows:
        product.sales = sold.get(product.external_id, {"orders": 0, "units": 0})
    return listing.render({"tabs": tabs(request, "catalogue"), "days": SALES_DAYS})


def sales(tenant: Tenant, names: list[str]) -> dict[str, dict[str, int]]:
    """Orders and units of the last 90 days for each of the products that was sold."""
    rows = (
        tenant.order_lines.filter(
            product_external_id__in=names,
            order__is_countable=True,
            order__ordered_at__gte=timezone.now() - timedelta(days=SALES_DAYS),
        )
        .values("product_external_id")
        .annotate(orders=Count("order_id", distinct=True), units=Sum("quantity"))
    )
    return {row["product_external_id"]: row for row in rows}


@require_safe
@tenant_page(may="catalogue.read")
def product(request: Any, external_id: str) -> HttpResponse:
    tenant: Tenant = request.tenant
    found: Product = get_object_or_404(tenant.products, external_id=external_id)
    earned = tenant.attributions.filter(product_external_id=external_id, currency=tenant.currency)
    context = {
        "product": found,
        "days": SALES_DAYS,
        "sales": sales(tenant, [external_id]).get(external_id, {"orders": 0, "units": 0}),
        "earned": earned.aggregate(amount=Sum("amount"), orders=Count("order_external_id", distinct=True)),
        "rules": list(tenant.rules.filter(products__contains=[external_id]).order_by("name")[:20]),
        "may_rule": request.membership.may("recommendations.write"),
        "lists": [
            (title, preview.priced(explaining.explain(tenant, Query(kind=kind, products=(external_id,), limit=6))))
            for kind, title in (("similar", "Similar products"), ("bought_together", "Bought together"))
        ],
    }
    return render_page(request, "recommendations/product.html", context)


@require_safe
@tenant_page(may="catalogue.read")
def customers(request: Any) -> HttpResponse:
    listing = ListPage(
        request,
        request.tenant.customers.all(),
        template="recommendations/customers.html",
        columns=(
            Column("Customer", "id"),
            Column("Country", "country"),
            Column("Orders", numeric=True),
            Column("Last order"),
            Column("Known since", "known"),
        ),
        search=("external_id",),
        sorts={"id": "external_id", "country": "country", "known": "created_at"},
        default_sort="id",
        nouns=("customer", "customers"),
    )
    bought = {
        row["customer_id"]: row
        for row in request.tenant.orders.countable()
        .filter(customer__in=[customer.pk for customer in listing.rows])
        .values("customer_id")
        .annotate(orders=Count("pk"), last=Max("ordered_at"))
    }
    for customer in listing.rows:
        customer.bought = bought.get(customer.pk, {"orders": 0, "last": None})
    return listing.render({"tabs": tabs(request, "customers")})


@require_safe
@tenant_page(may="catalogue.read")
def customer(request: Any, external_id: str) -> HttpResponse:
    tenant: Tenant = request.tenant
    found = get_object_or_404(tenant.customers, external_id=external_id)
    events = tenant.events.filter(customer_external_id=external_id).order_by("-occurred_at")[:50]
    acts = list(events)
    known = titles(tenant, [act.product_external_id for act in acts])
    for act in acts:
        act.title = known.get(act.product_external_id, "")
        act.name = EVENTS.get(act.kind, act.kind)
    context = {
        "customer": found,
        "may_erase": request.membership.may("privacy.write"),
        "orders": tenant.orders.filter(customer=found).annotate(n=Count("lines")).order_by("-ordered_at")[:50],
        "acts": acts,
    }
    return render_page(request, "recommendations/customer.html", context)


def titles(tenant: Tenant, names: list[str]) -> dict[str, str]:
    return dict(tenant.products.filter(external_id__in=names).values_list("external_id", "title"))


class OrderFilter(FilterForm):
    state = forms.ChoiceField(label="State", choices=[("", "All states"), *Order.State.choices])


TONES = {
    "completed": "good",
    "pending": "info",
    "cancelled": "neutral",
    "refunded": "warning",
    "failed": "bad",
    "test": "brass",
}


@require_safe
@tenant_page(may="catalogue.read")
def orders(request: Any) -> HttpResponse:
    listing = ListPage(
        request,
        request.tenant.orders.select_related("customer"),
        template="recommendations/orders.html",
        columns=(
            Column("Order", "id"),
            Column("Customer"),
            Column("State"),
            Column("Lines", numeric=True),
            Column("Total", "total", numeric=True),
            Column("Ordered", "ordered"),
        ),
        search=("external_id", "customer__external_id"),
        filters=OrderFilter,
        sorts={"id": "external_id", "total": "total", "ordered": "ordered_at"},
        default_sort="-ordered",
        nouns=("order", "orders"),
    )
    lines = request.tenant.order_lines.filter(order__in=[order.pk for order in listing.rows])
    counts = dict(lines.values("order_id").annotate(n=Count("pk")).values_list("order_id", "n"))
    for order in listing.rows:
        order.n, order.tone = counts.get(order.pk, 0), TONES[order.state]
    return listing.render({"tabs": tabs(request, "orders")})


@require_safe
@tenant_page(may="catalogue.read")
def order(request: Any, external_id: str) -> HttpResponse:
    tenant: Tenant = request.tenant
    found = get_object_or_404(tenant.orders.select_related("customer"), external_id=external_id)
    lines = list(tenant.order_lines.filter(order=found).order_by("position"))
    known = {p.external_id: p for p in tenant.products.filter(external_id__in=[li.product_external_id for li in lines])}
    credit = {a.product_external_id: a for a in tenant.attributions.filter(order_external_id=external_id)}
    for line in lines:
        line.product, line.credit = known.get(line.product_external_id), credit.get(line.product_external_id)
        line.amount = line.quantity * line.unit_price
    context = {
        "order": found,
        "lines": lines,
        "tone": TONES[found.state],
        "earned": sum(a.amount for a in credit.values()),
    }
    return render_page(request, "recommendations/order.html", context)
