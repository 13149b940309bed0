"""Addresses that shops send webhooks to: open, show, rotate, close, and find by the token in the address.

Pages may call: open, address, secret, rotate, close, silent; and read `tenant.webhook_endpoints`.
"""

import re
import secrets as chance
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.db import connections
from django.utils import timezone

from luxebrain.lib import problems, sealed, tokens, webhooks
from recommendations.models import WebhookEndpoint
from recommendations.models.webhook import SECRET, TOKEN, Source
from tenants import audit
from tenants.models import Tenant, User

GRACE = timedelta(hours=24)
MOST = 20  # open endpoints of a shop
SILENCE_LEAST, SILENCE_BASE, SILENCE_GAPS, SILENCE_DELIVERIES = timedelta(hours=2), timedelta(days=7), 8, 5
_DOMAIN = re.compile(r"[a-z0-9][a-z0-9-]{0,60}\.myshopify\.com")
_WHSEC = re.compile(r"whsec_[A-Za-z0-9+/]{32,100}={0,2}")


@dataclass(frozen=True, slots=True)
class Bound:
    """What an address stands for, known before any tenant is entered."""

    endpoint_id: int
    tenant_id: int
    tenant_state: str
    source: str
    shop_domain: str
    secrets: tuple[str, ...]
    requests_per_minute: int


def open(
    tenant: Tenant, *, source: str, by: User | str | None, name: str = "", shop_domain: str = "", secret: str = ""
) -> WebhookEndpoint:
    """A new address with a secret: made here for WooCommerce and own software, given for Shopify.

    `shop_domain` (name.myshopify.com) and `secret` (the app's client secret) are needed for Shopify.
    Raises Problem with field errors, and Conflict when there are too many.
    """
    wrong = {}
    domain = shop_domain.strip().lower().removeprefix("https://").rstrip("/")
    if source not in Source.values:
        wrong["source"] = f"Must be one of {', '.join(Source.values)}."
    if source == Source.SHOPIFY and not _DOMAIN.fullmatch(domain):
        wrong["shop_domain"] = "Must be the shop's address at Shopify, such as name.myshopify.com."
    if source == Source.SHOPIFY and not secret:
        wrong["secret"] = "Paste the client secret of your app."  # noqa: S105  (a sentence)
    if secret and (fault := _secret_fault(source, secret)):
        wrong["secret"] = fault
    if wrong:
        raise problems.Problem("Some fields are not right.", fields=wrong)
    if tenant.webhook_endpoints.exclude(state=WebhookEndpoint.State.CLOSED).count() >= MOST:
        raise problems.Conflict(f"A shop has at most {MOST} addresses. Close one first.")
    token = tokens.secret()
    with tenant.atomic():
        endpoint = tenant.webhook_endpoints.create(
            source=source,
            name=name.strip()[:80] or Source(source).label,
            token_digest=tokens.digest(token),
            sealed_token=sealed.seal(token, purpose=TOKEN),
            shop_domain=domain if source == Source.SHOPIFY else "",
            sealed_secret=sealed.seal(secret.strip() or new_secret(source), purpose=SECRET),
        )
        audit.record(tenant, "endpoints.open", by=by, target=endpoint.name, details={"source": source})
    return endpoint


def new_secret(source: str) -> str:
    if source == Source.GENERIC:
        return webhooks.new_secret()
    return chance.token_hex(32)  # nothing that WordPress would encode


def _secret_fault(source: str, secret: str) -> str:
    if not (secret.isascii() and secret.isprintable() and 16 <= len(secret.strip()) <= 200):
        return "Must be 16 to 200 visible characters."
    if source == Source.GENERIC and not _WHSEC.fullmatch(secret.strip()):
        return "Must be whsec_ and at least 24 bytes in base64."
    return ""


def address(endpoint: WebhookEndpoint) -> str:
    """The whole address to paste into the shop."""
    token = sealed.unseal(endpoint.sealed_token, purpose=TOKEN)
    return f"{settings.BASE_URL.rstrip('/')}/api/v1/hooks/{endpoint.source}/{token}"


def secret(endpoint: WebhookEndpoint) -> str:
    """The secret in use, for the page that the shop copies it from."""
    return sealed.unseal(endpoint.sealed_secret, purpose=SECRET)


def rotate(endpoint: WebhookEndpoint, *, by: User | str | None, new: str = "", grace: timedelta = GRACE) -> str:
    """Puts a new secret (made here, or `new`) in place; the old one is accepted for `grace` more."""
    if endpoint.state == WebhookEndpoint.State.CLOSED:
        raise problems.Conflict("This address is closed. Open a new one.")
    if endpoint.source == Source.SHOPIFY and not new:
        raise problems.Problem("Some fields are not right.", fields={"secret": "Paste your app's new client secret."})
    if new and (fault := _secret_fault(endpoint.source, new)):
        raise problems.Problem("Some fields are not right.", fields={"secret": fault})
    fresh = new.strip() or new_secret(endpoint.source)
    ends = timezone.now() + grace
    with endpoint.tenant.atomic():
        endpoint.sealed_previous, endpoint.previous_ends_at = endpoint.sealed_secret, ends
        endpoint.sealed_secret = sealed.seal(fresh, purpose=SECRET)
        endpoint.save(update_fields=["sealed_secret", "sealed_previous", "previous_ends_at"])
        details = {"old_secret_ends": ends.isoformat()}
        audit.record(endpoint.tenant, "endpoints.rotate", by=by, target=endpoint.name, details=details)
    return fresh


def close(endpoint: WebhookEndpoint, *, by: User | str | None) -> None:
    """Ends the address for good: what is sent there from now on is refused. Its deliveries stay."""
    if endpoint.state == WebhookEndpoint.State.CLOSED:
        raise problems.Conflict("This address is closed already.")
    with endpoint.tenant.atomic():
        endpoint.state = WebhookEndpoint.State.CLOSED
        endpoint.save(update_fields=["state"])
        audit.record(endpoint.tenant, "endpoints.close", by=by, target=endpoint.name)


def find(token: str, *, source: str) -> Bound | None:
    """What the address stands for; None if nobody has it. Outside of any tenant."""
    with connections["default"].cursor() as cursor:
        cursor.execute("select * from auth_webhook_endpoint(%s)", [tokens.digest(token[:200])])
        row = cursor.fetchone()
    if row is None or row[3] != source:
        return None
    kept = (sealed.unseal(text, purpose=SECRET) for text in row[5:7] if text)
    return Bound(*row[:5], secrets=tuple(kept), requests_per_minute=row[7])


def silent(tenant: Tenant) -> list[WebhookEndpoint]:
    """Open addresses whose shop used to send and has stopped: quiet for eight times its usual gap, and two hours.

    The usual gap is that of the seven days before the last delivery; fewer than five say nothing.
    """
    stopped = []
    now = timezone.now()
    for endpoint in tenant.webhook_endpoints.exclude(state=WebhookEndpoint.State.CLOSED):
        last = endpoint.last_delivery_at
        if last is None or now - last < SILENCE_LEAST:
            continue
        before = endpoint.receipts.filter(received_at__range=(last - SILENCE_BASE, last)).order_by()[:10_000].count()
        if before >= SILENCE_DELIVERIES and now - last > SILENCE_GAPS * SILENCE_BASE / before:
            stopped.append(endpoint)
    return stopped
