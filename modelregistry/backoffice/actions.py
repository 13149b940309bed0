"""Changes of what serves a shop, by the platform's staff: activate, undo, releases behind guardrails, uploads."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from luxebrain.lib import forms, pages
from luxebrain.lib.problems import Problem
from modelregistry import release_acts, release_told, uploads, versions
from modelregistry.backoffice.registry import find
from modelregistry.release_forms import UploadForm
from tenants.access import may_operate, staff_page
from tenants.models import Tenant

LAYOUT = "layouts/backoffice.html"


@staff_page(may="platform.write")
@require_http_methods(["GET", "POST"])
def activate(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    tenant = find(slug)
    version = versions.find(tenant, number)

    def do(why: str) -> str:
        move = versions.activate(version, by=request.user, reason=why)  # type: ignore[arg-type]
        return f"{tenant}: {move.version} is in service since {move.moved_at:%H:%M:%S} UTC, by {request.user}."

    return release_acts.act(
        request, layout=LAYOUT, back=_shop(tenant), title=f"Put {version} of {tenant} into service?",
        text="One shop changes, within two seconds. The files are checked first; if they fail, nothing changes.",
        button="Activate", do=do,
    )


@staff_page(may="platform.write")
@require_http_methods(["GET", "POST"])
def undo(request: HttpRequest, slug: str) -> HttpResponse:
    tenant = find(slug)
    return release_acts.undo(request, tenant, layout=LAYOUT, back=_shop(tenant))


@staff_page(may="platform.read")
@require_safe
def release(request: HttpRequest, slug: str) -> HttpResponse:
    tenant = find(slug)
    urls = {f"{verb}_url": reverse(f"models-release-{verb}", args=[slug]) for verb in ("advance", "cancel")}
    context = {**release_told.page(tenant), "shop": tenant, "may_write": may_operate(request),
               "models_url": _shop(tenant), **urls}  # fmt: skip
    return pages.render_page(request, "modelregistry/backoffice/release.html", context)


@staff_page(may="platform.write")
@require_http_methods(["GET", "POST"])
def begin(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    tenant = find(slug)
    return release_acts.begin(
        request, versions.find(tenant, number), template="modelregistry/backoffice/release_begin.html",
        back=reverse("models-release", args=[slug]), context={"shop": tenant},
    )


@staff_page(may="platform.write")
@require_http_methods(["GET", "POST"])
def advance(request: HttpRequest, slug: str) -> HttpResponse:
    return _step(request, slug, "advance")


@staff_page(may="platform.write")
@require_http_methods(["GET", "POST"])
def cancel(request: HttpRequest, slug: str) -> HttpResponse:
    return _step(request, slug, "cancel")


@staff_page(may="platform.write")
@require_http_methods(["GET", "POST"])
def upload(request: HttpRequest) -> HttpResponse:
    """A version from a file: verified whole before it can be chosen."""
    form = UploadForm(request.POST or None, request.FILES or None, initial={"tenant": request.GET.get("shop", "")})
    if request.method == "POST" and form.is_valid():
        try:
            tenant = form.cleaned_data["tenant"]
            version = uploads.register(
                tenant, file=form.cleaned_data["file"], by=request.user,  # type: ignore[arg-type]
                reason=form.cleaned_data["reason"], expected_digest=form.cleaned_data["sha256"],
            )
        except Problem as problem:
            forms.add_problem(form, problem)
        else:
            messages.success(request, f"{tenant}: the file is {version}. It passed its checks and serves nobody yet.")
            return redirect(_shop(tenant))
    status = 422 if request.method == "POST" else 200
    return pages.render_page(request, "modelregistry/backoffice/upload.html", {"form": form}, status=status)


def _step(request: HttpRequest, slug: str, verb: str) -> HttpResponse:
    return release_acts.step(request, find(slug), verb, layout=LAYOUT, back=reverse("models-release", args=[slug]))


def _shop(tenant: Tenant) -> str:
    return f"{reverse('models')}?shop={tenant.slug}"
