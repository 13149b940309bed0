"""What an act was done to, and what it changed: each changed value by its name, what it was and what it became."""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import models

from tenants import audit_values, audit_words
from tenants.models import AuditEntry, Plan, Tenant, User

SHOWN = 6  # lines at once; the others are a click away
_GONE = object()  # there was, or is, no such value
_TAKING = (".remove", ".removed")


@dataclass(frozen=True, slots=True)
class Line:
    """One value. before, after: in words, "" where there was none; a line with both is a change."""

    label: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Told:
    """What the page shows of an act.

    lines, more   the first few values, and the others
    same          it was saved, and nothing was changed
    raw           the record as it was kept, without secrets, as indented JSON
    """

    lines: list[Line]
    more: list[Line]
    same: bool
    raw: str


@dataclass(frozen=True, slots=True)
class About:
    """What an act was done to. words: what a person knows of it; url: its page in the shop's panel, or ""."""

    words: tuple[str, ...]
    url: str = ""

    @property
    def text(self) -> str:
        return " · ".join(self.words)


# By the beginning of the act: (entries) → what they were done to, by shop and target, where the target is no name.
# An app above adds what only it can say.
ABOUT: dict[str, Callable[[list[AuditEntry]], Mapping[tuple[int | None, str], About]]] = {}


def tell(entries: Iterable[AuditEntry], *, shop: Tenant | None = None) -> list[AuditEntry]:
    """Gives each entry `told` and `about`. shop: the shop whose people read it, who learn no other shop's name."""
    rows = list(entries)
    about: dict[tuple[int | None, str], About] = {}
    for area, of in ABOUT.items():
        about |= of([row for row in rows if row.action.partition(".")[0] == area])
    for row in rows:
        row.about = about.get((row.tenant_id, row.target)) or About((row.target,))
    moves = [_in_order(row, _moves(row)) for row in rows]
    names = _names(moves, rows, shop)
    for row, found in zip(rows, moves, strict=True):
        row.told = _told(row, found, names)
    return rows


Move = tuple[str, Any, Any, Mapping[str, Any], Mapping[str, Any]]  # name, before, after, and both sides whole


def _moves(row: AuditEntry) -> list[Move]:
    """The values that the act changed, set or took away."""
    kept = {name: value for name, value in row.details.items() if name not in audit_words.UNSAID}
    before, after = kept.get("before"), kept.get("after")
    if isinstance(before, dict):
        then = {**kept, **before}
        now = after if isinstance(after, dict) else {name: kept.get(name) for name in before}
        if not before or not now:
            return _whole(row, now or before, taken=not now)
        return [(n, before.get(n), now.get(n), then, {**kept, **now}) for n in now if before.get(n) != now.get(n)]
    found: list[Move] = []
    if "from" in kept and "to" in kept:
        found = [(audit_words.SUBJECTS.get(row.action, "value"), kept.pop("from"), kept.pop("to"), {}, {})]
    for name in [name for name, value in kept.items() if isinstance(value, dict) and set(value) == {"from", "to"}]:
        pair = kept.pop(name)
        found.append((name, pair["from"], pair["to"], {}, {}))
    return found + _whole(row, kept, taken=row.action.endswith(_TAKING))


def _in_order(row: AuditEntry, moves: list[Move]) -> list[Move]:
    """As the model has its fields: JSON keeps no order."""
    fields = audit_values.fields_of(row.action.partition(".")[0])
    names = [name for field in fields for name in {field.name, field.attname}]
    return sorted(moves, key=lambda move: names.index(move[0]) if move[0] in names else len(names))


def _whole(row: AuditEntry, kept: Mapping[str, Any], *, taken: bool) -> list[Move]:
    """What a new or removed row says beyond the usual."""
    area = row.action.partition(".")[0]
    said = [name for name, value in kept.items() if name not in audit_words.UNSAID and not _is_usual(area, name, value)]
    return [(n, kept[n], _GONE, kept, {}) if taken else (n, _GONE, kept[n], {}, kept) for n in said]


def _is_usual(area: str, name: str, value: Any) -> bool:
    field = audit_values.field_of(area, name)
    if field is not None and field.has_default():
        return bool(value == field.get_default())
    return value is None or value in ("", [], {})


def _told(row: AuditEntry, moves: list[Move], names: Mapping[tuple[type[models.Model], Any], str]) -> Told:
    area = row.action.partition(".")[0]

    def say(name: str, value: Any, side: Mapping[str, Any]) -> str:
        if value is _GONE:
            return ""
        model = _related(area, name)
        if model is None or value in (None, ""):
            return audit_values.say(area, name, value, side)
        return names.get((model, value)) or f"{model._meta.verbose_name} that is gone"

    lines = [Line(audit_words.field(area, n), say(n, b, was), say(n, a, now)) for n, b, a, was, now in moves]
    beside = (*row.about.words, row.reason)
    lines = [line for line in lines if line.before or line.after not in beside]
    kept = audit_values.scrubbed(area, row.details)
    raw = {"act": row.action, "on": row.target, "request": row.request_id, "details": kept}
    return Told(
        lines[:SHOWN], lines[SHOWN:], same=not lines and "before" in row.details,
        raw=json.dumps({name: value for name, value in raw.items() if value}, indent=1, ensure_ascii=False),
    )  # fmt: skip


def _related(area: str, name: str) -> type[models.Model] | None:
    """The model that a value names a row of."""
    if name == "plan":
        return Plan
    field = audit_values.field_of(area, name)
    return field.related_model if isinstance(field, models.ForeignKey) else None


def _names(
    moves: Iterable[list[Move]], rows: list[AuditEntry], shop: Tenant | None
) -> dict[tuple[type[models.Model], Any], str]:
    """What the rows are called that the values name: one query for each model."""
    wanted: dict[type[models.Model], set[Any]] = {}
    for row, found in zip(rows, moves, strict=True):
        for name, before, after, *_ in found:
            model = _related(row.action.partition(".")[0], name)
            if model is not None:
                wanted.setdefault(model, set()).update(v for v in (before, after) if v not in (None, "", _GONE))
    alias = shop.alias if shop else "ops"
    named: dict[tuple[type[models.Model], Any], str] = {}
    for model, pks in wanted.items():
        there = model._default_manager.using(alias).filter(pk__in=pks)
        if shop is not None and model is User:
            there = there.filter(memberships__tenant=shop)
        if shop is not None and model is Tenant:
            there = there.filter(pk=shop.pk)
        named |= {(model, one.pk): one.name if model is not User else str(one) for one in there}
    return named
