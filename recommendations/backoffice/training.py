"""Training a shop's model at the platform's request."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from luxebrain.lib.problems import Problem
from recommendations import training
from tenants.access import shop_named, staff_page


@staff_page(may="platform.write")
@require_POST
def train(request: HttpRequest, slug: str) -> HttpResponse:
    tenant = shop_named(slug)
    try:
        training.request(tenant, reason="staff", by=request.user)
        messages.success(request, f"The training of {tenant} was asked for. It starts within seconds.")
    except Problem as problem:
        messages.error(request, f"{tenant}: {problem.detail}")
    return redirect("models")
