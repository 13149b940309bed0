"""What differs between two lists for the same request, summed over many requests."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

Pair = tuple[Sequence[str], Sequence[str]]


@dataclass(frozen=True, slots=True)
class Changes:
    """Over all lists: how many there are and differ, which products come and go and in how many lists.

    moved    places that a product which stays moves by, on average over those in lists that differ
    shorter  lists that hold fewer products than before; emptied: of those, the ones left with none
    """

    lists: int
    changed: int
    entering: tuple[tuple[str, int], ...]
    leaving: tuple[tuple[str, int], ...]
    moved: float
    shorter: int
    emptied: int


def between(pairs: Sequence[Pair], *, most: int = 10) -> Changes:
    """The `most` products that come and go in the most lists, and the counts over all."""
    entering: Counter[str] = Counter()
    leaving: Counter[str] = Counter()
    moves: list[int] = []
    changed = shorter = emptied = 0
    for before, after in pairs:
        if list(before) == list(after):
            continue
        changed += 1
        shorter += len(after) < len(before)
        emptied += bool(before) and not after
        places = {name: place for place, name in enumerate(before)}
        now = set(after)
        entering.update(name for name in after if name not in places)
        leaving.update(name for name in before if name not in now)
        moves += [abs(places[name] - place) for place, name in enumerate(after) if name in places]
    mean = sum(moves) / len(moves) if moves else 0.0
    return Changes(
        len(pairs), changed, tuple(_first(entering, most)), tuple(_first(leaving, most)), mean, shorter, emptied
    )


def _first(counts: Counter[str], most: int) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda one: (-one[1], one[0]))[:most]
