"""Experiments over the shops' API: what runs, what ran, and the figures of their days."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.response import Response

from luxebrain.lib import parameters
from luxebrain.lib.problems import Problem
from modelregistry import experiments
from modelregistry.api.experiments_told import DAY_SUMS, Day, Told, day, told
from modelregistry.models import Experiment
from tenants.api.base import TenantView

MOST = 100
_STATE = {"type": "string", "enum": list(Experiment.State.values)}
_NUMBER = {"type": "integer", "minimum": 1, "maximum": 32_767}


def _whole(given: dict[str, str], name: str, most: int, default: int) -> int:
    text = given.get(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdigit() and len(text) <= 6 and 1 <= int(text) <= most):
        raise Problem("A parameter is not right.", fields={name: f"A whole number from 1 to {most}."})
    return int(text)


class ExperimentsView(TenantView):
    """The shop's experiments, the newest first."""

    http_method_names = ["get", "options"]
    scope = "control:read"

    @extend_schema(
        operation_id="experiments_list",
        summary="List experiments",
        description="Newest first. `next_before` is the value of `before` for the page that follows, or null.",
        parameters=[
            OpenApiParameter("state", _STATE),
            OpenApiParameter("limit", {"type": "integer", "minimum": 1, "maximum": MOST, "default": 20}),
            OpenApiParameter("before", _NUMBER, description="Only those with a smaller number"),
        ],
        responses={200: inline_serializer("Experiments", {
            "experiments": Told(many=True), "next_before": serializers.IntegerField(allow_null=True),
        })},
    )  # fmt: skip
    def get(self, request: Any) -> Response:
        given = parameters.query(request.query_params, allowed=("state", "limit", "before"))
        limit, before = _whole(given, "limit", MOST, 20), _whole(given, "before", 32_767, 0)
        rows = self.tenant.experiments.order_by("-number")
        if "state" in given:
            if given["state"] not in Experiment.State.values:
                choices = ", ".join(Experiment.State.values)
                raise Problem("A parameter is not right.", fields={"state": f"One of {choices}."})
            rows = rows.filter(state=given["state"])
        if before:
            rows = rows.filter(number__lt=before)
        found = list(rows[: limit + 1])
        following = found[limit - 1].number if len(found) > limit else None
        return Response({"experiments": [told(row) for row in found[:limit]], "next_before": following})


class ExperimentView(TenantView):
    """One experiment."""

    http_method_names = ["get", "options"]
    scope = "control:read"

    @extend_schema(operation_id="experiments_read", summary="Read an experiment", responses={200: Told})
    def get(self, request: Any, number: int) -> Response:
        parameters.query(request.query_params, allowed=())
        return Response(told(experiments.find(self.tenant, number)))


class ExperimentDaysView(TenantView):
    """What the arms brought, up to the end of each day."""

    http_method_names = ["get", "options"]
    scope = "control:read"

    @extend_schema(
        operation_id="experiments_days",
        summary="Figures of an experiment by day",
        description="One row for each day and arm: sums over all subjects since the phase began, up to the end of "
        "that day. A subject is a customer or a guest's session and counts from its first impression. Squares and "
        "products are sums over subjects, for variances. `segment`: empty for all, shopper:customer, shopper:guest, "
        "or placement:<code>.",
        parameters=[
            OpenApiParameter("segment", {"type": "string", "maxLength": 60}),
            OpenApiParameter("phase", _NUMBER, description="The present one by default"),
        ],
        responses={200: inline_serializer("ExperimentDays", {
            "experiment": serializers.IntegerField(), "phase": serializers.IntegerField(),
            "segments": serializers.ListField(child=serializers.CharField(allow_blank=True)), "days": Day(many=True),
        })},
    )  # fmt: skip
    def get(self, request: Any, number: int) -> Response:
        given = parameters.query(request.query_params, allowed=("segment", "phase"))
        experiment = experiments.find(self.tenant, number)
        phase = _whole(given, "phase", 32_767, experiment.phase)
        if not given.get("segment", "").isprintable():
            raise Problem("A parameter is not right.", fields={"segment": "Is not a segment."})
        rows = self.tenant.experiment_days.filter(experiment=experiment, phase=phase)
        segments = sorted(set(rows.values_list("segment", flat=True)))
        chosen = rows.filter(segment=given.get("segment", "")).order_by("day", "arm").only("day", "arm", *DAY_SUMS)
        return Response({
            "experiment": experiment.number, "phase": phase, "segments": segments, "days": [day(row) for row in chosen],
        })  # fmt: skip
