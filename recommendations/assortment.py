"""The assortment: a shop's products as arrays that filters and ranking read, in one numbering with the model."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from typing import Any, cast

import numpy as np
import orjson
from scipy import sparse

from recommendations import columns
from recommendations.algorithms.bundle import Bundle
from recommendations.algorithms.content import Content
from recommendations.algorithms.ids import IdMap
from recommendations.algorithms.likeness import Described
from recommendations.expressions import Texts, Words
from recommendations.fields import GROUP
from recommendations.newcomers import MOST, Newcomers, Resemblance
from recommendations.window import Row, Window

_ROOM = 256
_NO_ROW = Row("", None, "", "", "", False, None, "", (), (), "", 0.0)


class Assortment:
    """Products 0..n-1 are the model's, those after them came later (or all, without a model).

    Columns are made when first asked for. A change of the window takes away those that are made from a field which
    changed, flags and numbers follow the changed products alone, as `for_sale` does; a new product takes away all.
    """

    def __init__(self, window: Window, bundle: Bundle | None) -> None:
        self.window, self.bundle = window, bundle
        self.known: IdMap | None = bundle.products if bundle is not None else None
        self._first = len(self.known) if self.known is not None else 0
        self._later: dict[str, int] = {}
        self._names: list[str] = []
        self._changes = -1
        self._columns: dict[str, Any] = {}
        self.for_sale = np.zeros(self._first + _ROOM, np.bool_)
        likeness = cast(Content, bundle.parts["content"]).likeness if bundle is not None else None
        self._resemblance = Resemblance(likeness) if likeness is not None else None
        self.newcomers: Newcomers | None = None
        self.sync()

    @property
    def size(self) -> int:
        return self._first + len(self._names)

    def is_stale(self, products: IdMap | None) -> bool:
        """Whether it is of another model; otherwise it follows the window."""
        if products is not self.known:
            return True
        self.sync()
        return False

    def sync(self) -> None:
        window = self.window
        if self._changes == window.changes:
            return
        if self._changes < window.rebuilt_at or self._changes < 0:
            self._follow(window.rows, all_of_them=True)
            self._columns = {}
            self.newcomers = self._resembling()
        else:
            self._follow_changes([(name, fields) for change, name, fields in window.log if change > self._changes])
        self._changes = window.changes

    def _follow_changes(self, changes: list[tuple[str, frozenset[str]]]) -> None:
        size = self.size
        names = list(dict.fromkeys(name for name, _ in changes))
        self._follow(names)
        if self.size == size:
            self._columns = self._kept(names, frozenset().union(*(fields for _, fields in changes)))
        else:
            self._columns = {}
        if any(name in self._later for name in names):
            self.newcomers = self._resembling()

    def _kept(self, names: list[str], fields: frozenset[str]) -> dict[str, Any]:
        """The columns that the changed fields leave as they are, and those whose changed places are written anew."""
        rows, kept = self.window.rows, {}
        for column, made in self._columns.items():
            source = columns.source_of(column)
            if source is None or source in fields:
                pick = columns.PICKS.get(column)
                if pick is None:
                    continue
                made = made.copy()
                made[self.index(names)] = [pick(rows[name]) for name in names]
            kept[column] = made
        return kept

    def _follow(self, names: Iterable[str], *, all_of_them: bool = False) -> None:
        rows = self.window.rows
        if all_of_them and self.known is not None:
            known = list(self.known)
            self.for_sale[: self._first] = [name in rows and rows[name].is_for_sale for name in known]
            self.for_sale[self._first :] = False
            settled = set(known)
            names = [name for name in names if name not in settled]
        names = list(names)
        for name, at in zip(names, self._numbered(names), strict=True):
            self.for_sale[at] = rows[name].is_for_sale
        for name in self._names:
            if name not in rows:
                self.for_sale[self._later[name]] = False

    def _numbered(self, names: Sequence[str]) -> list[int]:
        """The numbers of products, new ones at the end."""
        found = self.known.index(names).tolist() if self.known is not None else [-1] * len(names)
        for place, name in enumerate(names):
            if found[place] < 0:
                if name not in self._later:
                    self._later[name] = self.size
                    self._names.append(name)
                    if self.size > len(self.for_sale):
                        room = np.zeros(max(_ROOM, len(self.for_sale) // 2), np.bool_)
                        self.for_sale = np.concatenate((self.for_sale, room))
                found[place] = self._later[name]
        return found

    def index(self, names: Sequence[str]) -> np.ndarray:
        """int32 number of each product, -1 for one that is neither in the catalogue nor known to the model."""
        if not len(names):
            return np.empty(0, np.int32)
        found = self.known.index(names) if self.known is not None else np.full(len(names), -1, np.int32)
        for place, name in enumerate(names):
            if found[place] < 0:
                found[place] = self._later.get(name, -1)
            elif name not in self.window.rows:
                found[place] = -1
        return found

    def ids(self, items: Iterable[int]) -> list[str]:
        first, known = self._first, self.known
        return [known.id(i) if i < first else self._names[i - first] for i in items]  # type: ignore[union-attr]

    def _resembling(self) -> Newcomers | None:
        if self._resemblance is None or not self._names:
            return None
        rows = self.window.rows
        there = [(self._later[name], rows[name]) for name in self._names if name in rows]
        there.sort(key=lambda pair: -pair[1].created_at)
        return self._resemblance.of(self._first, [(item, _described(row)) for item, row in there[:MOST]])

    @property
    def groups(self) -> np.ndarray:
        """int32 group of variants of each product, -1 for none."""
        return self._column("groups", self._groups)

    def _groups(self) -> np.ndarray:
        column = self.attribute(GROUP)
        if isinstance(column, np.ndarray):
            known = ~np.isnan(column)
            found = np.full(len(column), -1, np.int32)
            found[known] = np.unique(column[known], return_inverse=True)[1]
            return found
        return column.codes if isinstance(column, Texts) else np.full(self.size, -1, np.int32)

    @property
    def has_groups(self) -> bool:
        rows = self.window.rows.values()
        return bool(self._column("has_groups", lambda: any(GROUP in row.attributes for row in rows)))

    @property
    def newest(self) -> np.ndarray:
        """Products of the catalogue, latest arrival first."""
        def made() -> np.ndarray:
            items = self.index(list(self.window.rows))
            moments = np.fromiter((row.created_at for row in self.window.rows.values()), np.float64, len(items))
            return items[np.lexsort((-items, -moments))].astype(np.int32)

        return self._column("newest", made)

    @property
    def popularity(self) -> np.ndarray:
        """float64 0 to 1: weighted units sold as a share of the best seller's; 0 for new products."""
        def made() -> np.ndarray:
            found = np.zeros(self.size)
            if self.bundle is not None:
                scores = self.bundle.popular("popularity").scores
                found[: self._first] = scores / max(float(scores.max(initial=0.0)), 1e-9)
            return found

        return self._column("popularity", made)

    def features(self, items: np.ndarray) -> sparse.csr_array:
        """Rows of Euclidean length 1 for these products: categories, brand and tags."""
        features = [self.words("categories"), self.words("tags"), self.text("brand")]
        indices: list[int] = []
        indptr = [0]
        for item in items.tolist():
            own, offset = set(), 0
            for column in features:
                own.update(code + offset for code in columns.codes(column, item))
                offset += len(column.values)
            indices += sorted(own)
            indptr.append(len(indices))
        counts = np.diff(indptr)
        data = np.repeat(1 / np.sqrt(np.maximum(counts, 1)), counts).astype(np.float32)
        width = sum(len(column.values) for column in features)
        return sparse.csr_array((data, np.array(indices, np.int32), np.array(indptr)), shape=(len(items), width))

    def traits(self, item: int) -> frozenset[str]:
        """What a product is like: its tags and the values of its attributes, as "colour=red"."""
        row = self.window.rows.get(self.ids([item])[0])
        if row is None:
            return frozenset()
        given = orjson.loads(row.attributes) if row.attributes else {}
        pairs = ((name, one) for name, value in given.items() if name != GROUP for one in columns.listed(value))
        said = (f"{name}={columns.said(one)}".casefold() for name, one in pairs if one is not None)
        return frozenset((*(tag.casefold() for tag in row.tags), *said))

    def flag(self, name: str) -> np.ndarray:
        return self._column(name, lambda: np.fromiter(map(columns.PICKS[name], self._rows()), np.bool_, self.size))

    def number(self, name: str) -> np.ndarray:
        if name == "popularity":
            return self.popularity
        now = time.time()
        pick = columns.PICKS.get(name) or columns.age(now)
        return self._column(name, lambda: np.fromiter(map(pick, self._rows()), np.float64, self.size))

    def text(self, name: str) -> Texts:
        if name == "id":
            return self._column(name, lambda: Texts(np.arange(self.size), self.ids(range(self.size))))
        return self._column(name, lambda: columns.texts([getattr(row, name) for row in self._rows()]))

    def words(self, name: str) -> Words:
        return self._column(name, lambda: columns.words([getattr(row, name) for row in self._rows()]))

    def attribute(self, name: str) -> Texts | Words | np.ndarray:
        return self._column(f"attributes.{name}", lambda: columns.attribute(self._attributes(), name))

    def _attributes(self) -> list[dict[str, Any]]:
        return self._column(
            "attributes", lambda: [orjson.loads(row.attributes) if row.attributes else {} for row in self._rows()]
        )

    def _rows(self) -> Iterable[Row]:
        rows = self.window.rows
        names = self.known if self.known is not None else ()
        for name in names:
            yield rows.get(name, _NO_ROW)
        for name in self._names:
            yield rows.get(name, _NO_ROW)

    def _column(self, name: str, make: Any) -> Any:
        held = self._columns  # one that is made while the window moves goes with the columns of before
        found = held.get(name)
        if found is None:
            found = held[name] = make()
        return found


def _described(row: Row) -> Described:
    price = float(row.price) if row.price is not None else None
    return Described(row.title, row.categories, row.brand, row.tags, price)
