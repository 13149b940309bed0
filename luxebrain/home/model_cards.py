"""How models do, on the overviews: the shop's own over 7 and 28 days, and every shop's for the platform."""

from typing import Any

from django.urls import reverse

from luxebrain.lib import markup
from modelregistry import dossier, labels, lineage, measures, performance, shop_figures
from modelregistry.models import ModelAlias
from modelregistry.performance import Totals
from tenants import access
from tenants.models import Tenant

SPANS = (7, 28)
SHOPS = 6


def model(tenant: Tenant, member: access.Member, days: int = 0) -> dict[str, Any]:
    """The version in service: how it did offline beside the one before it, and what shoppers did with its lists."""
    version = lineage.champion(tenant)
    if version is None:
        return {"version": None, "run": tenant.training_runs.first()}
    move = tenant.alias_moves.filter(name=ModelAlias.CHAMPION, model=version.model, version=version)
    move = move.select_related("previous").order_by("-moved_at").first()
    before = move.previous.metrics if move and move.previous else {}
    quality = version.metrics.get("ndcg@10")
    return {
        "version": version,
        "algorithm": labels.algorithm(version.algorithm),
        "quality": quality,
        "quality_change": markup.change(quality, before.get("ndcg@10")),
        "coverage": version.metrics.get("coverage@10"),
        "since": move.moved_at if move else None,
        "spans": SPANS,
        "shares": _shares(tenant, version.number),
        "window_hours": tenant.attribution_hours,
    }


def _shares(tenant: Tenant, number: int) -> list[dict[str, Any]]:
    """Click-through and conversion of the version, each over every span."""
    found = []
    for days in SPANS:
        first, last = dossier.span(tenant, days)
        totals = performance.by_version(tenant, first=first, last=last).get(number, Totals())
        found.append({one.key: one for one in measures.online(totals, days)})
    return [
        {"label": label, "help": text, "values": [one[key] for one in found]}
        for key, label, text in labels.ONLINE
        if key in ("ctr", "conversion")
    ]


def platform() -> dict[str, Any]:
    """The shops with the most lists shown: shares over both spans, quality; each leads to its own charts."""
    rows = list(shop_figures.rows(SPANS[1]).filter(shown__gt=0).order_by("-shown", "name")[:SHOPS])
    short = {row.pk: shop_figures.told(row) for row in shop_figures.rows(SPANS[0]).filter(pk__in=[r.pk for r in rows])}
    return {
        "rows": [{**shop_figures.told(row), "short": short[row.pk], "url": _metrics(row)} for row in rows],
        "spans": SPANS,
        "url": reverse("models-metrics"),
    }


def _metrics(tenant: Tenant) -> str:
    return f"{reverse('models-metrics')}?shop={tenant.slug}"
