"""The shop window: this process's copy of what a shop has for sale, so that no request asks for it."""

import threading
import time
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np
from django.db import connections

from recommendations.algorithms.ids import IdMap
from tenants.models import Tenant

_COLUMNS = (
    "external_id, title, price::text, currency, url, image_url, "
    "is_published and (stock is null or stock > 0), updated_at"
)
_OVERLAP_SECONDS = 120  # rows of transactions that were open while we looked


@dataclass
class Window:
    """Products by the shop's id: (title, price, currency, url, image, for sale). Replaced rows are
    written in place; a reader sees the old row or the new one."""

    rows: dict[str, tuple[Any, ...]] = field(default_factory=dict)
    seen_until: datetime | None = None
    changes: int = 0
    loaded_at: float = 0.0
    lock: threading.Lock = field(default_factory=threading.Lock)
    _masks: dict[int, tuple[int, np.ndarray]] = field(default_factory=dict)

    def refresh(self, tenant: Tenant) -> None:
        """Reads what changed since the last time; everything when something was deleted."""
        with connections[tenant.alias].cursor() as cursor:
            if self.seen_until is None:
                self._read(cursor, tenant.pk, None)
            else:
                self._read(cursor, tenant.pk, self.seen_until)
                cursor.execute("select count(*) from recommendations_product where tenant_id = %s", [tenant.pk])
                if cursor.fetchone()[0] != len(self.rows):
                    self.rows = {}
                    self._read(cursor, tenant.pk, None)
        self.changes += 1
        self.loaded_at = time.monotonic()

    def _read(self, cursor: Any, tenant_id: int, since: datetime | None) -> None:
        where, values = "tenant_id = %s", [tenant_id]
        if since is not None:
            where += " and updated_at >= %s - make_interval(secs => %s)"
            values += [since, _OVERLAP_SECONDS]
        cursor.execute(f"select {_COLUMNS} from recommendations_product where {where}", values)  # noqa: S608
        for name, *facts, updated_at in cursor:
            self.rows[name] = tuple(facts)
            if self.seen_until is None or updated_at > self.seen_until:
                self.seen_until = updated_at

    def is_for_sale(self, product: str) -> bool:
        row = self.rows.get(product)
        return row is not None and row[5]

    def mask(self, products: IdMap) -> np.ndarray:
        """Bool mask over a bundle's products: which can be shown now. Made once per change."""
        known = self._masks.get(id(products))
        if known is not None and known[0] == self.changes:
            return known[1]
        changes = self.changes
        rows = self.rows
        mask = np.fromiter((name in rows and rows[name][5] for name in products), np.bool_, count=len(products))
        if len(self._masks) > 4:
            self._masks.clear()
        self._masks[id(products)] = (changes, mask)
        return mask
