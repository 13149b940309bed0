"""Where shops' servers deliver: vendors' hooks at an address of their own, and the rows of a shop's software.

In this order: size, signature over the raw bytes, then one transaction that keeps the delivery and its
work, then the answer. Vendors switch off hooks that fail, so to them a signed delivery that is wrong is
answered 200 and kept as rejected (docs/adr/0012); our own callers get 400 with the field.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.response import Response

from luxebrain.lib import jsonbody, problems
from luxebrain.lib.rest import other_method
from recommendations import deliveries, endpoints
from recommendations.api import bodies, serializers
from recommendations.deliveries import Delivery
from recommendations.endpoints import Bound
from recommendations.models import WebhookReceipt
from recommendations.models.webhook import Source
from recommendations.storefronts import signatures
from recommendations.validator import EVENTS
from tenants import lanes, refusals
from tenants.api.base import TenantView
from tenants.middleware import too_many

MAX_BODY = 2**20
VENDORS_PATIENCE_SECONDS = 2.0  # Shopify counts a delivery as failed after five
_HEADERS = ("X-WC-Webhook-", "X-Shopify-", "Webhook-", "User-Agent", "Content-Type")


def hook(source: str) -> Callable[[Callable[..., HttpResponse]], Callable[..., HttpResponse]]:
    """A view at an endpoint's address: finds whose it is, and answers problems in the API's format."""

    def dress(take: Callable[[HttpRequest, Bound], HttpResponse]) -> Callable[..., HttpResponse]:
        @csrf_exempt
        def view(request: HttpRequest, token: str) -> HttpResponse:
            if request.method != "POST":
                return other_method(request, "POST")
            try:
                bound = endpoints.find(token, source=source)
                if bound is None:
                    raise problems.NotFound("There is nothing here, or it is not yours.")
                if bound.tenant_state != "active":
                    raise problems.Forbidden("This shop is suspended. Please contact us.", code="tenant_suspended")
                return take(request, bound)
            except problems.Problem as problem:
                return problems.answer(request, problem)

        view.audience = ("anyone", "")  # type: ignore[attr-defined]  # the address and the signature say who
        view.accepts = "anything"  # type: ignore[attr-defined]
        view.max_body = MAX_BODY  # type: ignore[attr-defined]
        return view

    return dress


@hook("woocommerce")
def woocommerce(request: HttpRequest, bound: Bound) -> HttpResponse:
    """A new hook first sends an unsigned form with its own number, and cannot be saved unless it hears 200."""
    body = raw(request)
    if "X-WC-Webhook-Signature" not in request.headers and is_ping(request, body):
        deliveries.pinged(bound)
        return JsonResponse({"status": "pong"})
    if not signatures.woocommerce(body, request.headers.get("X-WC-Webhook-Signature", ""), bound.secrets):
        raise not_signed(request, bound)
    return keep(
        request,
        bound,
        body,
        topic=request.headers.get("X-WC-Webhook-Topic", ""),
        delivery_id=request.headers.get("X-WC-Webhook-Delivery-ID", ""),
    )


@hook("shopify")
def shopify(request: HttpRequest, bound: Bound) -> HttpResponse:
    """The signature is the app's, whatever the shop: so the shop is compared as well."""
    body = raw(request)
    said = {name: request.headers.get(f"X-Shopify-{name}") or request.headers.get(f"Shopify-{name}", "") for name in (
        "Hmac-SHA256", "Shop-Domain", "Topic", "Webhook-Id")}  # fmt: skip
    if not signatures.shopify(body, said["Hmac-SHA256"], bound.secrets):
        raise not_signed(request, bound)
    if said["Shop-Domain"].lower() != bound.shop_domain or b'"shop_domain"' in body and not same_shop(body, bound):
        raise not_signed(request, bound)
    limit = bound.requests_per_minute
    return keep(request, bound, body, topic=said["Topic"], delivery_id=said["Webhook-Id"], most_a_minute=limit)


@hook("generic")
def generic(request: HttpRequest, bound: Bound) -> HttpResponse:
    """Standard Webhooks: {"type": topic, "timestamp": …, "data": row}."""
    body = raw(request)
    if not signatures.standard(body, {name.lower(): value for name, value in request.headers.items()}, bound.secrets):
        raise not_signed(request, bound)
    delivery_id = request.headers.get("webhook-id", "")
    return keep(request, bound, body, topic="", delivery_id=delivery_id, most_a_minute=bound.requests_per_minute)


