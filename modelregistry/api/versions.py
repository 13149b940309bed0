"""Versions over the staff's API: register by upload, list, activate, roll back, undo."""

from typing import Any

from django.conf import settings
from drf_spectacular.utils import OpenApiParameter, extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.parsers import MultiPartParser
from rest_framework.response import Response

from luxebrain.lib import parameters
from luxebrain.lib.problems import NotFound, Problem
from modelregistry import uploads, versions
from modelregistry.api import told
from modelregistry.models import ModelVersion
from tenants.api.staff import StaffView, moment, read, text, whole

_REASON = serializers.CharField(max_length=300, required=False, help_text="Stands in the history")
_WHY = {"reason": text(300)}
TENANT = OpenApiParameter("tenant", str, description="Slug of the shop", required=True)
AT = OpenApiParameter("at", {"type": "string", "format": "date-time"}, description="Only what was live then")


def known_model(name: str) -> str:
    """Raises NotFound for a model that is not served here."""
    if name != settings.MODEL_NAME:
        raise NotFound(f"There is no such model. There is: {settings.MODEL_NAME}.")
    return name


def by_id(pk: int) -> ModelVersion:
    """Any shop's version, its tenant beside it, as operators reach them. Raises NotFound."""
    rows = ModelVersion.objects.across_tenants().select_related("tenant__plan", "created_by")
    found = rows.filter(pk=pk).first()
    if found is None:
        raise NotFound("There is no such version.")
    return found


class RegisterView(StaffView):
    """An artefact that was trained elsewhere becomes a version."""

    http_method_names = ["post", "options"]
    parser_classes = [MultiPartParser]
    max_body = settings.MAX_UPLOAD_BYTES

    @extend_schema(
        operation_id="admin_models_register",
        summary="Register a version by upload",
        description="A zip archive of an artefact's folder: manifest.json and .npy files. It is unpacked, its digests, "
        "headers and dimensions are checked, it is loaded and asked the shop's own requests. Only then is it a "
        "version, and never in service by this call. A version of the same file whose files were let go gets them "
        "back. 400: a check failed. 409: this file is a version already.",
        request={"multipart/form-data": inline_serializer("ModelUpload", {
            "tenant": serializers.SlugField(), "file": serializers.FileField(),
            "sha256": serializers.CharField(required=False), "reason": _REASON,
        })},
        responses={201: told.Version},
    )  # fmt: skip
    def post(self, request: Any) -> Response:
        files = request.FILES.getlist("file")
        if len(files) != 1 or set(request.FILES) != {"file"}:
            raise Problem("Some fields are not right.", fields={"file": "Send one file."})
        fields = {name: request.POST[name] for name in request.POST if name != "csrfmiddlewaretoken"}
        given = read(fields, {"tenant": text(60)}, {"sha256": text(64, least=64), **_WHY})
        tenant = self.tenant(given["tenant"])
        version = uploads.register(
            tenant, file=files[0], by=request.user, reason=given.get("reason", ""),
            expected_digest=given.get("sha256", ""),
        )
        return Response(told.version(tenant, version), status=201)


class ListView(StaffView):
    """A shop's versions, or the one that was live at a moment."""

    http_method_names = ["get", "options"]
    audience = ("staff", "platform.read")

    @extend_schema(
        operation_id="admin_models_list",
        summary="List the versions of a shop",
        description="Newest first. With `at`: the one version that was in service then, or none.",
        parameters=[TENANT, AT],
        responses={200: told.Versions},
    )
    def get(self, request: Any, model: str) -> Response:
        given = parameters.query(request.query_params, allowed=("tenant", "at"))
        name = known_model(model)
        if "tenant" not in given:
            raise Problem("A parameter is missing.", fields={"tenant": "Say whose versions, by the shop's slug."})
        tenant = self.tenant(given["tenant"])
        if "at" not in given:
            return Response({"versions": told.listed(tenant, name)})
        at = read({"at": given["at"]}, {"at": moment}, {})["at"]
        live = versions.live_at(tenant, at, model=name)
        return Response({"versions": [told.version(tenant, live)] if live else []})


class ActivateView(StaffView):
    """A checked version goes into service."""

    http_method_names = ["post", "options"]

    @extend_schema(
        operation_id="admin_models_activate",
        summary="Put a version into service",
        description="409: it fails its checks (the detail says which), or is in service already.",
        request=inline_serializer("ModelActivation", {"id": serializers.IntegerField(min_value=1), "reason": _REASON}),
        responses={200: told.Changed},
    )
    def post(self, request: Any) -> Response:
        given = self.sent({"id": whole(1, 2**63 - 1)}, _WHY)
        version = by_id(given["id"])
        move = versions.activate(version, by=request.user, reason=given.get("reason", ""))
        return Response(told.change(version.tenant, move))


class RollbackView(StaffView):
    """The version that served before serves again."""

    http_method_names = ["post", "options"]

    @extend_schema(
        operation_id="admin_models_rollback",
        summary="Go back to the version before",
        description="No version is chosen: a second call goes one further back. 409: there is none to go back to.",
        request=inline_serializer("ModelRollback", {"tenant": serializers.SlugField(), "reason": _REASON}),
        responses={200: told.Changed},
    )
    def post(self, request: Any) -> Response:
        given = self.sent({"tenant": text(60)}, _WHY)
        tenant = self.tenant(given["tenant"])
        return Response(told.change(tenant, versions.rollback(tenant, by=request.user, reason=given.get("reason", ""))))


class UndoView(StaffView):
    """The latest change is taken back."""

    http_method_names = ["post", "options"]

    @extend_schema(
        operation_id="admin_models_undo",
        summary="Undo the latest activation or rollback",
        description="409: another change came since, or there is nothing to undo.",
        request=inline_serializer("ModelUndo", {
            "tenant": serializers.SlugField(), "change": serializers.IntegerField(min_value=1), "reason": _REASON,
        }),
        responses={200: told.Changed},
    )  # fmt: skip
    def post(self, request: Any) -> Response:
        given = self.sent({"tenant": text(60), "change": whole(1, 2**63 - 1)}, _WHY)
        tenant = self.tenant(given["tenant"])
        move = versions.undo(tenant, move=given["change"], by=request.user, reason=given.get("reason", ""))
        return Response(told.change(tenant, move))
