"""A shop's voice in the shared model, of words and kinds and of whole titles; and what all voices agree on."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from recommendations.algorithms import shares
from recommendations.algorithms.common import left_out, visits
from recommendations.algorithms.data import Interactions
from recommendations.algorithms.ids import Arrays
from recommendations.algorithms.tokens import Tokens
from recommendations.algorithms.votes import Table, Votes

TITLES = "share_"  # before the names of arrays
# With a larger share of its visits left out as those of floods, a shop says what it said before.
MOST = 0.5


@dataclass(frozen=True)
class Voice:
    """What one shop says: votes on pairs of words and kinds (that they go together), and on pairs of whole titles (how
    often: `shares`), each bounded by itself."""

    kinds: Votes
    titles: Votes

    @classmethod
    def of(cls, baskets: sparse.csr_array, tokens: Tokens, *, before: Voice | None = None) -> Voice:
        """As `Votes.of`."""
        whole = tokens.whole()
        return cls(Votes.of(baskets, tokens, before=before.kinds if before else None),
                   shares.of(baskets, whole.matrix, whole.names, before=before.titles if before else None))

    @classmethod
    def heard(
        cls, interactions: Interactions, tokens: Tokens, *, before: Voice | None = None,
        arrived: Mapping[int, int] | None = None,
    ) -> Voice:
        """Of what a shop's customers bought; `before` itself as long as most of it is left out as of a flood.

        arrived   as for `visits`
        """
        if before is not None and left_out(interactions, arrived) > MOST:
            return before
        return cls.of(visits(interactions, arrived), tokens, before=before)

    def arrays(self) -> Arrays:
        return self.kinds.arrays() | _prefixed(self.titles.arrays())

    @classmethod
    def from_arrays(cls, arrays: Arrays) -> Voice:
        return cls(Votes.from_arrays(arrays), Votes.from_arrays(_titles(arrays) or _none(arrays)))


@dataclass(frozen=True)
class Agreed:
    """The tables of all voices."""

    kinds: Table
    titles: Table

    @property
    def shops(self) -> int:
        return self.kinds.shops

    @classmethod
    def of(cls, voices: Callable[[], Iterable[Voice]]) -> Agreed:
        return cls(Table.of(lambda: (voice.kinds for voice in voices())),
                   Table.of(lambda: (voice.titles for voice in voices())))

    def without(self, own: Voice) -> Agreed:
        return Agreed(self.kinds.without(own.kinds), self.titles.without(own.titles))

    def arrays(self) -> Arrays:
        return self.kinds.arrays() | _prefixed(self.titles.arrays())

    @classmethod
    def from_arrays(cls, arrays: Arrays) -> Agreed:
        return cls(Table.from_arrays(arrays), Table.from_arrays(_titles(arrays)))


def _prefixed(arrays: Arrays) -> Arrays:
    return {TITLES + name: array for name, array in arrays.items()}


def _titles(arrays: Arrays) -> Arrays:
    return {name.removeprefix(TITLES): array for name, array in arrays.items() if name.startswith(TITLES)}


def _none(arrays: Arrays) -> Arrays:
    """Of a voice that was kept before titles were counted: nothing is said of them."""
    nothing = {name: array[:0] if name != "baskets" else array for name, array in arrays.items()}
    return nothing | {"strength": np.empty(0, np.uint16)}
