"""What people do with connections: connect, change credentials, pause, resume, pull now, disconnect."""

from collections.abc import Sequence
from typing import Any

import orjson
from django.utils import timezone

from luxebrain.lib import addresses, sealed
from luxebrain.lib.problems import Conflict, Problem
from recommendations.models import StoreConnection
from recommendations.models.connection import PURPOSE
from recommendations.pulling import shops
from tenants import audit, work
from tenants.models import Tenant, User

TASK = "recommendations.pull"
State = StoreConnection.State


class Invalid(Problem):
    status, code = 422, "invalid"


def clean_address(source: str, text: str) -> str:
    """The shop's address as it is asked: https, no slash at the end. Raises Invalid with a sentence."""
    text = text.strip().rstrip("/")
    text = text if "://" in text else f"https://{text}"
    try:
        target = addresses.read(text)
    except addresses.Refused as refused:
        raise Invalid(refused.detail, fields={"address": refused.detail}) from None
    base = f"{target.url.scheme}://{target.url.netloc.decode('ascii')}"
    if source == "shopify":
        if not target.trusted and not target.host.endswith(".myshopify.com"):
            said = "Give the shop's own address at Shopify, as in name.myshopify.com."
            raise Invalid(said, fields={"address": said})
        return base
    path = target.url.path.partition("/wp-json")[0].rstrip("/")
    return f"{base}{path}"[:300]


def check(source: str, address: str, credentials: dict[str, str], resources: Sequence[str]) -> str:
    """The clean address of a shop that answered. Raises Invalid, or ShopFault in plain words."""
    clean = clean_address(source, address)
    if not all(value.isascii() and value.isprintable() and value for value in credentials.values()):
        raise Invalid("A key is made of plain letters and digits; copy it once more.")
    shops.check(shops.Shop(source, clean, credentials), list(resources))
    return clean


def connect(
    tenant: Tenant, *, source: str, address: str, credentials: dict[str, str], resources: Sequence[str], by: User
) -> StoreConnection:
    """Asks the shop first; keeps what works and makes the first full reading due."""
    clean = check(source, address, credentials, resources)
    with tenant.atomic():
        if tenant.store_connections.filter(source=source, address=clean).exists():
            raise Conflict("This shop is connected already. Change its credentials instead.")
        made = tenant.store_connections.create(
            source=source, address=clean, resources=list(resources), **_sealed(credentials)
        )
        audit.record(tenant, "connection.made", by=by, target=clean, details={"resources": list(resources)})
        _make_due(tenant, made)
    return made


def change(tenant: Tenant, connection: StoreConnection, *, credentials: dict[str, str], by: User) -> None:
    """New credentials, after the shop took them; a refused connection goes on."""
    check(connection.source, connection.address, credentials, connection.resources)
    with tenant.atomic():
        fresh = _locked(tenant, connection)
        for name, value in _sealed(credentials).items():
            setattr(fresh, name, value)
        if fresh.state == State.REFUSED:
            fresh.state = State.ACTIVE
        fresh.failures, fresh.last_error = 0, ""
        fresh.save()
        audit.record(tenant, "connection.credentials_changed", by=by, target=fresh.address)
        if fresh.state == State.ACTIVE:
            _make_due(tenant, fresh)


def pause(tenant: Tenant, connection: StoreConnection, *, by: User) -> None:
    _move(tenant, connection, State.PAUSED, "connection.paused", by)


def resume(tenant: Tenant, connection: StoreConnection, *, by: User) -> None:
    """Goes on where it stopped; also after a refusal, when the shop has been put right."""
    _make_due(tenant, _move(tenant, connection, State.ACTIVE, "connection.resumed", by))


def pull_now(tenant: Tenant, connection: StoreConnection, *, by: User) -> None:
    with tenant.atomic():
        fresh = _locked(tenant, connection)
        if fresh.state != State.ACTIVE:
            raise Conflict("It is not read at the moment; resume it first.")
        if fresh.failures and fresh.next_at > timezone.now():
            raise Conflict("The shop had trouble or asked us to wait; the next try comes by itself.")
        audit.record(tenant, "connection.pulled", by=by, target=fresh.address)
        _make_due(tenant, fresh)


def disconnect(tenant: Tenant, connection: StoreConnection, *, by: User) -> None:
    """Forgets the credentials; what was read stays."""
    with tenant.atomic():
        fresh = _locked(tenant, connection)
        audit.record(tenant, "connection.removed", by=by, target=fresh.address)
        fresh.delete()


def fan_out() -> int:
    """Makes every connection due whose time has come; how many there were. Work is shared fairly by the relay."""
    due = StoreConnection.objects.across_tenants().filter(
        state=State.ACTIVE, next_at__lte=timezone.now(), tenant__state=Tenant.State.ACTIVE
    )
    count = 0
    for connection in due.select_related("tenant").only("id", "tenant"):
        work.enqueue(connection.tenant, TASK, subject=connection.pk, key=f"pull-{connection.pk}")
        count += 1
    return count


def progress(connection: StoreConnection) -> dict[str, Any] | None:
    """The first full reading: share done and seconds left, None where unknown; None once it is over."""
    if connection.first_done_at or not connection.cursors:
        return None
    done = sum(cursor["done"] for cursor in connection.cursors.values())
    finished = [kind for kind in connection.cursors if kind not in connection.pending]
    share = seconds = None
    totals = [cursor["total"] for cursor in connection.cursors.values()]
    if all(totals_known is not None for totals_known in totals):
        whole = max(sum(totals), done, 1)
        share = min(int(100 * done / whole), 99)
        spent = (timezone.now() - connection.round_began_at).total_seconds()
        seconds = spent / done * (whole - done) if done else None
    return {"done": done, "share": share, "seconds": seconds, "finished": finished, "now": connection.pending[:1]}


def _make_due(tenant: Tenant, connection: StoreConnection) -> None:
    work.enqueue(tenant, TASK, subject=connection.pk, key=f"pull-{connection.pk}")


def _move(tenant: Tenant, connection: StoreConnection, state: str, action: str, by: User) -> StoreConnection:
    with tenant.atomic():
        fresh = _locked(tenant, connection)
        fresh.state = state
        fresh.save(update_fields=["state"])
        audit.record(tenant, action, by=by, target=fresh.address)
    return fresh


def _locked(tenant: Tenant, connection: StoreConnection) -> StoreConnection:
    return tenant.store_connections.select_for_update().get(pk=connection.pk)


def _sealed(credentials: dict[str, str]) -> dict[str, str]:
    text = orjson.dumps(credentials).decode()
    return {
        "sealed_credentials": sealed.seal(text, purpose=PURPOSE),
        "hint": list(credentials.values())[-1][-4:],
    }
