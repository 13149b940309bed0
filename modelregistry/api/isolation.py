"""Isolated models over HTTP: the staff's queue and decisions, and a shop's own request and its state."""

from collections.abc import Iterable
from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.response import Response

from luxebrain.lib import jsonbody, parameters
from luxebrain.lib.problems import NotFound, Problem
from modelregistry import eligibility, isolation_health, isolation_told
from modelregistry.isolation import TenantModelIsolation
from modelregistry.models import IsolationRequest, IsolationStep
from tenants import tenancy
from tenants.api.base import TenantView
from tenants.api.staff import StaffView, text
from tenants.models import Tenant

_WHY = {"reason": text(500)}
_REASON = serializers.CharField(max_length=500)
_OPTIONAL_REASON = serializers.CharField(max_length=500, required=False, help_text="Needed to decline and to disable")
_STATES = IsolationRequest.State.values
ACTIONS = ("approve", "decline", "retrain", "disable", "delete")
_Condition = type("IsolationCondition", (serializers.Serializer,), {
    "name": serializers.CharField(), "is_met": serializers.BooleanField(),
    "text": serializers.CharField(help_text='With its figures: "812 of 1,000 orders"'),
})  # fmt: skip
_Step = type("IsolationStepTold", (serializers.Serializer,), {
    "state": serializers.CharField(), "by": serializers.CharField(), "note": serializers.CharField(),
    "at": serializers.DateTimeField(),
})  # fmt: skip
_Request = type("IsolationRequestTold", (serializers.Serializer,), {
    "id": serializers.IntegerField(), "tenant": serializers.SlugField(), "state": serializers.ChoiceField(_STATES),
    "reason": serializers.CharField(), "facts": serializers.JSONField(help_text="On the day it was asked for"),
    "asked_at": serializers.DateTimeField(), "moved_at": serializers.DateTimeField(), "steps": _Step(many=True),
})  # fmt: skip
_Status = type("IsolationStatus", (serializers.Serializer,), {
    "is_eligible": serializers.BooleanField(), "conditions": _Condition(many=True),
    "model_scope": serializers.ChoiceField(["tenant", "shared"], help_text="Which training made what answers"),
    "request": _Request(allow_null=True),
    "training": serializers.JSONField(allow_null=True, help_text="step and percent of a training under way"),
    "findings": serializers.ListField(child=serializers.CharField(), help_text="What is wrong with the model"),
})  # fmt: skip
_One = inline_serializer("IsolationRequestAnswer", {"request": _Request()})


def told(row: IsolationRequest, found: Iterable[IsolationStep] | None = None) -> dict[str, Any]:
    """`found`: its steps with their people, where they were read for many requests at once."""
    if found is None:
        found = row.steps.select_related("by")  # type: ignore[attr-defined]
    steps = [{"state": step.state, "by": str(step.by or "Automatic"), "note": step.note, "at": step.at}
             for step in found]  # fmt: skip
    return {
        "id": row.pk, "tenant": row.tenant.slug, "state": row.state, "reason": row.reason, "facts": row.facts,
        "asked_at": row.created_at, "moved_at": row.moved_at, "steps": steps,
    }  # fmt: skip


def status(tenant: Tenant, facts: eligibility.Facts | None = None) -> dict[str, Any]:
    """`facts`: where they have been counted already."""
    isolated = TenantModelIsolation(tenant)
    checks, row, health = eligibility.checklist(tenant, facts), isolated.latest(), isolation_health.of(tenant)
    now = isolation_told.progress(tenant)
    serves_alone = health is not None and isolated.should_isolate_tenant()
    return {
        "is_eligible": all(check.is_met for check in checks),
        "conditions": [{"name": check.name, "is_met": check.is_met, "text": check.text} for check in checks],
        "model_scope": "tenant" if serves_alone else "shared",
        "request": told(row) if row else None,
        "training": {"step": now["step"], "percent": now["share"]} if now else None,
        "findings": [finding.text for finding in health.findings] if health else [],
    }


class RequestsView(StaffView):
    """The queue."""

    http_method_names = ["get", "options"]
    audience = ("staff", "platform.read")

    @extend_schema(
        operation_id="admin_models_isolation_requests",
        summary="List the requests for isolated models",
        description="Newest first, with every step; at most 100, or `limit` of them.",
        parameters=[
            OpenApiParameter("state", {"type": "string", "enum": _STATES}),
            OpenApiParameter("limit", {"type": "integer", "minimum": 1, "maximum": 100, "default": 50}),
        ],
        responses={200: inline_serializer("IsolationRequests", {"requests": _Request(many=True)})},
    )
    def get(self, request: Any) -> Response:
        given = parameters.query(request.query_params, allowed=("state", "limit"))
        rows = IsolationRequest.objects.across_tenants().select_related("tenant").order_by("-id")
        if "state" in given:
            if given["state"] not in _STATES:
                raise Problem("A parameter is not right.", fields={"state": f"Must be one of {', '.join(_STATES)}."})
            rows = rows.filter(state=given["state"])
        found = list(rows[: parameters.limit(given.get("limit"))])
        steps: dict[int, list[IsolationStep]] = {row.pk: [] for row in found}
        for step in IsolationStep.objects.across_tenants().filter(request__in=steps).select_related("by"):
            steps[step.request_id].append(step)  # type: ignore[attr-defined]
        return Response({"requests": [told(row, steps[row.pk]) for row in found]})


