"""The pages of batch jobs: all of them, one of them, and what can be done with it."""

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from luxebrain.lib import markup
from luxebrain.lib.forms import FilterForm
from luxebrain.lib.pages import Column, ListPage, render_confirm, render_page
from luxebrain.lib.problems import Problem
from recommendations import audiences, batch_downloads, batch_handing, batch_results, batch_schedules, batch_words
from recommendations.batch import BatchInferenceQueue
from recommendations.models import BatchJob
from tenants import audit
from tenants.access import tenant_page

State = BatchJob.State
SHOWN_LISTS = 10
UNPLANNED = "It is not asked for any more. Jobs that it made stay. You can put it back for a week."
CALL = """curl -X POST {base}/api/v1/recommendations/batch \\
  -H "Authorization: Bearer lb_live_…" \\
  -H "Content-Type: application/json" \\
  -d '{body}'"""


class JobFilter(FilterForm):
    state = forms.ChoiceField(label="State", choices=[("", "All states"), *State.choices])
    source = forms.ChoiceField(label="From", choices=[
        ("", "Anywhere"), ("panel", "This panel"), ("api", "The API"), ("schedule", "A schedule"),
    ])  # fmt: skip


@require_safe
@tenant_page(may="recommendations.read")
def jobs(request: Any) -> HttpResponse:
    tenant = request.tenant
    listing = ListPage(
        request, tenant.batch_jobs.select_related("requested_by"), template="recommendations/batch_jobs.html",
        columns=(Column("Job", "name"), Column("Progress"), Column("Customers", "customers", numeric=True),
                 Column("Status", "state"), Column("Asked for", "asked")),
        search=("name", "public_id"), filters=JobFilter,
        sorts={"name": ("name", "pk"), "customers": ("total", "pk"), "state": ("state", "pk"), "asked": ("pk",)},
        default_sort="-asked", nouns=("batch job", "batch jobs"),
    )  # fmt: skip
    held = batch_handing.hold(tenant)
    for job in listing.rows:
        batch_words.dress(tenant, job, held=held)
    return listing.render({
        "under_way": any(job.is_open for job in listing.rows),
        "schedules": batch_schedules.to_come(tenant).select_related("last_job"),
        "removed": batch_schedules.removed(tenant)[:5],
        "may_write": request.membership.may("batch.write"),
        "call": call({"customer_ids": ["c-1", "c-2"], "limit": 10}),
        "poll_url": request.get_full_path(),
        "speed": batch_words.speed(tenant),
        "hold": held,
        "unplanned": UNPLANNED,
    })  # fmt: skip


def call(body: dict[str, Any]) -> str:
    """The call that asks for the same; a quote in a text is written so that a shell takes it."""
    text = json.dumps(body, ensure_ascii=False).replace("'", "'\\''")
    return CALL.format(base=settings.BASE_URL, body=text)


def found(request: Any, public_id: UUID) -> BatchJob:
    try:
        return BatchInferenceQueue(request.tenant).find(public_id)
    except Problem as missing:
        raise Http404(missing.detail) from None


@require_safe
@tenant_page(may="recommendations.read")
def job(request: Any, public_id: UUID) -> HttpResponse:
    return _page(request, found(request, public_id))


def _page(request: Any, job: BatchJob) -> HttpResponse:
    tenant = request.tenant
    held = batch_handing.hold(tenant)
    batch_words.dress(tenant, job, held=held)
    kept = job.state != State.EXPIRED
    may_write = request.membership.may("batch.write")
    context = {
        "job": job,
        "hold": held if job.is_open else None,
        "may_write": may_write,
        "audience": audiences.describe(tenant, job.audience) if job.audience else "",
        "problems": batch_results.problems(tenant, job) if kept else [],
        "lists": BatchInferenceQueue(tenant).get_result(job, start=0, limit=SHOWN_LISTS) if kept else [],
        "history": [{**line, "at": datetime.fromisoformat(line["at"])} for line in reversed(job.history)],
        "call": call(body_of(job)),
        "has_lists": kept and job.processed > 0,
        "can_retry": may_write and not job.is_open and kept,
        "formats": [("csv", "CSV"), ("jsonl", "JSON Lines"), ("parquet", "Parquet")],
    }
    return render_page(request, "recommendations/batch_job.html", context, fragment="live")


