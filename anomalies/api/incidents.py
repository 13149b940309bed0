"""Incidents over the staff's API: alerts across shops, one shop's, the count, and resolving."""

from typing import Any

from django.http import QueryDict
from drf_spectacular.utils import OpenApiParameter, extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.response import Response

from anomalies import counting, metrics, triage, wording
from anomalies.models import AnomalyIncident, Severity, State
from luxebrain.lib import parameters
from luxebrain.lib.problems import NotFound, Problem
from tenants import tenancy
from tenants.api.staff import StaffView, text, whole
from tenants.models import Tenant

_TEXT = {"type": "string"}
_NUMBER = {"type": "number", "nullable": True}
_COUNT = {"type": "integer", "minimum": 0}
_TIME = {"type": "string", "format": "date-time"}


def _object(**fields: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "required": list(fields), "properties": fields}


INCIDENT = _object(
    id=_COUNT, tenant=_TEXT, type=_TEXT, side=_TEXT, state=_TEXT, sub_state=_TEXT, severity=_TEXT, title=_TEXT,
    count=_COUNT, first_seen_at=_TIME, last_seen_at=_TIME, observed=_NUMBER, peak=_NUMBER, limit=_NUMBER,
    expected=_NUMBER, low=_NUMBER, high=_NUMBER, log10p=_NUMBER, verdict=_TEXT,
    owner={**_TEXT, "nullable": True}, advice=_TEXT,
)  # fmt: skip
PAGE = _object(
    request_id=_TEXT, data={"type": "array", "items": INCIDENT}, next_cursor={**_TEXT, "nullable": True}
)  # fmt: skip
_RESOLUTION = inline_serializer("IncidentResolution", {
    "id": serializers.IntegerField(min_value=1),
    "verdict": serializers.ChoiceField(choices=triage.VERDICTS),
    "note": serializers.CharField(max_length=2000, required=False, help_text="Stands in the history"),
})  # fmt: skip
_NAMES = ("open", "acknowledged", "high", "medium", "low")
_FILTERS = [
    OpenApiParameter("state", str, enum=list(State.values), description="Without it: new and acknowledged"),
    OpenApiParameter("severity", str, enum=list(Severity.values)),
    OpenApiParameter("type", str, description="Name of a metric"),
    OpenApiParameter("limit", int, description="1 to 100, 50 without it"),
    OpenApiParameter("cursor", str, description="next_cursor of the page before"),
]


def told(incident: AnomalyIncident) -> dict[str, Any]:
    names = (
        "side", "state", "sub_state", "severity", "count", "observed", "peak", "limit", "expected", "low", "high",
        "log10p", "verdict",
    )  # fmt: skip
    return {
        "id": incident.pk,
        "tenant": incident.tenant.slug,
        "type": incident.metric,
        "title": wording.title(incident),
        "first_seen_at": incident.first_seen_at.isoformat(),
        "last_seen_at": incident.last_seen_at.isoformat(),
        "owner": str(incident.owner) if incident.owner else None,
        "advice": metrics.get(incident.metric).advice_of(incident.side),
        **{name: getattr(incident, name) for name in names},
    }


def page(rows: Any, asked: QueryDict, *, request_id: str) -> dict[str, Any]:
    """The newest first, by id. Raises Problem for a parameter that is not right."""
    given = parameters.query(asked, allowed=("state", "severity", "type", "limit", "cursor"))
    size = parameters.limit(given.get("limit"))
    state = given.get("state")
    if state is not None and state not in State.values:
        raise Problem("A parameter is not right.", fields={"state": f"One of {', '.join(State.values)}."})
    rows = rows.filter(state__in=[state] if state else [State.NEW, State.ACKNOWLEDGED])
    for name, field, allowed in (("severity", "severity", Severity.values), ("type", "metric", metrics.ALL)):
        if name in given:
            if given[name] not in allowed:
                raise Problem("A parameter is not right.", fields={name: f"One of {', '.join(allowed)}."})
            rows = rows.filter(**{field: given[name]})
    cursor = given.get("cursor")
    if cursor is not None:
        if not (cursor.isascii() and cursor.isdigit() and len(cursor) < 18):
            raise Problem("A parameter is not right.", fields={"cursor": "Send next_cursor as it came."})
        rows = rows.filter(pk__lt=int(cursor))
    found = list(rows.select_related("tenant", "owner").order_by("-pk")[: size + 1])
    more = str(found[size - 1].pk) if len(found) > size else None
    return {"request_id": request_id, "data": [told(row) for row in found[:size]], "next_cursor": more}


class AlertsView(StaffView):
    """Incidents of all shops; those that a platform incident holds back are left out."""

    audience = ("staff", "platform.read")
    http_method_names = ["get", "head", "options"]

    @extend_schema(operation_id="admin_alerts", summary="Incidents of all shops", parameters=_FILTERS,
                   responses={200: PAGE})  # fmt: skip
    def get(self, request: Any) -> Response:
        return Response(page(counting.everywhere(), request.query_params, request_id=request._request.request_id))


def named(view: StaffView, name: str) -> Tenant:
    """By slug or, as the specification writes it, by number. Raises NotFound."""
    try:
        return view.tenant(name)
    except NotFound:
        if not (name.isascii() and name.isdecimal() and len(name) < 18):
            raise
        found = tenancy.across().filter(pk=int(name)).first()
        if found is None:
            raise
        return found


class TenantView(StaffView):
    """Incidents of one shop."""

    audience = ("staff", "platform.read")
    http_method_names = ["get", "head", "options"]

    @extend_schema(operation_id="admin_anomalies_of_tenant", summary="Incidents of one shop", parameters=_FILTERS,
                   responses={200: PAGE})  # fmt: skip
    def get(self, request: Any, tenant: str) -> Response:
        rows = named(self, tenant).anomaly_incidents.all()
        return Response(page(rows, request.query_params, request_id=request._request.request_id))


class CountView(StaffView):
    """The number of the badge."""

    audience = ("staff", "platform.read")
    http_method_names = ["get", "head", "options"]

    @extend_schema(
        operation_id="admin_anomalies_count", summary="How many incidents are open",
        responses={200: _object(request_id=_TEXT, **dict.fromkeys(_NAMES, _COUNT))},
    )  # fmt: skip
    def get(self, request: Any) -> Response:
        parameters.query(request.query_params, allowed=())
        counts = counting.of_platform()
        return Response({"request_id": request._request.request_id, **{n: getattr(counts, n) for n in _NAMES}})


class ResolveView(StaffView):
    """Ends an incident with a verdict."""

    audience = ("staff", "platform.write")
    http_method_names = ["post", "options"]

    @extend_schema(
        operation_id="admin_anomalies_resolve", summary="Resolve an incident",
        description="`verdict`: the latter two teach the baseline. 409: it is resolved already.",
        request=_RESOLUTION,
        responses={200: _object(request_id=_TEXT, incident=INCIDENT)},
    )  # fmt: skip
    def post(self, request: Any) -> Response:
        given = self.sent({"id": whole(1, 2**53), "verdict": text(20)}, {"note": text(2000)})
        row = AnomalyIncident.objects.across_tenants().select_related("tenant__plan").filter(pk=given["id"]).first()
        if row is None:
            raise NotFound("There is no such incident.")
        done = triage.resolve(
            row.tenant, row.pk, by=request._request.user, verdict=given["verdict"], note=given.get("note", "")
        )
        return Response({"request_id": request._request.request_id, "incident": told(done)})
