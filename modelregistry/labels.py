"""Algorithms and metrics in words, as pages, outcomes and mails say them."""

from typing import Any

ALGORITHMS = {
    "popularity": "Best sellers",
    "trending": "Trending",
    "neighbours": "Item-to-item",
    "bought_together": "Bought together",
    "content": "Product features",
    "als": "ALS factorisation",
    "hybrid": "LightFM hybrid",
    "blend": "Blend of several",
    "repurchase": "Bought again",
    "transitions": "What comes next",
    "local_ease": "Local EASE",
    "dense_ease": "EASE over the catalogue",
    "spectral": "Leading directions",
    "shoppers": "Shoppers alike",
}
# The rungs that a shop climbs as its data grow.
RUNGS = {
    "popular": "Best sellers for everybody",
    "content": "Products like those looked at",
    "co_occurrence": "What the same shoppers take",
    "blend": "A blend of several, weighed for this shop",
}
# Key in ModelVersion.metrics, heading, and what it means to somebody who runs a shop.
METRICS = (
    (
        "ndcg@10",
        "NDCG@10",
        "How well the first ten recommendations hit what shoppers bought next, with more credit for the first "
        "places. 0 is no hit at all, 1 is a perfect list. Measured on the newest fifth of the data, which the "
        "model had not seen.",
    ),
    (
        "recall@10",
        "Recall@10",
        "The share of the products shoppers bought next that were among their first ten recommendations.",
    ),
    (
        "coverage@10",
        "Coverage",
        "The share of the catalogue that appears in at least one shopper's first ten recommendations.",
    ),
)


def algorithm(name: str) -> str:
    return ALGORITHMS.get(name, name)


def number(value: Any) -> str:
    """Three decimals, or a dash where nothing was measured."""
    return f"{value:.3f}" if isinstance(value, int | float) else "—"


def percent(value: Any) -> str:
    return f"{value:.0%}" if isinstance(value, int | float) else "—"
