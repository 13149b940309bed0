"""Both menus as data: what an entry is, and the groups a page shows for one person."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import reverse


@dataclass(frozen=True)
class Badge:
    """A count beside an entry: `text` is what a screen reader says ("3 open")."""

    count: int
    text: str = ""
    urgent: bool = False  # red: someone must act
    most: int = 0  # above it the count is shown as "99+"; 0 = as it is


@dataclass(frozen=True)
class Item:
    """One entry. `may` is the permission it needs; `badge(request)` counts, or gives None.

    An entry is current on its own page and on those below it, unless it is `alone` (an overview,
    whose path is the beginning of every other). `live` names the route that answers the badge alone, every 30 s.
    """

    label: str
    icon: str
    url_name: str
    group: str = ""
    may: str = ""
    badge: Callable[[HttpRequest], Badge | None] | None = None
    alone: bool = False
    live: str = ""


def build(
    items: Iterable[Item],
    *,
    request: HttpRequest,
    may: Callable[[str], bool] = lambda permission: True,
    url_kwargs: Mapping[str, Any] | None = None,
) -> list[dict[str, Any]]:
    """The groups with the entries this person may see, the one that fits the path best marked."""
    groups: dict[str, list[dict[str, Any]]] = {}
    fitting: list[dict[str, Any]] = []
    for item in items:
        if item.may and not may(item.may):
            continue
        entry = _entry(item, request=request, url_kwargs=url_kwargs)
        groups.setdefault(item.group, []).append(entry)
        if request.path == entry["url"] or (not item.alone and _is_below(request.path, entry["url"])):
            fitting.append(entry)
    if fitting:
        max(fitting, key=lambda entry: len(entry["url"]))["current"] = True
    return [{"title": title, "items": group} for title, group in groups.items()]


def _entry(item: Item, *, request: HttpRequest, url_kwargs: Mapping[str, Any] | None) -> dict[str, Any]:
    badge = item.badge(request) if item.badge else None
    return {
        "label": item.label,
        "icon": item.icon,
        "url": reverse(item.url_name, kwargs=dict(url_kwargs) if url_kwargs else None),
        "current": False,
        "badge_count": badge.count if badge else 0,
        "badge_label": f"{badge.most}+" if badge and 0 < badge.most < badge.count else "",
        "live_url": reverse(item.live, kwargs=dict(url_kwargs) if url_kwargs else None) if item.live else "",
        "badge_urgent": bool(badge and badge.urgent),
        "badge_text": (badge.text or str(badge.count)) if badge else "",
    }


def _is_below(path: str, url: str) -> bool:
    return path.startswith(url.rstrip("/") + "/")
