"""The platform's model registry: what serves each shop, how good and how old it is."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.db.models import Count, F, FilteredRelation, FloatField, Q, QuerySet
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast, Coalesce
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods, require_safe

from luxebrain.lib import pages
from luxebrain.lib.forms import FilterForm
from luxebrain.lib.pages import Column, ListPage
from luxebrain.lib.problems import Problem
from modelregistry import facts, labels, versions
from modelregistry.backoffice import registry
from modelregistry.models import ModelAlias, ModelVersion
from tenants import tenancy
from tenants.access import may_operate, shop_named, staff_page
from tenants.models import Tenant

LAYOUT = "layouts/backoffice.html"


class ModelFilter(FilterForm):
    serving = forms.ChoiceField(
        label="In service",
        choices=[("", "With and without a model"), ("yes", "Model in service"), ("no", "No model yet")],
    )

    def apply(self, rows: QuerySet) -> QuerySet:
        serving = self.chosen.get("serving")
        return rows.filter(served__isnull=serving == "no") if serving else rows


@staff_page(may="platform.read")
@require_safe
def models(request: HttpRequest) -> HttpResponse:
    if request.GET.get("shop", "").strip():
        return registry.shop(request)
    listing = ListPage(
        request,
        _shops(),
        template="modelregistry/registry.html",
        columns=[
            Column("Shop", sort="name"), Column("In service"), Column("Algorithm", sort="algorithm"),
            Column("NDCG@10", sort="ndcg", numeric=True), Column("Coverage", numeric=True),
            Column("Trained", sort="age"), Column("Size", sort="size", numeric=True),
            Column("Actions", hidden_label=True),
        ],
        search=("name", "slug"),
        filters=ModelFilter,
        sorts={
            "name": "name",
            "algorithm": ("algorithm", "name"),
            "ndcg": "ndcg",
            "age": "version_id",  # versions are numbered through in the order they were trained
            "size": "bytes",
        },
        default_sort="name",
        nouns=("shop", "shops"),
    )
    return listing.render({"rows": _rows(listing.rows), "may_write": may_operate(request),
                           **registry.frame(request, "Versions")})


@staff_page(may="platform.write")
@require_http_methods(["GET", "POST"])
def rollback(request: HttpRequest, slug: str) -> HttpResponse:
    tenant = shop_named(slug)
    if request.method == "GET":
        before = versions.previous(tenant)
        return pages.render_confirm(
            request, layout=LAYOUT,
            title=f"Take {tenant} back to {before}?" if before else f"{tenant} has nothing to go back to",
            text="One shop changes: all its recommendations come from the version that was in service before.",
            button="Roll back", action=request.path, back="/models", danger=True, reason="Why",
        )
    try:
        move = versions.rollback(tenant, by=request.user, reason=request.POST.get("reason", "").strip())
        messages.success(request, f"{tenant}: {move.version} is in service again. {facts.by_whom(move)}")
    except Problem as problem:
        messages.error(request, f"{tenant}: {problem.detail}")
    return redirect("models")


def _shops() -> QuerySet:
    champion = Q(model_aliases__name=ModelAlias.CHAMPION, model_aliases__model=settings.MODEL_NAME)
    under_way = Q(training_runs__state__in=["queued", "running"])
    ndcg = Cast(KeyTextTransform("ndcg@10", F("served__version__metrics")), FloatField())
    return (
        tenancy.across()
        .exclude(state=Tenant.State.CLOSED)
        .annotate(
            served=FilteredRelation("model_aliases", condition=champion),
            version_id=Coalesce(F("served__version_id"), 0),
            algorithm=F("served__version__algorithm"),
            bytes=Coalesce(F("served__version__size_bytes"), 0),
            ndcg=Coalesce(ndcg, -1.0),
            trainings=Count("training_runs", filter=under_way),
        )
    )


def _rows(tenants: list[Any]) -> list[dict[str, Any]]:
    ids = [tenant.version_id for tenant in tenants if tenant.version_id]
    found = ModelVersion.objects.across_tenants().in_bulk(ids)
    rows = []
    for tenant in tenants:
        version = found.get(tenant.version_id)
        rows.append(
            {
                "tenant": tenant,
                "version": version,
                "algorithm": labels.algorithm(version.algorithm) if version else "",
                "ndcg": version.metrics.get("ndcg@10") if version else None,
                "coverage": version.metrics.get("coverage@10") if version else None,
                "is_stale": bool(version) and facts.is_stale(version, tenant.plan),
                "is_training": tenant.trainings > 0,
                "before": versions.previous(tenant) if version else None,
            }
        )
    return rows
