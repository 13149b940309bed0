"""Whether a delivery was signed with one of an endpoint's secrets. Anything malformed is simply not signed."""

import base64
import binascii
import hashlib
import hmac
import html
from collections.abc import Iterable, Mapping

from standardwebhooks import Webhook

_SHA256 = 32


def woocommerce(body: bytes, header: str, secrets: Iterable[str]) -> bool:
    """X-WC-Webhook-Signature over the raw body. WordPress keeps the secret as HTML and decodes it first."""
    return _is_signed(body, header, (html.unescape(secret) for secret in secrets))


def shopify(body: bytes, header: str, secrets: Iterable[str]) -> bool:
    """X-Shopify-Hmac-SHA256 over the raw body, with the app's client secret."""
    return _is_signed(body, header, secrets)


def standard(body: bytes, headers: Mapping[str, str], secrets: Iterable[str]) -> bool:
    """Standard Webhooks: webhook-id, webhook-timestamp (five minutes of tolerance) and webhook-signature.

    `secrets` are whsec_ + base64.
    """
    names = ("webhook-id", "webhook-timestamp", "webhook-signature")
    given = {name: headers.get(name, "") for name in names}
    if not all(value and value.isascii() and len(value) <= 1000 for value in given.values()):
        return False
    found = False
    for secret in secrets:
        try:
            Webhook(secret).verify(body, given, json_parse=False)
            found = True
        except Exception:  # noqa: BLE001, S112  (the library lets binascii, Unicode and value errors out)
            continue
    return found


def _is_signed(body: bytes, header: str, secrets: Iterable[str]) -> bool:
    """Compares bytes with bytes, and every secret, so that the time tells nothing."""
    try:
        given = base64.b64decode(header.encode("ascii"), validate=True)
    except (UnicodeEncodeError, binascii.Error, ValueError):
        return False
    # A second spelling of the same bytes would be a second name for one delivery.
    if len(given) != _SHA256 or base64.b64encode(given).decode() != header:
        return False
    found = False
    for secret in secrets:
        if secret:
            found |= hmac.compare_digest(given, hmac.digest(secret.encode(), body, hashlib.sha256))
    return found
