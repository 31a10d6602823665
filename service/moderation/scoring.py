"""The learned score: hashed word and character n-grams of the words as meant, looked up in a small table."""

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

Places: TypeAlias = NDArray[np.uint32]

BITS = 19
HEADS = ("harm", "incivility")
_CHARS = 5
_LIMIT = 4000
MANY_WORDS, MANY_CHARS = 120, 1200
# The training texts are social, and a third of them harmful; under a newspaper's articles about a fourteenth is.
# Two calibrated shares differ by the difference of their log-odds.
_NEWSPAPER = np.float32(-2.0)
_STEP = np.uint32(0x9E3779B1)
_PAIR = np.uint32(0x85EBCA6B)
_SHIFT = np.uint32(32 - BITS)
_SALT = np.uint32(0x27D4EB2F)


@dataclass(frozen=True, slots=True)
class Table:
    """The weights of both heads in one number each, what one step is worth, and the calibration of each head.

    The first head stands above the 32nd bit, so that one look-up and one sum serve both.
    """

    weights: NDArray[np.int64]
    scales: NDArray[np.float32]
    biases: NDArray[np.float32]
    slopes: NDArray[np.float32]
    version: str


def features(words: Sequence[str], marks: Sequence[str] = ()) -> tuple[Places, Places]:
    """Give the places of a text's word 1-2-grams and marks, and of its character 1-5-grams, in the table."""
    if not words:
        empty = np.zeros(0, dtype=np.uint32)
        return empty, empty
    tokens = np.array([_token(word) for word in words], dtype=np.uint32)
    pairs = (tokens[:-1] * _PAIR + tokens[1:]) * _STEP
    noted = np.array([_token(mark) for mark in marks], dtype=np.uint32)
    wordwise = _place(np.concatenate((tokens, pairs, noted)))
    letters = np.frombuffer(f" {' '.join(words)} ".encode("utf-32-le", "replace"), dtype=np.uint32)
    grams: list[Places] = [letters * _STEP]
    for size in range(1, min(_CHARS, len(letters))):
        grams.append((grams[-1][:-1] + letters[size:]) * _STEP)
    return wordwise, _place(np.concatenate(grams))


@lru_cache(maxsize=65536)
def _token(word: str) -> int:
    return crc32(word.encode("utf-8", "replace"))


def _place(values: Places) -> Places:
    mixed = (values ^ (values >> np.uint32(15))) * _SALT
    return mixed >> _SHIFT


@cache
def table() -> Table | None:
    """Read the table; None where a build leaves it out, and the engine then goes by its lists."""
    item = files(__package__) / "learned" / "table.npz"
    if not item.is_file():
        return None
    with np.load(BytesIO(item.read_bytes()), allow_pickle=False) as stored:
        return Table(
            weights=pack(stored["weights"]),
            scales=stored["scales"],
            biases=stored["biases"],
            slopes=stored["slopes"],
            version=str(stored["version"]),
        )


def scores(words: Sequence[str], marks: Sequence[str] = ()) -> tuple[float, ...]:
    """Give the calibrated score of each head, from 0 to 1; zeros where there is no table or no word."""
    known = table()
    if known is None or not words:
        return tuple(0.0 for _ in HEADS)
    wordwise, charwise = features(words[:_LIMIT], marks)
    return tuple(float(value) for value in _sigmoid(_sums(known, wordwise, charwise)))


def pushes(words: Sequence[str]) -> list[float]:
    """Give how far each word pushed the harm score up where it stands: its own weight, half of each pair, its letters."""
    known = table()
    if known is None or not words:
        return [0.0] * len(words)
    wordwise, charwise = features(words)
    size = len(words)
    single = _harm(known.weights[wordwise])
    amounts = single[:size].copy()
    amounts[:-1] += single[size:] / 2
    amounts[1:] += single[size:] / 2
    amounts /= divisor(len(wordwise), MANY_WORDS)
    letters = _harm(known.weights[charwise]) / divisor(len(charwise), MANY_CHARS)
    # A gram counts for the word that its middle stands in; a space goes with the word before it.
    holders = np.repeat(np.arange(size), [len(word) + 1 for word in words])
    holders = np.concatenate((holders[:1], holders))
    middles = [np.arange(len(holders) - length + 1) + length // 2 for length in range(1, min(_CHARS, len(holders)) + 1)]
    np.add.at(amounts, holders[np.concatenate(middles)], letters)
    return [float(amount) for amount in amounts]


def _harm(packed: NDArray[np.int64]) -> NDArray[np.float64]:
    second = ((packed + (1 << 31)) & 0xFFFFFFFF) - (1 << 31)
    harm: NDArray[np.float64] = ((packed - second) >> 32).astype(np.float64)
    return harm


def _sums(known: Table, wordwise: Places, charwise: Places) -> NDArray[np.float32]:
    """Give the linear value of each head: each kind of feature weighs by the root of how many there are."""
    value = _linear(known.weights, wordwise, charwise) * known.scales + known.biases
    return (value * known.slopes + _NEWSPAPER).astype(np.float32)


def pack(weights: NDArray[np.int8]) -> NDArray[np.int64]:
    """Put the weights of the two heads into one number for each place."""
    packed: NDArray[np.int64] = (weights[0].astype(np.int64) << 32) + weights[1].astype(np.int64)
    return packed


def _linear(weights: NDArray[np.int64], wordwise: Places, charwise: Places) -> NDArray[np.float32]:
    words = _unpack(int(weights[wordwise].sum())) / divisor(len(wordwise), MANY_WORDS)
    chars = _unpack(int(weights[charwise].sum())) / divisor(len(charwise), MANY_CHARS)
    total = words + chars
    return total.astype(np.float32)


def divisor(count: int, many: int) -> float:
    """Give the root of how many features there are; past a page's worth their mean, or length alone would condemn."""
    return sqrt(max(1, count)) if count <= many else count / sqrt(many)


def _unpack(total: int) -> NDArray[np.float64]:
    second = ((total + (1 << 31)) & 0xFFFFFFFF) - (1 << 31)
    return np.array(((total - second) >> 32, second), dtype=np.float64)


def _sigmoid(values: NDArray[np.float32]) -> NDArray[np.float32]:
    shares = 1.0 / (1.0 + np.exp(-np.clip(values, -30, 30)))
    return shares.astype(np.float32)
