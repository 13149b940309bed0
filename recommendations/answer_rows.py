"""Rows of the log of answers: what is kept of one list, and how rows are written into their shop."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import orjson
from django.db import DatabaseError, IntegrityError, InterfaceError, OperationalError, connections, transaction

from luxebrain.lib import logs
from recommendations import queries, suppression
from recommendations.composing import Served
from recommendations.ranking import Pool
from tenants import tenancy

HISTORY = 50
CANDIDATES = 50
AWAY = (OperationalError, InterfaceError)  # the database is
_NO_PARTITION = "23514"
_NONE: list[str] = []  # of marks; only ever read
log = logs.get(__name__)
Row = dict[str, Any]


@dataclass(slots=True)
class Noted:
    """One list that was answered: references only, put into words later."""

    tenant_id: int
    request_id: str
    served: Served
    answer: dict[str, Any]
    epochs: Sequence[bytes] | None
    seconds: float
    is_test: bool

    def worded(self) -> Worded:
        return Worded(self.tenant_id, self.row(), self.epochs)

    def row(self) -> Row:
        served, answer, query = self.served, self.answer, self.served.query
        moment = datetime.fromtimestamp(int(answer["recommendation_id"][4:16], 16) / 1000, UTC)
        return {
            "at": moment, "recommendation_id": answer["recommendation_id"], "request_id": self.request_id[:40],
            "kind": served.plan.kind, "placement": query.placement, "customer_external_id": query.customer,
            "session_id": query.session, "version": served.version, "strategy": served.strategy,
            "products": [item["product_id"] for item in answer["items"]], "seconds": round(self.seconds, 6),
            "is_test": self.is_test, "facts": self.facts(),
        }

    def facts(self) -> Row:
        """What the list was made from.

        query       as asked, readable by queries.parse
        epochs      of model, catalogue, best sellers and decisions, as texts; None: the cache server was away
        moment      when it counts as asked, epoch seconds: rules, decay of the history and rotation follow it
        history     [product, act, epoch seconds], newest first
        items       [product, score, source, reason, marks]
        candidates  [product, score, source] of the best, where the list is not simply the first of them
        rules       [id, name, action] of those that held
        experiment  number, key and arm that the list counted for
        """
        served, answer, composed = self.served, self.answer, self.served.composed
        listed = [
            [item["product_id"], item["score"], item["source"], item["reason"], _NONE] for item in answer["items"]
        ]
        numbers = composed.pool.items.tolist()
        if composed.marks:
            for entry, number in zip(listed, numbers, strict=True):
                entry[4] = composed.marks.get(number, _NONE)
        facts: Row = {
            "query": queries.told(served.query),
            "epochs": [one.decode("ascii", "replace") for one in self.epochs[1:5]] if self.epochs else None,
            "moment": served.moment,
            "reason": served.reason,
            "fallback_used": answer["fallback_used"],
            "warnings": answer["warnings"],
            "history": [list(act) for act in served.acts[:HISTORY]],
            "items": listed,
        }
        if served.plan.rules:
            facts["rules"] = [[rule.pk, rule.name, rule.action] for rule in served.plan.rules]
        if served.route.experiment:
            route = served.route
            facts["experiment"] = {"number": route.experiment, "key": route.key, "arm": route.arm}
        if composed.missing:
            facts["missing"] = list(composed.missing)
        if composed.candidates is not composed.pool and not _begins(composed.candidates, numbers):
            facts["candidates"] = _listed(served, composed.candidates.take(slice(0, CANDIDATES)))
        return facts


@dataclass(slots=True)
class Worded:
    """A list in words that waits for the database, and the epochs that it was answered under."""

    tenant_id: int
    row: Row
    epochs: Sequence[bytes] | None

    def is_of_erased(self) -> bool:
        """Raises tenancy.NoSuchTenant."""
        erased = suppression.known(self.tenant_id, self.epochs)
        return erased.has(f"c:{self.row['customer_external_id']}", f"s:{self.row['session_id']}")


def _begins(candidates: Pool, numbers: list[int]) -> bool:
    return len(candidates) == len(numbers) and candidates.items.tolist() == numbers


def _listed(served: Served, pool: Pool) -> list[list[Any]]:
    names, sources = served.shop.assortment.ids(pool.items), served.composed.sources
    rows = zip(names, pool.scores.tolist(), pool.sources.tolist(), strict=True)
    return [[name, round(score, 6), sources[code]] for name, score, code in rows]


def write(lists: Sequence[Worded]) -> Counter[int]:
    """Writes these lists, each shop's in one transaction inside its own context; how many of which shop could not
    be kept.

    One text holds the transactions of all: one round trip, however many shops there are. If it fails, those before
    the fault are kept, and each shop is written again by itself: a row that stands there already stays as it is.
    Lists of erased shoppers are left out, and nothing is kept for a shop that is gone. Raises
    OperationalError or InterfaceError while the database is away.
    """
    kept: dict[int, list[Row]] = {}
    failed: Counter[int] = Counter()
    for one in lists:
        try:
            if not one.is_of_erased():
                kept.setdefault(one.tenant_id, []).append(one.row)
        except tenancy.NoSuchTenant:
            continue
        except AWAY:
            raise
        except Exception:
            log.exception("answers.dropped", tenant_id=one.tenant_id, rows=1)
            failed[one.tenant_id] += 1
    try:
        _insert(kept)
    except AWAY:
        raise
    except DatabaseError:
        for tenant_id, rows in kept.items():
            failed[tenant_id] += _write_one(tenant_id, rows)
    return failed


def _write_one(tenant_id: int, rows: Sequence[Row]) -> int:
    """How many of the shop's rows could not be kept."""
    try:
        _insert({tenant_id: rows})
    except IntegrityError as error:
        if getattr(error.__cause__, "pgcode", "") != _NO_PARTITION:
            return 0  # the shop was removed since
        ensure_partitions({row["at"].date() for row in rows})
        _insert({tenant_id: rows})
    except AWAY:
        raise
    except DatabaseError:
        return _one_by_one(tenant_id, rows)
    return 0


