"""The batch queue over the staff's API: its numbers, a job done again, a shop paused and resumed."""

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema, inline_serializer
from rest_framework import serializers as s
from rest_framework.response import Response

from luxebrain.lib import parameters
from recommendations import batch_handing, batch_holds, batch_results
from recommendations.api import batch_schemas, bodies
from recommendations.batch import BatchInferenceQueue
from recommendations.models import BatchHold
from tenants import tenancy
from tenants.api import staff
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
_PAUSE = inline_serializer("BatchPause", {"reason": s.CharField(max_length=batch_holds.MOST_REASON)})
_HELD = inline_serializer("BatchShopHeld", {
    "tenant": s.SlugField(), "paused": s.BooleanField(), "reason": s.CharField(help_text="As the shop reads it"),
    "since": s.DateTimeField(), "by": s.CharField(allow_null=True),
    "until": s.DateTimeField(allow_null=True), "resumed_by": s.CharField(allow_null=True),
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
            return Response(batch_results.told(tenant, job, held=batch_handing.hold(tenant)))


class PauseView(StaffView):
    """Holds all batch work of a shop."""

    http_method_names = ["post", "options"]
    audience = ("staff", "platform.write")

    @extend_schema(
        operation_id="admin_batch_pause", summary="Pause all batch work of a shop",
        description="No piece of a job is begun, no audience read and no planned job asked for until it is resumed; "
        "what is being done ends. The shop reads the reason. 409: it is paused already.",
        request=_PAUSE, responses={200: _HELD},
    )  # fmt: skip
    def post(self, request: Any, slug: str) -> Response:
        parameters.query(request.query_params, allowed=())
        reason = self.sent({"reason": staff.text(batch_holds.MOST_REASON)})["reason"]
        with tenancy.enter(self.tenant(slug).pk) as tenant:
            return Response(_held(batch_holds.place(tenant, reason=reason, by=request.user)))


class ResumeView(StaffView):
    """Lets the batch work of a shop go on."""

    http_method_names = ["post", "options"]
    audience = ("staff", "platform.write")

    @extend_schema(
        operation_id="admin_batch_resume", summary="Resume the batch work of a shop",
        description="Everything goes on where it stood; a planned job whose time passed is asked for once. The back "
        "office can put the pause back for a day. 409: it is not paused.", request=None, responses={200: _HELD},
    )  # fmt: skip
    def post(self, request: Any, slug: str) -> Response:
        parameters.query(request.query_params, allowed=())
        bodies.nothing(request._request)
        with tenancy.enter(self.tenant(slug).pk) as tenant:
            return Response(_held(batch_holds.lift(tenant, by=request.user)))


def _held(row: BatchHold) -> dict[str, Any]:
    by, after = row.placed_by, row.lifted_by
    return {
        "tenant": row.tenant.slug, "paused": row.lifted_at is None, "reason": row.reason, "since": row.placed_at,
        "by": str(by) if by else None, "until": row.lifted_at, "resumed_by": str(after) if after else None,
    }  # fmt: skip
