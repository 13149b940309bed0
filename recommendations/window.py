"""The shop window: this process's copy of what a shop has for sale, so that no request asks for it."""

from __future__ import annotations

import sys
import threading
import time
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from django.db import connections

from tenants.models import Tenant

_OVERLAP_SECONDS = 120  # rows of transactions that were open while we looked
_COLUMNS = (
    "external_id, title, price::text, currency, url, image_url, is_published, stock, brand, categories, tags, "
    "attributes::text, extract(epoch from created_at)::float8, updated_at"
)


class Row(NamedTuple):
    """One product as it stands in the window; `attributes` is JSON text, "" for none."""

    title: str
    price: str | None
    currency: str
    url: str
    image_url: str
    is_published: bool
    stock: int | None
    brand: str
    categories: tuple[str, ...]
    tags: tuple[str, ...]
    attributes: str
    created_at: float

    @property
    def is_for_sale(self) -> bool:
        return self.is_published and (self.stock is None or self.stock > 0)


_FIELDS = frozenset(Row._fields)


@dataclass
class Window:
    """Products by the shop's id. Replaced rows are written in place; a reader sees the old row or the new one.

    changes    counts the refreshes; `log` holds (change, product id, fields that differ) of what they replaced
    """

    rows: dict[str, Row] = field(default_factory=dict)
    seen_until: datetime | None = None
    changes: int = 0
    log: list[tuple[int, str, frozenset[str]]] = field(default_factory=list)
    rebuilt_at: int = 0  # the change that read everything anew
    loaded_at: float = 0.0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def refresh(self, tenant: Tenant) -> None:
        """Reads what changed since the last time; everything when something was deleted."""
        self.changes += 1
        with connections[tenant.alias].cursor() as cursor:
            if self.seen_until is None:
                self._read(cursor, tenant.pk, None)
            else:
                self._read(cursor, tenant.pk, self.seen_until)
                cursor.execute("select count(*) from recommendations_product where tenant_id = %s", [tenant.pk])
                if cursor.fetchone()[0] != len(self.rows):
                    self._read(cursor, tenant.pk, None)
        self.loaded_at = time.monotonic()

    def _read(self, cursor: Any, tenant_id: int, since: datetime | None) -> None:
        where, values = "tenant_id = %s", [tenant_id]
        rows: dict[str, Row] = {} if since is None else self.rows
        if since is not None:
            where += " and updated_at >= %s - make_interval(secs => %s)"
            values += [since, _OVERLAP_SECONDS]
        cursor.execute(f"select {_COLUMNS} from recommendations_product where {where}", values)  # noqa: S608
        for name, *facts, updated_at in cursor:
            row = _row(facts)
            before = rows.get(name)
            if since is None or before != row:
                rows[name] = row
                if since is not None:
                    self.log.append((self.changes, name, _differing(before, row)))
            if self.seen_until is None or updated_at > self.seen_until:
                self.seen_until = updated_at
        if since is None:
            self.rows, self.log, self.rebuilt_at = rows, [], self.changes

    def is_for_sale(self, product: str) -> bool:
        row = self.rows.get(product)
        return row is not None and row.is_for_sale

    def title(self, product: str) -> str:
        row = self.rows.get(product)
        return row.title if row is not None else ""

    def details(self, product: str) -> dict[str, Any]:
        """What a page needs to draw the product; empty for one that is gone."""
        row = self.rows.get(product)
        if row is None:
            return {"title": "", "price": None, "currency": "", "url": "", "image_url": ""}
        return {
            "title": row.title, "price": row.price, "currency": row.currency, "url": row.url,
            "image_url": row.image_url,
        }


def _differing(before: Row | None, row: Row) -> frozenset[str]:
    """The fields in which they differ; all of a new one."""
    if before is None:
        return _FIELDS
    return frozenset(name for name, was, is_now in zip(Row._fields, before, row, strict=True) if was != is_now)


def _row(facts: list[Any]) -> Row:
    """Brands, categories and tags repeat by the thousand: each is kept once."""
    title, price, currency, url, image, published, stock, brand, categories, tags, attributes, created = facts
    return Row(
        title, price, sys.intern(currency), url, image, published, stock, sys.intern(brand),
        tuple(map(sys.intern, categories)), tuple(map(sys.intern, tags)), "" if attributes == "{}" else attributes,
        created,
    )
