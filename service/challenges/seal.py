"""Keyed hashes under sub-keys, so that a value made for one purpose is worthless for another; no storage."""

import hashlib
import hmac
from collections.abc import Iterable


def sub_key(key: bytes, purpose: str) -> bytes:
    """Return the key of one purpose; what leaks about one says nothing about the others."""
    return hmac.digest(key, b"duyet/challenges/" + purpose.encode(), hashlib.sha256)


def seal(key: bytes, purpose: str, *parts: str | bytes) -> bytes:
    """Return the keyed hash of the parts. Their lengths go in, so that "ab", "c" is not "a", "bc"."""
    message = bytearray()
    for part in parts:
        # Site and article come from strangers; a lone surrogate must be a mismatch, not an exception.
        raw = part.encode("utf-8", "surrogatepass") if isinstance(part, str) else part
        message += len(raw).to_bytes(8, "big") + raw
    return hmac.digest(sub_key(key, purpose), bytes(message), hashlib.sha256)


def matches(sent: str | bytes, expected: str | bytes) -> bool:
    """Compare in constant time and as bytes: `compare_digest` refuses text beyond ASCII."""
    left = sent.encode("utf-8", "surrogatepass") if isinstance(sent, str) else sent
    right = expected.encode() if isinstance(expected, str) else expected
    return hmac.compare_digest(left, right)


def matches_any(sent: str | bytes, expected: Iterable[str | bytes]) -> bool:
    """Compare with what each key makes of it: the one that signs now, and those before it."""
    return any(matches(sent, one) for one in expected)
