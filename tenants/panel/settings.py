"""What the shop says about itself; owners only."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods

from luxebrain.lib import problems
from luxebrain.lib.forms import add_problem
from luxebrain.lib.pages import render_page
from tenants import profile
from tenants.access import tenant_page
from tenants.panel.forms import SettingsForm

FIELDS = ("name", "website", "currency", "time_zone", "attribution_hours", "takes_part")


@require_http_methods(["GET", "HEAD", "POST"])
@tenant_page(may="settings.write")
def settings(request: Any) -> HttpResponse:
    tenant = request.tenant
    now = {field: getattr(tenant, field) for field in FIELDS}
    form = SettingsForm(request.POST or None, initial=now, tenant=tenant)
    if request.method == "POST" and form.is_valid():
        try:
            changed = profile.update(tenant, by=request.user, **form.cleaned_data)
        except problems.Problem as problem:
            add_problem(form, problem)
        else:
            messages.success(request, "Your settings are saved." if changed else "Nothing was changed.")
            return redirect("panel:settings", slug=tenant.slug)
    status = 422 if form.errors else 200
    return render_page(request, "tenants/panel/settings.html", {"form": form}, status=status)
