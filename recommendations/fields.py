"""What one incoming value must look like: each function returns the clean value or raises Refused."""

import html
import re
import unicodedata
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import nh3

MAX_ID = 64
MAX_QUANTITY = 1_000_000
_CENT = Decimal("0.01")
_MAX_MONEY = Decimal(10) ** 12
_UNSEEN = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}
# Emoji and Persian need zero-width joiners in names; nobody's shop needs to turn the reading direction.
_TURNING = re.compile(r"[\u202a-\u202e\u2066-\u2069]")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_SLUG = re.compile(r"[a-z0-9][a-z0-9_.-]{0,39}")
_TOKEN = re.compile(r"[A-Za-z0-9_-]{1,40}")
_MOMENT = re.compile(r"\d{4}-?\d\d-?\d\d[T ]\d\d:?\d\d(:?\d\d([.,]\d{1,9})?)?(Z|[+-]\d\d(:?\d\d)?)?", re.ASCII | re.I)
_EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
_PLAIN_HTML = {"p", "br", "b", "strong", "i", "em", "u", "ul", "ol", "li", "h2", "h3", "h4", "blockquote"}


class Refused(ValueError):
    """A value that cannot be taken; `code` is for machines, `message` a sentence for people."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


def identifier(value: Any) -> str:
    """A shop's own id: 1 to 64 visible characters. Whole numbers become text, so that none is rounded."""
    if type(value) is int:
        return str(value)
    if type(value) is not str:
        raise Refused("type", "Must be text or a whole number.")
    text = value if value.isascii() else unicodedata.normalize("NFC", value)
    seen = text.isprintable() if text.isascii() else not any(unicodedata.category(c) in _UNSEEN for c in text)
    if not seen:
        raise Refused("format", "Must not contain control, invisible or formatting characters.")
    text = text.strip()
    if not text:
        raise Refused("blank", "Must not be empty.")
    if len(text) > MAX_ID:
        raise Refused("too_long", f"Must be at most {MAX_ID} characters long.")
    return text


def text(value: Any, *, limit: int) -> str:
    """Plain text on one line, without tags. Too long is refused, never cut."""
    if value is None:
        return ""
    if type(value) is not str:
        raise Refused("type", "Must be text.")
    if len(value) > limit:
        raise Refused("too_long", f"Must be at most {limit} characters long.")
    if value.isascii() and value.isprintable() and "<" not in value and "&" not in value:
        return value.strip()
    _refuse_hidden(value)
    return " ".join(strip_tags(unicodedata.normalize("NFC", value)).split())


def strip_tags(value: str) -> str:
    """Removes tags until none is left, also those that were hidden as character references."""
    for _ in range(6):
        if "<" not in value and "&" not in value:
            return value
        cleaned = html.unescape(nh3.clean(value, tags=set()))
        if cleaned == value:
            return value
        value = cleaned
    return value.replace("<", "").replace("&", "")


def markup(value: Any, *, limit: int) -> str:
    """A description: plain formatting tags stay, everything that could act is removed."""
    if value is None:
        return ""
    if type(value) is not str:
        raise Refused("type", "Must be text.")
    if len(value) > limit:
        raise Refused("too_long", f"Must be at most {limit} characters long.")
    _refuse_hidden(value)
    return sanitize_html(value)


def sanitize_html(value: str) -> str:
    return nh3.clean(value, tags=_PLAIN_HTML, attributes={}).strip()


def _refuse_hidden(value: str) -> None:
    if _CONTROL.search(value) or _TURNING.search(value):
        raise Refused("format", "Must not contain control characters or change the reading direction.")


def url(value: Any) -> str:
    """An address that a browser may open: http or https, nothing else."""
    if value is None or value == "":
        return ""
    if type(value) is not str:
        raise Refused("type", "Must be text.")
    if len(value) > 1000:
        raise Refused("too_long", "Must be at most 1000 characters long.")
    try:
        parts = urlsplit(value)
        host, _port = parts.hostname, parts.port
    except ValueError:
        raise Refused("format", "Must be a web address.") from None
    hidden = any(char.isspace() or char in '<>"`\\' or not char.isprintable() for char in value)
    if parts.scheme not in {"http", "https"} or not host or hidden or parts.username is not None:
        raise Refused("format", "Must be a web address that begins with https:// or http://.")
    return value


