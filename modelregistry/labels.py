"""Algorithms and metrics in words, as pages, outcomes and mails say them."""

from typing import Any

ALGORITHMS = {
    "popularity": "Best sellers",
    "trending": "Trending",
    "neighbours": "Item-to-item",
    "bought_together": "Bought together",
    "content": "Product features",
    "common": "What goes together in other shops",
    "als": "ALS factorisation",
    "hybrid": "LightFM hybrid",
    "blend": "Blend of several",
    "repurchase": "Bought again",
    "transitions": "What comes next",
    "local_ease": "Local EASE",
    "dense_ease": "EASE over the catalogue",
    "diffusion": "Diffusion",
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
NEUTRAL = ("novelty@10",)  # more of it is neither better nor worse
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
# What the pages of models speak of, for the page of terms.
TERMS = (
    ("Version", "One trained model: its files, what it learnt from and how well it did. A version never changes; "
     "which one serves does."),
    ("In service, champion", "The version that answers now. Exactly one version of a shop is in service."),
    ("Activate", "To put a version into service. It is checked first: files whole, model answers. All processes "
     "follow within two seconds."),
    ("Roll back", "To put the version back into service that served before. A second time goes one further back."),
    ("Undo", "To take the latest change back, whether an activation or a rollback."),
    ("Held-back data", "The newest fifth of a shop's events. A training does not see it; a version is tested on it "
     "before it may serve."),
    ("95% interval", "Where the true value lies in 95 of 100 such measurements. Two versions whose difference has "
     "an interval across zero may be equal."),
    ("Touch, attribution", "An order belongs to the list whose product the shopper clicked last, at most so many hours "
     "before as the shop has set (24 at first)."),
    ("Experiment", "Two versions serve side by side, each to a share of the shoppers, until it is clear which one "
     "is better."),
    ("Split", "The share of the shoppers that each arm of an experiment gets."),
    ("Lift", "By how much B is better than A, in per cent of A."),
    ("Cold start", "Fewer than ten orders that count: the shop's best sellers are shown until there are more."),
    ("Scope", "Which training made a version. Shared: the one that every shop has. Isolated: the one of shops that "
     "were given a model of their own; its files lie apart, and it refuses to run where another shop's rows are in "
     "sight. Both learn from the shop's own data alone today."),
    ("Isolation", "A shop with the plan and the orders for it can have a model that is trained on its own and on "
     "nobody else's data."),
    ("Drift", "The shoppers or products of today are no longer those that the version learnt from: its scores "
     "shift, and it covers less of the catalogue."),
)  # fmt: skip


def terms() -> list[tuple[str, str]]:
    """Every term and metric with its meaning, by name."""
    measured = [(label, text) for _, label, text in (*METRICS, *MORE_METRICS, *ONLINE, *LOGGED)]
    return sorted([*TERMS, *measured], key=lambda term: term[0].lower())


def algorithm(name: str) -> str:
    return ALGORITHMS.get(name, name)


def number(value: Any) -> str:
    """Three decimals, or a dash where nothing was measured."""
    return f"{value:.3f}" if isinstance(value, int | float) else "—"


def percent(value: Any) -> str:
    return f"{value:.0%}" if isinstance(value, int | float) else "—"
