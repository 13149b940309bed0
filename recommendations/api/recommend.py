"""GET and POST /recommendations: the hot path, a plain view of one round trip and no SQL."""

from typing import Any

import orjson
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.views import APIView

from luxebrain.lib import jsonbody, problems
from recommendations import queries
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
    if request.method != "POST":
        if product:
            values = request.GET.copy()
            values["product_id"], values["type"] = product, "bought-together"
            return queries.from_query(values)
        return queries.from_query(request.GET)
    return queries.parse(jsonbody.body(request))


def reads(request: HttpRequest, credential: Credential) -> list[tuple[str, int]]:
    request.query = read(request)  # type: ignore[attr-defined]
    return RecommendationEngine(credential.tenant_id).reads(request.query)  # type: ignore[attr-defined]


class Item(serializers.Serializer):
    product_id = serializers.CharField()
    rank = serializers.IntegerField()
    score = serializers.FloatField()
    source = serializers.CharField()
    reason = serializers.CharField()
    title = serializers.CharField(required=False)
    price = serializers.CharField(required=False, allow_null=True)
    currency = serializers.CharField(required=False)
    url = serializers.CharField(required=False)
    image_url = serializers.CharField(required=False)


class Answer(serializers.Serializer):
    request_id = serializers.CharField()
    recommendation_id = serializers.CharField()
    type = serializers.CharField()
    strategy = serializers.ChoiceField(["model", "popular"])
    strategy_reason = serializers.CharField(allow_null=True)
    model_version = serializers.CharField(allow_null=True)
    model_scope = serializers.CharField(allow_null=True)
    fallback_used = serializers.BooleanField()
    degraded = serializers.BooleanField()
    warnings = serializers.ListField(child=serializers.CharField())
    items = Item(many=True)


class Question(serializers.Serializer):
    type = serializers.ChoiceField(sorted(set(queries.KINDS)), default="personalised")
    customer_id = serializers.CharField(required=False, max_length=64)
    session_id = serializers.CharField(required=False, max_length=64)
    product_id = serializers.CharField(required=False, max_length=64)
    limit = serializers.IntegerField(default=10, min_value=1, max_value=queries.MAX_LIMIT)
    placement = serializers.CharField(required=False, max_length=40)
    exclude = serializers.ListField(child=serializers.CharField(max_length=64), required=False)
    details = serializers.BooleanField(default=False)


class RecommendDescribed(APIView):
    """What the schema says of the plain view above; never called."""

    scope = "recommendations:read"
    meter = "recommendations"
    reads = staticmethod(reads)

    @extend_schema(
        summary="Recommendations",
        description="Products for a customer or session, or products that go with a product.",
        parameters=[
            OpenApiParameter("type", str, enum=sorted(set(queries.KINDS))),
            OpenApiParameter("customer_id", str),
            OpenApiParameter("session_id", str),
            OpenApiParameter("product_id", str),
            OpenApiParameter("limit", int),
            OpenApiParameter("placement", str),
            OpenApiParameter("exclude", {"type": "array", "items": {"type": "string"}}),
            OpenApiParameter("details", bool),
        ],
        responses={200: Answer, 400: OpenApiTypes.OBJECT},
    )
    def get(self, request: Any, *args: Any, **kwargs: Any) -> None: ...

    @extend_schema(summary="Recommendations", request=Question, responses={200: Answer, 400: OpenApiTypes.OBJECT})
    def post(self, request: Any, *args: Any, **kwargs: Any) -> None: ...


recommend.cls = RecommendDescribed  # type: ignore[attr-defined]
recommend.initkwargs = {}  # type: ignore[attr-defined]
