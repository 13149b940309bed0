"""Template tags and filters, built in everywhere: numbers, money, changes, times, links, icons."""

import datetime as dt
import functools
import secrets
from typing import Any

import lucide as lucide_icons
from django import template
from django.http import QueryDict
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from luxebrain.lib.figures import (
    MISSING,
    THIN,
    WIDE,
    Change,
    Number,
    change,
    compact,
    money,
    number,
    percent,
    plural,
    price,
    size,
)

__all__ = [
    "MISSING",
    "THIN",
    "WIDE",
    "Change",
    "change",
    "compact",
    "money",
    "number",
    "percent",
    "plural",
    "price",
    "size",
]

register = template.Library()

for _filter in (number, compact, money, price, percent, size, plural):
    register.filter(_filter)


# --- Times -------------------------------------------------------------------------------------
def since(value: dt.datetime, *, now: dt.datetime | None = None) -> str:
    """In words: just now, 4 min ago, 2 h ago, 7 d ago, in 3 h; a date beyond 30 days."""
    now = now or timezone.now()
    seconds = (now - value).total_seconds()
    size = abs(seconds)
    if size < 45:
        return "just now" if seconds >= 0 else "in a moment"
    if size > 30 * 86_400:
        local = timezone.localtime(value)
        return f"{local.day} {local:%b}" + ("" if local.year == timezone.localtime(now).year else f" {local.year}")
    if size < 3570:
        amount = f"{max(1, round(size / 60))}{WIDE}min"
    elif size < 86_400:
        amount = f"{round(size / 3600)}{WIDE}h"
    else:
        amount = f"{round(size / 86_400)}{WIDE}d"
    return f"{amount} ago" if seconds >= 0 else f"in {amount}"


@register.filter
def exact(value: dt.datetime | None) -> str:
    """23 Nov 2026, 09:14:07 CET: the instant in the active (the tenant's) time zone."""
    if value is None:
        return MISSING
    local = timezone.localtime(value)
    return f"{local.day} {local:%b %Y, %H:%M:%S} {local.tzname()}"


@register.inclusion_tag("components/when.html")
def when(value: dt.datetime | None, otherwise: str = "never") -> dict[str, Any]:
    """{% when job.started_at %}: relative time, the exact one on hover and focus."""
    if value is None:
        return {"value": None, "otherwise": otherwise}
    return {"value": value, "iso": value.isoformat(), "text": since(value), "exact": exact(value)}


@register.filter
def duration(value: dt.timedelta | Number | None) -> str:
    """A timedelta or seconds: 0.42 s, 41 s, 3 min 20 s, 2 h 5 min."""
    if value is None:
        return MISSING
    seconds = value.total_seconds() if isinstance(value, dt.timedelta) else float(value)
    if seconds < 10:
        return f"{seconds:.3g}{WIDE}s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes == 0:
        return f"{rest}{WIDE}s"
    if minutes < 60:
        return f"{minutes}{WIDE}min {rest}{WIDE}s" if rest else f"{minutes}{WIDE}min"
    return f"{minutes // 60}{WIDE}h {minutes % 60}{WIDE}min"


# --- Words, links, icons -----------------------------------------------------------------------
@register.filter
def initials(name: str) -> str:
    """Maison Verre → MV, anna@shop.example → AN."""
    words = [word for word in str(name or "").split("@")[0].replace("-", " ").split() if word[0].isalnum()]
    if not words:
        return "?"
    return (words[0][0] + words[1][0] if len(words) > 1 else words[0][:2]).upper()


@register.simple_tag(takes_context=True)
def query(context: template.Context, **changes: Any) -> str:
    """?… of this page with some parameters changed; None or "" drops one; the page number is dropped."""
    request = context.get("request")
    return build_query(request.GET if request else QueryDict(), **changes)


def build_query(current: QueryDict, **changes: Any) -> str:
    parameters = current.copy()
    parameters.pop("page", None)
    for name, value in changes.items():
        if value in (None, ""):
            parameters.pop(name, None)
        else:
            parameters[name] = str(value)
    return "?" + parameters.urlencode()


@register.simple_tag
def uid(prefix: str = "id") -> str:
    """An element id that no other part of the page has, swapped-in fragments included."""
    return f"{prefix}-{secrets.token_hex(4)}"


@register.simple_tag
def icon(name: str, size: int = 16, css: str = "") -> SafeString:
    """{% icon "house" %}: a Lucide icon that screen readers skip."""
    return _icon(str(name), int(size), str(css))


@functools.lru_cache(maxsize=512)
def _icon(name: str, size: int, css: str) -> SafeString:
    # ElementTree escapes every attribute, and the drawing comes from the icon package.
    drawn = lucide_icons._render_icon(
        name, size, aria_hidden="true", stroke_width="1.75", **{"class": f"icon {css}".strip()}
    )
    return mark_safe(drawn)


# --- What components ask -----------------------------------------------------------------------
@register.filter
def tone(level: str) -> str:
    """A message level of Django as one of our colours."""
    return {"success": "good", "error": "bad", "warning": "warning"}.get(level, "info")


@register.filter
def done_count(steps: Any) -> int:
    return sum(1 for step in steps if step["done"])


@register.simple_tag
def meter_bounds(allowed: Number) -> SafeString:
    """A meter is calm below 80% of what is allowed and red from 100% on."""
    return format_html('low="{}" high="{}" optimum="0"', *(f"{float(allowed) * share:g}" for share in (0.8, 0.999)))
