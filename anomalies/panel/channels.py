"""Channels of a shop: where its people are told of their own incidents."""

from typing import Any

from django.http import HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from anomalies.channels.pages import ChannelPages
from tenants.access import tenant_page

pages = ChannelPages(
    layout="layouts/panel.html", prefix="panel:", root=("panel:alerts", "Alerts"),
    tenant=lambda request: request.tenant, may_write=lambda request: True,
)  # fmt: skip


@require_safe
@tenant_page(may="settings.write")
def channels(request: Any) -> HttpResponse:
    return pages.listed(request)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@tenant_page(may="settings.write")
def new(request: Any) -> HttpResponse:
    return pages.new(request)


@require_http_methods(["GET", "HEAD", "POST"])
@tenant_page(may="settings.write")
def channel(request: Any, pk: int) -> HttpResponse:
    return pages.edit(request, pk)


@require_POST
@tenant_page(may="settings.write")
def switch(request: Any, pk: int) -> HttpResponse:
    return pages.switch(request, pk)


@require_POST
@tenant_page(may="settings.write")
def test(request: Any, pk: int) -> HttpResponse:
    return pages.test(request, pk)


@require_http_methods(["GET", "HEAD", "POST"])
@tenant_page(may="settings.write")
def remove(request: Any, pk: int) -> HttpResponse:
    return pages.remove(request, pk)