def money(value: Any) -> Decimal | None:
    """An amount as text or number, not negative, kept to the cent."""
    if value is None:
        return None
    if type(value) not in (str, int, float):
        raise Refused("type", "Must be a number, or a number as text.")
    if type(value) is str and not (value.isascii() and len(value) <= 40 and "_" not in value):
        raise Refused("format", "Must be a number such as 12.90.")
    try:
        amount = Decimal(str(value))
    except InvalidOperation:
        raise Refused("format", "Must be a number such as 12.90.") from None
    if not amount.is_finite():
        raise Refused("format", "Must be a number such as 12.90.")
    if amount < 0:
        raise Refused("range", "Must not be negative.")
    if amount >= _MAX_MONEY:
        raise Refused("range", "Must have at most 12 digits before the point.")
    rounded = amount.quantize(_CENT)
    if rounded >= _MAX_MONEY:
        raise Refused("range", "Must have at most 12 digits before the point.")
    return abs(rounded)  # -0.00 is written 0.00


def currency(value: Any) -> str:
    if value is None or value == "":
        return ""
    if type(value) is not str or len(value) != 3 or not (value.isascii() and value.isalpha()):
        raise Refused("format", "Must be a currency of three letters, such as EUR.")
    return value.upper()


def moment(value: Any) -> datetime | None:
    """ISO 8601 with an offset, as UTC. A time without one could mean any of 24 hours."""
    if value is None:
        return None
    if type(value) is not str or len(value) > 40 or not _MOMENT.fullmatch(value):
        raise Refused("format", "Must be a time such as 2025-06-01T12:30:00Z.")
    try:
        parsed = datetime.fromisoformat(value.upper())
        if parsed.tzinfo is None:
            raise Refused("offset", "Must say its time zone: end with Z or an offset such as +02:00.")
        parsed = parsed.astimezone(UTC)
    except (OverflowError, ValueError) as error:
        if isinstance(error, Refused):
            raise
        raise Refused("format", "Must be a time such as 2025-06-01T12:30:00Z.") from None
    if parsed < _EARLIEST:
        raise Refused("range", "Must not be earlier than 1990.")
    return parsed


def whole(value: Any, *, least: int, most: int) -> int:
    if type(value) is not int:
        raise Refused("type", "Must be a whole number.")
    if not least <= value <= most:
        raise Refused("range", f"Must be from {least} to {most}.")
    return value


def quantity(value: Any) -> int:
    return whole(value, least=1, most=MAX_QUANTITY)


def stock(value: Any) -> int | None:
    """May be negative: shops that sell on back-order count below zero."""
    return None if value is None else whole(value, least=-MAX_QUANTITY, most=1_000_000_000)


def flag(value: Any) -> bool:
    if type(value) is not bool:
        raise Refused("type", "Must be true or false.")
    return value


def slug(value: Any) -> str:
    if type(value) is not str or not _SLUG.fullmatch(value):
        raise Refused("format", "Must be lower-case letters, digits, _, . or -, at most 40 characters.")
    return value


def token(value: Any) -> str:
    if value is None or value == "":
        return ""
    if type(value) is not str or not _TOKEN.fullmatch(value):
        raise Refused("format", "Must be an id that we gave out.")
    return value


def uuid(value: Any) -> str:
    try:
        if type(value) is str and value.isascii() and 32 <= len(value) <= 36:
            return str(UUID(value))
    except ValueError:
        pass
    raise Refused("format", "Must be a UUID.")


def texts(value: Any, *, most: int, limit: int) -> list[str]:
    """A list of texts, empty ones and repetitions left out."""
    if value is None:
        return []
    if type(value) is not list:
        raise Refused("type", "Must be a list of texts.")
    if len(value) > most:
        raise Refused("too_many", f"Must be at most {most}.")
    return [item for item in dict.fromkeys(text(item, limit=limit) for item in value) if item]


def attributes(value: Any) -> dict[str, Any]:
    """Free properties: at most 50, each a text, number, yes/no, or a list of texts."""
    if value is None:
        return {}
    if type(value) is not dict:
        raise Refused("type", "Must be an object.")
    if len(value) > 50:
        raise Refused("too_many", "Must be at most 50.")
    clean = {}
    for name, item in value.items():
        key = text(name, limit=60)
        if type(item) is list:
            clean[key] = texts(item, most=50, limit=200)
        elif item is None or type(item) in (bool, int, float):
            clean[key] = item
        elif type(item) is str:
            clean[key] = text(item, limit=1000)
        else:
            raise Refused("type", "Values must be texts, numbers, true, false or lists of texts.")
    return clean
