"""GET and POST /recommendations: the hot path, a plain view of one round trip and no SQL."""

import time
from typing import Any

import orjson
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.views import APIView

from luxebrain.lib import jsonbody
from luxebrain.lib.rest import other_method
from recommendations import expressions, queries
from recommendations.api import sent, serializers
from recommendations.asked import refusal
from recommendations.fields import shown
from recommendations.serving import RecommendationEngine
from tenants import quota
from tenants.api_keys import Credential


@csrf_exempt
def recommend(request: HttpRequest, product_id: str = "") -> HttpResponse:
    """Answers from what the gate fetched; `reads` below has read the query before."""
    if request.method not in {"GET", "POST"}:
        return other_method(request, "GET", "POST")
    credential, passage = request.credential, request.passage  # type: ignore[attr-defined]
    query = request.query  # type: ignore[attr-defined]
    if credential.used_up == quota.Then.POPULAR:
        query = query.only_popular()
    engine = RecommendationEngine(credential.tenant_id, currency=credential.currency)
    started = time.perf_counter()
    ask = engine.check if query.validate_only else engine.predict
    answer = ask(
        query,
        epochs=passage.epochs,
        values=passage.values,
        request_id=request.request_id,  # type: ignore[attr-defined]
        is_test=credential.mode == "test",
    )
    response = HttpResponse(orjson.dumps(answer), content_type="application/json")
    if answer.get("model_version"):
        response["X-Model-Version"] = answer["model_version"]
    if credential.mode == "test":
        spent = time.perf_counter() - started
        response["Server-Timing"] = f"gate;dur={1000 * passage.seconds:.2f}, recommend;dur={1000 * spent:.2f}"
    return response


def read(request: HttpRequest) -> queries.Query:
    """The query of a GET, or the JSON object of a POST. Raises Problem."""
    product = request.resolver_match.kwargs.get("product_id") if request.resolver_match else None
    given = queries.spelled(request.META.get("QUERY_STRING", ""))
    if given is None:
        given = dict(request.GET.lists())
    if product:
        kind = request.resolver_match.kwargs.get("kind", "bought-together")
        return queries.from_query(given, product_id=product.removesuffix("/"), type=kind)
    if request.method != "POST":
        return queries.from_query(given)
    if given:
        raise refusal({shown(name): ("unknown", "Send this in the body.") for name in given})
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
    OpenApiParameter(
        "filter", {"type": "string", "maxLength": expressions.MAX_LENGTH}, description="Which products"
    ),
    OpenApiParameter(
        "candidates",
        {"type": "array", "maxItems": queries.MAX_CANDIDATES, "items": _TEXT},
        description="Rank these products alone, repeated or separated by commas",
    ),
    OpenApiParameter(
        "min_relevance", {"type": "number", "minimum": 0, "maximum": 1}, description="Share of the best score to reach"
    ),
    OpenApiParameter("diversity", {"type": "number", "minimum": 0, "maximum": 1}, description="0: best first"),
    OpenApiParameter(
        "fallback", {"type": "string", "enum": list(queries.FALLBACKS)}, description="none: rather a shorter list"
    ),
    OpenApiParameter("language", {"type": "string", "enum": list(queries.LANGUAGES)}, description="Of the reasons"),
    OpenApiParameter(
        "validate_only", {"type": "boolean", "default": False}, description="Says what is wrong, recommends nothing"
    ),
]


_USED_UP = " 402: the month's calls are used up, and your plan refuses then."


class RecommendDescribed(APIView):
    """What the schema says of the plain view above; never called."""

    scope = "recommendations:read"
    meter = "recommendations"
    reads = staticmethod(reads)

    @extend_schema(
        summary="Recommendations",
        description="Products for a customer or session, or products that go with a product. Products that are sold "
        "out or not published are left out." + _USED_UP,
        operation_id="recommendations_read",
        parameters=[
            OpenApiParameter("type", {"type": "string", "enum": sorted(set(queries.KINDS)), "default": "personalised"}),
            OpenApiParameter("product_id", {"type": "string", "maxLength": 64}, description="Needed by some types"),
            *_PARAMETERS,
        ],
        responses={200: serializers.Answered},
    )
    def get(self, request: Any, *args: Any, **kwargs: Any) -> None: ...

    @extend_schema(
        summary="Recommendations",
        description="The same as GET, for queries that do not fit into an address. Reads only: it needs no "
        "Idempotency-Key." + _USED_UP,
        operation_id="recommendations_ask",
        request=sent.Question,
        responses={200: serializers.Answered},
    )
    def post(self, request: Any, *args: Any, **kwargs: Any) -> None: ...


class CrossSellDescribed(APIView):
    """What the schema says of the route that names its product."""

    scope = RecommendDescribed.scope
    meter = RecommendDescribed.meter
    reads = staticmethod(reads)

    @extend_schema(
        summary="What is bought together with a product",
        description="Short for type=bought-together with this product_id." + _USED_UP,
        operation_id="recommendations_cross_sell",
        parameters=_PARAMETERS,
        responses={200: serializers.Answered},
    )
    def get(self, request: Any, *args: Any, **kwargs: Any) -> None: ...


def beside(request: HttpRequest, product_id: str, kind: str = "") -> HttpResponse:
    """GET /recommendations/cross-sell/<product_id> and /recommendations/outfit/<product_id>."""
    if request.method != "GET":
        return other_method(request, "GET")
    return recommend(request, product_id)


class OutfitDescribed(CrossSellDescribed):
    """The same for what completes a look."""

    @extend_schema(
        summary="What completes the look",
        description="Short for type=complete-the-look with this product_id: products of other categories." + _USED_UP,
        operation_id="recommendations_outfit",
        parameters=_PARAMETERS,
        responses={200: serializers.Answered},
    )
    def get(self, request: Any, *args: Any, **kwargs: Any) -> None: ...


@csrf_exempt
def cross_sell(request: HttpRequest, product_id: str, kind: str = "") -> HttpResponse:
    return beside(request, product_id, kind)


@csrf_exempt
def outfit(request: HttpRequest, product_id: str, kind: str = "") -> HttpResponse:
    return beside(request, product_id, kind)


cross_sell.cls, cross_sell.initkwargs = CrossSellDescribed, {}  # type: ignore[attr-defined]
outfit.cls, outfit.initkwargs = OutfitDescribed, {}  # type: ignore[attr-defined]
recommend.cls = RecommendDescribed  # type: ignore[attr-defined]
recommend.initkwargs = {}  # type: ignore[attr-defined]
