"""A shop's page to set up an experiment."""

from typing import Any

from django.http import HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from recommendations import experiment_setup
from tenants.access import tenant_page


@tenant_page(may="models.write")
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: Any) -> HttpResponse:
    slug = request.tenant.slug
    around = experiment_setup.Around(
        layout="layouts/panel.html",
        forecast_url=reverse("panel:experiment-forecast", args=[slug]),
        back_url=reverse("panel:experiments", args=[slug]),
        one=lambda number: reverse("panel:experiment", args=[slug, number]),
        plans_url=reverse("panel:usage", args=[slug]),
        plans_label="Compare the plans",
    )
    return experiment_setup.new(request, request.tenant, around)


@tenant_page(may="models.write")
@require_POST
def look_ahead(request: Any) -> HttpResponse:
    return experiment_setup.look_ahead(request, request.tenant)
