"""What the published schema says of batch jobs."""

from drf_spectacular.utils import inline_serializer
from rest_framework import serializers as s

from recommendations import audiences, batch_asking, batch_packing, queries
from recommendations.api import audience_schemas, sent
from recommendations.models import BatchJob

ASKED = sent.asked(
    "BatchAsked",
    set(),
    customer_ids={"type": "array", "items": sent.ID, "minItems": 1, "maxItems": batch_asking.MAX_IDS},
    audience={
        "oneOf": [audience_schemas.rule(kind) for kind in audiences.KINDS],
        "description": "Instead of ids: a rule that finds its customers, or a saved audience",
        "example": {"kind": "ordered_within", "days": 90},
        "nullable": True,
    },
    on_unknown={
        "type": "string", "enum": BatchJob.Unknown.values, "default": BatchJob.Unknown.POPULAR,
        "description": "Customers that the shop does not know: best sellers, no list, or counted as failed",
    },
    name=sent.text(120),
    recommendation_type={"type": "string", "enum": sorted(set(queries.KINDS)), "description": "The same as type"},
    **sent.OF_CALL,
)  # fmt: skip
_LIST = inline_serializer("BatchList", {
    "place": s.IntegerField(min_value=0), "customer_id": s.CharField(allow_null=True, help_text="null: a session"),
    "status": s.ChoiceField(batch_packing.STATES), "unknown": s.BooleanField(),
    "items": inline_serializer("BatchItem", {
        "product_id": s.CharField(), "rank": s.IntegerField(min_value=1), "score": s.FloatField(),
        "source": s.CharField(),
    }, many=True), "reason": s.CharField(required=False, help_text="Why there is no list"),
}, many=True)  # fmt: skip
_PROBLEM = inline_serializer("BatchProblem", {
    "places": inline_serializer("BatchPlaces", {"from": s.IntegerField(), "to": s.IntegerField()}),
    "customer_id": s.CharField(allow_null=True, help_text="null: all of these places"),
    "attempts": s.IntegerField(), "reason": s.CharField(),
}, many=True)  # fmt: skip
_STEP = inline_serializer(
    "BatchStep", {"at": s.DateTimeField(), "by": s.CharField(), "what": s.CharField()}, many=True
)
# A serializer takes its fields out of what it is given: each gets a copy.
_TOLD = {
    "job_id": s.UUIDField(), "name": s.CharField(), "status": s.ChoiceField(BatchJob.State.values),
    "paused": s.BooleanField(),
    "held": inline_serializer(
        "BatchHeld", {"since": s.DateTimeField(), "reason": s.CharField()}, allow_null=True,
        help_text="The platform's staff paused all batch work of the shop: since when, and why. null: they did not.",
    ), "total": s.IntegerField(), "processed": s.IntegerField(), "failed": s.IntegerField(),
    "skipped": s.IntegerField(), "unknown": s.IntegerField(), "on_unknown": s.ChoiceField(BatchJob.Unknown.values),
    "asked": s.DictField(), "audience": s.DictField(allow_null=True), "model_version": s.CharField(allow_null=True),
    "created_at": s.DateTimeField(), "started_at": s.DateTimeField(allow_null=True),
    "finished_at": s.DateTimeField(allow_null=True), "expires_at": s.DateTimeField(allow_null=True),
    "attempts": s.IntegerField(), "reason": s.CharField(allow_null=True),
    "rate_per_second": s.FloatField(allow_null=True), "seconds_left": s.IntegerField(allow_null=True),
    "history": _STEP, "status_url": s.CharField(),
    "downloads": s.DictField(child=s.CharField(), help_text="{format: address}"),
}  # fmt: skip
JOB = inline_serializer("BatchJobTold", {
    **_TOLD, "estimated_seconds": s.FloatField(allow_null=True, required=False),
    "estimated_seconds_reason": s.CharField(allow_null=True, required=False),
})
JOBS = inline_serializer("BatchJobsTold", {
    "jobs": inline_serializer("BatchJobListed", dict(_TOLD), many=True), "next_cursor": s.CharField(allow_null=True),
})
JOB_WITH_LISTS = inline_serializer("BatchJobWithLists", {
    **_TOLD, "errors": _PROBLEM, "results": _LIST,
    "next_cursor": s.CharField(allow_null=True),
})
