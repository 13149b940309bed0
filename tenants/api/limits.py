"""GET /api/limits/status: what the shop used of its plan, and how fast this key may go."""

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.response import Response

from luxebrain.lib import parameters
from tenants import consumption
from tenants.api.base import TenantView


class LimitStatus(TenantView):
    """Usage of this month against the plan."""

    scope = "usage:read"

    @extend_schema(
        operation_id="limits_status",
        summary="Usage against the plan",
        responses={200: {"type": "object"}},
    )
    def get(self, request: Any) -> Response:
        parameters.query(request.query_params, allowed=())
        plan = self.tenant.plan
        found = consumption.report(self.tenant, now=timezone.now())
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
                "forecast": found.forecast,
                "meters": dict(found.month),
            },
            "rate": {"per_minute": passage.limit, "remaining": passage.remaining},
            "holdings": {
                row["code"]: {"used": row["used"], "limit": row["limit"]} for row in consumption.holdings(self.tenant)
            },
        }
        return Response(body)
