"""The first pages: where a person is sent, and the overview of a shop."""

from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_safe

from luxebrain.home import batch_card, model_cards, news, onboarding, overview
from luxebrain.home.cards import Card, guard, show
from luxebrain.home.context import address
from luxebrain.lib.pages import render_page
from tenants import access
from tenants.access import anyone, tenant_page

# Drawn with the page; those in LAZY are asked for afterwards.
CARDS = {
    card.name: card
    for card in (
        Card("figures", overview.figures, "home/overview.html#figures"),
        Card("setup", onboarding.steps, "home/overview.html#setup"),
        Card("model", model_cards.model, "home/overview.html#model"),
        Card("cold-start", overview.cold_start, "home/overview.html#cold_start"),
        Card("batches", batch_card.batches, "home/overview.html#batches"),
        Card("readiness", overview.ready, "home/overview.html#readiness"),
        Card("ctr", overview.ctr_chart, "home/overview.html#ctr"),
        Card("earners", overview.earners, "home/overview.html#earners"),
    )
}
LAZY = {"ctr", "earners"}


@anyone
@require_safe
def start(request: HttpRequest) -> HttpResponse:
    """/ and /overview: a member to a shop, staff to the dashboard, everybody else to where they can begin."""
    if not request.user.is_authenticated:
        return redirect_to_login(request.get_full_path())
    shops = access.memberships(request.user)  # type: ignore[arg-type]
    if shops and (request.path != "/" or not request.user.is_staff):
        return redirect("panel:overview", slug=shops[0].slug)
    if request.user.is_staff:
        return redirect("dashboard")
    return render_page(request, "home/no_shop.html", {"open_url": address("account")})


def period(request: HttpRequest) -> int:
    asked = request.GET.get("days", "")
    return int(asked) if asked.isdecimal() and int(asked) in overview.PERIODS else 28


@require_safe
@tenant_page(may="overview.read")
def tenant_overview(request: Any) -> HttpResponse:
    days = period(request)
    drawn = {
        name.replace("-", "_"): guard(request, card, request.tenant, request.membership, days, days=days)
        for name, card in CARDS.items()
        if name not in LAZY
    }
    context = {
        "greeting": overview.greeting(request.tenant, request.user.name),
        "days": days,
        "periods": overview.PERIODS,
        "drawn": drawn,
        "news": news.newest(request.user),
    }
    return render_page(request, "home/overview.html", context)


@require_safe
@tenant_page(may="overview.read")
def tenant_card(request: Any, name: str) -> HttpResponse:
    """One part of the overview. As a page of its own it is the overview."""
    if name not in CARDS:
        raise Http404
    days = period(request)
    if not request.htmx:
        return redirect(f"{reverse('panel:overview', kwargs={'slug': request.tenant.slug})}?days={days}")
    return HttpResponse(show(request, CARDS[name], request.tenant, request.membership, days, days=days))
