"""Experiments of all shops, and each as its shop sees it."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from modelregistry import experiment_pages as pages
from modelregistry import tabs
from modelregistry.models import Experiment
from tenants.access import may_operate, shop_named, staff_page

LAYOUT = "layouts/backoffice.html"


@staff_page(may="platform.read")
@require_safe
def index(request: Any) -> HttpResponse:
    return pages.index(
        request, Experiment.objects.across_tenants().select_related("tenant"),
        template="modelregistry/experiments_all.html", shop=True,
        more={"tabs": tabs.of_staff("Experiments"), "may_write": may_operate(request)},
        address=lambda one: reverse("tenant-experiment", args=[one.tenant.slug, one.number]),
    )  # fmt: skip


@staff_page(may="platform.read")
@require_safe
def detail(request: Any, slug: str, number: int) -> HttpResponse:
    def address(verb: str) -> str:
        if verb == "share":
            return reverse("tenant-experiment-share", args=[slug, number])
        return reverse("tenant-experiment-act", args=[slug, number, verb])

    shop = shop_named(slug)
    return pages.show(
        request, pages.find(shop, number), layout=LAYOUT, address=address, may_write=may_operate(request),
        back=reverse("experiments"), shop=shop,
    )  # fmt: skip


@staff_page(may="platform.write")
@require_http_methods(["GET", "POST"])
def act(request: Any, slug: str, number: int, verb: str) -> HttpResponse:
    return pages.perform(
        request, pages.find(shop_named(slug), number), verb, layout=LAYOUT,
        back=reverse("tenant-experiment", args=[slug, number]), index=reverse("experiments"),
    )  # fmt: skip


@staff_page(may="platform.write")
@require_POST
def share(request: Any, slug: str, number: int) -> HttpResponse:
    pages.move_share(request, pages.find(shop_named(slug), number))
    return redirect("tenant-experiment", slug, number)
