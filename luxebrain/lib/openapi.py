"""What the published schema leaves out, and the problem that every operation may answer with."""

from typing import Any

PROBLEM = {
    "type": "object",
    "description": "RFC 9457 problem details",
    "required": ["type", "title", "status", "code", "detail", "request_id"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string"},
        "detail": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "field": {"type": "string"},
                    "code": {"type": "string"},
                    "message": {"type": "string"},
                },
            },
        },
        "request_id": {"type": "string"},
    },
}
_STATUSES = {
    "400": "Something in the request is not right; errors names the fields",
    "401": "No API key, or one that is unknown, revoked or expired",
    "403": "The key may not do this",
    "404": "Not found, or not yours",
    "413": "The body is too large",
    "415": "The body is not JSON",
    "429": "Too many calls; see Retry-After",
    "503": "Temporarily unavailable; see Retry-After",
}


def without_aliases(endpoints: list[tuple[str, str, str, Any]]) -> list[tuple[str, str, str, Any]]:
    """Each route once: the spelling with a trailing slash is an alias."""
    return [endpoint for endpoint in endpoints if not endpoint[0].endswith("/")]


def with_problems(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Every operation may answer with a problem, whatever else it documents."""
    result.setdefault("components", {}).setdefault("schemas", {})["Problem"] = PROBLEM
    reference = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    for operations in result.get("paths", {}).values():
        for operation in operations.values():
            if isinstance(operation, dict) and "responses" in operation:
                for status, text in _STATUSES.items():
                    operation["responses"][status] = {"description": text, "content": reference}
    return result
