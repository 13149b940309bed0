"""Streams over the staff's API: what is watched of one shop, how far it was read, and what gives no data."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.response import Response

from anomalies import silence
from anomalies.api.incidents import named
from luxebrain.lib import parameters
from tenants.api.staff import StaffView

_TEXT = {"type": "string"}
_TIME = {"type": "string", "format": "date-time"}
STREAM = {
    "type": "object",
    "required": ["metric", "label", "state", "read_until", "silent_since", "words"],
    "properties": {
        "metric": _TEXT, "label": _TEXT,
        "state": {"type": "string", "enum": ["data", "no_data"], "description": "No data is not a value of zero"},
        "read_until": _TIME, "silent_since": {**_TIME, "nullable": True}, "words": _TEXT,
    },
}  # fmt: skip
STREAMS = {
    "type": "object", "required": ["request_id", "data"],
    "properties": {"request_id": _TEXT, "data": {"type": "array", "items": STREAM}},
}  # fmt: skip


class StreamsView(StaffView):
    """The streams of one shop, those without data first."""

    audience = ("staff", "platform.read")
    http_method_names = ["get", "head", "options"]

    @extend_schema(operation_id="admin_streams_of_tenant", summary="What is watched of one shop",
                   responses={200: STREAMS})  # fmt: skip
    def get(self, request: Any, tenant: str) -> Response:
        parameters.query(request.query_params, allowed=())
        found = [told(one) for one in silence.of_tenant(named(self, tenant))]
        return Response({"request_id": request._request.request_id, "data": found})


def told(one: silence.Watched) -> dict[str, Any]:
    return {
        "metric": one.metric, "label": one.label, "state": "no_data" if one.silent_since else "data",
        "read_until": one.read_until.isoformat(),
        "silent_since": one.silent_since.isoformat() if one.silent_since else None, "words": one.words,
    }  # fmt: skip
