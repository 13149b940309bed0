"""The demo storefront: list, product, cart and checkout of a shop that uses LuxeBrain like any other."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import orjson
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from demo import cart, cast, catalogue, keys, ordering
from tenants import access, tenancy
from tenants.models import Tenant

_PURCHASES = uuid.UUID("0b7cf5f6-7ac1-5c2f-8a53-9c1a5f0d7b10")


@contextmanager
def inside(slug: str) -> Iterator[Tenant]:
    """The demo shop of this address. What pages need of it is read in here; calls are made outside."""
    kept = keys.read().get(slug)
    if kept is None:
        raise Http404("There is no such shop.")
    try:
        with tenancy.enter(kept.tenant_id) as tenant:
            yield tenant
    except tenancy.NoSuchTenant:
        raise Http404("There is no such shop.") from None


def page(request: HttpRequest, name: str, tenant: Tenant, **more: Any) -> HttpResponse:
    """A page of the storefront, with what every one of them shows."""
    about = next((shop for shop in cast.SHOPS if shop.slug == tenant.slug), None)
    context = {
        "shop": tenant,
        "about": about,
        "publishable": keys.read()[tenant.slug].publishable,
        "customer": cart.customer(request.session, tenant.slug),
        "in_cart": sum(cart.quantities(request.session, tenant.slug).values()),
        "source_page": cast.SOURCE_PAGE,
    }
    return render(request, f"demo/{name}.html", context | more)


def session_id(request: HttpRequest, slug: str) -> str:
    """The session that luxebrain.js writes into its cookie, so that order and clicks belong together."""
    return request.COOKIES.get(f"lb_session_{keys.read()[slug].publishable[-8:]}", "")[:64]


@access.anyone
@require_GET
def shops(request: HttpRequest) -> HttpResponse:
    known = keys.read()
    context = {"shops": [shop for shop in cast.SHOPS if shop.slug in known], "source_page": cast.SOURCE_PAGE}
    return render(request, "demo/shops.html", context)


@access.anyone
@require_GET
def shelves(request: HttpRequest, slug: str) -> HttpResponse:
    query = request.GET.get("q", "").strip()[:80]
    kind = request.GET.get("kind", "")[:120]
    with inside(slug) as shop:
        found = catalogue.listing(shop, query=query, kind=kind, number=request.GET.get("page", "1"))
        regulars = catalogue.regulars(shop)
    is_front = not query and not kind and found.page.number == 1
    return page(
        request,
        "shop",
        shop,
        page=found.page,
        kinds=found.kinds,
        query=query,
        kind=kind,
        regulars=regulars,
        is_front=is_front,
    )


@access.anyone
@require_GET
def product(request: HttpRequest, slug: str, product_id: str) -> HttpResponse:
    with inside(slug) as shop:
        row = shop.products.for_sale().filter(external_id=product_id).first()
    if row is None:
        raise Http404("There is no such product.")
    return page(request, "product", shop, product=row)


@access.anyone
@require_GET
def show_cart(request: HttpRequest, slug: str) -> HttpResponse:
    return _cart_page(request, slug)


def _cart_page(request: HttpRequest, slug: str, *, problem: str = "", status: int = 200) -> HttpResponse:
    with inside(slug) as shop:
        lines = _lines(request, shop)
    names = ",".join(line.product.external_id for line in lines)
    response = page(request, "cart", shop, lines=lines, total=cart.total(lines), names=names, problem=problem)
    response.status_code = status
    return response


def _lines(request: HttpRequest, shop: Tenant) -> list[cart.Line]:
    held = cart.quantities(request.session, shop.slug)
    return cart.lines(held, catalogue.products(shop, list(held)))


@access.anyone
@require_POST
def change_cart(request: HttpRequest, slug: str, product_id: str) -> HttpResponse:
    """Adds (`add`) or sets (`quantity`) how many of a product are in the cart."""
    with inside(slug) as shop:
        known = shop.products.for_sale().filter(external_id=product_id).exists()
    if not known:
        raise Http404("There is no such product.")
    held = cart.quantities(request.session, slug).get(product_id, 0)
    wanted = held + _number(request.POST["add"]) if "add" in request.POST else _number(request.POST.get("quantity"))
    cart.change(request.session, slug, product_id, wanted)
    return redirect("demo:cart", slug)


def _number(text: str | None) -> int:
    return min(int(text), cart.MOST) if text and text.isascii() and text.isdigit() else 0


@access.anyone
@require_POST
def be_customer(request: HttpRequest, slug: str) -> HttpResponse:
    """Signs in as a customer of the shop, or as nobody. No password: nothing here is anybody's."""
    wanted = request.POST.get("customer", "").strip()[:64]
    with inside(slug) as shop:
        known = not wanted or catalogue.has_customer(shop, wanted)
    if known:
        cart.be(request.session, slug, wanted)
    return redirect("demo:shop", slug)


@access.anyone
@require_POST
def check_out(request: HttpRequest, slug: str) -> HttpResponse:
    with inside(slug) as shop:
        lines = _lines(request, shop)
    if not lines:
        return redirect("demo:cart", slug)
    known = keys.read()[slug]
    customer = cart.customer(request.session, slug)
    try:
        placed = ordering.place(lines, keys=known, customer_id=customer, session_id=session_id(request, slug))
    except ordering.NotPlaced as problem:
        return _cart_page(request, slug, problem=str(problem), status=503)
    cart.empty(request.session, slug)
    request.session[f"order:{slug}"] = {
        "id": str(uuid.uuid5(_PURCHASES, placed.order_id)),  # a page shown twice is one purchase
        "order_id": placed.order_id,
        "occurred_at": placed.ordered_at,
        "currency": placed.currency,
        "items": [
            {
                "product_id": line.product.external_id,
                "quantity": line.quantity,
                "price": str(line.product.price or 0),
            }
            for line in lines
        ],
        "total": str(placed.total),
    }
    return redirect("demo:thanks", slug, placed.order_id)


@access.anyone
@require_GET
def thanks(request: HttpRequest, slug: str, order_id: str) -> HttpResponse:
    placed = request.session.get(f"order:{slug}")
    if not placed or placed["order_id"] != order_id:
        raise Http404("There is no such order in this session.")
    with inside(slug) as shop:
        pass
    told = {name: value for name, value in placed.items() if name != "total"}
    return page(request, "thanks", shop, order=placed, purchase=orjson.dumps(told).decode(), base_url=settings.BASE_URL)
