"""Recommendation ids: which version answered is written in the id, so clicks need no look-up.

rec_ + 32 hexadecimal digits: 48 bits of milliseconds, 32 of version number (0 = popular products,
no model), 48 of chance.
"""

import os
import time

_LENGTH = 36


def make(version: int) -> str:
    return f"rec_{time.time_ns() // 1_000_000:012x}{version:08x}{os.urandom(6).hex()}"


def version_of(recommendation_id: str) -> int | None:
    """The version that answered, 0 for none; None when this is not one of our ids."""
    if len(recommendation_id) != _LENGTH or not recommendation_id.startswith("rec_"):
        return None
    try:
        bytes.fromhex(recommendation_id[4:])
        return int(recommendation_id[16:24], 16)
    except ValueError:
        return None
