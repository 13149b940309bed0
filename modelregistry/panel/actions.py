"""Changes of what serves a shop, by its own people: undo, and a release behind guardrails."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from luxebrain.lib import pages
from modelregistry import release_acts, release_told, tabs, versions
from tenants.access import tenant_page

LAYOUT = "layouts/panel.html"


@tenant_page(may="models.write")
@require_http_methods(["GET", "POST"])
def undo(request: HttpRequest) -> HttpResponse:
    tenant = request.tenant  # type: ignore[attr-defined]
    back = reverse("panel:models", kwargs={"slug": tenant.slug})
    return release_acts.undo(request, tenant, layout=LAYOUT, back=back)


@tenant_page(may="models.read")
@require_safe
def release(request: HttpRequest) -> HttpResponse:
    tenant = request.tenant  # type: ignore[attr-defined]
    context = {
        **release_told.page(tenant), "tabs": tabs.of_tenant(tenant.slug, "Versions"),
        "may_write": request.membership.may("models.write"),  # type: ignore[attr-defined]
        "models_url": reverse("panel:models", kwargs={"slug": tenant.slug}), **_urls(tenant.slug),
    }  # fmt: skip
    return pages.render_page(request, "modelregistry/release.html", context)


@tenant_page(may="models.write")
@require_http_methods(["GET", "POST"])
def begin(request: HttpRequest, number: int) -> HttpResponse:
    tenant = request.tenant  # type: ignore[attr-defined]
    version = versions.find(tenant, number)
    back = reverse("panel:model-release", kwargs={"slug": tenant.slug})
    return release_acts.begin(request, version, template="modelregistry/release_begin.html", back=back, context={})


@tenant_page(may="models.write")
@require_http_methods(["GET", "POST"])
def advance(request: HttpRequest) -> HttpResponse:
    return _step(request, "advance")


@tenant_page(may="models.write")
@require_http_methods(["GET", "POST"])
def cancel(request: HttpRequest) -> HttpResponse:
    return _step(request, "cancel")


def _step(request: HttpRequest, verb: str) -> HttpResponse:
    tenant = request.tenant  # type: ignore[attr-defined]
    back = reverse("panel:model-release", kwargs={"slug": tenant.slug})
    return release_acts.step(request, tenant, verb, layout=LAYOUT, back=back)


def _urls(slug: str) -> dict[str, Any]:
    verbs = ("advance", "cancel")
    return {f"{verb}_url": reverse(f"panel:model-release-{verb}", kwargs={"slug": slug}) for verb in verbs}
