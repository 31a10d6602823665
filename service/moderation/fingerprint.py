"""What makes two submissions the same text or nearly so: an exact hash and a 64-bit simhash in four bands."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from service.moderation.text import fold, normalise, words_of
from service.moderation.vocabulary import Submission

# A reader's "Hay quá" or "Đồng ý với tác giả" is not a copy of another reader's.
MINIMUM_WORDS = 8
_SHINGLE = 3


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """The exact hash and the simhash of a text; `usable` is false for texts too short to be called copies."""

    exact: bytes
    bands: tuple[int, int, int, int]
    usable: bool

    @property
    def simhash(self) -> int:
        """The four bands as one number."""
        return joined(self.bands)


def fingerprint(submission: Submission) -> Fingerprint:
    """Fingerprint title and body; case, marks, signs and spacing make no difference, digits do."""
    words = [word for text in (submission.title, submission.body) for word in words_of(fold(normalise(text).text))]
    exact = hashlib.blake2b(" ".join(words).encode(), digest_size=16).digest()
    value = _simhash(words)
    bands = (value >> 48, (value >> 32) & 0xFFFF, (value >> 16) & 0xFFFF, value & 0xFFFF)
    return Fingerprint(exact, bands, usable=len(words) >= MINIMUM_WORDS)


def joined(bands: tuple[int, int, int, int]) -> int:
    """The simhash whose four bands these are."""
    first, second, third, fourth = bands
    return (first << 48) | (second << 32) | (third << 16) | fourth


def distance(a: int, b: int) -> int:
    """In how many of 64 bits two simhashes differ."""
    return (a ^ b).bit_count()


def near(simhashes: Sequence[int], before: Sequence[int], within: int) -> list[int]:
    """Count for each simhash how many of those before it, in either list, differ from it in at most so many bits."""
    ours, theirs = (np.array(some, dtype=np.uint64) for some in (simhashes, before))
    counts = _close(ours, theirs, within).sum(axis=1) + np.tril(_close(ours, ours, within), -1).sum(axis=1)
    return [int(count) for count in counts]


def _close(ones: NDArray[np.uint64], others: NDArray[np.uint64], within: int) -> NDArray[np.bool_]:
    close: NDArray[np.bool_] = np.bitwise_count(ones[:, None] ^ others[None, :]) <= within
    return close


def _simhash(words: list[str]) -> int:
    if not words:
        return 0
    size = max(1, len(words) - _SHINGLE + 1)
    encoded = [word.encode("utf-8", "replace") for word in words]
    shingles = [b" ".join(encoded[at : at + _SHINGLE]) for at in range(size)]
    digests = b"".join([hashlib.blake2b(shingle, digest_size=8).digest() for shingle in shingles])
    ones = np.unpackbits(np.frombuffer(digests, np.uint8).reshape(size, 8), axis=1).sum(axis=0)
    return int.from_bytes(np.packbits(2 * ones > size).tobytes(), "big")
