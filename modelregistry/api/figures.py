"""Figures of versions over the staff's API: what they did in the shops, and what was measured of them."""

import math
from datetime import timedelta
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.response import Response

from luxebrain.lib import parameters
from luxebrain.lib.problems import Problem
from modelregistry import performance, versions
from modelregistry.api.versions import TENANT, by_id, known_model
from modelregistry.models import ModelMetrics
from tenants import tenancy
from tenants.api.staff import StaffView, moment, text
from tenants.models import Tenant

_DAYS = OpenApiParameter("days", {"type": "integer", "minimum": 1, "maximum": 400, "default": 28})
_ANY_TENANT = OpenApiParameter("tenant", str, description="Slug of the shop; all shops without it")
_MOST_TENANTS = 200
_Row = type("VersionPerformance", (serializers.Serializer,), {
    "tenant": serializers.SlugField(), "version": serializers.IntegerField(help_text="0: lists without a model"),
    "lists_shown": serializers.IntegerField(), "lists_clicked": serializers.IntegerField(),
    "orders": serializers.IntegerField(), "revenue": serializers.DecimalField(16, 2),
    "ctr": serializers.FloatField(allow_null=True, help_text="null: nothing was shown"),
})  # fmt: skip
_Metric = type("MetricValue", (serializers.Serializer,), {
    "id": serializers.IntegerField(), "version": serializers.IntegerField(), "metric": serializers.CharField(),
    "source": serializers.ChoiceField(ModelMetrics.Source.values), "value": serializers.FloatField(),
    "low": serializers.FloatField(allow_null=True), "high": serializers.FloatField(allow_null=True),
    "sample_size": serializers.IntegerField(), "window_from": serializers.DateTimeField(),
    "window_until": serializers.DateTimeField(),
})  # fmt: skip
_Metrics = inline_serializer("MetricValues", {"metrics": _Metric(many=True)})


class PerformanceView(StaffView):
    """What the versions did in the shops."""

    http_method_names = ["get", "options"]
    audience = ("staff", "platform.read")

    @extend_schema(
        operation_id="admin_models_performance",
        summary="Impressions, clicks, orders and revenue by shop and version",
        description="Over the latest days in each shop's time zone. Without a shop: of the first 200 by name.",
        parameters=[_ANY_TENANT, _DAYS],
        responses={200: inline_serializer("Performance", {"rows": _Row(many=True)})},
    )
    def get(self, request: Any) -> Response:
        given = parameters.query(request.query_params, allowed=("tenant", "days"))
        days = _days(given)
        one = [self.tenant(given["tenant"])] if "tenant" in given else None
        found = []
        for tenant in one or tenancy.across().exclude(state=Tenant.State.CLOSED).order_by("name")[:_MOST_TENANTS]:
            today = tenant.today()
            sums = performance.by_version(tenant, first=today - timedelta(days=days - 1), last=today)
            found += [_performance(tenant, version, total) for version, total in sorted(sums.items())]
        return Response({"rows": found})


class HistoryView(StaffView):
    """The metrics of a shop's versions over time."""

    http_method_names = ["get", "options"]
    audience = ("staff", "platform.read")

    @extend_schema(
        operation_id="admin_models_metrics_history",
        summary="Metrics of a shop's versions over time",
        description="Offline and online, by the end of their windows, oldest first.",
        parameters=[TENANT, OpenApiParameter("metric", str, description="ndcg@10, ctr, coverage, …"), _DAYS],
        responses={200: _Metrics},
    )
    def get(self, request: Any, model: str) -> Response:
        given = parameters.query(request.query_params, allowed=("tenant", "metric", "days"))
        name = known_model(model)
        if "tenant" not in given:
            raise Problem("A parameter is missing.", fields={"tenant": "Say whose versions, by the shop's slug."})
        tenant = self.tenant(given["tenant"])
        since = timezone.now() - timedelta(days=_days(given))
        rows = tenant.model_metrics.filter(version__model=name, measured_at__gte=since).select_related("version")
        if "metric" in given:
            rows = rows.filter(metric=given["metric"])
        return Response({"metrics": [_metric(row) for row in rows[:5_000]]})


