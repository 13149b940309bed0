"""What people do with feeds: add an address, fetch it now, remove it."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from luxebrain.lib import pages
from luxebrain.lib.problems import Problem
from recommendations.importing import feeds
from recommendations.panel.imports import FeedForm, UploadForm
from tenants.access import tenant_page


@require_POST
@tenant_page(may="catalogue.write")
def add(request: Any) -> HttpResponse:
    form = FeedForm(request.POST)
    if form.is_valid():
        try:
            feeds.add(request.tenant, **form.cleaned_data, by=request.user)
            messages.success(request, "The feed is being fetched. Its file appears here in a moment.")
            return redirect("panel:imports", slug=request.tenant.slug)
        except Problem as problem:
            form.add_error("url", problem.detail)
    context = {"form": UploadForm(), "feed_form": form, "most": request.tenant.plan.file_megabytes}
    context["plan"] = request.tenant.plan.name
    return pages.render_page(request, "recommendations/import_new.html", context, status=422)


@require_POST
@tenant_page(may="catalogue.write")
def fetch(request: Any, pk: int) -> HttpResponse:
    feed = get_object_or_404(request.tenant.feeds, pk=pk)
    try:
        feeds.fetch_now(request.tenant, feed)
        messages.success(request, "The feed is being fetched.")
    except Problem as problem:
        messages.error(request, problem.detail)
    return redirect("panel:imports", slug=request.tenant.slug)


@require_http_methods(["GET", "HEAD", "POST"])
@tenant_page(may="catalogue.write")
def remove(request: Any, pk: int) -> HttpResponse:
    feed = get_object_or_404(request.tenant.feeds, pk=pk)
    key = {"slug": request.tenant.slug}
    if request.method != "POST":
        return pages.render_confirm(
            request, layout="layouts/panel.html", title="Remove this feed?", button="Remove", danger=True,
            text="It is not fetched any more. What was imported stays.",
            action=reverse("panel:feed-remove", kwargs={**key, "pk": pk}), back=reverse("panel:imports", kwargs=key),
        )  # fmt: skip
    feeds.remove(request.tenant, feed, by=request.user)
    messages.success(request, "The feed was removed.")
    return redirect("panel:imports", slug=request.tenant.slug)
