"""Payloads of webhooks and what the validator says of them, for the tests of its parts."""

import math
from datetime import UTC, datetime

from recommendations.validator import InputValidator

NOW = datetime(2025, 6, 1, 12, 0, tzinfo=UTC)
validate = InputValidator.validate_webhook_data


def order(**fields):
    line = {"product_id": "p-1", "quantity": 2, "unit_price": "4.50"}
    return {"id": "o-1", "customer_id": "c-1", "ordered_at": "2025-06-01T11:00:00Z", "lines": [line], **fields}


def product(**fields):
    return {"id": "p-1", "title": "Mug", **fields}


def check(event, data):
    return validate(event, data, now=NOW)


def faults(event, data):
    """{field: code} of a payload that must be refused."""
    _, errors, _ = check(event, data)
    assert errors, data
    assert all(set(error) == {"field", "code", "message"} and error["message"] for error in errors)
    return {error["field"]: error["code"] for error in errors}


BAD_NUMBERS = [
    True,
    False,
    math.nan,
    math.inf,
    -math.inf,
    "nan",
    "NaN",
    "sNaN",
    "Infinity",
    "",
    " ",
    "1_000",
    "１２",
    "12,90",
    "0x10",
    "ten",
    [],
    {},
    b"1",
    "1" * 41,
    "--1",
    "1e",
    10**400,
    float(2**1000),
]
