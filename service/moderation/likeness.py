"""How like a field is to written examples of what no list can know: sums over its words and where they stand; no rule."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from io import BytesIO
from itertools import repeat
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


@dataclass(frozen=True, slots=True)
class Table:
    """The weights of every head for each known feature, by its hash, in order; and what a head begins with."""

    keys: Keys
    weights: Values
    bias: Values
    version: str


@dataclass(frozen=True, slots=True)
class Likeness:
    """The value of a head over the likest stretch of a field, from word `first` to before word `last`.

    `brought` is what each word of the field brought to it, `places` and `counted` where its features
    stand in the table: what they bring to the kinds of the head is only asked of what is held.
    """

    head: str
    value: float
    first: int
    last: int
    brought: Values
    places: NDArray[np.int64]
    counted: Values


@cache
def table() -> Table | None:
    """Read the table; None where a build leaves it out."""
    item = files(__package__) / "learned" / "likeness.npz"
    if not item.is_file():
        return None
    with np.load(BytesIO(item.read_bytes()), allow_pickle=False) as stored:
        return Table(
            keys=stored["keys"],
            weights=(stored["weights"] * stored["scales"][:, None]).astype(np.float32),
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
    singles = np.fromiter(map(_bare if toneless else _marked, words), dtype=np.uint32, count=size)
    found[0] = singles
    found[1, 1:] = _pairs(singles)
    begins = np.fromiter(breaks, dtype=np.bool_, count=size)
    begins[0] = True
    found[2] = np.where(begins, singles * _OPENING, _NONE)
    found[3] = np.where(np.append(begins[1:], True), singles * _CLOSING, _NONE)
    if not toneless:
        kinds_of = np.fromiter(map(_kinds().get, words, repeat(0)), dtype=np.uint32, count=size)
        named = kinds_of != _NONE
        paired = _pairs(np.where(named, kinds_of, singles)) ^ _OPENING
        found[4, 1:] = np.where(named[:-1] | named[1:], paired, _NONE)
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
        reading.memo[NAME] = _all_heads(reading)
    found: dict[str, Likeness] = reading.memo[NAME]
    return found.get(head)


def _all_heads(reading: Reading) -> dict[str, Likeness]:
    known = table()
    words = reading.words[:_LONGEST]
    if known is None or len(words) < _SHORTEST:
        return {}
    wanted = keys(words, reading.breaks[:_LONGEST], toneless=reading.toneless)
    places = np.minimum(np.searchsorted(known.keys, wanted), len(known.keys) - 1)
    fresh = _fresh(wanted)
    counted = fresh * (known.keys[places] == wanted)
    many = fresh.sum(axis=0)
    return {head: _likest(head, known, places, counted, many) for head in KINDS}


def _fresh(wanted: Keys) -> Values:
    """Tell which features stand there for the first time: what is repeated counts once."""
    fresh = np.zeros(wanted.shape, dtype=np.float32)
    fresh.flat[np.unique(wanted, return_index=True)[1]] = 1
    fresh[wanted == _NONE] = 0
    return fresh


def _likest(head: str, known: Table, places: NDArray[np.int64], counted: Values, many: Values) -> Likeness:
    size = len(many)
    row = HEADS.index(head)
    bias = float(known.bias[row])
    brought = (known.weights[row][places] * counted).sum(axis=0)
    if size <= WINDOW:
        value = float(brought.sum()) / sqrt(max(FEWEST, float(many.sum())))
        return Likeness(head, value + bias, 0, size, brought, places, counted)
    values = _stretches(brought) / np.sqrt(np.maximum(_stretches(many), FEWEST))
    first = int(values.argmax())
    return Likeness(head, float(values[first]) + bias, first, first + WINDOW, brought, places, counted)


def _stretches(amounts: Values) -> Values:
    """Give the sum of every stretch of a window's length."""
    sums = np.cumsum(amounts)
    stretches = sums[WINDOW - 1 :].copy()
    stretches[1:] -= sums[:-WINDOW]
    return stretches


def kinds(found: Likeness) -> dict[str, float]:
    """Give how like the examples of each kind of its head the stretch is."""
    known, names = table(), KINDS[found.head]
    if known is None or len(names) == 1:
        return dict.fromkeys(names, found.value)
    places, counted = found.places[:, found.first : found.last], found.counted[:, found.first : found.last]
    many = float(counted.sum())
    values: dict[str, float] = {}
    for kind in names:
        row = HEADS.index(kind)
        brought = float((known.weights[row][places] * counted).sum())
        values[kind] = brought / sqrt(max(FEWEST, many)) + float(known.bias[row])
    return values