class MetricsView(StaffView):
    """The metrics of one version."""

    http_method_names = ["get", "options"]
    audience = ("staff", "platform.read")

    @extend_schema(
        operation_id="admin_models_metrics",
        summary="Metrics of one version",
        description="`offline` as at the training, `metrics` as measured since.",
        responses={200: inline_serializer("VersionMetrics", {
            "id": serializers.IntegerField(), "offline": serializers.JSONField(),
            "metrics": _Metric(many=True),
        })},
    )  # fmt: skip
    def get(self, request: Any, version_id: int) -> Response:
        parameters.query(request.query_params, allowed=())
        version = by_id(version_id)
        rows = version.tenant.model_metrics.filter(version=version).select_related("version")
        found = [_metric(row) for row in rows[:5_000]]
        return Response({"id": version.pk, "offline": version.metrics, "metrics": found})


class TrackView(StaffView):
    """A measurement from outside is kept beside ours."""

    http_method_names = ["post", "options"]

    @extend_schema(
        operation_id="admin_models_track",
        summary="Record a metric of a version",
        description="The same metric of the same window is replaced.",
        request=inline_serializer("MetricTracked", {
            "id": serializers.IntegerField(min_value=1), "metric": serializers.CharField(max_length=40),
            "value": serializers.FloatField(), "sample_size": serializers.IntegerField(min_value=0),
            "window_from": serializers.DateTimeField(), "window_until": serializers.DateTimeField(),
            "source": serializers.ChoiceField(ModelMetrics.Source.values, required=False, default="online"),
        }),
        responses={201: _Metric},
    )  # fmt: skip
    def post(self, request: Any) -> Response:
        given = self.sent(
            {"id": _count, "metric": text(40), "value": _number, "sample_size": _count, "window_from": moment,
             "window_until": moment},
            {"source": _source},
        )  # fmt: skip
        if given["window_until"] <= given["window_from"]:
            raise Problem("Some fields are not right.", fields={"window_until": "Must be after window_from."})
        version = by_id(given.pop("id"))
        window = given.pop("window_from"), given.pop("window_until")
        source = given.pop("source", ModelMetrics.Source.ONLINE)
        versions.record_metric(version, window=window, source=source, by=request.user, **given)
        row = version.tenant.model_metrics.select_related("version").get(
            version=version, metric=given["metric"], source=source, window_from=window[0], window_until=window[1]
        )
        return Response(_metric(row), status=201)


def _performance(tenant: Tenant, version: int, total: performance.Totals) -> dict[str, Any]:
    return {
        "tenant": tenant.slug, "version": version, "lists_shown": total.shown, "lists_clicked": total.clicked,
        "orders": total.orders, "revenue": str(total.revenue), "ctr": total.share("ctr"),
    }  # fmt: skip


def _metric(row: ModelMetrics) -> dict[str, Any]:
    same = ("id", "metric", "source", "value", "low", "high", "sample_size", "window_from", "window_until")
    return {"version": row.version.number, **{name: getattr(row, name) for name in same}}


def _days(given: dict[str, str]) -> int:
    raw = given.get("days", "28")
    if not (raw.isascii() and raw.isdigit() and len(raw) <= 3 and 1 <= int(raw) <= 400):
        raise Problem("A parameter is not right.", fields={"days": "Must be a whole number from 1 to 400."})
    return int(raw)


def _count(value: Any) -> int:
    if type(value) is not int or not 0 <= value < 2**31:
        raise ValueError("Must be a whole number, not negative.")
    return value


def _number(value: Any) -> float:
    if type(value) not in (int, float) or not math.isfinite(value):
        raise ValueError("Must be a number.")
    return float(value)


def _source(value: Any) -> str:
    if value not in ModelMetrics.Source.values:
        raise ValueError(f"Must be one of: {', '.join(ModelMetrics.Source.values)}.")
    return value
