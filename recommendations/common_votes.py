"""A shop's word in the shared model: made inside its own context, held back after a flood, deleted when it leaves."""

from __future__ import annotations

import io
from datetime import timedelta
from hashlib import sha256

import numpy as np
from django.db.models import F
from django.utils import timezone

from luxebrain.lib import logs
from modelregistry.isolation import TenantModelIsolation
from recommendations import datasets
from recommendations.algorithms.voices import Voice
from recommendations.models import ShopVotes
from tenants import platform_key
from tenants.models import Tenant

# A shop with fewer orders has no word yet.
LEAST_ORDERS = 20
# Within so long from when its volume was taken, so many times as many orders, and so many more, are a flood: the word
# stays as it was, and the anomaly watch and people can look. After that the shop has grown.
FLOOD_TIMES, FLOOD_ORDERS, HELD = 3, 100, timedelta(days=14)

# An order that comes in so long after its day counts with the day on which it came, so that a flood that is dated
# back is one busy day. What a shop brings with it in its first days is its past.
LATE, FIRST = timedelta(days=7), timedelta(days=14)

log = logs.get(__name__)


def key() -> bytes:
    """Of the digests of tokens: the platform's own, so that nobody else can make or test one."""
    return sha256(b"tokens of the shared model:" + platform_key.of_digests().encode()).digest()


def gives(tenant: Tenant) -> bool:
    """Whether this shop's word counts: it takes part, is open, no demonstration, and has no isolated model."""
    if not tenant.takes_part or not tenant.is_active or tenant.is_demo:
        return False
    return not TenantModelIsolation(tenant).should_isolate_tenant()


def cast(tenant: Tenant) -> ShopVotes | None:
    """Makes the shop's word anew from its own rows, and keeps it; deletes it where the shop does not give."""
    row: ShopVotes | None = tenant.shop_votes.first()
    orders = tenant.orders.countable().count() if gives(tenant) else 0
    if orders < LEAST_ORDERS:
        tenant.shop_votes.all().delete()
        return None
    if row is not None and not tenant.orders.filter(updated_at__gt=row.made_at).exists():
        return row
    if row is not None and _is_held(row, orders):
        row.save(update_fields=["held_since"])
        return row
    dataset = datasets.of(tenant, key=key())
    assert dataset.tokens is not None
    before = unpacked(row.content) if row is not None else None
    voice = Voice.heard(dataset.interactions, dataset.tokens, before=before, arrived=_late(tenant))
    row = row or ShopVotes(tenant=tenant, orders=orders)
    since = row.held_since or timezone.now()
    row.content, row.held_since = packed(voice), since if voice is before else None  # most visits are those of a flood
    row.made_at = timezone.now()
    row.save(using=tenant.alias)
    return row


def _late(tenant: Tenant) -> dict[int, int]:
    """By the moment of each order that came in late: when it came; both in seconds since 1970."""
    orders = tenant.orders.countable()
    first = orders.order_by("created_at").values_list("created_at", flat=True).first()
    if first is None:
        return {}
    late = orders.filter(created_at__gt=F("ordered_at") + LATE).filter(created_at__gt=first + FIRST)
    moments = late.values_list("ordered_at", "created_at").iterator(chunk_size=10_000)
    return {int(then.timestamp()): int(came.timestamp()) for then, came in moments}


def packed(voice: Voice) -> bytes:
    """Plain numpy arrays, compressed."""
    file = io.BytesIO()
    np.savez_compressed(file, allow_pickle=False, **voice.arrays())
    return file.getvalue()


def unpacked(content: bytes | memoryview) -> Voice:
    with np.load(io.BytesIO(bytes(content)), allow_pickle=False) as arrays:
        return Voice.from_arrays(dict(arrays))


def _is_held(row: ShopVotes, orders: int) -> bool:
    """Whether newer orders are kept out of the word for now; notes since when, or takes the volume anew."""
    now = timezone.now()
    if now - row.base_at >= HELD:
        row.orders, row.base_at = orders, now
        return False
    if orders <= FLOOD_TIMES * row.orders + FLOOD_ORDERS:
        return False
    if row.held_since is None:
        row.held_since = now
        log.warning("common.flood", orders=orders, before=row.orders)
    return True
