"""How like a field is to written examples of what no list can know: sums over its words and where they stand; no rule."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from io import BytesIO
from math import sqrt
from typing import TypeAlias
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from service.moderation.lexicon import rows, terms
from service.moderation.sheet import Reading
from service.moderation.text import fold

Keys: TypeAlias = NDArray[np.uint32]
Values: TypeAlias = NDArray[np.float32]

OFFER, ABUSE, REACH, PRIVATE = "offer", "abuse", "reach", "private"
KINDS = {
    OFFER: ("spam_ad", "scam", "gambling"),
    ABUSE: ("insult", "hate", "threat", "sexual", "profanity"),
    REACH: ("contact_info", "link"),
    PRIVATE: ("personal_data",),
}
HEADS = (*KINDS, *(kind for kinds in KINDS.values() for kind in kinds if len(kinds) > 1))
"""The heads that a field is judged by, and then the kinds of those that have several."""
NAME = "likeness"
WINDOW = 40
# Of a few words nothing much can be said: they count as if there were this many features.
FEWEST = 16
SORTS = 5
_SHORTEST, _LONGEST = 3, 4000
_PAIR = np.uint32(0x85EBCA6B)
_STEP = np.uint32(0x9E3779B1)
_OPENING = np.uint32(0xC2B2AE3D)
_CLOSING = np.uint32(0x27D4EB2F)
_NONE = np.uint32(0)
_HALF = np.uint64(32)


@dataclass(frozen=True, slots=True)
class Table:
    """The weights of every head for each known feature, by its hash, in order; and what a head begins with.

    A feature's weights stand side by side, in steps of which `scales` tells the worth: each is fetched from memory once.
    """

    keys: Keys
    weights: NDArray[np.int8]
    scales: Values
    bias: Values
    version: str


@dataclass(frozen=True, slots=True)
class Likeness:
    """The value of a head over the likest stretch of a field, from word `first` to before word `last`.

    `brought` is what each word of the field brought to it; `owners` and `places` are the words whose features the
    table knows, and where they stand in it: what they bring to the kinds of the head is only asked of what is held.
    """

    head: str
    value: float
    first: int
    last: int
    brought: Values
    owners: NDArray[np.int64]
    places: NDArray[np.int64]


@cache
def table() -> Table | None:
    """Read the table; None where a build leaves it out."""
    item = files(__package__) / "learned" / "likeness.npz"
    if not item.is_file():
        return None
    with np.load(BytesIO(item.read_bytes()), allow_pickle=False) as stored:
        return Table(
            keys=stored["keys"],
            weights=np.ascontiguousarray(stored["weights"].T),
            scales=stored["scales"],
            bias=stored["bias"],
            version=str(stored["version"]),
        )


def keys(words: Sequence[str], breaks: Sequence[bool], *, toneless: bool) -> Keys:
    """Give what a field is judged by, as hashes: a row for each sort of feature, in it one place for each word.

    The sorts are the word, the word with the one before it, the word as the first and as the last of
    a clause, and the word with the one before it, each as its kind. What a word has not is 0.
    """
    size = len(words)
    found = np.zeros((SORTS, size), dtype=np.uint32)
    both = np.fromiter(map(_bare if toneless else _marked, words), dtype=np.uint64, count=size)
    singles = both.astype(np.uint32)
    found[0] = singles
    found[1, 1:] = _pairs(singles)
    begins = np.array(breaks, dtype=np.bool_)
    begins[0] = True
    np.multiply(singles, _OPENING, out=found[2], where=begins)
    np.multiply(singles[:-1], _CLOSING, out=found[3, :-1], where=begins[1:])
    found[3, -1:] = singles[-1:] * _CLOSING
    if not toneless:
        kinds_of = (both >> _HALF).astype(np.uint32)
        named = kinds_of != _NONE
        np.bitwise_xor(
            _pairs(np.where(named, kinds_of, singles)), _OPENING, out=found[4, 1:], where=named[:-1] | named[1:]
        )
    return found


def _pairs(hashes: Keys) -> Keys:
    paired: Keys = (hashes[:-1] * _PAIR + hashes[1:]) * _STEP
    return paired


@cache
def _kinds() -> dict[str, int]:
    """Give the words that stand for many of their kind, with the hash of the kind."""
    return {
        terms(word)[0]: crc32(f"${row['kind']}".encode())
        for row in rows("kinds.tsv")
        for word in row["words"].split("|")
    }


@lru_cache(maxsize=32768)
def _marked(word: str) -> int:
    """Give the hash of a word, and above the 32nd bit that of its kind."""
    return crc32(_shape(word).encode("utf-8", "replace")) | _kinds().get(word, 0) << 32


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
        reading.memo[NAME] = _all_heads(reading)
    found: dict[str, Likeness] = reading.memo[NAME]
    return found.get(head)


def _all_heads(reading: Reading) -> dict[str, Likeness]:
    known = table()
    words = reading.words[:_LONGEST]
    if known is None or len(words) < _SHORTEST:
        return {}
    size, heads = len(words), len(KINDS)
    wanted = keys(words, reading.breaks[:_LONGEST], toneless=reading.toneless).ravel()
    features, hashes = _fresh(wanted)
    places = known.keys.searchsorted(hashes)
    listed = known.keys.take(places, mode="clip") == hashes
    # Beside what each feature brings to the heads stands that it is one.
    counted = np.zeros((len(wanted), heads + 1), dtype=np.float32)
    counted[features, heads] = 1.0
    features, places = features[listed], places[listed]
    counted[features, :heads] = known.weights.take(places, axis=0)[:, :heads] * known.scales[:heads]
    of_words = np.ascontiguousarray(counted.reshape(SORTS, size, heads + 1).sum(axis=0).T)
    owners = features % size
    firsts, values = _likest(of_words)
    return {
        head: Likeness(head, value + bias, first, min(size, first + WINDOW), amounts, owners, places)
        for head, value, bias, first, amounts in zip(KINDS, values, known.bias.tolist(), firsts, of_words, strict=False)
    }


def _fresh(wanted: Keys) -> tuple[NDArray[np.int64], Keys]:
    """Tell where features stand for the first time, and their hashes, in the order of these: what is repeated counts once."""
    # A hash and its place in one number: sorting such is far faster than sorting places by their hashes.
    ranked = np.sort((wanted.astype(np.uint64) << _HALF) | np.arange(len(wanted), dtype=np.uint64))
    hashes = (ranked >> _HALF).astype(np.uint32)
    fresh = np.empty(len(ranked), dtype=np.bool_)
    # What a word has not is 0, and so comes first.
    fresh[0] = hashes[0] != _NONE
    np.not_equal(hashes[1:], hashes[:-1], out=fresh[1:])
    return ranked[fresh].astype(np.uint32).astype(np.int64), hashes[fresh]


def _likest(of_words: Values) -> tuple[list[int], list[float]]:
    """Give for each head where the likest stretch begins, and its value; the last row is how many features each word has."""
    heads, size = of_words.shape
    if size <= WINDOW:
        *sums, many = of_words.sum(axis=1).tolist()
        root = sqrt(max(FEWEST, many))
        return [0] * (heads - 1), [amount / root for amount in sums]
    stretches = _stretches(of_words)
    values = stretches[:-1] / np.sqrt(np.maximum(stretches[-1], FEWEST))
    firsts = values.argmax(axis=-1).tolist()
    return firsts, [float(row[first]) for row, first in zip(values, firsts, strict=True)]


def _stretches(amounts: Values) -> Values:
    """Give the sum of every stretch of a window's length."""
    sums = amounts.cumsum(axis=-1)
    stretches = sums[:, WINDOW - 1 :].copy()
    stretches[:, 1:] -= sums[:, :-WINDOW]
    return stretches


def kinds(found: Likeness) -> dict[str, float]:
    """Give how like the examples of each kind of its head the stretch is."""
    known, names = table(), KINDS[found.head]
    if known is None or len(names) == 1:
        return dict.fromkeys(names, found.value)
    places = found.places[(found.owners >= found.first) & (found.owners < found.last)]
    values: dict[str, float] = {}
    for kind in names:
        row = HEADS.index(kind)
        brought = float((known.weights[places, row] * known.scales[row]).sum())
        values[kind] = brought / sqrt(max(FEWEST, len(places))) + float(known.bias[row])
    return values
