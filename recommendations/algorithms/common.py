"""What goes together in other shops, carried over to a shop's own products by what they have in common."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
from scipy import sparse

from recommendations.algorithms import elsewhere
from recommendations.algorithms.data import DAY, HISTORY_CAP, Interactions
from recommendations.algorithms.features import ProductFeatures
from recommendations.algorithms.itemrows import ItemRows
from recommendations.algorithms.neighbours import prune
from recommendations.algorithms.tokens import Tokens
from recommendations.algorithms.votes import STEPS, Table, Votes

BLOCK_ROWS = 512
# A day counts with so many visits in any case, and with so many times those of the day in the middle.
DAY_LEAST, BUSY = 5, 3
# As if so many more shops had been asked and had said no: what few say is held for less.
DOUBT = 2.0
# With fewer pairs for each own token (of more than one product) the part would say little and say it loudly: parts are
# weighed on their own scale. On countries cut from Online Retail it took from the lists below 2, and gave above 4.
LEAST_PARTNERS = 3
# A token of more products than this says little, and its cost is their square.
MOST_PRODUCTS = 2_000


@dataclass(frozen=True)
class Common:
    """What a training may use of others: their table, the tokens of the own products, and what each side weighs.

    table    of the others alone: without the vote of the shop that is trained
    titles   how often whole titles are bought together there, where any is known: of `shares`
    own      weight of a vote, or a visit, of the shop itself; others: of each other shop's
    """

    table: Table
    tokens: Tokens
    own: float
    others: float
    titles: Table | None = None

    def is_enough(self) -> bool:
        """Whether the tables know enough of the own products to be worth a part."""
        return self.has_words() or self.has_titles()

    def has_titles(self) -> bool:
        """Whether others sell enough by the same titles."""
        if self.titles is None:
            return False
        pairs, known = elsewhere.knows(self.titles, self.tokens)
        return pairs > 0 and pairs >= LEAST_PARTNERS * known

    def has_words(self) -> bool:
        known = np.isin(self.table.names, self.tokens.names)
        pairs = int((known[self.table.first] & known[self.table.second]).sum())
        spread = np.bincount(self.tokens.matrix.indices, minlength=len(self.tokens.names))
        return pairs > 0 and pairs >= LEAST_PARTNERS * int((spread > 1).sum())


class Together(ItemRows):
    """Score of a product = sum over the history of weight x how much its tokens go with those of the history.

    Between two tokens: (own x own vote + others x their votes) / (own, if asked + others x (those asked + DOUBT)).
    What a pair's strongest vote says is not counted: whatever one shop says, no more counts than the others say too.
    Between two products: the mean over their tokens, rarer ones weighing more; a token with itself says nothing,
    that is what likeness is for. All that `words` times; and `titles` times what `elsewhere.rows` says between products
    that other shops sell by the same titles. Only the rows of the own products are kept.
    """

    name: ClassVar[str] = "common"

    def __init__(self, *, keep: int = 50, words: float = 1.0, titles: float = 1.0, lam: float = 10.0) -> None:
        self.params: dict[str, Any] = {"keep": keep, "words": words, "titles": titles, "lam": lam}

    def fit(
        self, interactions: Interactions, features: ProductFeatures | None, *, seed: int
    ) -> Self:
        size = len(interactions.products)
        common = features.common if features is not None else None
        found = sparse.csr_array((size, size), dtype=np.float32)
        if common is None:
            return self.take(found)
        bought, keep = visits(interactions), self.params["keep"]
        if self.params["words"] and len(common.table.first):
            found = found + np.float32(self.params["words"]) * _by_words(common, bought, keep)
        if self.params["titles"] and common.titles is not None and len(common.titles.first):
            rows = elsewhere.rows(common.titles, common.tokens, bought, own=common.own, others=common.others,
                                  lam=self.params["lam"], keep=keep)
            found = found + np.float32(self.params["titles"]) * rows
        return self.take(sparse.csr_array(found))


def _by_words(common: Common, baskets: sparse.csr_array, keep: int) -> sparse.csr_array:
    """Products x products: how much they go together by their tokens."""
    size = baskets.shape[1]
    held, pairs = _together(common, Votes.of(baskets, common.tokens))
    weighted = _weighted(common.tokens, held)
    across = sparse.csr_array((weighted @ pairs).T)
    diagonal = np.zeros(size, np.float32)
    blocks = [
        prune(sparse.csr_array(weighted[start : start + BLOCK_ROWS] @ across), keep, start, diagonal)
        for start in range(0, size, BLOCK_ROWS)
    ]
    return sparse.csr_array(sparse.vstack(blocks, format="csr")) if blocks else sparse.csr_array((size, size))


def visits(interactions: Interactions, arrived: Mapping[int, int] | None = None) -> sparse.csr_array:
    """What somebody bought at one moment: visits x products, oldest first; no more than HISTORY_CAP in one.

    A day far busier than the shop's usual one is left out: a burst, of a sale or of fake orders, does not decide what
    goes together. What came in late counts with the day on which it came: so does a flood that is dated back.

    arrived   by moment, seconds since 1970: when an order of then came in, where that was much later
    """
    matrix, day = _by_visit(interactions, arrived or {})
    return sparse.csr_array(matrix[_usual(day)])


def left_out(interactions: Interactions, arrived: Mapping[int, int] | None = None) -> float:
    """The share of visits that are left out as those of days far busier than usual."""
    usual = _usual(_by_visit(interactions, arrived or {})[1])
    return float(1 - usual.mean()) if len(usual) else 0.0


def _by_visit(interactions: Interactions, arrived: Mapping[int, int]) -> tuple[sparse.csr_array, np.ndarray]:
    """(visits of at least two products x products, the day that each counts with), oldest first."""
    bought = np.flatnonzero(interactions.weight >= 1)
    who, moment = interactions.customer[bought], interactions.occurred_at[bought]
    order = bought[np.lexsort((who, moment))]
    who, moment = interactions.customer[order], interactions.occurred_at[order]
    new = np.ones(len(order), np.bool_)
    new[1:] = (np.diff(who) != 0) | (np.diff(moment) != 0)
    shape = (int(new.sum()), len(interactions.products))
    data = np.ones(len(order), np.float32)
    matrix = sparse.csr_array(sparse.coo_array((data, (np.cumsum(new) - 1, interactions.product[order])), shape))
    matrix.sum_duplicates()
    matrix.data[:] = 1
    sizes = np.diff(matrix.indptr)
    kept = np.flatnonzero((sizes >= 2) & (sizes <= HISTORY_CAP))
    came = moment[new][kept]
    if arrived:
        came = np.array([arrived.get(then, then) for then in came.tolist()], np.int64)
    return sparse.csr_array(matrix[kept]), came // DAY


def _usual(day: np.ndarray) -> np.ndarray:
    """bool: which visits are of a day no busier than usual; `day` is that of each."""
    _, place, counts = np.unique(day, return_inverse=True, return_counts=True)
    most = max(DAY_LEAST, BUSY * int(np.median(counts))) if len(counts) else 0
    return counts[place] <= most


def _together(common: Common, mine: Votes) -> tuple[np.ndarray, sparse.csr_array]:
    """(columns of the tokens, symmetric matrix over them): how much each pair goes together."""
    table = common.table
    held = np.flatnonzero(np.isin(common.tokens.names, table.names))
    names = common.tokens.names[held]
    place = np.full(len(table.names), -1)
    place[np.searchsorted(table.names, names)] = np.arange(len(names))
    first, second = place[table.first], place[table.second]
    kept = np.flatnonzero((first >= 0) & (second >= 0))
    first, second = first[kept], second[kept]
    able = np.isin(names, mine.names)
    asked = common.own * (able[first] & able[second]) + common.others * (table.asked[kept] + DOUBT)
    said = common.others * table.agreed[kept] + common.own * _said(mine, names, first, second)
    values = (said / asked).astype(np.float32)
    upper = sparse.csr_array(sparse.coo_array((values, (first, second)), shape=(len(names), len(names))))
    return held, sparse.csr_array(upper + upper.T)


def _said(mine: Votes, names: np.ndarray, first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """The shop's own vote, 0..1, on each of these pairs of `names`."""
    shape = (len(mine.names), len(mine.names))
    if not len(mine.first) or not len(first):
        return np.zeros(len(first))
    own = sparse.csr_array(sparse.coo_array((mine.strength / STEPS, (mine.first, mine.second)), shape))
    at = np.minimum(np.searchsorted(mine.names, names), len(mine.names) - 1)
    known = mine.names[at] == names
    both = known[first] & known[second]
    found = np.zeros(len(first))
    found[both] = np.asarray(own[at[first[both]], at[second[both]]]).ravel()
    return found


def _weighted(tokens: Tokens, held: np.ndarray) -> sparse.csr_array:
    """Products x held tokens: rarity, by the length that all tokens of the product have together."""
    matrix = tokens.matrix
    spread = np.bincount(matrix.indices, minlength=matrix.shape[1])
    rarity = np.where(spread > 1, np.log1p(matrix.shape[0] / np.maximum(spread, 1)), 0.0)
    whole = matrix @ sparse.diags_array(rarity)
    lengths = np.sqrt(np.asarray(whole.multiply(whole).sum(axis=1)).ravel())
    whole = sparse.csr_array(sparse.diags_array(1 / np.where(lengths > 0, lengths, 1)) @ whole)
    if matrix.shape[0] > MOST_PRODUCTS:
        whole = sparse.csr_array(whole @ sparse.diags_array((spread <= MOST_PRODUCTS).astype(np.float64)))
    return sparse.csr_array(whole[:, held].astype(np.float32))
