"""Examples of the published schema: what is sent, and what each row is answered. Tests send them as they stand."""

from typing import Any

from drf_spectacular.utils import OpenApiExample

REQUEST_ID = "req_0197f2c1a0b3c9d1e2f3a4b5c6d7"
_MANY: dict[str, list[dict[str, Any]]] = {
    "products": [
        {
            "id": "tea-1",
            "title": "Green tea",
            "price": "4.50",
            "currency": "EUR",
            "categories": ["Drinks", "Tea"],
            "url": "https://shop.example/green-tea",
            "stock": 12,
        },
        {"id": 4711, "title": "Cup", "price": -1},
    ],
    "customers": [{"id": "c-1", "country": "France"}, {"id": "c-2", "country": 33}],
    "orders": [
        {
            "id": "1001",
            "customer_id": "c-1",
            "ordered_at": "2025-06-01T12:30:00+02:00",
            "lines": [{"product_id": "tea-1", "quantity": 2, "unit_price": "4.50"}],
        },
        {"id": "1002", "customer_id": "c-1", "ordered_at": "2025-06-01T12:31:00+02:00", "lines": []},
    ],
    "events": [
        {"type": "view", "customer_id": "c-1", "product_id": "tea-1"},
        {"type": "cart", "product_id": "tea-1"},
    ],
}
_WRONG = {
    "products": {"field": "price", "code": "range", "message": "Must not be negative."},
    "customers": {"field": "country", "code": "type", "message": "Must be text."},
    "orders": {"field": "lines", "code": "type", "message": "Must be a list of at least one line."},
    "events": {"field": "customer_id", "code": "required", "message": "Send customer_id, session_id or both."},
}


def sending(kind: str) -> list[OpenApiExample]:
    """One row, several, and the answer to several of which one is wrong."""
    rows, wrong = _MANY[kind], _WRONG[kind]
    results: list[dict[str, Any]] = [
        {"index": 0, "id": rows[0].get("id"), "status": "created"},
        {"index": 1, "id": str(rows[1].get("id")), "status": "refused", "errors": [wrong]},
    ]
    answer: dict[str, Any] = {"kept": 1, "unchanged": 0, "refused": 1, "results": results, "request_id": REQUEST_ID}
    status = "200"
    if kind == "events":
        results[0] |= {"id": "01972a3e-5b1c-7e44-9c1d-3f1c2b7a9d10", "status": "accepted"}
        results[1]["id"] = None
        errors = [{"index": 1, **wrong}]
        answer = {"accepted": 1, "refused": 1, "results": results, "errors": errors, "request_id": REQUEST_ID}
        status = "202"
    return [
        OpenApiExample("one", rows[0], summary="One", request_only=True),
        OpenApiExample("several", {kind: rows}, summary="Several, the second wrong", request_only=True),
        OpenApiExample("answer", answer, summary="One kept, one refused", response_only=True, status_codes=[status]),
    ]


_CHANGES: dict[str, dict[str, Any]] = {
    "product": {"stock": 0, "price": "3.90"},
    "customer": {"country": "Italy"},
    "order": {"status": "refunded"},
}


def changing(name: str) -> list[OpenApiExample]:
    return [OpenApiExample("change", _CHANGES[name], summary="Some fields", request_only=True)]
