"""The batch queue over the staff's API: its numbers, and a job done again."""

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema, inline_serializer
from rest_framework import serializers as s
from rest_framework.response import Response

from luxebrain.lib import parameters
from recommendations import batch_results
from recommendations.api import batch_schemas
from recommendations.batch import BatchInferenceQueue
from tenants import tenancy
from tenants.api.staff import StaffView

_Share = type("BatchQueueShare", (s.Serializer,), {
    "tenant": s.SlugField(), "jobs": s.IntegerField(), "customers": s.IntegerField(),
})  # fmt: skip
_STATS = inline_serializer("BatchQueue", {
    "pending": s.IntegerField(), "processing": s.IntegerField(), "paused": s.IntegerField(),
    "failed": s.IntegerField(), "partial": s.IntegerField(), "completed_last_hour": s.IntegerField(),
    "failed_last_hour": s.IntegerField(), "customers_waiting": s.IntegerField(),
    "held": s.ListField(child=s.SlugField()),
    "customers_last_minute": s.IntegerField(), "oldest_seconds": s.IntegerField(allow_null=True),
    "tenants": _Share(many=True),
})  # fmt: skip


class StatsView(StaffView):
    """What waits, runs and ended."""

    http_method_names = ["get", "options"]
    audience = ("staff", "platform.read")

    @extend_schema(
        operation_id="admin_batch_stats", summary="The batch queue in numbers",
        description="Jobs by state, what ended in the last hour, customers waiting and done in the last minute, the "
        "age of the oldest open job in seconds (null: none is open), the open jobs by shop, and the "
        "shops whose batch work is paused (held).",
        responses={200: _STATS},
    )  # fmt: skip
    def get(self, request: Any) -> Response:
        parameters.query(request.query_params, allowed=())
        return Response(BatchInferenceQueue.stats())


class RetryView(StaffView):
    """Does a job of any shop again."""

    http_method_names = ["post", "options"]
    audience = ("staff", "platform.write")

    @extend_schema(
        operation_id="admin_batch_retry", summary="Do a batch job again",
        description="All of it, with the version that is in service now; ?failed=true: only what failed. 409 for a job "
        "that is under way or expired.", request=None, responses={200: batch_schemas.JOB},
    )  # fmt: skip
    def post(self, request: Any, job_id: UUID) -> Response:
        asked = parameters.query(request.query_params, allowed=("failed",))
        tenant_id = BatchInferenceQueue.owner_of(job_id)
        with tenancy.enter(tenant_id) as tenant:
            queue = BatchInferenceQueue(tenant)
            job = queue.retry(queue.find(job_id), by=request.user, failed_only=asked.get("failed") == "true")
            return Response(batch_results.told(tenant, job))
