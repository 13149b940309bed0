"""One shop's versions for the platform: its list, a version, two side by side, measures, what was live."""

from typing import Any

from django import forms
from django.conf import settings
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_safe

from luxebrain.lib import pages
from luxebrain.lib.pages import Column, ListPage
from modelregistry import dossier, facts, graphs, labels, lineage, shop_figures, tabs, versions
from modelregistry.backoffice.acts import Acts
from modelregistry.models import ModelVersion
from tenants import tenancy
from tenants.access import may_operate, staff_page
from tenants.models import Tenant
from tenants.picking import ShopField


class PickForm(forms.Form):
    """Whose versions: as in the address, or as it was typed."""

    shop = ShopField(placeholder="All shops", required=False)


def frame(request: HttpRequest, current: str, tenant: Tenant | None = None) -> dict[str, Any]:
    """What all pages of the registry need: tabs, and the picker with its choice."""
    names = ModelVersion.objects.across_tenants().order_by("model").values_list("model", flat=True).distinct()
    model = request.GET.get("model") or settings.MODEL_NAME
    known = sorted({settings.MODEL_NAME, *names})
    if model not in known:
        raise Http404
    return {
        "tabs": tabs.of_staff(current, shop=tenant.slug if tenant else ""),
        "models": known,
        "model": model,
        "pick": PickForm(initial={"shop": tenant.slug}) if tenant else None,
        "shop": tenant,
        "may_write": may_operate(request),
    }


def find(slug: str) -> Tenant:
    tenant = tenancy.across().select_related("plan").filter(slug=slug).first()
    if tenant is None:
        raise Http404
    return tenant


def _which(request: HttpRequest, current: str, page: str, form: PickForm) -> HttpResponse:
    """What was typed names no shop: the picker again, with what is near."""
    context = {**frame(request, current), "pick": form, "action": reverse(page)}
    return pages.render_page(request, "modelregistry/backoffice/which_shop.html", context, status=404)


def shop(request: HttpRequest) -> HttpResponse:
    """The versions of the shop that the picker names. Called by the page /models."""
    form = PickForm(request.GET)
    if not form.is_valid():
        return _which(request, "Versions", "models", form)
    tenant = form.cleaned_data["shop"]
    around = frame(request, "Versions", tenant)
    places = facts.places(tenant)
    listing = ListPage(
        request, _versions(tenant, around["model"]), template="modelregistry/backoffice/shop.html",
        columns=[
            Column("Version", sort="number"), Column("State"), Column("Algorithm", sort="algorithm"),
            Column("NDCG@10", numeric=True), Column("Recall@10", numeric=True), Column("Coverage", numeric=True),
            Column("Trained", sort="trained"), Column("Actions", hidden_label=True),
        ],
        sorts={"number": "number", "algorithm": ("algorithm", "number"), "trained": "created_at"},
        default_sort="-number", sizes=(10, 25, 50), nouns=("version", "versions"),
    )  # fmt: skip
    now, before = places.champion, places.previous
    acts = Acts(tenant, places) if around["may_write"] else None
    return listing.render({
        **around,
        "rows": [_row(tenant, places.fact(one), acts) for one in listing.rows],
        "now": now,
        "undo": acts.undo() if acts else None,
        "is_training": tenant.training_runs.filter(state__in=["queued", "running"]).exists(),
        "pair": dossier.compare(tenant, before, now, days=dossier.PERIODS[1]) if now and before else None,
        "chart": facts.chart(tenant),
        "live": dossier.live(tenant, ""),
        "spells": lineage.spells(tenant, most=5),
    })  # fmt: skip


def _versions(tenant: Tenant, model: str) -> QuerySet:
    return tenant.model_versions.filter(model=model).select_related("created_by")


def _row(tenant: Tenant, fact: facts.Fact, acts: Acts | None) -> dict[str, Any]:
    return {"fact": fact, "url": version_url(tenant, fact.version.number), "act": acts.of(fact) if acts else None}


def version_url(tenant: Tenant, number: int) -> str:
    return reverse("models-version", kwargs={"slug": tenant.slug, "number": number})


@staff_page(may="platform.read")
@require_safe
def version(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    tenant = find(slug)
    around = frame(request, "Versions", tenant)
    found = versions.find(tenant, number, model=around["model"])
    told = dossier.version(tenant, found, days=dossier.days_of(request.GET.get("days", "")))
    context = {
        **around,
        **told,
        "act": Acts(tenant, told["places"]).of(told["fact"]) if around["may_write"] else None,
        "live": dossier.live(tenant, ""),
    }
    return pages.render_page(request, "modelregistry/backoffice/version.html", context)


@staff_page(may="platform.read")
@require_safe
def compare(request: HttpRequest, slug: str) -> HttpResponse:
    tenant = find(slug)
    context = {**frame(request, "Versions", tenant), "action": request.path, **dossier.chosen(tenant, request.GET)}
    return pages.render_page(request, "modelregistry/backoffice/compare.html", context)


@staff_page(may="platform.read")
@require_safe
def live(request: HttpRequest, slug: str) -> HttpResponse:
    tenant = find(slug)
    found = dossier.live(tenant, request.GET.get("at", ""))
    context = {
        **frame(request, "Versions", tenant),
        "live": found,
        "action": request.path,
        "spells": lineage.spells(tenant),
        "version_url": version_url(tenant, found["spell"].version.number) if found["spell"] else "",
    }
    status = 422 if found["wrong"] else 200
    return pages.render_page(request, "modelregistry/backoffice/live.html", context, status=status)


@staff_page(may="platform.read")
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """One shop's measures over time; without a shop, all shops with theirs of the period."""
    days = dossier.days_of(request.GET.get("days", ""))
    if request.GET.get("shop", "").strip():
        form = PickForm(request.GET)
        if not form.is_valid():
            return _which(request, "Metrics", "models-metrics", form)
        tenant = form.cleaned_data["shop"]
        context = {**frame(request, "Metrics", tenant), **graphs.over_time(tenant, days, facts.chart(tenant)),
                   "periods": dossier.PERIODS}  # fmt: skip
        return pages.render_page(request, "modelregistry/backoffice/metrics.html", context)
    listing = ListPage(
        request, shop_figures.rows(days), template="modelregistry/backoffice/shops_metrics.html",
        columns=[
            Column("Shop", sort="name"), Column("Version"), Column("Lists shown", sort="shown", numeric=True),
            Column("Click-through", sort="ctr", numeric=True), Column("Conversion", sort="conversion", numeric=True),
            Column("Orders", sort="orders", numeric=True), Column("NDCG@10", sort="ndcg", numeric=True),
        ],
        search=("name", "slug"), sorts=shop_figures.SORTS, default_sort="-shown", nouns=("shop", "shops"),
    )  # fmt: skip
    context = {**frame(request, "Metrics"), "rows": [shop_figures.told(row) for row in listing.rows], "days": days,
               "periods": dossier.PERIODS}  # fmt: skip
    return listing.render(context)


@staff_page(may="platform.read")
@require_safe
def terms(request: HttpRequest) -> HttpResponse:
    context = {"terms": labels.terms(), "tabs": tabs.of_staff("Terms"), "layout": "layouts/backoffice.html"}
    return pages.render_page(request, "modelregistry/terms.html", context)
