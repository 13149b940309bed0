"""Pages about one version of a shop's model: its facts, putting it into service, going back."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from luxebrain.lib import pages
from luxebrain.lib.problems import Problem
from modelregistry import dossier, facts, versions
from tenants.access import tenant_page

LAYOUT = "layouts/panel.html"


@tenant_page(may="models.read")
@require_safe
def detail(request: HttpRequest, number: int) -> HttpResponse:
    tenant = request.tenant  # type: ignore[attr-defined]
    version = versions.find(tenant, number)
    context = {
        **dossier.version(tenant, version, days=dossier.days_of(request.GET.get("days", ""))),
        "may_write": request.membership.may("models.write"),  # type: ignore[attr-defined]
        "live": dossier.live(tenant, ""),
    }
    return pages.render_page(request, "modelregistry/version.html", context)


@tenant_page(may="models.write")
@require_http_methods(["GET", "POST"])
def activate(request: HttpRequest, number: int) -> HttpResponse:
    tenant = request.tenant  # type: ignore[attr-defined]
    version = versions.find(tenant, number)
    if request.method == "GET":
        return pages.render_confirm(
            request, layout=LAYOUT, title=f"Put {version} into service?",
            text="All recommendations of this shop come from it within two seconds. You can roll back at any time.",
            button=f"Put {version} into service", action=request.path, back=_models(tenant.slug),
        )
    try:
        move = versions.activate(version, by=request.user, reason="Chosen on the models page")
        messages.success(request, f"{version} is in service. {facts.by_whom(move)}")
    except Problem as problem:
        messages.error(request, problem.detail)
    return _back(tenant.slug)


@tenant_page(may="models.write")
@require_http_methods(["GET", "POST"])
def rollback(request: HttpRequest) -> HttpResponse:
    tenant = request.tenant  # type: ignore[attr-defined]
    if request.method == "GET":
        before = versions.previous(tenant)
        return pages.render_confirm(
            request, layout=LAYOUT, title=f"Go back to {before}?" if before else "There is nothing to go back to",
            text="All recommendations of this shop come from the version that was in service before.",
            button="Roll back", action=request.path, back=_models(tenant.slug), danger=True,
        )
    try:
        move = versions.rollback(tenant, by=request.user, reason="Rolled back on the models page")
        messages.success(request, f"{move.version} is in service again. {facts.by_whom(move)}")
    except Problem as problem:
        messages.error(request, problem.detail)
    return _back(tenant.slug)


def _models(slug: str) -> str:
    return reverse("panel:models", kwargs={"slug": slug})


def _back(slug: str) -> HttpResponseRedirect:
    return redirect(_models(slug))
