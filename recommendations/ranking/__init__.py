"""Steps between candidates and a list: pure functions on a few hundred candidates, never on the catalogue."""

from recommendations.ranking.diversity import cap, complete, diversify
from recommendations.ranking.pool import Pool, Trace
from recommendations.ranking.steps import boost, collapse, novel, pin, relevant, rotate

__all__ = [
    "Pool",
    "Trace",
    "boost",
    "cap",
    "collapse",
    "complete",
    "diversify",
    "novel",
    "pin",
    "relevant",
    "rotate",
]
