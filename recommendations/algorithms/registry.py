"""Algorithm names and the classes behind them: the choices of every form and every artefact."""

from __future__ import annotations

from recommendations.algorithms.als import ALS
from recommendations.algorithms.base import Recommender
from recommendations.algorithms.blend import Blend
from recommendations.algorithms.content import Content
from recommendations.algorithms.hybrid import Hybrid
from recommendations.algorithms.neighbours import BoughtTogether, Neighbours
from recommendations.algorithms.popularity import Popularity, Trending

ALGORITHMS: dict[str, type[Recommender]] = {
    kind.name: kind
    for kind in (Popularity, Trending, Neighbours, BoughtTogether, Content, Blend, ALS, Hybrid)
}
# Candidates for the personal list, simplest first.
PERSONAL = (Popularity.name, Content.name, Neighbours.name, Blend.name, ALS.name, Hybrid.name)


def find(name: str) -> type[Recommender]:
    try:
        return ALGORITHMS[name]
    except KeyError:
        raise ValueError(f"no such algorithm: {name}") from None


def available() -> list[str]:
    """The candidates for the personal list that this machine can train."""
    return [name for name in PERSONAL if ALGORITHMS[name].available()]
