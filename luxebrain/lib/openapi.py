"""What the published schema leaves out, how exact bodies are, and the problems that operations may answer with."""

from typing import Any

from luxebrain.lib import problems

_COUNTS = ("kept", "unchanged", "accepted", "refused")
PROBLEM = {
    "type": "object",
    "description": "RFC 9457 problem details",
    "required": ["type", "title", "status", "code", "detail", "errors", "error", "request_id"],
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
                "required": ["field", "code", "message"],
                "properties": {
                    "field": {"type": "string", "description": "With its place: lines.2.quantity; of no field: empty"},
                    "code": {"type": "string", "description": "For programs, such as required, unknown, type, range"},
                    "message": {"type": "string", "description": "For people; it may change"},
                    "index": {"type": "integer", "minimum": 0, "description": "Of several rows: which one"},
                },
            },
        },
        "error": {
            "type": "object",
            "description": "code, message and {field: message} once more, for plugins that read this shape",
            "required": ["code", "message", "fields"],
            "properties": {
                "code": {"type": "string"},
                "message": {"type": "string"},
                "fields": {"type": "object", "additionalProperties": {"type": "string"}},
            },
        },
        "results": {"type": "array", "items": {"type": "object"}, "description": "Of several rows: each one's"},
        **{name: {"type": "integer", "description": "Of several rows: how many"} for name in _COUNTS},
        "delivery": {"type": "integer", "description": "Of a webhook: its number in the panel"},
        "error_id": {"type": "string", "description": "Of a fault of ours: what it was noted under"},
        "request_id": {"type": "string", "description": "Also in X-Request-Id; the panel finds the call by it"},
    },
}
_STATUSES = {
    "400": "Something in the request is not right; errors names the fields",
    "401": "No API key, or one that is unknown, revoked or expired",
    "403": "The key may not do this: its scope, its mode, the site it is used from, or the shop is suspended",
    "404": "Not found, or not yours",
    "405": "This address does not know this method; see Allow",
    "413": "The body is larger than 10 MB, or holds more than 1,000 rows",
    "415": "The body is not JSON in UTF-8, uncompressed",
    "429": "Too many calls a minute, or at once; see Retry-After",
    "503": "Temporarily unavailable; see Retry-After",
}
_WRITING = {
    "402": "The plan holds no more of these; nothing was changed",
    "409": "A newer state is stored, or a call with this Idempotency-Key is still running (see Retry-After)",
    "422": "This Idempotency-Key was used for another call",
}
# What an operation's own description tells ("409: …") is one of its answers.
_TOLD = {"402": "The plan does not hold it; the description says when", "409": "It does not fit the state of things; "
         "the description says when"}  # fmt: skip
_EXAMPLES = {
    "400": ("invalid", "Some fields are not right.", [{"field": "price", "code": "range",
                                                       "message": "Must not be negative."}]),
    "401": ("unauthenticated", "This API key is not known, or has been revoked or has expired.", []),
    "402": ("plan_limit", "The Free plan holds 1,000 products and there are 1,000; this would add 1. "
                          "Nothing was changed.", []),
    "403": ("scope_missing", "This key does not have the scope catalogue:write.", []),
    "404": ("not_found", "There is nothing here, or it is not yours.", []),
    "409": ("outdated", "A newer state of this row is stored. Nothing was changed.", []),
    "413": ("too_many", "Send at most 1,000 at a time; these are 1,001.", []),
    "422": ("idempotency_key_reused", "This Idempotency-Key was used for another call. "
                                      "Take a new one for a new write.", []),
    "429": ("rate_limited", "More than 300 calls a minute. Try again in 2 s.", []),
}  # fmt: skip


def without_aliases(endpoints: list[tuple[str, str, str, Any]]) -> list[tuple[str, str, str, Any]]:
    """Each route once: the spelling with a trailing slash is an alias."""
    return [endpoint for endpoint in endpoints if not endpoint[0].endswith("/")]


def with_problems(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Every operation may answer with a problem, whatever else it documents; writes with some more. Each is written
    once and referred to; what an operation says of a status in its own words stands there."""
    components = result.setdefault("components", {})
    components.setdefault("schemas", {})["Problem"] = PROBLEM
    shared = {status: _answer(status, text) for status, text in {**_STATUSES, **_WRITING}.items()}
    components["responses"] = {f"Problem{status}": answer for status, answer in shared.items()}
    for operations in result.get("paths", {}).values():
        for operation in operations.values():
            if isinstance(operation, dict) and "responses" in operation:
                writes = any(each.get("name") == "Idempotency-Key" for each in operation.get("parameters", ()))
                told = {status: text for status, text in _TOLD.items() if status in operation.get("description", "")}
                for status in sorted({*_STATUSES, *told, *(_WRITING if writes else ())}):
                    own = status in told and not (writes and status in _WRITING)
                    refers = {"$ref": f"#/components/responses/Problem{status}"}
                    operation["responses"][status] = _answer(status, told[status]) if own else refers
    return result


def _answer(status: str, text: str) -> dict[str, Any]:
    return {"description": text, "content": _content(status)}


def _content(status: str) -> dict[str, Any]:
    content: dict[str, Any] = {"schema": {"$ref": "#/components/schemas/Problem"}}
    if status in _EXAMPLES:
        code, detail, errors = _EXAMPLES[status]
        content["example"] = problems.body(
            status=int(status), code=code, detail=detail, errors=errors, request_id="req_0197f2c1a0b3c9d1e2f3a4b5c6d7"
        )
    return {problems.CONTENT_TYPE: content}


def with_exact_bodies(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Bodies take the fields that are described and no others: what a shop misspells is told, not ignored."""
    schemas = result["components"]["schemas"]
    waiting = [
        operation["requestBody"]
        for operations in result.get("paths", {}).values()
        for operation in operations.values()
        if isinstance(operation, dict) and "requestBody" in operation
    ]
    done: set[str] = set()
    while waiting:
        part = waiting.pop()
        if isinstance(part, list):
            waiting += part
        elif isinstance(part, dict):
            waiting += part.values()
            name = str(part.get("$ref", "")).rpartition("/")[2]
            if name and name not in done:
                done.add(name)
                waiting.append(schemas[name])
                if "properties" in schemas[name]:
                    schemas[name]["additionalProperties"] = False
    return result
