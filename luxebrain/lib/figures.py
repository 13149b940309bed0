"""Numbers, money and changes as people read them."""

import math
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

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
def number(value: Any, digits: int | None = None) -> str:
    """12400 → 12,400; 0.21437 → 0.214; `digits` fixes the decimals."""
    if not _usable(value):
        return MISSING
    if digits is None:
        whole = isinstance(value, int) or value == int(value)
        digits = 0 if whole or abs(value) >= 1000 else 3 if abs(value) < 1 else 1
    return _signed(f"{value:,.{digits}f}")


def compact(value: Any) -> str:
    """1284000 → 1.28 M; below a million every digit stays: 48,210."""
    if not _usable(value):
        return MISSING
    for unit_size, unit in _UNITS:
        if abs(value) >= unit_size:
            scaled = float(value) / unit_size
            return _signed(f"{scaled:.3g}" if abs(scaled) < 999.5 else f"{scaled:,.0f}") + THIN + unit
    return number(value)


def money(value: Any, currency: str = "EUR") -> str:
    """18420 → €18,420; 14.3 → €14.30: cents below a thousand, whole units above."""
    return _money(value, currency, cents=_usable(value) and abs(value) < 1000)


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


def percent(value: Any, digits: int | None = None) -> str:
    """A share as per cent: 0.0386 → 3.86%, 0.61 → 61%, 0.992 → 99.2%, 0 → 0%."""
    if not _usable(value):
        return MISSING
    hundredths = float(value) * 100
    if digits is None:
        size = abs(hundredths)
        digits = 2 if size < 10 else 1
        if size == 0 or (round(hundredths, digits) == round(hundredths) and size >= 1):
            digits = 0
    return _signed(f"{hundredths:,.{digits}f}%")


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


def change(
    now: Number | None, before: Number | None, *, points: bool = False, lower_is_better: bool = False
) -> Change | None:
    """The change from `before`: relative, or in percentage points of two shares; None without a base."""
    if not _usable(now) or not _usable(before) or (not points and before == 0):
        return None
    moved = float(now) - float(before)  # type: ignore[arg-type]
    text = f"{abs(moved) * 100:.2f}{WIDE}pt" if points else percent(abs(moved / float(before)), 1)  # type: ignore[arg-type]
    if float(text.split(WIDE)[0].rstrip("%").replace(",", "")) == 0:
        return Change("no change", "flat", "neutral")
    rising = moved > 0
    return Change(text, "up" if rising else "down", "good" if rising != lower_is_better else "bad")
