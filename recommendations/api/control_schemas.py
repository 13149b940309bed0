"""Placements and rules as the API describes them, as exactly as recommendations/drafts.py checks them."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers

from recommendations import drafts, expressions, queries
from recommendations.algorithms.blend import PARTS
from recommendations.api import described, sent
from recommendations.api.serializers import listed
from recommendations.models import Placement, Rule

CODE = r"^[A-Za-z0-9_.-]{1,40}$"
KINDS = sorted(set(queries.KINDS))
STATES = ["active", "scheduled", "expired", "off"]


def _words(choices: Any) -> dict[str, Any]:
    return {"type": "string", "enum": list(choices.values)}


def _share(text: str) -> dict[str, Any]:
    return {"type": "number", "minimum": 0, "maximum": 1, "description": text}


def _whole(text: str, **more: Any) -> dict[str, Any]:
    return {"type": "integer", "minimum": 1, "maximum": drafts.MOST_LISTED, "description": text, **more}


_FILTER = sent.text(expressions.MAX_LENGTH)
_NAME = sent.text(80, least=1, null=False)
_ACTIVE = {"type": "boolean", "default": True}
PLACEMENT: dict[str, dict[str, Any]] = {
    "code": {
        "type": "string", "pattern": CODE, "description": "As calls name it; stays as it was given", "example": "home",
    },
    "name": _NAME,
    "surface": _words(Placement.Surface),
    "type": {"type": "string", "enum": KINDS, "default": "personalised"},
    "count": _whole("How many products"),
    "weights": {
        "type": "object", "additionalProperties": False, "description": "What parts of a blend are multiplied by",
        "properties": {name: {"type": "number", "minimum": 0, "maximum": drafts.MOST_FACTOR} for name in sorted(PARTS)},
    },
    "filter": {**_FILTER, "description": "Only products that this holds for"},
    "fallback": _words(Placement.Fallback),
    "bought": _words(Placement.Bought),
    "min_relevance": _share("Share of the best score that a product must reach"),
    "diversity": _share("0: best first; 1: as different as possible"),
    "most_of_category": _whole("At most so many of one category", nullable=True),
    "most_of_brand": _whole("At most so many of one brand", nullable=True),
    "novelty": _share("How much best sellers give way"),
    "rotation": _share("How much the order varies from hour to hour"),
    "active": _ACTIVE,
}  # fmt: skip
RULE: dict[str, dict[str, Any]] = {
    "name": _NAME,
    "action": _words(Rule.Action),
    "products": {"type": "array", "maxItems": drafts.MOST_PRODUCTS, "items": sent.ID, "nullable": True},
    "filter": {**_FILTER, "description": "Instead of products: an expression"},
    "factor": {
        "type": "number", "minimum": 0, "maximum": drafts.MOST_FACTOR,
        "description": "boost: above 1; bury: below 1; what scores are multiplied by",
    },
    "position": _whole("pin: the place of the first product"),
    "placements": {
        "type": "array", "maxItems": 100, "nullable": True, "description": "Codes; none: everywhere",
        "items": {"type": "string", "maxLength": 40},
    },
    "segment": {**_FILTER, "description": "For which shoppers, as an expression"},
    "starts_at": sent.nullable(sent.TIME),
    "ends_at": sent.nullable(sent.TIME),
    "owner": {"type": "string", "maxLength": 254, "nullable": True, "description": "E-mail of a member of the team"},
    "note": sent.text(500),
    "active": _ACTIVE,
}  # fmt: skip
PlacementSent = sent.body("PlacementSent", {"code", "name"}, **PLACEMENT)
PlacementPart = sent.body("PlacementPart", set(), **PLACEMENT)
RuleSent = sent.body("RuleSent", {"name", "action"}, **RULE)
RulePart = sent.body("RulePart", set(), **RULE)


class PlacementTold(serializers.Serializer):
    code = serializers.CharField()
    name = serializers.CharField()
    surface = serializers.CharField()
    type = serializers.CharField()
    count = serializers.IntegerField()
    weights = serializers.DictField(child=serializers.FloatField())
    filter = serializers.CharField(allow_blank=True)
    fallback = serializers.CharField()
    bought = serializers.CharField()
    min_relevance = serializers.FloatField()
    diversity = serializers.FloatField()
    most_of_category = serializers.IntegerField(allow_null=True)
    most_of_brand = serializers.IntegerField(allow_null=True)
    novelty = serializers.FloatField()
    rotation = serializers.FloatField()
    active = serializers.BooleanField()
    updated_at = serializers.DateTimeField()


class RuleTold(serializers.Serializer):
    id = serializers.IntegerField()
    name = serializers.CharField()
    action = serializers.CharField()
    products = serializers.ListField(child=serializers.CharField())
    filter = serializers.CharField(allow_blank=True)
    factor = serializers.FloatField()
    position = serializers.IntegerField()
    placements = serializers.ListField(child=serializers.CharField())
    segment = serializers.CharField(allow_blank=True)
    starts_at = serializers.DateTimeField(allow_null=True)
    ends_at = serializers.DateTimeField(allow_null=True)
    owner = serializers.CharField(allow_null=True)
    note = serializers.CharField(allow_blank=True)
    active = serializers.BooleanField()
    state = serializers.ChoiceField(STATES)
    updated_at = serializers.DateTimeField()


_LIST = [described.LIMIT, described.CURSOR]
_TOLD = {"placement": PlacementTold, "rule": RuleTold}
_SENT = {"placement": PlacementSent, "rule": RuleSent}
_PART = {"placement": PlacementPart, "rule": RulePart}
_WHAT = {
    "placement": "A call for recommendations that names its code gets what is set here.",
    "rule": "It holds from the next answer on, in its placements, for its shoppers and in its time.",
}


def many(name: str) -> Any:
    """Describes a list: GET and POST."""
    return described.with_methods(
        get=extend_schema(
            summary=f"List {name}s", description=f"A page of the {name}s, oldest first.", operation_id=f"{name}s_list",
            parameters=_LIST, responses={200: listed(f"{name}s", _TOLD[name])},
        ),
        post=extend_schema(
            summary=f"Make a {name}", description=_WHAT[name], operation_id=f"{name}_make",
            request=_SENT[name], responses={201: _TOLD[name]},
        ),
    )  # fmt: skip


def one(name: str, *, parameter: OpenApiParameter) -> Any:
    """Describes one: GET, PATCH and DELETE."""
    return described.with_methods(
        get=extend_schema(
            summary=f"Read one {name}", description="As it stands.", operation_id=f"{name}_read",
            parameters=[parameter], responses={200: _TOLD[name]},
        ),
        patch=extend_schema(
            summary=f"Change one {name}", description="Changes the named fields alone.", operation_id=f"{name}_change",
            parameters=[parameter], request=_PART[name], responses={200: _TOLD[name]},
        ),
        delete=extend_schema(
            summary=f"Remove one {name}", description="The panel can put it back for a week.",
            operation_id=f"{name}_remove", parameters=[parameter], request=None, responses={204: None},
        ),
    )  # fmt: skip
