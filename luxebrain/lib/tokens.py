"""Random identifiers and secrets: made, hashed, compared."""

import hashlib
import os
import secrets
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


def request_id() -> str:
    """Time-ordered, 28 hexadecimal digits: 48 bits of milliseconds, 64 of chance."""
    return f"req_{time.time_ns() // 1_000_000:012x}{os.urandom(8).hex()}"


def uuid7() -> uuid.UUID:
    """A time-ordered UUID (RFC 9562 §5.7), so that new rows land at the end of an index."""
    value = (time.time_ns() // 1_000_000) << 80 | int.from_bytes(os.urandom(10), "big")
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
