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
# More of a training's metrics, on the pages of one version and of two.
MORE_METRICS = (
    (
        "hit_rate@10",
        "Hit rate@10",
        "The share of the tested shoppers who bought at least one of their first ten recommendations next.",
    ),
    (
        "novelty@10",
        "Novelty@10",
        "How little known the recommended products are: higher means less bought ones. Neither high nor low is "
        "good by itself.",
    ),
)
# What shoppers did with the lists of a version; shares of lists.
ONLINE = (
    ("ctr", "Click-through", "Lists with at least one click ÷ lists shown."),
    (
        "cart_rate",
        "Into the cart",
        "Lists of which a product was put into the cart, straight from the list or within the attribution window "
        "after a click, ÷ lists clicked.",
    ),
    (
        "conversion",
        "Conversion",
        "Lists of which a clicked product was ordered within the attribution window ÷ lists clicked. The last "
        "click before the order counts.",
    ),
)
# What the log of answers says of a version, a day at a time.
LOGGED = (
    (
        "coverage",
        "Catalogue coverage, live",
        "The share of the products for sale that stood in at least one answered list of the day.",
    ),
    (
        "fallback_share",
        "Fallback share",
        "The share of the answered lists that best sellers had to fill, wholly or in part, because the model had "
        "too little to say.",
    ),
    (
        "score_shift",
        "Shift of scores",
        "How far the scores of the lists have moved from the version's first day: the population stability index, "
        "less what chance alone gives. Below 0.1 nothing has changed, above 0.25 much has: shoppers or products "
        "are no longer those that the model learnt from.",
    ),
)


def algorithm(name: str) -> str:
    return ALGORITHMS.get(name, name)


def number(value: Any) -> str:
    """Three decimals, or a dash where nothing was measured."""
    return f"{value:.3f}" if isinstance(value, int | float) else "—"


def percent(value: Any) -> str:
    return f"{value:.0%}" if isinstance(value, int | float) else "—"
