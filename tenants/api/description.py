"""The published description of the API as OpenAPI in JSON: one for shops, one for the platform's staff."""

from functools import cache
from typing import Any

import orjson
from django.http import HttpResponse
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularAPIView

from luxebrain.lib.rest import ORJSONRenderer
from tenants.api.staff import StaffMay, StaffSession


class DescriptionView(SpectacularAPIView):
    """Of the calls among `patterns`."""

    renderer_classes = [ORJSONRenderer]

    @extend_schema(exclude=True)
    def get(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        return HttpResponse(_written(tuple(self.patterns or ())), content_type="application/json")


class StaffDescriptionView(DescriptionView):
    """The same of the calls that somebody of the staff makes with a session."""

    authentication_classes = [StaffSession]
    permission_classes = [StaffMay]
    audience = ("staff", "platform.read")
    accepts = "anything"  # who asks is looked at before the body is


@cache
def _written(patterns: tuple[Any, ...]) -> bytes:
    """It changes with a release alone, and takes a second to make: each process makes it once."""
    return orjson.dumps(SchemaGenerator(patterns=list(patterns)).get_schema(request=None, public=True), default=str)
