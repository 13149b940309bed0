"""What follows from titles that are bought together, here and in other shops: a regression over both counts."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from recommendations.algorithms import shares
from recommendations.algorithms.ease import explained, inverted
from recommendations.algorithms.itemrows import top_of_rows
from recommendations.algorithms.tokens import Tokens
from recommendations.algorithms.votes import Table, places

# Titles of the own catalogue that are looked at, most bought first: the inverse costs the third power.
MOST_TITLES = 2_500


def rows(
    table: Table, tokens: Tokens, baskets: sparse.csr_array, *, own: float, others: float, lam: float, keep: int
) -> sparse.csr_array:
    """Products x products: what a product says for another one, the `keep` largest in size of each row.

    G = own x own visits + others x the visits that other shops say, for each pair without the strongest of them; then
    as EASE (Steck 2019): B = -P / diag(P), P = (G + lam x the mean of G's diagonal)^-1, so that what is bought with
    everything says nothing. Between products of one title nothing is said.

    baskets   the own visits x products
    """
    whole = tokens.whole()
    size = whole.matrix.shape[0]
    held = sparse.csr_array(baskets @ whole.matrix)
    held.data[:] = 1
    mine, theirs = shares.weighted(held), _said(table, whole.names)
    together = sparse.csr_array(own * mine + others * shares.VISITS * theirs)
    bought = together.diagonal()
    known = np.flatnonzero(bought > 0)
    if len(known) > MOST_TITLES:
        known = np.sort(known[np.argsort(-bought[known], kind="stable")[:MOST_TITLES]])
    if not len(known):
        return sparse.csr_array((size, size), dtype=np.float32)
    found = top_of_rows(explained(inverted(together[known][:, known].toarray().astype(np.float32), lam)), keep)
    have = sparse.csr_array(whole.matrix[:, known])
    return sparse.csr_array(have @ sparse.csr_array(found @ have.T)).astype(np.float32)


def knows(table: Table, tokens: Tokens) -> tuple[int, int]:
    """(pairs of different own titles of which others speak, own titles in these)."""
    known = np.isin(table.names, tokens.titles)
    both = known[table.first] & known[table.second] & (table.first != table.second)
    return int(both.sum()), len(np.unique(np.concatenate((table.first[both], table.second[both]))))


def _said(table: Table, names: np.ndarray) -> sparse.csr_array:
    """Symmetric, over these names: what the table says of them."""
    shape = (len(names), len(names))
    place = places(names, table.names)
    first, second = place[table.first], place[table.second]
    kept = np.flatnonzero((first >= 0) & (second >= 0))
    values = table.agreed[kept]
    upper = sparse.csr_array(sparse.coo_array((values, (first[kept], second[kept])), shape=shape))
    return sparse.csr_array(upper + sparse.triu(upper, k=1).T)