class WebhookView(TenantView):
    """One row of a shop's own software, by API key: order-created, customer-updated, product-updated."""

    http_method_names = ["post", "options"]
    scope = {"POST": "catalogue:write"}
    meter = "catalogue"
    max_body = MAX_BODY

    @extend_schema(
        summary="Deliver one row by webhook",
        description="Takes one order, customer or product as the shop's software has it: kept at once, applied within "
        "seconds. Send it again as often as you like: with the same `webhook-id` it is one delivery. An older "
        "`updated_at` never replaces a newer state. Fields that we do not know are ignored and listed in the panel.",
        operation_id="webhook_deliver",
        parameters=[
            OpenApiParameter("event", OpenApiTypes.STR, OpenApiParameter.PATH, enum=sorted(EVENTS)),
            OpenApiParameter("webhook-id", OpenApiTypes.STR, OpenApiParameter.HEADER, description="Names the delivery"),
        ],
        request=OpenApiTypes.OBJECT,
        responses={202: serializers.Delivered},
    )
    def post(self, request: Any, event: str) -> HttpResponse:
        bodies.query(request.query_params, allowed=())
        if event not in EVENTS:
            raise problems.NotFound(f"There is no webhook of this name; there are {', '.join(sorted(EVENTS))}.")
        plain: HttpRequest = request._request
        delivery = Delivery(
            source="generic",
            topic=EVENTS[event],
            body=raw(plain),
            headers=headers(plain),
            delivery_id=plain.headers.get("webhook-id", ""),
            request_id=plain.request_id,  # type: ignore[attr-defined]
        )
        receipt = deliveries.receive_within(self.tenant, delivery)
        return answer_to(plain, receipt) or Response({"status": "accepted", "delivery": receipt.pk}, status=202)


@contextmanager
def in_turn(bound: Bound) -> Iterator[None]:
    """A lane for the shop's deliveries. Raises Problem (429) for own software that cannot wait any longer.

    A vendor's delivery goes on then, beside its lane: WooCommerce never sends it again, and both take away a hook
    that fails some times in a row.
    """
    lane, is_vendor = (bound.tenant_id, "webhooks"), bound.source != Source.GENERIC
    is_in_lane = True
    try:
        lanes.of_calls.enter(lane, patience=VENDORS_PATIENCE_SECONDS if is_vendor else None)
    except lanes.Full:
        if not is_vendor:
            raise too_many() from None
        is_in_lane = False
    try:
        yield
    finally:
        if is_in_lane:
            lanes.of_calls.leave(lane)


def raw(request: HttpRequest) -> bytes:
    body = request.body
    if len(body) > MAX_BODY:
        raise jsonbody.too_large(MAX_BODY)
    return body


def is_ping(request: HttpRequest, body: bytes) -> bool:
    name, _, number = body.partition(b"=")
    return request.content_type == "application/x-www-form-urlencoded" and name == b"webhook_id" and number.isdigit()


def same_shop(body: bytes, bound: Bound) -> bool:
    """Whether a payload that names its shop names this one."""
    try:
        payload = jsonbody.decode(body)
    except ValueError:
        return True  # it will be kept as unreadable
    named = payload.get("shop_domain") if isinstance(payload, dict) else None
    return named is None or named == bound.shop_domain


def not_signed(request: HttpRequest, bound: Bound) -> problems.Problem:
    deliveries.forged(bound)
    refusals.note(request, refusals.FORGERY, who=str(bound.endpoint_id), tenant_id=bound.tenant_id)
    return problems.Unauthenticated("The signature does not fit this address.", code="bad_signature")


def headers(request: HttpRequest) -> dict[str, str]:
    """The headers worth keeping: what the vendor says of the delivery, not its signature."""
    wanted = tuple(name.lower() for name in _HEADERS)
    return {
        name: value
        for name, value in request.headers.items()
        if name.lower().startswith(wanted) and "signature" not in name.lower() and "hmac" not in name.lower()
    }


def keep(
    request: HttpRequest, bound: Bound, body: bytes, *, topic: str, delivery_id: str, most_a_minute: int = 0
) -> HttpResponse:
    delivery = Delivery(
        source=bound.source,
        topic=topic,
        body=body,
        headers=headers(request),
        delivery_id=delivery_id,
        request_id=request.request_id,  # type: ignore[attr-defined]
        shop=bound.shop_domain,
    )
    with in_turn(bound):
        receipt = deliveries.receive(
            bound.tenant_id, delivery, endpoint_id=bound.endpoint_id, most_a_minute=most_a_minute
        )
    refused = answer_to(request, receipt) if bound.source == "generic" else None
    return refused or JsonResponse({"status": receipt.state, "delivery": receipt.pk})


def answer_to(request: HttpRequest, receipt: WebhookReceipt) -> HttpResponse | None:
    """400 with the fields for a delivery that was rejected at once."""
    if receipt.state != WebhookReceipt.State.REJECTED:
        return None
    detail = "The delivery was kept and rejected; correct it in the panel, or send it again."
    errors = receipt.errors
    return problems.respond(
        request, status=400, code="invalid", detail=detail, errors=errors, delivery=receipt.pk
    )