class RequestActionView(StaffView):
    """One decision about one request."""

    http_method_names = ["post", "options"]

    @extend_schema(
        operation_id="admin_models_isolation_decide",
        summary="Approve, decline, retrain, disable or delete",
        description="409: the request is not in a state for it, or the conditions are not met. Declining and "
        "disabling need a reason, which the shop reads. Deleting takes the files of a disabled model.",
        parameters=[OpenApiParameter("action", {"type": "string", "enum": list(ACTIONS)}, OpenApiParameter.PATH)],
        request=inline_serializer("IsolationDecision", {"reason": _OPTIONAL_REASON}),
        responses={200: _One},
    )
    def post(self, request: Any, pk: int, action: str) -> Response:
        row = IsolationRequest.objects.across_tenants().filter(pk=pk).first()
        tenant = tenancy.across().filter(pk=row.tenant_id).first() if row else None
        if row is None or tenant is None or action not in ACTIONS:
            raise NotFound("There is no such request.")
        reason = self.sent({}, _WHY).get("reason", "")
        isolated, by = TenantModelIsolation(tenant, model=row.model), request.user
        match action:
            case "approve":
                isolated.approve(row, by=by, note=reason)
            case "decline":
                isolated.decline(row, by=by, reason=reason)
            case "disable":
                isolated.disable(row, by=by, reason=reason)
            case "retrain":
                isolated.retrain(row, by=by)
            case "delete":
                isolated.delete(row, by=by)
        row.refresh_from_db()
        return Response({"request": told(row)})


class CreateView(StaffView):
    """An isolated model without a request of the shop."""

    http_method_names = ["post", "options"]

    @extend_schema(
        operation_id="admin_models_create_tenant_model",
        summary="Create an isolated model for a shop",
        description="The training starts with the same transaction. With `dry_run` nothing is changed, and the answer "
        "says whether the conditions are met. 409: they are not, or a request is open.",
        request=inline_serializer("TenantModelCreation", {
            "tenant": serializers.SlugField(), "reason": _REASON, "dry_run": serializers.BooleanField(required=False),
        }),
        responses={200: _Status, 201: _One},
    )  # fmt: skip
    def post(self, request: Any) -> Response:
        given = self.sent({"tenant": text(60), **_WHY}, {"dry_run": _flag})
        tenant = self.tenant(given["tenant"])
        if given.get("dry_run"):
            facts = eligibility.facts(tenant)
            return Response({**status(tenant, facts), "facts": facts.as_json()})
        row = TenantModelIsolation(tenant).create_tenant_model(by=request.user, reason=given["reason"])
        return Response({"request": told(row)}, status=201)


class StatusView(TenantView):
    """What the shop's request came to."""

    http_method_names = ["get", "options"]
    scope = {"GET": "models:read"}

    @extend_schema(
        operation_id="isolation_status",
        summary="Read the state of the shop's isolated model",
        description="The conditions with their figures, the latest request with every step, the training under way.",
        responses={200: _Status},
    )
    def get(self, request: Any) -> Response:
        parameters.query(request.query_params, allowed=())
        return Response(status(self.tenant))


class AskView(TenantView):
    """The shop asks for an isolated model."""

    http_method_names = ["post", "options"]
    scope = {"POST": "models:write"}

    @extend_schema(
        operation_id="request_isolation",
        summary="Ask for an isolated model",
        description="The platform's staff decide. 409: a condition is not met (errors name it), or a request is open.",
        request=inline_serializer("IsolationAsked", {"reason": _REASON}),
        responses={202: _Status},
    )
    def post(self, request: Any) -> Response:
        parameters.query(request.query_params, allowed=())
        given = jsonbody.body(request._request)
        if type(given) is not dict or set(given) != {"reason"} or type(given["reason"]) is not str:
            raise Problem("Send one object with a reason.", fields={"reason": "Must be text of 1 to 500 characters."})
        if not given["reason"].isprintable():
            raise Problem("Some fields are not right.", fields={"reason": "Must be visible characters."})
        TenantModelIsolation(self.tenant).request(reason=given["reason"], by=None)
        return Response(status(self.tenant), status=202)


def _flag(value: Any) -> bool:
    if type(value) is not bool:
        raise ValueError("Must be true or false.")
    return value
