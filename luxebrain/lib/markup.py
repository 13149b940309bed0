"""Template tags and filters, built in everywhere: numbers, money, changes, times, links, icons."""

import datetime as dt
import functools
import math
import secrets
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import lucide as lucide_icons
from django import template
from django.http import QueryDict
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

register = template.Library()

THIN = "\u202f"  # narrow no-break space between a number and M, k, MB
WIDE = "\u00a0"  # no-break space before units that are words: h, min, pt
MISSING = "—"
MINUS = "\u2212"
_SYMBOLS = {"EUR": "€", "GBP": "£", "USD": "$", "JPY": "¥", "INR": "₹", "KRW": "₩", "AUD": "A$", "CAD": "C$"}
_WITHOUT_CENTS = {"JPY", "KRW", "CLP", "VND", "ISK", "HUF"}
_UNITS = ((1_000_000_000, "B"), (1_000_000, "M"))
Number = int | float | Decimal


def _usable(value: Any) -> bool:
    return isinstance(value, Number) and not isinstance(value, bool) and math.isfinite(value)


def _signed(text: str) -> str:
    return text.replace("-", MINUS)


# --- Numbers -----------------------------------------------------------------------------------
@register.filter
def number(value: Any, digits: int | None = None) -> str:
    """12400 → 12,400; 0.21437 → 0.214; `digits` fixes the decimals."""
    if not _usable(value):
        return MISSING
    if digits is None:
        whole = isinstance(value, int) or value == int(value)
        digits = 0 if whole or abs(value) >= 1000 else 3 if abs(value) < 1 else 1
    return _signed(f"{value:,.{digits}f}")


@register.filter
def compact(value: Any) -> str:
    """1284000 → 1.28 M; below a million every digit stays: 48,210."""
    if not _usable(value):
        return MISSING
    for unit_size, unit in _UNITS:
        if abs(value) >= unit_size:
            scaled = float(value) / unit_size
            return _signed(f"{scaled:.3g}" if abs(scaled) < 999.5 else f"{scaled:,.0f}") + THIN + unit
    return number(value)


@register.filter
def money(value: Any, currency: str = "EUR") -> str:
    """18420 → €18,420; 14.3 → €14.30: cents below a thousand, whole units above."""
    return _money(value, currency, cents=_usable(value) and abs(value) < 1000)


@register.filter
def price(value: Any, currency: str = "EUR") -> str:
    """Always with cents: €1,249.00."""
    return _money(value, currency, cents=True)


def _money(value: Any, currency: str, *, cents: bool) -> str:
    if not _usable(value):
        return MISSING
    currency = (currency or "EUR").upper()
    digits = 2 if cents and currency not in _WITHOUT_CENTS else 0
    sign = MINUS if value < 0 else ""
    symbol = _SYMBOLS.get(currency, currency + "\u00a0")
    return f"{sign}{symbol}{abs(value):,.{digits}f}"


@register.filter
def percent(value: Any, digits: int | None = None) -> str:
    """A share as per cent: 0.0386 → 3.86%, 0.61 → 61%, 0.992 → 99.2%."""
    if not _usable(value):
        return MISSING
    hundredths = float(value) * 100
    if digits is None:
        size = abs(hundredths)
        digits = 2 if size < 10 else 1
        if round(hundredths, digits) == round(hundredths) and size >= 1:
            digits = 0
    return _signed(f"{hundredths:,.{digits}f}%")


@register.filter
def size(value: Any) -> str:
    """Bytes with a unit: 1468006 → 1.4 MB."""
    if not _usable(value):
        return MISSING
    amount = float(value)
    for unit in ("B", "kB", "MB", "GB"):
        if abs(amount) < 1000 or unit == "GB":
            break
        amount /= 1000
    return f"{amount:.0f}{THIN}{unit}" if unit == "B" or amount >= 100 else f"{amount:.1f}{THIN}{unit}"


@register.filter
def plural(count: int, words: str) -> str:
    """{{ 3|plural:"order,orders" }} → 3 orders."""
    one, many = words.split(",")
    return f"{number(count)} {one if count == 1 else many}"


# --- Changes -----------------------------------------------------------------------------------
@dataclass(frozen=True)
class Change:
    """How a figure moved: what components/stat.html and components/change.html show."""

    text: str
    direction: str  # up, down, flat
    tone: str  # good, bad, neutral

    @property
    def words(self) -> str:
        return {"up": "up ", "down": "down "}.get(self.direction, "") + self.text


def change(now: Number | None, before: Number | None, *, points: bool = False, lower_is_better: bool = False) -> Change | None:
    """The change from `before`: relative, or in percentage points of two shares; None without a base."""
    if not _usable(now) or not _usable(before) or (not points and before == 0):
        return None
    moved = float(now) - float(before)  # type: ignore[arg-type]
    text = f"{abs(moved) * 100:.2f}{WIDE}pt" if points else percent(abs(moved / float(before)), 1)  # type: ignore[arg-type]
    if float(text.split(WIDE)[0].rstrip("%").replace(",", "")) == 0:
        return Change("no change", "flat", "neutral")
    rising = moved > 0
    return Change(text, "up" if rising else "down", "good" if rising != lower_is_better else "bad")


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
    drawn = lucide_icons._render_icon(name, size, aria_hidden="true", stroke_width="1.75", **{"class": f"icon {css}".strip()})
    return mark_safe(drawn)  # noqa: S308


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
