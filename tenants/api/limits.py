"""GET /api/limits/status: what the shop used of its plan, and how fast this key may go."""

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.response import Response

from luxebrain.lib import parameters
from tenants import consumption
from tenants.api.base import TenantView
from tenants.models import Plan

_COUNT = {"type": "integer", "minimum": 0}
_LIMIT = {**_COUNT, "nullable": True, "description": "null: without limit"}
_HOLDING = {"type": "object", "required": ["used", "limit"], "properties": {"used": _COUNT, "limit": _LIMIT}}


def _object(**fields: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "required": list(fields), "properties": fields}


_ANSWER = _object(
    request_id={"type": "string"},
    plan=_object(code={"type": "string"}, name={"type": "string"}),
    month=_object(
        **{"from": {"type": "string", "format": "date"}, "to": {"type": "string", "format": "date"}},
        calls=_COUNT,
        limit=_LIMIT,
        remaining=_LIMIT,
        used_up={"type": "boolean", "description": "Noticed within minutes"},
        when_used_up={
            "type": "string",
            "enum": Plan.WhenUsedUp.values,
            "description": "goes_on: nothing is held back; popular: lists hold best sellers; refuse: "
            "recommendations are answered with 402. All other calls go on in any case.",
        },
        forecast={**_COUNT, "nullable": True, "description": "null: not enough days yet"},
        meters={"type": "object", "additionalProperties": _COUNT},
    ),
    rate=_object(per_minute=_COUNT, remaining=_COUNT),
    holdings={"type": "object", "additionalProperties": _HOLDING},
)


class LimitStatus(TenantView):
    """Usage of this month against the plan."""

    http_method_names = ["get", "options"]
    scope = "usage:read"

    @extend_schema(
        operation_id="limits_status",
        summary="Usage against the plan",
        tags=["limits"],
        responses={200: _ANSWER},
    )
    def get(self, request: Any) -> Response:
        parameters.query(request.query_params, allowed=())
        plan = self.tenant.plan
        now = timezone.now()
        found = consumption.report(self.tenant, now=now)
        limit = found.limit
        passage = request._request.passage
        body = {
            "request_id": request._request.request_id,
            "plan": {"code": plan.code, "name": plan.name},
            "month": {
                "from": found.month_starts.isoformat(),
                "to": found.month_ends.isoformat(),
                "calls": found.calls,
                "limit": limit,
                "remaining": None if limit is None else max(0, limit - found.calls),
                "used_up": self.tenant.used_up_until is not None and self.tenant.used_up_until > now,
                "when_used_up": plan.when_used_up,
                "forecast": found.forecast,
                "meters": dict(found.month),
            },
            "rate": {"per_minute": passage.limit, "remaining": passage.remaining},
            "holdings": {
                row["code"]: {"used": row["used"], "limit": row["limit"]} for row in consumption.holdings(self.tenant)
            },
        }
        return Response(body)
