"""Saved audiences as the API describes them, as exactly as recommendations/audiences.py checks them."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema, inline_serializer
from rest_framework import serializers as s

from recommendations import audiences
from recommendations.api import described, sent
from recommendations.api.serializers import listed

MOST_IDS = 100_000  # in one call; more come as a file
_DAYS = {"type": "integer", "minimum": 1, "maximum": audiences.MOST_DAYS}
_VALUES: dict[str, dict[str, Any]] = {
    "days": _DAYS,
    "least": sent.MONEY | {"description": "Above zero, over all orders, in the shop's currency"},
    "category": sent.text(120, least=1, null=False),
    "ids": {"type": "array", "items": sent.ID, "minItems": 1, "maxItems": audiences.MOST_IDS},
    "id": {"type": "integer", "minimum": 1, "description": "Of a saved audience"},
}
RULES = [kind for kind in audiences.KINDS if kind != "saved"]


def rule(kind: str) -> dict[str, Any]:
    names = audiences.KINDS[kind]
    return {
        "type": "object", "additionalProperties": False, "required": ["kind", *names],
        "properties": {"kind": {"type": "string", "enum": [kind]}, **{name: _VALUES[name] for name in names}},
    }  # fmt: skip


FIELDS: dict[str, dict[str, Any]] = {
    "name": sent.text(80, least=1, null=False),
    "audience": {
        "oneOf": [rule(kind) for kind in RULES],
        "description": "A rule that finds its customers anew with every job, or up to 1,000 ids",
        "example": {"kind": "ordered_within", "days": 90},
    },
    "customer_ids": {
        "type": "array", "items": sent.ID, "minItems": 1, "maxItems": MOST_IDS,
        "description": "Instead of audience: ids that are kept, each once",
    },
}  # fmt: skip
Sent = sent.body("AudienceSent", {"name"}, **FIELDS)
Part = sent.body("AudiencePart", set(), **FIELDS)
_ROW = {
    "id": s.IntegerField(), "name": s.CharField(),
    "audience": s.DictField(help_text='The rule; {"kind": "file"} for kept ids. Lists leave out the ids'),
    "ids": s.IntegerField(allow_null=True, help_text="How many ids are kept; null for a rule"),
    "filename": s.CharField(allow_null=True), "created_by": s.CharField(),
    "created_at": s.DateTimeField(), "changed_at": s.DateTimeField(),
}  # fmt: skip
_COUNT = inline_serializer("AudienceCount", {
    "n": s.IntegerField(allow_null=True, help_text="null: could not be counted in two seconds"),
    "is_more": s.BooleanField(help_text="There are more than n"),
    "reason": s.CharField(allow_null=True, help_text="Why it is no exact count"),
})  # fmt: skip
Listed = type("AudienceListed", (s.Serializer,), dict(_ROW))
Told = type("AudienceTold", (s.Serializer,), {**_ROW, "customers": _COUNT})
_ID = OpenApiParameter("audience_id", int, OpenApiParameter.PATH)

many = described.with_methods(
    get=extend_schema(
        summary="List saved audiences", operation_id="audiences_list",
        description="A page of the audiences that the shop keeps under a name, oldest first.",
        parameters=[described.LIMIT, described.CURSOR], responses={200: listed("audiences", Listed)},
    ),
    post=extend_schema(
        summary="Save an audience", operation_id="audiences_make",
        description='Under a name of its own, by a rule or by ids. A batch job takes it as {"kind": "saved", "id": …}. '
        "The answer says how many customers are in it now.",
        request=Sent, responses={201: Told},
    ),
)  # fmt: skip
one = described.with_methods(
    get=extend_schema(
        summary="Read a saved audience", operation_id="audiences_read",
        description="With the number of its customers now, counted up to 100,000.",
        parameters=[_ID], responses={200: Told},
    ),
    patch=extend_schema(
        summary="Change a saved audience", operation_id="audiences_change",
        description="Changes the named fields alone; what is planned for it follows. 409 where a batch job is reading "
        "it and its customers would change.",
        parameters=[_ID], request=Part, responses={200: Told},
    ),
    delete=extend_schema(
        summary="Remove a saved audience", operation_id="audiences_remove",
        description="Jobs that were made stay; what is planned for it fails and says so. The panel can put it back for "
        "a week. 409 while a batch job is reading it.",
        parameters=[_ID], request=None, responses={204: None},
    ),
)  # fmt: skip
count = extend_schema(
    summary="Count an audience", operation_id="audiences_count",
    description="How many customers a rule finds now, and a few of them, without saving it; counted up to 100,000.",
    request=sent.body("AudienceAsked", {"audience"}, audience=FIELDS["audience"]),
    responses={200: inline_serializer("AudienceCounted", {
        "audience": s.DictField(), "customers": _COUNT, "sample": s.ListField(child=s.CharField()),
    })},
)  # fmt: skip
_FILE = {
    "type": "string", "format": "binary",
    "description": "CSV with a column customer_id, or with one column; or JSON Lines of texts, numbers or objects with "
    "customer_id. UTF-8, at most 64 MB and a million lines",
}  # fmt: skip


def _form(**fields: dict[str, Any]) -> dict[str, Any]:
    form = {"type": "object", "additionalProperties": False, "required": [*fields], "properties": fields}
    return {"multipart/form-data": form}


_REFUSED = (
    "Each line is checked: where one names no customer id the file is refused as a whole with 400, and the first "
    "twenty such lines are told by their number. A customer who comes twice is kept once."
)
Uploaded = type("AudienceUploaded", (s.Serializer,), {**_ROW, "customers": _COUNT, "repeated": s.IntegerField(
    help_text="Lines that name a customer who was named before",
)})  # fmt: skip
upload = extend_schema(
    summary="Save an audience from a file", operation_id="audiences_upload",
    description=f"Under a name of its own, for up to a million customers. {_REFUSED} A batch job takes it as "
    f'{{"kind": "saved", "id": …}}. With a key, name and ids are what is compared.',
    request=_form(name=FIELDS["name"], file=_FILE), responses={201: Uploaded},
)  # fmt: skip
replace = extend_schema(
    summary="Replace the customers of a saved audience by a file", operation_id="audiences_replace",
    description=f"The name stays, and what is planned for it follows. {_REFUSED} 409 while a batch job is reading it.",
    parameters=[_ID], request=_form(file=_FILE), responses={200: Uploaded},
)  # fmt: skip
