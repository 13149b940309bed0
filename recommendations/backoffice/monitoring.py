"""The staff's page of the batch queue: what waits, runs and fails, how fast, whose, by which workers."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.db.models import Sum
from django.db.models.functions import TruncMinute
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from luxebrain.lib import charts, markup
from luxebrain.lib.forms import FilterForm
from luxebrain.lib.pages import Column, ListPage, render_page
from luxebrain.lib.problems import Problem
from recommendations.backoffice import holds
from recommendations.batch import BatchInferenceQueue
from recommendations.models import BatchChunk, BatchJob
from tenants import tenancy, workers
from tenants.access import may_operate, staff_page

State = BatchJob.State
MINUTES = 30
SILENT_SECONDS = 120
TONES = {"pending": "neutral", "processing": "info", "completed": "good", "partial": "warning", "failed": "bad"}


class QueueFilter(FilterForm):
    state = forms.ChoiceField(label="State", choices=[("", "All states"), *State.choices])


@require_safe
@staff_page()
def monitoring(request: Any) -> HttpResponse:
    listing = ListPage(
        request, BatchJob.objects.across_tenants().select_related("tenant"), template="recommendations/monitoring.html",
        columns=(Column("Job", "asked"), Column("Shop", "shop"), Column("Progress", "total", numeric=True),
                 Column("Status", "state"), Column("Actions", hidden_label=True)),
        search=("name", "public_id", "tenant__slug", "tenant__name"), filters=QueueFilter,
        sorts={"asked": ("pk",), "shop": ("tenant__slug", "pk"), "total": ("total", "pk"), "state": ("state", "pk")},
        default_sort="-asked", nouns=("batch job", "batch jobs"),
    )  # fmt: skip
    context = {**figures(), "may_write": may_operate(request), "poll_url": request.get_full_path()}
    held = set(context["stats"]["held"])
    for job in listing.rows:
        job.is_open = job.state in BatchJob.OPEN
        waits = job.is_paused or (job.is_open and job.tenant.slug in held)
        job.tone = "warning" if waits else TONES.get(job.state, "neutral")
        job.label = "Paused" if job.is_paused else "Shop paused" if waits else job.get_state_display()
        job.can_retry = not job.is_open and job.state != State.EXPIRED
        job.done = job.processed + job.skipped + job.failed
    return listing.render(context)


@require_safe
@staff_page()
def live(request: Any) -> HttpResponse:
    """The figures alone: what the page asks for every five seconds."""
    context = {**figures(), "may_write": may_operate(request)}
    return render_page(request, "recommendations/monitoring_live.html", context)


def figures() -> dict[str, Any]:
    """Every number of the page, counted now."""
    now = timezone.now()
    stats = BatchInferenceQueue.stats()
    slugs = [row["tenant"] for row in stats["tenants"]]
    names = dict(tenancy.across().filter(slug__in=slugs).values_list("slug", "name"))
    for row in stats["tenants"]:
        row["is_held"], row["name"] = row["tenant"] in stats["held"], names.get(row["tenant"], row["tenant"])
    seen = workers.all_seen()
    return {
        "stats": stats,
        "oldest": markup.duration(stats["oldest_seconds"]) if stats["oldest_seconds"] is not None else "nothing waits",
        "paused": f"{markup.plural(stats['paused'], 'open job,open jobs')} paused" if stats["paused"] else "",
        "chart": throughput(now),
        "held": holds.in_force(),
        "lifted": holds.lifted_lately(),
        "workers": seen,
        "silent": SILENT_SECONDS,
        "workers_alive": sum(one.age <= SILENT_SECONDS for one in seen or []),
        "at": now,
    }


def per_minute(now: datetime) -> list[int]:
    """Customers done in each of the last 30 minutes, the oldest first; the last one is not over."""
    start = now.replace(second=0, microsecond=0) - timedelta(minutes=MINUTES - 1)
    done = BatchChunk.objects.across_tenants().filter(state=BatchChunk.State.DONE, finished_at__gte=start)
    counted = dict(
        done.order_by().annotate(minute=TruncMinute("finished_at")).values_list("minute").annotate(n=Sum("size"))
    )
    return [counted.get(start + timedelta(minutes=n), 0) for n in range(MINUTES)]


def throughput(now: datetime) -> charts.Chart:
    values = per_minute(now)
    labels = [f"{timezone.localtime(now - timedelta(minutes=MINUTES - 1 - n)):%H:%M}" for n in range(MINUTES)]
    most = f"at most {max(values):,} in one"
    sentence = f"Customers done per minute: {sum(values):,} in the last {MINUTES} minutes, {most}."
    shown = values if any(values) else []  # rather words than a row of nothing
    return charts.columns(shown, labels, sentence=sentence, name="Customers", x_name="Minute", height=160)


def on_job(does: str, said: str) -> Callable[..., HttpResponse]:
    """A view in which an operator does one thing with a shop's job, by the shop's own use case."""

    @require_POST
    @staff_page(may="platform.write")
    def view(request: Any, slug: str, public_id: UUID) -> HttpResponse:
        with tenancy.enter(holds.tenant_id(slug)) as tenant:
            queue = BatchInferenceQueue(tenant)
            try:
                job = queue.find(public_id)
            except Problem as missing:
                raise Http404(missing.detail) from None
            try:
                if does == "retry":
                    queue.retry(job, by=request.user, failed_only=job.state == State.PARTIAL)
                else:
                    queue.cancel(job, by=request.user)
                messages.success(request, said)
            except Problem as problem:
                messages.error(request, problem.detail)
        return redirect("monitoring")

    return view


retry = on_job("retry", "The job is done again.")
cancel = on_job("cancel", "The job is cancelled and keeps what is done; Retry does it again.")