def body_of(job: BatchJob) -> dict[str, Any]:
    """The body of a call for the same; ids that were named one by one are not repeated beyond two."""
    body = {name: value for name, value in job.asked.items() if value not in (None, "", [], {})}
    body |= {"audience": job.audience} if job.audience else {"customer_ids": ["c-1", "c-2"]}
    return body | {"on_unknown": job.on_unknown} | ({"name": job.name} if job.name else {})


def act(does: str, said: str) -> Callable[..., HttpResponse]:
    """A view that does one thing with a job by its use case, and comes back to where it was asked for."""

    @require_POST
    @tenant_page(may="batch.write")
    def view(request: Any, public_id: UUID) -> HttpResponse:
        job, queue = found(request, public_id), BatchInferenceQueue(request.tenant)
        try:
            if does == "retry_failed":
                queue.retry(job, by=request.user, failed_only=True)
            else:
                getattr(queue, does)(job, by=request.user)
            messages.success(request, said)
        except Problem as problem:
            messages.error(request, problem.detail)
        return redirect("panel:batch-job", slug=request.tenant.slug, public_id=public_id)

    return view


pause = act("pause", "The job is paused. What is under way is finished first.")
resume = act("resume", "The job goes on.")
cancel = act("cancel", "The job is cancelled. What is done stays.")
retry = act("retry", "The whole job is done again, with the model now in service.")
retry_failed = act("retry_failed", "What failed is done again.")


@require_safe
@tenant_page(may="recommendations.read")
def download(request: Any, public_id: UUID) -> HttpResponseBase:
    """All lists that are done as one file, streamed."""
    job, format = found(request, public_id), request.GET.get("format", "csv")
    if format not in batch_downloads.TYPES:
        raise Http404
    try:
        BatchInferenceQueue(request.tenant).check_readable(job)
    except Problem as gone:
        messages.error(request, gone.detail)
        return redirect("panel:batch-job", slug=request.tenant.slug, public_id=public_id)
    audit.record(request.tenant, "batch.fetched", by=request.user, target=str(job.public_id), details={"as": format})
    stream = batch_downloads.stream(request.tenant.pk, job.public_id, format)
    response = StreamingHttpResponse(stream, content_type=batch_downloads.TYPES[format])
    response["Content-Disposition"] = f'attachment; filename="{request.tenant.slug}-batch-{public_id}.{format}"'
    return response


@require_http_methods(["GET", "HEAD", "POST"])
@tenant_page(may="batch.write")
def unplan(request: Any, pk: int) -> HttpResponse:
    back = reverse("panel:batch-jobs", kwargs={"slug": request.tenant.slug})
    try:
        row = batch_schedules.find(request.tenant, pk)
    except Problem as missing:
        raise Http404(missing.detail) from None
    if request.method != "POST":
        return render_confirm(
            request, layout="layouts/panel.html", title=f"Remove “{row.name}”?", button="Remove it", danger=True,
            text=UNPLANNED, action=request.path, back=back,
        )  # fmt: skip
    batch_schedules.remove(request.tenant, pk, by=request.user)
    messages.success(request, f"“{row.name}” is removed. “Put back” below the list undoes it.")
    return redirect(back)


@require_POST
@tenant_page(may="batch.write")
def plan_again(request: Any, pk: int) -> HttpResponse:
    try:
        row = batch_schedules.put_back(request.tenant, pk, by=request.user)
        messages.success(request, f"“{row.name}” is planned again for {markup.exact(row.next_at)}.")
    except Problem as problem:
        messages.error(request, problem.detail)
    return redirect("panel:batch-jobs", slug=request.tenant.slug)
