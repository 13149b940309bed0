"""The product's routes and, beside them, an endpoint that reads and checks events and stores nothing."""

from datetime import UTC, datetime, timedelta

import orjson
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

from luxebrain.urls import urlpatterns as product
from recommendations import shapes
from recommendations.api import bodies


@csrf_exempt
def validate_only(request: HttpRequest) -> HttpResponse:
    """The same reading and checking as POST /events, behind the same gate."""
    now = datetime.now(UTC)
    accepted = 0
    for event in bodies.rows(request, name="events", most=shapes.MAX_ROWS):
        rows, errors = shapes.events(event, now=now, since={"": now - timedelta(days=90)}, currency="GBP")
        accepted += bool(rows) and not errors
    return HttpResponse(orjson.dumps({"accepted": accepted}), status=202, content_type="application/json")


validate_only.scope = "events:write"  # type: ignore[attr-defined]
validate_only.meter = "events"  # type: ignore[attr-defined]
urlpatterns = [path("api/v1/validate-only", validate_only), *product]
