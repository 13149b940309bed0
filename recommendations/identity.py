"""Recommendation ids: which version answered is written in the id, so clicks need no look-up.

rec_ + 26 characters of Crockford's base 32: 48 bits of milliseconds, 32 of version number
(0 = popular products, no model), 50 of chance.
"""

import os
import time

from luxebrain.lib import tokens

_LENGTH = 26


def make(version: int) -> str:
    chance = int.from_bytes(os.urandom(7), "big") & (1 << 50) - 1
    return "rec_" + tokens.encode((time.time_ns() // 1_000_000) << 82 | version << 50 | chance, _LENGTH)


def version_of(recommendation_id: str) -> int | None:
    """The version that answered, 0 for none; None when this is not one of our ids."""
    text = recommendation_id.removeprefix("rec_")
    if len(text) != _LENGTH or text == recommendation_id:
        return None
    number = tokens.decode(text)
    return None if number is None else number >> 50 & 0xFFFFFFFF
