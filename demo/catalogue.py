"""What the storefront's pages read of its own shop: products, kinds, customers."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

from django.core.cache import cache
from django.core.paginator import Page, Paginator
from django.db.models import Count, Q

from tenants.models import Tenant

PAGE = 24
_KINDS_SECONDS = 300


@dataclass(frozen=True, slots=True)
class Listing:
    """A page of products, and the kinds to choose from with how many there are of each."""

    page: Page
    kinds: list[tuple[str, int]]


def listing(tenant: Tenant, *, query: str, kind: str, number: str) -> Listing:
    """The products for sale whose title holds every word of the query."""
    found = tenant.products.for_sale().order_by("title", "external_id")
    for word in query.split()[:6]:
        found = found.filter(Q(title__icontains=word) | Q(external_id__iexact=word))
    if kind:
        found = found.filter(categories__contains=[kind])
    page = Paginator(found, PAGE).get_page(number)
    page.object_list = list(page.object_list)  # read inside the tenant, before the template draws it
    return Listing(page=page, kinds=kinds(tenant))


def kinds(tenant: Tenant) -> list[tuple[str, int]]:
    name = f"demo:kinds:{tenant.pk}"
    found = cache.get(name)
    if found is None:
        counts = Counter(kind for row in tenant.products.values_list("categories", flat=True) for kind in row)
        found = sorted(counts.items())
        cache.set(name, found, _KINDS_SECONDS)
    return [(kind, count) for kind, count in found]


def products(tenant: Tenant, ids: list[str]) -> dict[str, Any]:
    return {row.external_id: row for row in tenant.products.filter(external_id__in=ids)}


def regulars(tenant: Tenant, *, most: int = 12) -> list[tuple[str, int]]:
    """The customers who ordered most often, with how often: real ids to sign in as."""
    name = f"demo:regulars:{tenant.pk}"
    found = cache.get(name)
    if found is None:
        rows = tenant.orders.countable().exclude(customer=None).values("customer__external_id")
        ranked = rows.annotate(orders=Count("pk")).order_by("-orders", "customer__external_id")[:most]
        found = [(row["customer__external_id"], row["orders"]) for row in ranked]
        cache.set(name, found, _KINDS_SECONDS)
    return [(customer, orders) for customer, orders in found]


def has_customer(tenant: Tenant, external_id: str) -> bool:
    return tenant.customers.filter(external_id=external_id).exists()
