"""Channels of the platform: where its staff is told of incidents."""

from typing import Any

from django.http import HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from anomalies.channels.pages import ChannelPages
from tenants.access import may_operate, staff_page

pages = ChannelPages(
    layout="layouts/backoffice.html", prefix="", root=("anomalies", "Anomalies"), tenant=lambda request: None,
    may_write=may_operate,
)  # fmt: skip


@require_safe
@staff_page()
def channels(request: Any) -> HttpResponse:
    return pages.listed(request)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@staff_page(may="platform.write")
def new(request: Any) -> HttpResponse:
    return pages.new(request)


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page(may="platform.write")
def channel(request: Any, pk: int) -> HttpResponse:
    return pages.edit(request, pk)


@require_POST
@staff_page(may="platform.write")
def switch(request: Any, pk: int) -> HttpResponse:
    return pages.switch(request, pk)


@require_POST
@staff_page(may="platform.write")
def test(request: Any, pk: int) -> HttpResponse:
    return pages.test(request, pk)


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page(may="platform.write")
def remove(request: Any, pk: int) -> HttpResponse:
    return pages.remove(request, pk)
