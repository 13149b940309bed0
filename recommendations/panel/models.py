"""The models page of a shop: what serves, what is being trained, what there was."""

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from luxebrain.lib import markup, pages
from luxebrain.lib.pages import Column, ListPage
from luxebrain.lib.problems import Problem
from modelregistry import dossier, facts, lineage, tabs, trials
from recommendations import popular, training
from recommendations.algorithms.hybrid import Hybrid
from recommendations.models import TrainingRun
from tenants.access import tenant_page
from tenants.models import Tenant

TEMPLATE = "modelregistry/models.html"
SHOWN_RUNS = 10
REASONS = {
    "manual": "By hand",
    "first": "First model",
    "daily": "Daily",
    "erasure": "After an erasure",
    "command": "Command line",
    "staff": "Platform",
    "isolated": "Isolated model",
    "isolation_ended": "Isolation ended",
    "demo": "Demo",
}


@tenant_page(may="models.read")
@require_safe
def models(request: HttpRequest) -> HttpResponse:
    tenant, member = request.tenant, request.membership  # type: ignore[attr-defined]
    places = facts.places(tenant)
    champion, before = places.champion, places.previous
    listing = ListPage(
        request,
        tenant.model_versions.filter(model=settings.MODEL_NAME).select_related("created_by"),
        template=TEMPLATE,
        columns=[
            Column("Version", sort="number"),
            Column("State"),
            Column("Algorithm", sort="algorithm"),
            Column("NDCG@10", numeric=True),
            Column("Recall@10", numeric=True),
            Column("Coverage", numeric=True),
            Column("Trained", sort="trained"),
            Column("By"),
            Column("Actions", hidden_label=True),
        ],
        sorts={"number": "number", "algorithm": ("algorithm", "number"), "trained": "created_at"},
        default_sort="-number",
        sizes=(10, 25, 50),
        nouns=("version", "versions"),
    )
    return listing.render(
        {
            "rows": [places.fact(version) for version in listing.rows],
            "champion": places.fact(champion) if champion else None,
            "before": before,
            "rollback_title": f"Go back to {before}?",
            "rollback_button": f"Roll back to {before}…",
            "tiles": facts.tiles(champion, before) if champion else [],
            "is_stale": bool(champion) and facts.is_stale(champion, tenant.plan),
            "chart": facts.chart(tenant),
            "tabs": tabs.of_tenant(tenant.slug, "Versions"),
            "kept": {"versions": tenant.plan.kept_versions, "days": tenant.plan.kept_version_days},
            "live": dossier.live(tenant, ""),
            "spells": lineage.spells(tenant, most=5),
            "experiments": dossier.experiments(tenant, champion),
            "changed": dossier.changed(before, champion),
            "runs": [_run(run) for run in _ended(tenant)],
            "has_hybrid": Hybrid.available(),
            "may_write": member.may("models.write"),
            "may_train": member.may("models.train"),
            **cold_start(tenant),
            **_under_way(tenant),
        }
    )


@tenant_page(may="models.read")
@require_safe
def progress(request: HttpRequest) -> HttpResponse:
    """The part of the page that is polled while a training is under way; the whole page at its end."""
    tenant = request.tenant  # type: ignore[attr-defined]
    if not pages.wants_fragment(request):
        return redirect("panel:models", slug=tenant.slug)
    context = _under_way(tenant)
    if context["under_way"] is None:
        response = HttpResponse()
        if last := _ended(tenant).first():
            tell = messages.error if last.state == TrainingRun.State.FAILED else messages.success
            tell(request, last.error or last.outcome)
        response["HX-Refresh"] = "true"
        return response
    return pages.render_page(request, TEMPLATE, context, fragment="training")


@tenant_page(may="models.train")
@require_POST
def train(request: HttpRequest) -> HttpResponse:
    tenant = request.tenant  # type: ignore[attr-defined]
    try:
        training.request(tenant, reason="manual", by=request.user)
        messages.success(request, "The training was asked for. It starts within seconds.")
    except Problem as problem:
        messages.error(request, problem.detail)
    return redirect("panel:models", slug=tenant.slug)


def cold_start(tenant: Tenant) -> dict[str, Any]:
    """How many orders there are of those that a model needs; counted no further than that."""
    needed = settings.COLD_START_ORDERS
    orders = popular.countable_orders(tenant, most=needed)
    return {
        "orders": orders,
        "needed": needed,
        "is_cold": orders < needed,
        "warmth": round(100 * orders / needed),
        "warmth_text": f"{orders} of {needed} orders",
    }


def _ended(tenant: Tenant) -> Any:
    runs = tenant.training_runs.exclude(state__in=training.OPEN).select_related("version", "requested_by")
    return runs.order_by("-id")[:SHOWN_RUNS]


def _under_way(tenant: Tenant) -> dict[str, Any]:
    run = training.under_way(tenant)
    if run is None:
        return {"under_way": None}
    share = round(100 * run.progress)
    parts = [f"{share}%" if run.state == TrainingRun.State.RUNNING else "Waiting"]
    left = seconds_left(run, timezone.now())
    if left is not None:
        parts.append(f"about {markup.duration(left)} left")
    running = run.state == TrainingRun.State.RUNNING
    return {"under_way": run, "share": share if running else None, "progress_text": " · ".join(parts)}


def seconds_left(run: TrainingRun, now: datetime) -> int | None:
    """From how long the part behind it took; None while that says too little."""
    if run.state != TrainingRun.State.RUNNING or run.started_at is None or run.progress < 0.1:
        return None
    elapsed = max((now - run.started_at) / timedelta(seconds=1), 0.0)
    return max(1, round(elapsed * (1 - run.progress) / run.progress))


def _run(run: TrainingRun) -> dict[str, Any]:
    ended = run.finished_at - run.started_at if run.finished_at and run.started_at else None
    failed = run.state == TrainingRun.State.FAILED
    return {
        "run": run,
        "words": run.error or run.outcome,
        "tone": "bad" if failed else "good" if run.version else "warning",
        "state": "Failed" if failed else "Done" if run.version else "No model",
        "reason": REASONS.get(run.reason, run.reason),
        "by": str(run.requested_by) if run.requested_by else "Automatic",
        "took": ended,
        "trials": trials.told(run.trials),
    }
