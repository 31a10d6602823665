"""How like a field is to written examples of offers and of abuse: sums over words and pairs of words; no list, no rule."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from io import BytesIO
from typing import TypeAlias
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from service.moderation.reading import Reading
from service.moderation.text import fold

Keys: TypeAlias = NDArray[np.uint32]
Values: TypeAlias = NDArray[np.float32]

OFFER, ABUSE = "offer", "abuse"
KINDS = {
    OFFER: ("spam_ad", "scam", "gambling"),
    ABUSE: ("insult", "hate", "threat", "sexual"),
}
HEADS = (OFFER, ABUSE, *KINDS[OFFER], *KINDS[ABUSE])
NAME = "likeness"
WINDOW = 40
# Of a few words nothing much can be said: they count as if there were this many words and pairs.
FEWEST = 16
_SHORTEST, _LONGEST = 3, 4000
_PAIR = np.uint32(0x85EBCA6B)
_STEP = np.uint32(0x9E3779B1)


@dataclass(frozen=True, slots=True)
class Table:
    """The weights of every head for each known word and pair, by its hash, in order; and what a head begins with."""

    keys: Keys
    weights: Values
    bias: Values
    version: str


@dataclass(frozen=True, slots=True)
class Likeness:
    """The value of a head over the likest stretch of a field, of each kind there, and what each word brought."""

    value: float
    kinds: dict[str, float]
    first: int
    last: int
    brought: Values


@cache
def table() -> Table | None:
    """Read the table; None where a build leaves it out."""
    item = files(__package__) / "learned" / "likeness.npz"
    if not item.is_file():
        return None
    with np.load(BytesIO(item.read_bytes()), allow_pickle=False) as stored:
        return Table(
            keys=stored["keys"],
            weights=np.ascontiguousarray((stored["weights"] * stored["scales"][:, None]).T, dtype=np.float32),
            bias=stored["bias"],
            version=str(stored["version"]),
        )


def keys(words: Sequence[str], *, toneless: bool) -> Keys:
    """Give the hashes of the words of a field, and then of each pair of neighbours."""
    singles = np.fromiter(map(_bare if toneless else _marked, words), dtype=np.uint32, count=len(words))
    return np.concatenate((singles, singles[:-1] * _PAIR + singles[1:] * _STEP))


@lru_cache(maxsize=32768)
def _marked(word: str) -> int:
    return crc32(_shape(word).encode("utf-8", "replace"))


@lru_cache(maxsize=16384)
def _bare(word: str) -> int:
    return crc32(f"~{_shape(fold(word))}".encode("utf-8", "replace"))


def _shape(word: str) -> str:
    """Give a word, or what kind of number it is: a long one, or one with the beginning of its unit."""
    if not word[0].isdigit():
        return word
    digits = len(word) - len(word.lstrip("0123456789"))
    return f"#{word[digits : digits + 3]}" if digits < 8 else "#long"


def likeness(reading: Reading, head: str) -> Likeness | None:
    """Give how like a field is to the examples of a head; None where there is no table or hardly a word."""
    if NAME not in reading.memo:
        reading.memo[NAME] = _all_heads(reading.words[:_LONGEST], toneless=reading.toneless)
    found: dict[str, Likeness] = reading.memo[NAME]
    return found.get(head)


def _all_heads(words: Sequence[str], *, toneless: bool) -> dict[str, Likeness]:
    known = table()
    size = len(words)
    if known is None or size < _SHORTEST:
        return {}
    brought, counts = _brought(known, keys(words, toneless=toneless), size)
    if size <= WINDOW:
        sums = brought.sum(axis=0, keepdims=True)
        many = counts.sum(keepdims=True)
    else:
        sums = _stretches(brought)
        many = _stretches(counts)
    values = sums / np.sqrt(np.maximum(many, FEWEST))[:, None] + known.bias
    found: dict[str, Likeness] = {}
    for row, head in enumerate(KINDS):
        first = int(values[:, row].argmax())
        kinds = {kind: float(values[first, HEADS.index(kind)]) for kind in KINDS[head]}
        found[head] = Likeness(float(values[first, row]), kinds, first, min(size, first + WINDOW), brought[:, row])
    return found


def _brought(known: Table, wanted: Keys, size: int) -> tuple[Values, Values]:
    """Give what each word brings to every head, with the pair it ends, and how many of the two are there to count.

    What stands in a text more than once counts once.
    """
    places = np.minimum(np.searchsorted(known.keys, wanted), len(known.keys) - 1)
    fresh = np.zeros(len(wanted), dtype=np.float32)
    fresh[np.unique(wanted, return_index=True)[1]] = 1
    rows = known.weights[places] * (fresh * (known.keys[places] == wanted))[:, None]
    brought, counts = rows[:size], fresh[:size]
    brought[1:] += rows[size:]
    counts[1:] += fresh[size:]
    return brought, counts


def _stretches(amounts: Values) -> Values:
    """Give the sum of every stretch of a window's length."""
    sums = np.concatenate((np.zeros_like(amounts[:1]), np.cumsum(amounts, axis=0)))
    return sums[WINDOW:] - sums[:-WINDOW]


def core(found: Likeness) -> tuple[int, int]:
    """Give the words, first to before last, that brought the most together."""
    best, begin, total = (0.0, found.first, found.last), found.first, 0.0
    for index in range(found.first, found.last):
        if total <= 0:
            begin, total = index, 0.0
        total += float(found.brought[index])
        if total > best[0]:
            best = total, begin, index + 1
    return best[1], best[2]
