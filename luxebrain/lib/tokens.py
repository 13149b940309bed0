"""Random identifiers and secrets: made, hashed, compared."""

import hashlib
import os
import secrets
import threading
import time
import uuid
import zlib

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's base 32


def encode(number: int, length: int) -> str:
    digits = []
    for _ in range(length):
        number, digit = divmod(number, 32)
        digits.append(_ALPHABET[digit])
    return "".join(reversed(digits))


class _Drawn(threading.local):
    """The system's random bytes, drawn ahead by each thread."""

    ahead, at = b"", 0


_drawn = _Drawn()


def chance(count: int) -> bytes:
    """So many random bytes for an id that is no secret, of the system, which is asked once for many ids: every
    system call lets another thread take the interpreter's lock."""
    begin, _drawn.at = _drawn.at, _drawn.at + count
    if _drawn.at > len(_drawn.ahead):
        _drawn.ahead, begin, _drawn.at = os.urandom(max(4096, count)), 0, count
    return _drawn.ahead[begin : begin + count]


def _after_fork() -> None:
    """A child draws its own: the same bytes twice would be the same id twice."""
    _drawn.ahead, _drawn.at = b"", 0


os.register_at_fork(after_in_child=_after_fork)


def request_id() -> str:
    """Time-ordered, 28 hexadecimal digits: 48 bits of milliseconds, 64 of chance."""
    return f"req_{time.time_ns() // 1_000_000:012x}{chance(8).hex()}"


def uuid7() -> uuid.UUID:
    """A time-ordered UUID (RFC 9562 §5.7), so that new rows land at the end of an index."""
    value = (time.time_ns() // 1_000_000) << 80 | int.from_bytes(chance(10), "big")
    value = value & ~(0xF << 76) | 0x7 << 76
    return uuid.UUID(int=value & ~(0x3 << 62) | 0x2 << 62)


def checksum(text: str) -> str:
    return encode(zlib.crc32(text.encode()), 6)


def api_key(*, mode: str, kind: str) -> str:
    """lb_{live|test}_{sk|pk}_ + 43 random characters (256 bits) + 6 of checksum for secret scanners."""
    start = f"lb_{mode}_{kind}_{secrets.token_urlsafe(32)}"
    return start + checksum(start)


def is_well_formed(key: str) -> bool:
    return len(key) == 60 and key.isascii() and checksum(key[:-6]) == key[-6:]


def digest(secret: str) -> bytes:
    """SHA-256: enough for 256-bit secrets, and fast; a slow hash is for passwords that people choose."""
    return hashlib.sha256(secret.encode()).digest()


def secret() -> str:
    return secrets.token_urlsafe(32)
