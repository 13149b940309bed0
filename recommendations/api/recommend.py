"""GET and POST /recommendations: the hot path, a plain view of one round trip and no SQL."""

from typing import Any

import orjson
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.views import APIView

from luxebrain.lib import jsonbody, problems
from recommendations import queries
from recommendations.api import sent, serializers
from recommendations.serving import RecommendationEngine
from tenants.api_keys import Credential


@csrf_exempt
def recommend(request: HttpRequest, product_id: str = "") -> HttpResponse:
    """Answers from what the gate fetched; `reads` below has read the query before."""
    if request.method not in {"GET", "POST"}:
        return problems.respond(
            request, status=405, code="method_not_allowed", detail="GET or POST.", headers={"Allow": "GET, POST"}
        )
    credential, passage = request.credential, request.passage  # type: ignore[attr-defined]
    engine = RecommendationEngine(credential.tenant_id, currency=credential.currency)
    answer = engine.predict(
        request.query,  # type: ignore[attr-defined]
        epochs=passage.epochs,
        values=passage.values,
        request_id=request.request_id,  # type: ignore[attr-defined]
    )
    response = HttpResponse(orjson.dumps(answer), content_type="application/json")
    if answer["model_version"]:
        response["X-Model-Version"] = answer["model_version"]
    return response


def read(request: HttpRequest) -> queries.Query:
    """The query of a GET, or the JSON object of a POST. Raises Problem."""
    match = request.resolver_match
    product = match.kwargs.get("product_id") if match else None
    if request.method != "POST" or product:
        if product:
            values = request.GET.copy()
            values["product_id"], values["type"] = product, "bought-together"
            return queries.from_query(values)
        return queries.from_query(request.GET)
    return queries.parse(jsonbody.body(request))


def reads(request: HttpRequest, credential: Credential) -> list[tuple[str, int]]:
    request.query = read(request)  # type: ignore[attr-defined]
    return RecommendationEngine(credential.tenant_id).reads(request.query)  # type: ignore[attr-defined]


_TEXT = {"type": "string", "maxLength": 64}
_PARAMETERS = [
    OpenApiParameter("customer_id", _TEXT, description="For whom"),
    OpenApiParameter("session_id", _TEXT, description="For a visitor who is not known, or with customer_id"),
    OpenApiParameter("limit", {"type": "integer", "minimum": 1, "maximum": queries.MAX_LIMIT, "default": 10}),
    OpenApiParameter(
        "placement",
        {"type": "string", "pattern": "^[A-Za-z0-9_.-]{0,40}$"},
        description="Where the list is shown, as the shop calls it",
    ),
    OpenApiParameter(
        "exclude",
        {"type": "array", "maxItems": queries.MAX_EXCLUDED, "items": _TEXT},
        description="Products to leave out, repeated or separated by commas",
    ),
    OpenApiParameter("details", {"type": "boolean", "default": False}, description="With title, price and addresses"),
]


class RecommendDescribed(APIView):
    """What the schema says of the plain view above; never called."""

    scope = "recommendations:read"
    meter = "recommendations"
    reads = staticmethod(reads)

    @extend_schema(
        summary="Recommendations",
        description="Products for a customer or session, or products that go with a product. Products that are sold "
        "out or not published are left out.",
        parameters=[
            OpenApiParameter("type", {"type": "string", "enum": sorted(set(queries.KINDS)), "default": "personalised"}),
            OpenApiParameter("product_id", {"type": "string", "maxLength": 64}, description="Needed by some types"),
            *_PARAMETERS,
        ],
        responses={200: serializers.Answer},
    )
    def get(self, request: Any, *args: Any, **kwargs: Any) -> None: ...

    @extend_schema(
        summary="Recommendations",
        description="The same as GET, for queries that do not fit into an address. Reads only: it needs no "
        "Idempotency-Key.",
        request=sent.Question,
        responses={200: serializers.Answer},
    )
    def post(self, request: Any, *args: Any, **kwargs: Any) -> None: ...


class CrossSellDescribed(APIView):
    """What the schema says of the route that names its product."""

    scope = RecommendDescribed.scope
    meter = RecommendDescribed.meter
    reads = staticmethod(reads)

    @extend_schema(
        summary="What is bought together with a product",
        description="Short for type=bought-together with this product_id.",
        operation_id="recommendations_cross_sell",
        parameters=_PARAMETERS,
        responses={200: serializers.Answer},
    )
    def get(self, request: Any, *args: Any, **kwargs: Any) -> None: ...


def cross_sell(request: HttpRequest, product_id: str) -> HttpResponse:
    """GET /recommendations/cross-sell/<product_id>."""
    if request.method != "GET":
        return problems.respond(
            request, status=405, code="method_not_allowed", detail="Use GET.", headers={"Allow": "GET"}
        )
    return recommend(request, product_id)


cross_sell = csrf_exempt(cross_sell)
cross_sell.cls, cross_sell.initkwargs = CrossSellDescribed, {}  # type: ignore[attr-defined]
recommend.cls = RecommendDescribed  # type: ignore[attr-defined]
recommend.initkwargs = {}  # type: ignore[attr-defined]
