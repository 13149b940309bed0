"""The tabs above the pages of models: those of a shop's panel and those of the back office."""

from typing import Any
from urllib.parse import urlencode

from django.urls import reverse

TENANT = (
    ("Versions", "panel:models"),
    ("Metrics", "panel:model-metrics"),
    ("Compare", "panel:compare-versions"),
    ("Experiments", "panel:experiments"),
    ("Isolated model", "panel:isolation"),
    ("Terms", "panel:model-terms"),
)
STAFF = (
    ("Versions", "models"),
    ("Experiments", "experiments"),
    ("Metrics", "models-metrics"),
    ("Isolated models", "isolation-requests"),
    ("Terms", "models-terms"),
)
OF_ONE_SHOP = ("models", "models-metrics")  # pages that are about the shop of the address


def of_tenant(slug: str, current: str) -> list[dict[str, Any]]:
    return [
        {"label": label, "url": reverse(route, kwargs={"slug": slug}), "current": label == current}
        for label, route in TENANT
    ]


def of_staff(current: str, *, shop: str = "") -> list[dict[str, Any]]:
    """`shop` is kept in the address of the tabs that are about one."""
    query = f"?{urlencode({'shop': shop})}" if shop else ""
    return [
        {"label": label, "url": reverse(route) + (query if route in OF_ONE_SHOP else ""), "current": label == current}
        for label, route in STAFF
    ]
