"""Whether a shop's customers come back to the same products, counted in its own events."""

from __future__ import annotations

import numpy as np

from recommendations.algorithms.data import Interactions

# Believed of a shop before anything is counted: of so many lines, this share was of a product that the customer
# had before. A shop of repeated purchases outweighs it within ten orders (a line in four in Online Retail), and
# without any count nothing is offered again.
LINES, SHARE = 10, 0.035
# At this share the own past is worth as much as anything else; so far above it speaks for it in full, so far
# below it fully against it. Chosen on shops cut from Online Retail and from sequences without repeats.
NEUTRAL, ABOVE, BELOW = 0.04, 0.04, 0.02


def repeats(interactions: Interactions) -> tuple[int, int]:
    """(lines of a product that its customer had before, lines of customers who were there before)."""
    known = interactions.customer >= 0
    customer = interactions.customer[known].astype(np.int64)
    product, moment = interactions.product[known].astype(np.int64), interactions.occurred_at[known]
    if not len(customer):
        return 0, 0
    order = np.lexsort((moment, product, customer))
    customer, product, moment = customer[order], product[order], moment[order]
    new = np.any([np.diff(column, prepend=-1) != 0 for column in (customer, product, moment)], axis=0)
    customer, product, moment = customer[new], product[new], moment[new]
    begins = np.full(int(customer[-1]) + 1, np.iinfo(np.int64).max)
    np.minimum.at(begins, customer, moment)
    # Sorted by customer, product and moment: whoever stands behind an equal pair had it before.
    again = (np.diff(customer, prepend=-1) == 0) & (np.diff(product, prepend=-1) == 0)
    return int(again.sum()), int((moment > begins[customer]).sum())


def worth(interactions: Interactions) -> float:
    """-1 to 1: what the own past of a shopper is worth in a list, the count shrunk to what is believed."""
    again, lines = repeats(interactions)
    above = (again + SHARE * LINES) / (lines + LINES) - NEUTRAL
    return float(np.clip(above / (ABOVE if above > 0 else BELOW), -1, 1))
