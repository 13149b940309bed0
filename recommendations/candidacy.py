"""Which products may be listed: for sale, not banned, and what the filters say, asked of a few at a time."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from recommendations.assortment import Assortment
from recommendations.control import LiveRule
from recommendations.expressions import FIELDS, Expression

_scratch = threading.local()


class Eligible:
    """A function from product indices to a mask. `ban` and the filters cost what is asked about.

    dropped    with `why` given at the start, (product index, reason) of what was asked and refused
    """

    def __init__(
        self, assortment: Assortment, *, wheres: Iterable[Expression] = (), excluding: Iterable[LiveRule] = (),
        context: Any = None, shopper: Any = None, tells: bool = False,
    ) -> None:
        self.assortment, self.wheres, self.excluding = assortment, tuple(wheres), tuple(excluding)
        self.context, self.shopper = context, shopper
        self.banned: dict[int, str] = {}
        self.dropped: dict[int, str] | None = {} if tells else None

    def ban(self, items: Iterable[int], why: str) -> None:
        for item in items:
            if item >= 0:
                self.banned.setdefault(int(item), why)

    def lift(self, why: str) -> bool:
        """Takes back the bans for this reason; whether there were any."""
        before = len(self.banned)
        self.banned = {item: reason for item, reason in self.banned.items() if reason != why}
        return len(self.banned) < before

    def __call__(self, items: np.ndarray) -> np.ndarray:
        """Bool mask over int32 indices."""
        mask = self.assortment.for_sale[items]
        if self.banned:
            mask &= ~self._is_banned(items)
        if self.wheres or self.excluding:
            mask &= self._passes(items)
        if self.dropped is not None:
            self._tell(items, mask)
        return mask

    def _is_banned(self, items: np.ndarray) -> np.ndarray:
        """Through marks on an array that every request of this thread uses, so that nothing is sorted."""
        marks = getattr(_scratch, "marks", None)
        if marks is None or len(marks) < self.assortment.size:
            _scratch.marks = marks = np.zeros(self.assortment.size + 1024, np.bool_)
        places = np.fromiter(self.banned, np.intp, len(self.banned))
        marks[places] = True
        try:
            return marks[items]
        finally:
            marks[places] = False

    def _passes(self, items: np.ndarray) -> np.ndarray:
        mask = np.ones(len(items), np.bool_)
        for where in self.wheres:
            mask &= self.holds(where, items)
        for rule in self.excluding:
            if rule.where is not None:
                mask &= ~self.holds(rule.where, items)
        return mask

    def holds(self, where: Expression, items: np.ndarray) -> np.ndarray:
        return where.mask(self.assortment, at=items, context=self.context, shopper=self.shopper)

    def _tell(self, items: np.ndarray, mask: np.ndarray) -> None:
        assert self.dropped is not None
        for item in items[~mask].tolist():
            if item not in self.dropped and len(self.dropped) < 200:
                self.dropped[item] = self._reason(item)

    def _reason(self, item: int) -> str:
        if item in self.banned:
            return self.banned[item]
        if not self.assortment.for_sale[item]:
            return "not for sale"
        one = np.array([item], np.int32)
        for where in self.wheres:
            if not self.holds(where, one)[0]:
                return f"filter: {where.text}"
        for rule in self.excluding:
            if rule.where is not None and self.holds(rule.where, one)[0]:
                return f"rule: {rule.name}"
        return "listed already"


class Facts(Mapping[str, Any]):
    """The fields of one product as expressions read them, looked up when asked for."""

    def __init__(self, assortment: Assortment, item: int) -> None:
        self.assortment, self.item = assortment, item

    def __getitem__(self, name: str) -> Any:
        if name.startswith("attributes."):
            return _value(self.assortment.attribute(name.removeprefix("attributes.")), self.item)
        kind = FIELDS[name].kind
        if kind in ("flag", "number"):
            column = self.assortment.flag(name) if kind == "flag" else self.assortment.number(name)
        else:
            column = self.assortment.text(name) if kind == "text" else self.assortment.words(name)
        return _value(column, self.item)

    def __iter__(self) -> Any:
        return iter(FIELDS)

    def __len__(self) -> int:
        return len(FIELDS)


def _value(column: Any, item: int) -> Any:
    if isinstance(column, np.ndarray):
        value = column[item].item()
        return None if value != value else value
    if hasattr(column, "indptr"):
        codes = column.codes[column.indptr[item] : column.indptr[item + 1]]
        return [column.values[code] for code in codes.tolist()]
    code = int(column.codes[item])
    return column.values[code] if code >= 0 else None
