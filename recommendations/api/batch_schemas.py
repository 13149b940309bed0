"""What the published schema says of batch jobs."""

from drf_spectacular.utils import inline_serializer
from rest_framework import serializers as s

from recommendations import audiences, queries
from recommendations.models import BatchJob

_ID = {"max_length": 64, "required": False}
ASKED = inline_serializer("BatchAsked", {
    "customer_ids": s.ListField(child=s.CharField(max_length=64), min_length=1, max_length=1000, required=False),
    "customer_id": s.CharField(**_ID),
    "session_id": s.CharField(**_ID),
    "recommendation_type": s.ChoiceField(sorted(set(queries.KINDS)), required=False),
    "type": s.ChoiceField(sorted(set(queries.KINDS)), required=False),
    "limit": s.IntegerField(min_value=1, max_value=queries.MAX_LIMIT, required=False),
    "placement": s.RegexField(r"^[A-Za-z0-9_.-]{0,40}$", required=False),
    "filter": s.CharField(required=False),
    "exclude": s.ListField(child=s.CharField(max_length=64), max_length=queries.MAX_EXCLUDED, required=False),
    "audience": inline_serializer("BatchAudience", {
        "kind": s.ChoiceField(list(audiences.KINDS)), "days": s.IntegerField(min_value=1, required=False),
        "least": s.DecimalField(max_digits=12, decimal_places=2, required=False),
        "category": s.CharField(max_length=120, required=False), "id": s.IntegerField(min_value=1, required=False),
        "ids": s.ListField(child=s.CharField(max_length=64), required=False),
    }, required=False),
    "on_unknown": s.ChoiceField(BatchJob.Unknown.values, required=False),
    "name": s.CharField(max_length=120, required=False),
})
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
    "history": s.ListField(child=s.DictField()), "status_url": s.CharField(), "downloads": s.DictField(),
}  # fmt: skip
JOB = inline_serializer("BatchJobTold", {
    **_TOLD, "estimated_seconds": s.FloatField(allow_null=True, required=False),
    "estimated_seconds_reason": s.CharField(allow_null=True, required=False),
})
JOBS = inline_serializer("BatchJobsTold", {
    "jobs": s.ListField(child=inline_serializer("BatchJobListed", _TOLD)), "next_cursor": s.CharField(allow_null=True),
})
JOB_WITH_LISTS = inline_serializer("BatchJobWithLists", {
    **_TOLD, "errors": s.ListField(child=s.DictField()), "results": s.ListField(child=s.DictField()),
    "next_cursor": s.CharField(allow_null=True),
})
