"""Identifiers of rows: UUID version 7 (RFC 9562, section 5.7), which sort by time and cannot be guessed."""

import secrets
import uuid
from datetime import UTC, datetime

RANDOM_BITS = (1 << 74) - 1


def new_id(now: datetime) -> uuid.UUID:
    """Return a fresh identifier whose first 48 bits are `now` in milliseconds."""
    return _compose(now, secrets.randbits(74))


def lowest_id(at: datetime) -> uuid.UUID:
    """Return the smallest identifier that `new_id` can give at that moment, to compare rows by time."""
    return _compose(at, 0)


def highest_id(at: datetime) -> uuid.UUID:
    """Return the largest identifier that `new_id` can give at that moment."""
    return _compose(at, RANDOM_BITS)


def moment(id: uuid.UUID) -> datetime:  # noqa: A002 - it is one.
    """Return the moment at which `new_id` was called for this identifier, to the millisecond."""
    return datetime.fromtimestamp((id.int >> 80) / 1000, UTC)


def _compose(at: datetime, random: int) -> uuid.UUID:
    milliseconds = int(at.timestamp() * 1000) & ((1 << 48) - 1)
    high, low = random >> 62, random & ((1 << 62) - 1)
    return uuid.UUID(int=milliseconds << 80 | 0x7 << 76 | high << 64 | 0b10 << 62 | low)
