"""Recommendation ids: which version answered is written in the id, so clicks need no look-up.

rec_ + 32 hexadecimal digits: 48 bits of milliseconds, 32 of version number (0 = popular products,
no model), 15 of the number of the experiment that the list counts for (0 = none), 1 of its arm
(0 = A), 32 of chance.
"""

import time

from luxebrain.lib import tokens

_LENGTH = 36


def make(version: int, *, experiment: int = 0, arm: str = "") -> str:
    trial = 2 * experiment + (arm == "B") if experiment else 0
    return f"rec_{time.time_ns() // 1_000_000:012x}{version:08x}{trial:04x}{tokens.chance(4).hex()}"


def arm_of(recommendation_id: str) -> tuple[int, str, int] | None:
    """(number of the experiment, arm, milliseconds of the answer); None for none, or for no id of ours."""
    if version_of(recommendation_id) is None:
        return None
    trial = int(recommendation_id[24:28], 16)
    return (trial >> 1, "B" if trial & 1 else "A", int(recommendation_id[4:16], 16)) if trial > 1 else None


def version_of(recommendation_id: str) -> int | None:
    """The version that answered, 0 for none; None when this is not one of our ids."""
    if len(recommendation_id) != _LENGTH or not recommendation_id.startswith("rec_"):
        return None
    try:
        bytes.fromhex(recommendation_id[4:])
        return int(recommendation_id[16:24], 16)
    except ValueError:
        return None
