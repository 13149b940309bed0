"""Experiments over the staff's API: set up and start, list, move the share, stop, conclude."""

from datetime import date
from typing import Any

from drf_spectacular.utils import extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.response import Response

from luxebrain.lib import parameters
from luxebrain.lib.problems import Problem
from modelregistry import checks, experiments, results, versions
from modelregistry.api.experiments_told import Told, told
from modelregistry.api.versions import known_model
from modelregistry.models import Experiment, ModelVersion
from tenants.api.staff import StaffView, text, whole
from tenants.models import Tenant

_NUMBER = whole(1, 2**31 - 1)
_WHICH = {"tenant": text(60), "experiment": whole(1, 32_767)}
_REASON = {"reason": text(300)}
_NAMES = {"tenant": serializers.SlugField(), "experiment": serializers.IntegerField(help_text="Number")}


def _sent(value: Any) -> Any:
    """Whatever it is: the use case says what it may be."""
    return value


def _spoken(problem: Problem) -> Problem:
    """The same with the share as this API calls it."""
    for error in problem.errors:
        error["field"] = "split" if error["field"] == "share_b" else error["field"]
    return problem


def _day(value: Any) -> date:
    try:
        return date.fromisoformat(value if type(value) is str else "")
    except ValueError:
        raise ValueError("Must be a day such as 2026-05-01.") from None


class ListView(StaffView):
    """The experiments of a shop."""

    http_method_names = ["get", "options"]
    audience = ("staff", "platform.read")

    @extend_schema(
        operation_id="admin_models_ab_tests",
        summary="List the experiments of a shop",
        description="The newest 200, by the shop's slug.",
        responses={200: inline_serializer("AbTests", {"experiments": Told(many=True)})},
    )
    def get(self, request: Any, tenant: str) -> Response:
        parameters.query(request.query_params, allowed=())
        rows = self.tenant(tenant).experiments.order_by("-number")[:200]
        return Response({"experiments": [told(row) for row in rows]})


class AbTestView(StaffView):
    """A test of two versions of a shop."""

    http_method_names = ["post", "options"]

    @extend_schema(
        operation_id="admin_models_ab_test",
        summary="Set up and start an A/B test of two versions",
        description="404: a version is unknown. 400: A and B are the same, or the split is no whole number from 1 to "
        "99. 402: the plan of the shop has no experiments. 409: a test runs on the same "
        "lists, or a version cannot be served.",
        request=inline_serializer("AbTestOrder", {
            "tenant": serializers.SlugField(), "a": serializers.IntegerField(help_text="Number of a version"),
            "b": serializers.IntegerField(), "split": serializers.IntegerField(help_text="Per cent for B, 1 to 99"),
            "name": serializers.CharField(required=False), "model": serializers.CharField(required=False),
            "minimum_subjects": serializers.IntegerField(required=False),
            "planned_end": serializers.DateField(required=False),
        }),
        responses={201: Told},
    )  # fmt: skip
    def post(self, request: Any) -> Response:
        needed = {"tenant": text(60), "a": _NUMBER, "b": _NUMBER, "split": _sent}
        optional = {"name": text(80), "model": text(40), "minimum_subjects": _sent, "planned_end": _day}
        given = self.sent(needed, optional)
        model = known_model(given.get("model", Experiment._meta.get_field("model").default))
        tenant = self.tenant(given["tenant"])
        a, b = (versions.find(tenant, given[arm], model=model) for arm in "ab")
        try:
            row = self.begun(tenant, a, b, model, given)
        except Problem as problem:
            raise _spoken(problem) from None
        return Response(told(row), status=201)

    def begun(self, tenant: Tenant, a: ModelVersion, b: ModelVersion, model: str, given: dict[str, Any]) -> Experiment:
        """Set up and started, or neither."""
        by = self.request.user
        for version in (a, b):  # before the lock of the set-up
            checks.fetch(version)
        with tenant.atomic():
            row = experiments.set_up(
                tenant, by=by, name=given.get("name", f"{a} against {b}"), unit=Experiment.Unit.VERSION,
                a={"version": a.number}, b={"version": b.number}, share_b=given["split"], model=model,
                minimum_subjects=given.get("minimum_subjects", 1000), planned_end=given.get("planned_end"),
            )  # fmt: skip
            return experiments.start(row, by=by)


class _Change(StaffView):
    http_method_names = ["post", "options"]

    def find(self, given: dict[str, Any]) -> Experiment:
        return experiments.find(self.tenant(given["tenant"]), given["experiment"])


class StopView(_Change):
    """A test ends without a winner."""

    @extend_schema(
        operation_id="admin_models_ab_test_stop",
        summary="Stop an experiment",
        description="Everybody gets again what holds without it. 409: it does not run.",
        request=inline_serializer("AbTestStop", _NAMES | {"reason": serializers.CharField(required=False)}),
        responses={200: Told},
    )
    def post(self, request: Any) -> Response:
        given = self.sent(_WHICH, _REASON)
        return Response(told(results.stop(self.find(given), by=request.user, reason=given.get("reason", ""))))


class ConcludeView(_Change):
    """The winner gets everything."""

    @extend_schema(
        operation_id="admin_models_ab_test_conclude",
        summary="Conclude an experiment",
        description="The winner's version is put into service for everybody. 409: it has ended, or cannot be served.",
        request=inline_serializer("AbTestConclusion", _NAMES | {
            "winner": serializers.ChoiceField(["A", "B"]), "reason": serializers.CharField(required=False),
        }),
        responses={200: Told},
    )  # fmt: skip
    def post(self, request: Any) -> Response:
        given = self.sent(_WHICH | {"winner": text(1)}, _REASON)
        row = results.conclude(
            self.find(given), winner=given["winner"], by=request.user, reason=given.get("reason", "")
        )
        return Response(told(row))


class ShareView(_Change):
    """The boundary between A and B moves."""

    @extend_schema(
        operation_id="admin_models_ab_test_share",
        summary="Move the share of an experiment",
        description="Subjects change over in one direction only. Figures begin anew: a new phase.",
        request=inline_serializer("AbTestShare", _NAMES | {"split": serializers.IntegerField()}),
        responses={200: Told},
    )
    def post(self, request: Any) -> Response:
        given = self.sent(_WHICH | {"split": _sent})
        try:
            row = experiments.change_share(self.find(given), share_b=given["split"], by=request.user)
        except Problem as problem:
            raise _spoken(problem) from None
        return Response(told(row))
