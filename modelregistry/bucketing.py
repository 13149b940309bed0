"""Which arm of a split a subject belongs to: a hash and a fixed order, nothing stored."""

import hashlib
from collections.abc import Sequence

PERCENT = 100
FINE = 10_000  # for shares below one per cent, as of a canary


def bucket(key: str, subject: str, *, buckets: int = PERCENT) -> int:
    """MD5 of `key:subject`, as a number modulo `buckets`; of the subject alone where the key is "".

    The same on every machine and day. The key keeps the splits of two experiments independent.
    """
    text = f"{key}:{subject}" if key else subject
    digest = hashlib.md5(text.encode("utf-8", "surrogatepass"), usedforsecurity=False).digest()
    return int.from_bytes(digest, "big") % buckets


def place(number: int, shares: Sequence[int]) -> int:
    """The arm of a bucket: arms lie one behind the other in their fixed order, each as wide as its share.

    The first boundary moves down when the second of two arms grows: then subjects leave the first for
    the second, and nobody moves the other way. Raises ValueError where the shares leave the bucket out.
    """
    end = 0
    for arm, share in enumerate(shares):
        end += share
        if number < end:
            return arm
    raise ValueError(f"bucket {number} lies outside the shares {tuple(shares)}")


def arm(key: str, subject: str, shares: Sequence[int]) -> int:
    """0 for the first arm, 1 for the second … `shares` are whole buckets and sum up to 100 or 10,000.

    Raises ValueError for other sums and for shares that are no counts.
    """
    total = sum(shares)
    if total not in (PERCENT, FINE) or any(share < 0 for share in shares):
        raise ValueError(f"shares are counts that sum up to {PERCENT} or {FINE}, not {tuple(shares)}")
    return place(bucket(key, subject, buckets=total), shares)
