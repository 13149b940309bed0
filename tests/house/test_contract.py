"""The addresses that the specification names (requirements 2.1): each answers, or waits for a named capability."""

import pytest
from django.urls import resolve

from tests import make
from tests.house import routes

# address → for whom it is
PROMISED = {
    "/api/v1/recommendations": "key",
    "/api/v1/recommendations/": "key",
    "/api/v1/recommendations/cross-sell/p-1": "key",
    "/api/v1/recommendations/batch": "key",
    "/api/v1/recommendations/outfit/p-1": "key",
    "/api/v1/events": "key",
    "/api/v1/products": "key",
    "/api/v1/customers": "key",
    "/api/v1/experiments": "key",
    "/api/v1/orders": "key",
    **dict.fromkeys(
        (
            f"/api/v1/webhooks/{event}"
            for event in ("order-created", "customer-updated", "product-updated", "order", "customer", "product")
        ),
        "key",
    ),
    "/api/limits/status": "key",
    "/api/schema": "anyone",
    **dict.fromkeys(
        (
            f"/api/admin/models/{rest}"
            for rest in (
                "register",
                "activate",
                "rollback",
                "undo",
                "ab-test",
                "track",
                "list/recommendation",
                "performance",
                "metrics-history/recommendation",
                "1/metrics",
                "1/train",
                "1/training-status",
            )
        ),
        "staff",
    ),
    "/api/admin/batch/stats": "staff",
    "/models": "staff",
    "/anomalies": "staff",
    "/api/admin/alerts": "staff",
    "/api/admin/anomalies/count": "staff",
    "/api/admin/anomalies/resolve": "staff",
    "/api/admin/anomalies/1": "staff",
    "/api/admin/anomalies/1/streams": "staff",
    "/dashboard": "staff",
    "/isolation-requests": "staff",
    "/monitoring": "staff",
    "/overview": "anyone",
    "/health": "anyone",
    "/health/db": "anyone",
    "/ready": "anyone",
    "/alive": "anyone",
    "/startup": "anyone",
}
# What each row of the shops' API can be asked to do.
METHODS = {
    "/api/v1/products": {"GET", "POST"},
    "/api/v1/products/p-1": {"GET", "PUT", "PATCH", "DELETE"},
    "/api/v1/customers": {"GET", "POST"},
    "/api/v1/customers/c-1": {"GET", "PUT", "PATCH", "DELETE"},
    "/api/v1/orders": {"GET", "POST"},
    "/api/v1/orders/o-1": {"GET", "PUT", "PATCH", "DELETE"},
    "/api/v1/events": {"GET", "POST"},
    "/api/v1/events/00000000-0000-0000-0000-000000000000": {"GET"},
}
AUDIENCES = {route.pattern: route.audience for route in routes.ALL}


@pytest.mark.parametrize("path", PROMISED)
def test_a_promised_address_is_there(path):
    """R91: at the very address, for the very people."""
    audience = AUDIENCES[resolve(path).route]
    assert audience
    assert audience[0] == PROMISED[path]


@pytest.mark.parametrize("path", METHODS)
def test_it_can_be_asked_to(path, acme):
    """R91: every method that is documented, and none that is not."""
    api = make.Api(make.key(acme))
    for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
        answer = api(method, path, {} if method in {"POST", "PUT", "PATCH"} else None)
        assert (answer.status_code != 405) == (method in METHODS[path]), f"{method}: {answer.status_code}"
        if answer.status_code == 405:
            assert set(answer["Allow"].split(", ")) - {"OPTIONS", "HEAD"} == METHODS[path]
            assert answer["Content-Type"] == "application/problem+json"