def _one_by_one(tenant_id: int, rows: Sequence[Row]) -> int:
    """So that a row that the database refuses does not take the others with it."""
    failed = 0
    for row in rows:
        try:
            _insert({tenant_id: [row]})
        except AWAY:
            raise
        except DatabaseError as error:
            log.warning("answers.refused", tenant_id=tenant_id, reason=str(error)[:200])
            failed += 1
    return failed


def _insert(shops: Mapping[int, Sequence[Row]]) -> None:
    """A transaction a shop, all sent as one text. Call outside a transaction."""
    values = [
        value for tenant_id, rows in shops.items() if rows
        for value in (tenant_id, tenant_id, orjson.dumps(rows).decode())
    ]
    if not values:
        return
    with connections["default"].cursor() as cursor:
        try:
            cursor.execute(_INSERT * (len(values) // 3), values)
        except DatabaseError:
            if not cursor.closed:
                cursor.execute("rollback")  # what was sent after the fault was not looked at, its end neither
            raise


# A list of the last half second may go with a server that crashes, as those do that still wait in the process:
# waiting for the disk once a shop would hold up more lists than that.
_INSERT = """
begin;
set local synchronous_commit = off;
select enter_tenant(%s);
insert into recommendations_servedlist (tenant_id, at, recommendation_id, request_id, kind, placement,
    customer_external_id, session_id, version, strategy, products, seconds, is_test, facts)
select %s, r.at, r.recommendation_id, r.request_id, r.kind, r.placement, r.customer_external_id, r.session_id,
    r.version, r.strategy, r.products, r.seconds, r.is_test, r.facts
from jsonb_to_recordset(%s::jsonb) as r (at timestamptz, recommendation_id text, request_id text, kind text,
    placement text, customer_external_id text, session_id text, version integer, strategy text, products text[],
    seconds double precision, is_test boolean, facts jsonb)
on conflict do nothing;
commit;
"""


def ensure_partitions(days: set[date]) -> None:
    """Makes the partitions of these days (UTC) where they are missing."""
    for day in sorted(days):
        with transaction.atomic(), connections["default"].cursor() as cursor:
            cursor.execute("select ensure_answer_partition(%s)", [day])


def coming_days(now: datetime, *, ahead: int = 3) -> set[date]:
    return {now.astimezone(UTC).date() + timedelta(days=number) for number in range(ahead + 1)}
