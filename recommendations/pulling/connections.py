"""Connections to shops' APIs: open with tried credentials, pause, resume, change, pull now, disconnect."""

import json
from datetime import timedelta
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from django.utils import timezone

from luxebrain.lib import outbound, problems, sealed
from recommendations.models import StoreConnection
from recommendations.pulling import asking
from tenants import audit, work
from tenants.models import Tenant, User

TASK = "recommendations.pull"
PURPOSE = "store connection"
MOST = 10
EVERY = timedelta(minutes=10)
State = StoreConnection.State
_FIELDS = {"woocommerce": ("key", "secret"), "shopify": ("token",)}


def open(tenant: Tenant, *, source: str, address: str, by: User | str | None, **credentials: str) -> StoreConnection:
    """A new connection, tried out before it is kept; its first pull reads everything. Raises Problem."""
    place = clean_address(address)
    kept = _tried(source, place, credentials)
    if tenant.store_connections.filter(address=place).exists():
        raise problems.Problem("Some fields are not right.", fields={"address": "This shop is connected already."})
    if tenant.store_connections.count() >= MOST:
        raise problems.Conflict(f"A shop has at most {MOST} connections.")
    with tenant.atomic():
        connection = tenant.store_connections.create(
            source=source,
            address=place,
            sealed_credentials=sealed.seal(json.dumps(kept), purpose=PURPOSE),
            hint=_hint(kept),
        )
        audit.record(tenant, "connections.open", by=by, target=place, details={"source": source})
        enqueue(tenant, connection)
    return connection


def change_credentials(connection: StoreConnection, *, by: User | str | None, **credentials: str) -> None:
    """New credentials, tried out first; a connection that needed attention goes on. Raises Problem."""
    kept = _tried(connection.source, connection.address, credentials)
    with connection.tenant.atomic():
        connection.sealed_credentials, connection.hint = sealed.seal(json.dumps(kept), purpose=PURPOSE), _hint(kept)
        connection.state, connection.last_error, connection.failures = State.ACTIVE, "", 0
        connection.save(update_fields=["sealed_credentials", "hint", "state", "last_error", "failures"])
        audit.record(connection.tenant, "connections.credentials", by=by, target=connection.address)
        enqueue(connection.tenant, connection)


def _tried(source: str, place: str, credentials: dict[str, str]) -> dict[str, str]:
    names = _FIELDS.get(source)
    if names is None:
        raise problems.Problem("Some fields are not right.", fields={"source": "Choose a shop system."})
    kept = {name: credentials.get(name, "").strip() for name in names}
    missing = {name: "Is required." for name, value in kept.items() if not value}
    missing |= {name: "Must be visible ASCII characters." for name, value in kept.items() if not _plain(value)}
    if missing:
        raise problems.Problem("Some fields are not right.", fields=missing)
    try:
        asking.try_out(source, place, kept)
    except asking.Refused as refused:
        raise problems.Problem("The shop refused.", fields={"address": refused.detail}) from None
    except asking.Busy as busy:
        raise problems.Problem("The shop did not answer.", fields={"address": busy.reason}) from None
    return kept


def _plain(value: str) -> bool:
    return not value or value.isascii() and value.isprintable() and " " not in value and len(value) <= 300


def _hint(kept: dict[str, str]) -> str:
    return "…" + next(iter(kept.values()))[-4:]


def clean_address(address: str) -> str:
    """The beginning of every address of the shop's API. Raises Problem."""
    text = address.strip().rstrip("/")
    if "://" not in text:
        text = f"https://{text}"
    try:
        parts = urlsplit(text)
        outbound.check_address(text)
    except ValidationError as error:
        raise problems.Problem("Some fields are not right.", fields={"address": " ".join(error.messages)}) from None
    except ValueError:
        raise problems.Problem("Some fields are not right.", fields={"address": "This is no web address."}) from None
    if parts.query or parts.fragment or len(text) > 300:
        raise problems.Problem("Some fields are not right.", fields={"address": "Give the shop's address alone."})
    return text


def credentials(connection: StoreConnection) -> dict[str, str]:
    return json.loads(sealed.unseal(connection.sealed_credentials, purpose=PURPOSE))


def pull_now(connection: StoreConnection) -> None:
    """Raises Conflict for a connection that is paused or needs attention."""
    if connection.state != State.ACTIVE:
        raise problems.Conflict("This connection is not active.")
    with connection.tenant.atomic():
        enqueue(connection.tenant, connection)


def enqueue(tenant: Tenant, connection: StoreConnection) -> None:
    work.enqueue(tenant, TASK, subject=connection.pk, key=f"pull:{connection.pk}")


def pause(connection: StoreConnection, *, by: User | str | None) -> None:
    _move(connection, State.PAUSED, "connections.pause", by=by)


def resume(connection: StoreConnection, *, by: User | str | None) -> None:
    """Goes on from where it stopped."""
    with connection.tenant.atomic():
        _move(connection, State.ACTIVE, "connections.resume", by=by)
        enqueue(connection.tenant, connection)


def _move(connection: StoreConnection, state: str, action: str, *, by: User | str | None) -> None:
    with connection.tenant.atomic():
        connection.state = state
        connection.save(update_fields=["state"])
        audit.record(connection.tenant, action, by=by, target=connection.address)


def disconnect(connection: StoreConnection, *, by: User | str | None) -> None:
    """Forgets the credentials. What was pulled stays."""
    with connection.tenant.atomic():
        audit.record(connection.tenant, "connections.disconnect", by=by, target=connection.address)
        connection.delete()


def due() -> int:
    """Makes the pull of every connection whose time has come due; returns how many."""
    rows = StoreConnection.objects.across_tenants().filter(state=State.ACTIVE, next_run_at__lte=timezone.now())
    found = list(rows.select_related("tenant").filter(tenant__state="active")[:1000])
    for connection in found:
        enqueue(connection.tenant, connection)
    return len(found)
