"""What a kept payload does not say: names, addresses, e-mails, telephone numbers, secrets.

The structure stays, so that a person can see what came and correct it; recommendations need none
of what is covered. Countries stay: they are the one thing of an address that is used.
"""

import re
from typing import Any

COVER = "•••"
SESSION = "luxebrain_session"  # the note or meta field by which a shop's pages hand over the session id
_PERSONAL = frozenset(
    """
    email contact_email email_address phone phone_number mobile username first_name last_name full_name
    customer_name company address address_1 address_2 address1 address2 city postcode zip postal_code
    province province_code latitude longitude customer_note note avatar_url browser_ip client_ip ip
    customer_ip_address ip_address user_agent customer_user_agent client_details landing_site referring_site vat_number
    tax_id date_of_birth birthday
    """.split()
)
_SECRET = re.compile(
    r"(?:^|_)(?:token|secret|password|passwd|api_?key|authorization|signature|credit_card|card|cvv|iban)(?:$|_)|order_key",
    re.ASCII,
)
_PEOPLE = frozenset({"billing", "shipping", "customer", "default_address", "billing_address", "shipping_address"})
_FREE = frozenset({"meta_data", "note_attributes", "properties", "custom_fields", "metafields"})
_EMAIL = re.compile(r"[^\s@<>\"',;:()]{1,64}@[^\s@<>\"',;:()]{1,200}\.[A-Za-z]{2,24}")
_KEY = re.compile(r"\b(?:lb_(?:live|test)_[sp]k_|whsec_|shpss_|shpat_|ck_|cs_|sk_live_|Bearer )[A-Za-z0-9_+/=-]{8,}")


def mask(payload: Any) -> Any:
    """A copy with covered values."""
    return _mask(payload, inside="")


def text(value: str) -> str:
    """Covers e-mail addresses and keys that stand in a text."""
    if "@" in value:
        value = _EMAIL.sub(COVER, value)
    return _KEY.sub(COVER, value)


def headers(given: dict[str, str]) -> dict[str, str]:
    return {name: text(value)[:200] for name, value in given.items()}


def _mask(value: Any, *, inside: str) -> Any:
    if type(value) is dict:
        return {name: _field(name, item, inside=inside) for name, item in value.items()}
    if type(value) is list:
        return [_mask(item, inside=inside) for item in value]
    return text(value) if type(value) is str else value


def _field(name: str, value: Any, *, inside: str) -> Any:
    lowered = name.lower()
    if value is None or value == "" or type(value) is bool:
        return value
    personal = lowered in _PERSONAL or (lowered == "name" and inside in _PEOPLE)
    if personal or _SECRET.search(lowered):
        return COVER
    if lowered in _FREE:
        return _free(value)
    return _mask(value, inside=lowered)


def _free(value: Any) -> Any:
    """Lists of {key or name, value} that shops fill as they like: only our own entry keeps its value."""
    if type(value) is list:
        return [_entry(item) for item in value]
    if type(value) is dict:
        return {name: item if name == SESSION else COVER for name, item in value.items()}
    return COVER


def _entry(item: Any) -> Any:
    if type(item) is not dict:
        return COVER
    named = item.get("key", item.get("name"))
    return {
        name: part if name in {"id", "key", "name"} or named == SESSION else COVER for name, part in item.items()
    }
