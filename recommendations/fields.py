"""What one incoming value must look like: each function returns the clean value or raises Refused."""

import re
import unicodedata
from contextlib import suppress
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from math import isfinite
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from django.core.exceptions import ValidationError
from django.core.validators import EmailValidator

from luxebrain.lib import sanitize

MAX_ID = 64
GROUP = "item_group_id"  # the attribute that variants of one product share, as product feeds call it
MAX_QUANTITY = 1_000_000
_CENT = Decimal("0.01")
_MAX_MONEY = Decimal(10) ** 12
_UNSEEN = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}
# Control characters, halves of surrogate pairs, and marks that turn the reading direction.
_HIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_SLUG = re.compile(r"[a-z0-9][a-z0-9_.-]{0,39}")
_TOKEN = re.compile(r"[A-Za-z0-9_-]{1,40}")
_MOMENT = re.compile(r"\d{4}-?\d\d-?\d\d[T ]\d\d:?\d\d(:?\d\d([.,]\d{1,9})?)?(Z|[+-]\d\d(:?\d\d)?)?", re.ASCII | re.I)
_EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
_WHOLE_MOST = 2**63
_ALIKE = {"LATIN", "GREEK", "CYRILLIC", "ARMENIAN", "CHEROKEE"}
_email = EmailValidator()


class Refused(ValueError):
    """A value that cannot be taken; `code` is for machines, `message` a sentence for people."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


def shown(name: Any) -> str:
    """A name that somebody else chose, short and without what cannot be seen, to be told of."""
    return "".join(char if char.isprintable() else "?" for char in str(name)[:60])


def identifier(value: Any) -> str:
    """A shop's own id: 1 to 64 visible characters. Whole numbers become text, so that none is rounded."""
    if type(value) is int:
        if not -(10 ** (MAX_ID - 1)) < value < 10**MAX_ID:
            raise Refused("too_long", f"Must be at most {MAX_ID} characters long.")
        return str(value)
    if type(value) is not str:
        raise Refused("type", "Must be text or a whole number.")
    if len(value) > 4 * MAX_ID:
        raise Refused("too_long", f"Must be at most {MAX_ID} characters long.")
    text = value if value.isascii() else unicodedata.normalize("NFC", value)
    if not (text.isprintable() if text.isascii() else _is_seen(text)):
        raise Refused("format", "Must not contain control, invisible or formatting characters.")
    text = text.strip()
    if not text:
        raise Refused("blank", "Must not be empty.")
    if len(text) > MAX_ID:
        raise Refused("too_long", f"Must be at most {MAX_ID} characters long.")
    return text


def _is_seen(text: str) -> bool:
    return not (sanitize.UNSEEN.search(text) or any(unicodedata.category(char) in _UNSEEN for char in text))


def text(value: Any, *, limit: int) -> str:
    """Plain text on one line, without tags. Too long is refused, never cut."""
    value = _given(value, limit=limit)
    clean = sanitize.plain(value)
    if clean != value:
        _refuse_hidden(clean)  # what was written as a character reference
        _refuse_longer(clean, limit)  # composing can lengthen
    return clean


def verbatim(value: Any, *, limit: int) -> str:
    """Text as it was typed, < and & included: for expressions, which are read and never drawn as markup."""
    return _given(value, limit=limit)


def markup(value: Any, *, limit: int) -> str:
    """A description: plain formatting tags stay, everything that could act is removed."""
    value = _given(value, limit=limit)
    clean = sanitize.sanitize_html(value)
    _refuse_hidden(clean)
    return clean


def _given(value: Any, *, limit: int) -> str:
    if value is None:
        return ""
    if type(value) is not str:
        raise Refused("type", "Must be text.")
    _refuse_longer(value, limit)
    _refuse_hidden(value)
    return value


def _refuse_longer(value: str, limit: int) -> None:
    if len(value) > limit:
        raise Refused("too_long", f"Must be at most {limit} characters long.")


def _refuse_hidden(value: str) -> None:
    if not (value.isascii() and value.isprintable()) and _HIDDEN.search(value):
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
    if not host.isascii():
        _refuse_false_friends(host)
    return value


def _refuse_false_friends(host: str) -> None:
    """A name that mixes alphabets looks like another name; browsers do not show such names either."""
    for label in host.split("."):
        alphabets = {unicodedata.name(char, "?").split()[0] for char in label if char.isalpha()}
        if len(alphabets & _ALIKE) > 1:
            raise Refused("format", "Must not mix letters of several alphabets in one name.")
    try:
        host.encode("idna")
    except UnicodeError:
        raise Refused("format", "Must be a name that exists on the web.") from None


def email(value: Any) -> str:
    """An address of mail, its domain in lower case; empty stays empty."""
    if value is None or value == "":
        return ""
    if type(value) is not str:
        raise Refused("type", "Must be text.")
    if len(value) > 254:
        raise Refused("too_long", "Must be at most 254 characters long.")
    try:
        _email(value)
    except ValidationError:
        raise Refused("format", "Must be an e-mail address.") from None
    name, _, domain = value.rpartition("@")
    if not domain.isascii():
        _refuse_false_friends(domain)
    return f"{name}@{domain.lower()}"


def money(value: Any) -> Decimal | None:
    """An amount as text or number, not negative, kept to the cent."""
    if value is None:
        return None
    amount = number(value)
    if amount < 0:
        raise Refused("range", "Must not be negative.")
    if amount >= _MAX_MONEY:
        raise Refused("range", "Must have at most 12 digits before the point.")
    rounded = amount.quantize(_CENT)
    if rounded >= _MAX_MONEY:
        raise Refused("range", "Must have at most 12 digits before the point.")
    return abs(rounded)  # -0.00 is written 0.00


def number(value: Any) -> Decimal:
    """A finite number, or one written as text: 12.90."""
    if type(value) not in (str, int, float, Decimal):
        raise Refused("type", "Must be a number, or a number as text.")
    if type(value) is str and not (value.isascii() and len(value) <= 40 and "_" not in value):
        raise Refused("format", "Must be a number such as 12.90.")
    try:
        amount = Decimal(str(value) if type(value) is float else value)
    except InvalidOperation:
        raise Refused("format", "Must be a number such as 12.90.") from None
    if not amount.is_finite():
        raise Refused("format", "Must be a number such as 12.90.")
    return amount


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
    try:
        parsed = value if type(value) is datetime else _parsed(value)
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


def _parsed(value: Any) -> datetime:
    if type(value) is not str or len(value) > 40 or not _MOMENT.fullmatch(value):
        raise ValueError
    return datetime.fromisoformat(value.upper())


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
    if type(value) is str and value.isascii() and 32 <= len(value) <= 36:
        with suppress(ValueError):
            return str(UUID(value))
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
    clean: dict[str, Any] = {}
    for name, item in value.items():
        key = text(name, limit=60)
        if not key:
            raise Refused("blank", "Names must not be empty.")
        if key in clean:
            raise Refused("conflict", f"The name {key} comes twice.")
        clean[key] = _attribute(item)
    return clean


def _attribute(item: Any) -> Any:
    kind = type(item)
    if kind is list:
        return texts(item, most=50, limit=200)
    if kind is str:
        return text(item, limit=1000)
    if kind is int and abs(item) > _WHOLE_MOST or kind is float and not isfinite(item):
        raise Refused("range", "Numbers must be finite, and whole ones at most 63 bits long.")
    if item is None or kind in (bool, int, float):
        return item
    raise Refused("type", "Values must be texts, numbers, true, false or lists of texts.")
