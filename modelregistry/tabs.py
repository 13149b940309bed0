"""The tabs above the pages of models: those of a shop's panel and those of the back office, as far as they stand."""

from typing import Any
from urllib.parse import urlencode

from django.urls import NoReverseMatch, reverse

# Label and names of the route, the first of which stands is taken.
TENANT = (
    ("Versions", ("panel:models",)),
    ("Metrics", ("panel:model-metrics",)),
    ("Compare", ("panel:compare-versions",)),
    ("Experiments", ("panel:experiments",)),
    ("Isolated model", ("panel:isolation",)),
    ("Terms", ("panel:model-terms",)),
)
STAFF = (
    ("Versions", ("models",)),
    ("Experiments", ("experiments",)),
    ("Metrics", ("models-metrics",)),
    ("Isolated models", ("isolation-requests",)),
    ("Terms", ("models-terms",)),
)


def of_tenant(slug: str, current: str) -> list[dict[str, Any]]:
    return _tabs(TENANT, current, {"slug": slug}, "")


def of_staff(current: str, *, shop: str = "") -> list[dict[str, Any]]:
    """`shop` is kept in the address of the tabs that are about one."""
    return _tabs(STAFF, current, {}, f"?{urlencode({'shop': shop})}" if shop else "")


def address(name: str, **kwargs: Any) -> str:
    """Where the route leads; "" while this build has none of the name."""
    try:
        return reverse(name, kwargs=kwargs or None)
    except NoReverseMatch:
        return ""


def _tabs(rows: Any, current: str, kwargs: dict[str, str], query: str) -> list[dict[str, Any]]:
    found = []
    for label, names in rows:
        url = next(filter(None, (address(name, **kwargs) for name in names)), "")
        if url:
            kept = query if names[0] in ("models", "models-metrics") else ""
            found.append({"label": label, "url": url + kept, "current": label == current})
    return found
