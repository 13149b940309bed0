"""The API keys of a shop: list, issue, rotate, revoke. A secret is in one answer and nowhere else."""

from typing import Any
from urllib.parse import urlsplit

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from luxebrain.lib import problems
from luxebrain.lib.forms import add_problem
from luxebrain.lib.pages import render_confirm, render_page
from tenants import api_keys, labels, throttling
from tenants.access import tenant_page
from tenants.models import ApiKey
from tenants.panel import quick_start
from tenants.panel.forms import KeyForm, RotateForm, ThrottleForm


@require_safe
@tenant_page(may="keys.read")
def keys(request: Any) -> HttpResponse:
    now = timezone.now()
    keys = request.tenant.api_keys.select_related("created_by").order_by("-id")
    rows = [labels.describe_key(key, now=now) for key in keys]
    context = {
        "rows": [row for row in rows if row["usable"]],
        "ended": [row for row in rows if not row["usable"]],
        "limit": request.tenant.plan.api_keys,
        "may_write": request.membership.may("keys.write"),
    }
    return render_page(request, "tenants/panel/api_keys.html", context)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@tenant_page(may="keys.write")
def issue(request: Any) -> HttpResponse:
    site = urlsplit(request.tenant.website)  # a website may have a path; a site that uses a key has none
    initial = {"kind": request.GET.get("kind", "sk")}
    initial["origins"] = f"{site.scheme}://{site.netloc}" if site.netloc else ""
    form = KeyForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            key, secret = api_keys.issue(request.tenant, by=request.user, **form.options())
        except problems.Problem as problem:
            add_problem(form, problem)
        else:
            return show_once(request, key, secret)
    status = 422 if form.errors else 200
    return render_page(request, "tenants/panel/api_key_new.html", {"form": form}, status=status)


def show_once(request: Any, key: ApiKey, secret: str, *, replaced: ApiKey | None = None) -> HttpResponse:
    """The only answer that ever holds the secret. It is stored nowhere, not even in the session."""
    calls = quick_start.calls(request.tenant, key=key, secret=secret)
    context = {"key": key, "secret": secret, "calls": calls, "replaced": replaced}
    return render_page(request, "tenants/panel/api_key_issued.html", context)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@tenant_page(may="keys.write")
def rotate(request: Any, key_id: int) -> HttpResponse:
    key = get_object_or_404(request.tenant.api_keys, pk=key_id)
    form = RotateForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            fresh, secret = api_keys.rotate(key, grace=form.duration, by=request.user)
        except problems.Problem as problem:
            add_problem(form, problem)
        else:
            return show_once(request, fresh, secret, replaced=key)
    context = {"form": form, "key": key}
    return render_page(request, "tenants/panel/api_key_rotate.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@tenant_page(may="keys.write")
def revoke(request: Any, key_id: int) -> HttpResponse:
    key = get_object_or_404(request.tenant.api_keys, pk=key_id)
    back = reverse("panel:api-keys", args=[request.tenant.slug])
    if request.method != "POST":
        return render_confirm(
            request, layout="layouts/panel.html", title=f"Revoke {key.name}?", button="Revoke the key",
            text="Calls with this key are refused from now on. This cannot be undone.",
            action=request.path, back=back, danger=True,
        )  # fmt: skip
    try:
        api_keys.revoke(key, by=request.user)
    except problems.Problem as problem:
        messages.error(request, problem.detail)
    else:
        messages.success(request, f"{key.name} is revoked. Its calls are refused from now on.")
    return redirect(back)


@require_http_methods(["GET", "HEAD", "POST"])
@tenant_page(may="keys.write")
def throttle(request: Any, key_id: int) -> HttpResponse:
    """Slows a key for a while, instead of ending it."""
    key = get_object_or_404(request.tenant.api_keys, pk=key_id)
    form = ThrottleForm(request.POST or None, most=request.tenant.plan.requests_per_minute)
    if request.method == "POST" and form.is_valid():
        try:
            throttling.throttle(key, by=request.user, **form.cleaned_data)
        except problems.Problem as problem:
            add_problem(form, problem)
        else:
            messages.success(request, f"{key.name} is throttled. It is as fast as before when the time is over.")
            return redirect("panel:api-keys", slug=request.tenant.slug)
    context = {"form": form, "key": key}
    return render_page(request, "tenants/panel/api_key_throttle.html", context, status=422 if form.errors else 200)


@require_POST
@tenant_page(may="keys.write")
def release(request: Any, key_id: int) -> HttpResponse:
    key = get_object_or_404(request.tenant.api_keys, pk=key_id)
    try:
        throttling.release(key, by=request.user)
    except problems.Problem as problem:
        messages.error(request, problem.detail)
    else:
        messages.success(request, f"{key.name} is as fast as before.")
    return redirect("panel:api-keys", slug=request.tenant.slug)
