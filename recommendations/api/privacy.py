"""Privacy over the API: all that is held of one customer, and the erasure of one customer."""

from typing import Any
from uuid import UUID

from django.urls import reverse
from drf_spectacular.utils import extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.response import Response

from luxebrain.lib.problems import NotFound, Problem
from recommendations import fields, privacy
from recommendations.api import bodies
from recommendations.models import PrivacyRequest
from recommendations.privacy_places import PLACES
from tenants.api.base import TenantView

_ASKED = inline_serializer("ErasureAsked", {"customer_id": serializers.CharField(max_length=64)})
_TOLD = inline_serializer(
    "Erasure",
    {
        "id": serializers.UUIDField(),
        "state": serializers.ChoiceField(PrivacyRequest.State.values),
        "asked_at": serializers.DateTimeField(),
        "finished_at": serializers.DateTimeField(allow_null=True),
        "status_url": serializers.CharField(),
        "certificate": serializers.JSONField(allow_null=True),
        "certificate_digest": serializers.CharField(allow_null=True),
    },
)

_HELD = inline_serializer(
    "HeldOfCustomer",
    {
        "customer_id": serializers.CharField(),
        "sessions": serializers.ListField(child=serializers.CharField()),
        **{place.name: serializers.ListField(child=serializers.DictField()) for place in PLACES if place.export},
    },
)


class ErasuresView(TenantView):
    """Asks for an erasure."""

    http_method_names = ["post", "options"]
    scope = {"POST": "privacy:write"}

    @extend_schema(
        summary="Erase a customer everywhere",
        description="Events, history, the customer's row, deliveries and imports, and the name in trained models; "
        "orders stay, of nobody. What arrives later is kept out. The answer's status_url tells when it is done "
        "and carries the certificate.",
        operation_id="erasure_ask",
        request=_ASKED,
        responses={202: _TOLD},
    )
    def post(self, request: Any) -> Response:
        bodies.query(request.query_params, allowed=())
        given = bodies.read(request._request)
        if type(given) is not dict or set(given) != {"customer_id"}:
            raise Problem("Some fields are not right.", fields={"customer_id": "Send this field, and no other."})
        if type(given["customer_id"]) is not str:  # an erasure is for good: no guess at what a number meant
            raise Problem("Some fields are not right.", fields={"customer_id": "Must be text."})
        row = privacy.request_erasure(self.tenant, given["customer_id"], by=f"key {request.auth.label}")
        answer = told(row)
        return Response(answer, status=202, headers={"Location": answer["status_url"]})


class ErasureView(TenantView):
    """How far an erasure is."""

    http_method_names = ["get", "options"]
    scope = {"GET": "privacy:write"}

    @extend_schema(summary="Read an erasure", operation_id="erasure_read", responses={200: _TOLD},
                   description="Its state, and at the end its certificate.")  # fmt: skip
    def get(self, request: Any, public_id: UUID) -> Response:
        bodies.query(request.query_params, allowed=())
        return Response(told(privacy.find(self.tenant, public_id)))


class ExportView(TenantView):
    """All that is held of one customer."""

    http_method_names = ["get", "options"]
    scope = {"GET": "privacy:write"}

    @extend_schema(summary="Read all that is held of a customer", operation_id="customer_export",
                   description="The customer's row, orders, events, answered lists and batch lists; that it was asked "
                   "for is kept.",
                   responses={200: _HELD})  # fmt: skip
    def get(self, request: Any, external_id: str) -> Response:
        bodies.query(request.query_params, allowed=())
        try:
            fields.identifier(external_id)
        except fields.Refused:
            raise NotFound("There is nothing here, or it is not yours.") from None
        return Response(privacy.request_export(self.tenant, external_id, by=f"key {request.auth.label}"))


def told(row: PrivacyRequest) -> dict[str, Any]:
    return {
        "id": str(row.public_id),
        "state": row.state,
        "asked_at": row.created_at,
        "finished_at": row.finished_at,
        "status_url": reverse("erasure", args=[row.public_id]),
        "certificate": row.certificate or None,
        "certificate_digest": row.certificate_digest or None,
    }
