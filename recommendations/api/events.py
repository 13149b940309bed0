"""Events over the API: POST is validated, stored as one durable row in one round trip, and answered; GET reads."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import orjson
from django.db import InterfaceError, OperationalError, connections
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from drf_spectacular.utils import extend_schema
from rest_framework.response import Response

from luxebrain.lib import problems
from recommendations import arms, inbox, shapes, told
from recommendations.api import bodies, described, examples, filters, paging, sent, serializers
from tenants import idempotency, tenancy
from tenants.api.base import TenantView


@csrf_exempt
def events(request: HttpRequest) -> HttpResponse:
    """A plain view: with hundreds of events a second the framework would cost more than the work."""
    if request.method != "POST":
        return _VIEW(request)
    try:
        return _take(request)
    except idempotency.Replayed as replayed:
        return replayed.response
    except problems.Problem as problem:
        return problems.answer(request, problem)


def _take(request: HttpRequest) -> HttpResponse:
    """One round trip stores the events; with an Idempotency-Key, they and the answer are one transaction."""
    credential = request.credential  # type: ignore[attr-defined]
    now = datetime.now(UTC)
    since = {kind: now - kept for kind, kept in inbox.kept_for(credential.tenant_id).items()}
    try:
        if idempotency.key_of(request) is None:
            response, kept = _checked(request, since=since)
            if kept:
                inbox.keep(credential.tenant_id, kept)
        else:
            with tenancy.enter(credential.tenant_id) as tenant:
                claim = idempotency.claim(tenant, request)
                response, kept = _checked(request, since=since)
                if kept:
                    inbox.put(tenant.pk, kept)
                claim.keep(response)  # type: ignore[union-attr]
    except (OperationalError, InterfaceError) as error:
        connections["default"].close()
        detail = "The events could not be stored. Nothing was kept; please send them again."
        raise problems.Unavailable(detail) from error
    inbox.tell_history(credential.tenant_id, kept)
    arms.tell(credential.tenant_id, kept)
    return response


def _checked(request: HttpRequest, *, since: Mapping[str, datetime]) -> tuple[HttpResponse, list[dict[str, Any]]]:
    """The answer, and the rows to store: what is right of what was sent."""
    given = bodies.rows(request, name="events", most=shapes.MAX_ROWS)
    now, currency = datetime.now(UTC), request.credential.currency  # type: ignore[attr-defined]
    kept: list[dict[str, Any]] = []
    results: list[dict[str, Any]] = []
    errors: list[dict[str, Any]] = []
    for index, event in enumerate(given):
        rows, faults = shapes.events(event, now=now, since=since, currency=currency)
        if faults:
            results.append({"index": index, "id": None, "status": "refused", "errors": faults})
            errors += [{"index": index, **fault} for fault in faults]
        else:
            kept += rows
            results.append({"index": index, "id": rows[0]["id"], "status": "accepted"})
    refused = sum(result["status"] == "refused" for result in results)
    told = {"accepted": len(given) - refused, "refused": refused, "results": results}
    if not kept:
        detail = "No event could be taken."
        return problems.respond(request, status=400, code="invalid", detail=detail, errors=errors, **told), kept
    answer = {**told, "errors": errors, "request_id": request.request_id}  # type: ignore[attr-defined]
    return HttpResponse(orjson.dumps(answer), status=202, content_type="application/json"), kept


class EventsView(TenantView):
    """Lists events. What it says of POST is for the schema: the plain view above takes those."""

    http_method_names = ["get", "post", "options"]
    scope = {"GET": "events:read", "POST": "events:write"}
    meter = "events"

    @extend_schema(
        summary="List events",
        description="A page of what shoppers did, in the order in which it happened; next_cursor leads to the next "
        "page. What was sent some seconds ago may not be listed yet.",
        operation_id="events_list",
        parameters=[described.LIMIT, described.CURSOR, *(each.described for each in filters.EVENTS)],
        responses={200: serializers.listed("events", serializers.EventRead)},
    )
    def get(self, request: Any) -> Response:
        allowed = ["limit", "cursor", *(each.name for each in filters.EVENTS)]
        given = bodies.query(request.query_params, allowed=allowed)
        found, following = paging.page_by_time(
            filters.narrowed(self.tenant.events.all(), filters.EVENTS, given),
            tenant_id=self.tenant.pk,
            kind="events",
            cursor=given.get("cursor"),
            limit=bodies.limit(given.get("limit")),
        )
        return Response({"events": told.events(self.tenant, found), "next_cursor": following})

    @extend_schema(
        summary="Send events",
        description="What shoppers do: one event, or up to 1,000. The shopper's next recommendations follow them at "
        "once. Each event is answered: 202 as soon as one could be taken, 400 when none could.",
        operation_id="events_send",
        request=sent.one_or_many("events", sent.Event),
        responses={202: serializers.EventsTaken},
        examples=examples.sending("events"),
    )
    def post(self, request: Any, *args: Any, **kwargs: Any) -> None: ...


class EventView(TenantView):
    """One event, by its id."""

    http_method_names = ["get", "options"]
    scope = {"GET": "events:read"}
    meter = "events"

    @extend_schema(
        summary="Read one event",
        description="By the id that was sent, or that the answer to sending it named.",
        operation_id="event_read",
        responses={200: serializers.EventRead},
    )
    def get(self, request: Any, event_id: UUID) -> Response:
        bodies.query(request.query_params, allowed=())
        row = self.tenant.events.filter(id=event_id).first()
        if row is None:
            raise problems.NotFound("There is nothing here, or it is not yours.")
        return Response(told.events(self.tenant, [row])[0])


_VIEW = EventsView.as_view()
events.cls = EventsView  # type: ignore[attr-defined]
events.initkwargs = {}  # type: ignore[attr-defined]
