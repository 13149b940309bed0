"""Trainings over the staff's API: the tenant of a version is trained anew, and how far that is."""

from typing import Any

from drf_spectacular.utils import extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.response import Response

from luxebrain.lib import parameters
from luxebrain.lib.problems import NotFound
from modelregistry.models import ModelVersion
from recommendations import training
from recommendations.models import TrainingRun
from tenants.api.staff import StaffView

_Run = type("Training", (serializers.Serializer,), {
    "id": serializers.IntegerField(), "tenant": serializers.SlugField(),
    "state": serializers.ChoiceField(TrainingRun.State.values), "step": serializers.CharField(),
    "progress": serializers.FloatField(help_text="0 to 1"), "outcome": serializers.CharField(),
    "error": serializers.CharField(),
    "version": serializers.IntegerField(allow_null=True, help_text="Number of the version that it made"),
    "created_at": serializers.DateTimeField(), "started_at": serializers.DateTimeField(allow_null=True),
    "finished_at": serializers.DateTimeField(allow_null=True),
})  # fmt: skip
_Status = inline_serializer("TrainingStatus", {"made_by": _Run(allow_null=True), "latest": _Run(allow_null=True)})


class TrainView(StaffView):
    """Asks for a training."""

    http_method_names = ["post", "options"]

    @extend_schema(
        operation_id="admin_models_train",
        summary="Train the shop of a version anew",
        description="The new version serves if it is not worse. 409: a training is under way.",
        request=None,
        responses={202: _Run},
    )
    def post(self, request: Any, version_id: int) -> Response:
        version = _version(version_id)
        run = training.request(version.tenant, reason="manual", by=request.user)
        return Response(_told(run), status=202)


class TrainingStatusView(StaffView):
    """How far the shop's training is, and which one made the version."""

    http_method_names = ["get", "options"]
    audience = ("staff", "platform.read")

    @extend_schema(
        operation_id="admin_models_training_status",
        summary="Trainings of a version's shop",
        description="`made_by`: the training that made this version, null for an upload. `latest`: the shop's newest.",
        responses={200: _Status},
    )
    def get(self, request: Any, version_id: int) -> Response:
        parameters.query(request.query_params, allowed=())
        version = _version(version_id)
        runs = version.tenant.training_runs.select_related("tenant", "version")
        made_by, latest = runs.filter(version=version).first(), runs.first()
        return Response({"made_by": _told(made_by) if made_by else None, "latest": _told(latest) if latest else None})


def _version(pk: int) -> ModelVersion:
    rows = ModelVersion.objects.across_tenants().select_related("tenant__plan")
    found = rows.filter(pk=pk).first()
    if found is None:
        raise NotFound("There is no such version.")
    return found


def _told(run: TrainingRun) -> dict[str, Any]:
    same = ("id", "state", "step", "progress", "outcome", "error", "created_at", "started_at", "finished_at")
    return {
        "tenant": run.tenant.slug, "version": run.version.number if run.version else None,
        **{name: getattr(run, name) for name in same},
    }  # fmt: skip
