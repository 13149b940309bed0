"""How the parts of a blend are called, and how much of each somebody may ask for, in words."""

from typing import Any

from django import forms

from luxebrain.lib.forms import Slider

# Where the slider of a part stands, in words, and what the part's score is multiplied by.
EMPHASIS = (
    (0.0, "not at all"),
    (0.25, "much less"),
    (0.5, "less"),
    (1.0, "as trained"),
    (1.5, "a little more"),
    (2.5, "more"),
    (5.0, "much more"),
)
AS_TRAINED = 3  # place in EMPHASIS
PARTS = {
    "popularity": ("Best sellers", "What everybody buys."),
    "neighbours": ("Bought by the same people", "What people buy who bought the same products."),
    "local_ease": ("Goes with their products", "What is weighed best against all that a shopper chose."),
    "dense_ease": ("Goes with their products, whole catalogue", "The same, learned over every pair of products."),
    "diffusion": ("Their taste", "Products near to a shopper's taste, also without a common buyer."),
    "transitions": ("What comes next", "What people look at or buy right after the newest thing."),
    "repurchase": ("Due again", "What this shopper buys repeatedly, when it is due."),
    "content": ("Similar in kind", "Products whose title, category, brand or tags are like those they chose."),
    "common": ("Goes together elsewhere", "Products whose titles, words, categories and price bands are bought "
               "together in other shops."),
    "als": ("Their taste, by orders", "What people of the same taste buy, found by factorising orders."),
    "hybrid": ("Their taste and the product", "The same with what products are, so that new ones are met too."),
    "shoppers": ("Similar shoppers", "What shoppers with a similar history chose."),
}
# Where products come from that no part of a model chose by itself.
SOURCES = {
    "blend": "The model",
    "bought_together": "Bought together",
    "trending": "Trending",
    "newest": "Newest products",
    "viewed": "Viewed lately",
    "pending_cart": "Still in the cart",
    "buy_again": "Bought before",
    "rule": "A rule",
}


def spoken(name: str) -> str:
    """How people call a source of products or a part of a model."""
    return SOURCES.get(name) or PARTS.get(name, (name, ""))[0]


def slider(part: str, *, initial: int = AS_TRAINED, **options: Any) -> forms.IntegerField:
    """The field of a part's emphasis: a place in EMPHASIS."""
    label, text = PARTS.get(part, (part, ""))
    words = [word for _, word in EMPHASIS]
    return forms.IntegerField(
        label=label, help_text=text, min_value=0, max_value=len(EMPHASIS) - 1, widget=Slider(words), initial=initial,
        **options,
    )  # fmt: skip
