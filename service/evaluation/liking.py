"""Trains the table of likeness on the written examples and the harmless texts of sets; deterministic, NumPy alone."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from service.evaluation.examples import CLEAN, Example, examples
from service.evaluation.training import HARMLESS, Floats, descend, read_rows
from service.moderation.likeness import FEWEST, HEADS, KINDS, OFFER, REACH, WINDOW, keys
from service.moderation.reading import read_field
from service.moderation.sheet import Reading
from service.moderation.text import fold

# Chosen by holding out one hand after the other (docs/moderation.md), as were the thresholds of the checks.
_PENALTY = 0.1
_OWN = 3.0
_ITERATIONS = 150
_MOST = 12_000
# What stands in one text alone says nothing.
_RARE = 1
# An offer may tell how to answer it or not: it is no example of either.
_NEITHER = dict.fromkeys((REACH, *KINDS[REACH]), KINDS[OFFER])


@dataclass(frozen=True, slots=True)
class _Line:
    """A text as hashes of its features, what it is, and whether it was written for this."""

    keys: NDArray[np.uint32]
    kind: str
    written: bool


@dataclass(frozen=True, slots=True)
class _Design:
    """The texts as a sparse matrix, laid out flat: a row, a place among the known keys and a value for each feature."""

    row: NDArray[np.int64]
    place: NDArray[np.int64]
    value: Floats


def train_likeness(
    paths: Sequence[Path], out: Path, written: Iterable[Example] | None = None, without: Sequence[str] = ()
) -> dict[str, float]:
    """Train on the written examples and on the harmless texts of the files, and write the table.

    `without` names hands to leave out, so that their comments can be judged as those of strangers.
    """
    known_hands = examples() if written is None else written
    lines = _lines(paths, (example for example in known_hands if example.hand not in without))
    found, counts = np.unique(np.concatenate([line.keys for line in lines]), return_counts=True)
    known = found[counts > _RARE]
    design = _design([line.keys for line in lines], known)
    weight = np.where([line.written for line in lines], _OWN, 1.0)
    weights = np.zeros((len(HEADS), len(known)))
    bias = np.zeros(len(HEADS), dtype=np.float32)
    for index, head in enumerate(HEADS):
        wanted, neither = KINDS.get(head, (head,)), _NEITHER.get(head, ())
        truth = np.array([line.kind in wanted for line in lines], dtype=np.float64)
        counted = np.array([line.kind not in neither for line in lines])
        weights[index], bias[index] = _fit(design, truth, weight * counted, len(known))
    scales = (np.abs(weights).max(axis=1) / 127).astype(np.float32)
    small = np.round(weights / scales[:, None]).astype(np.int8)
    out.parent.mkdir(parents=True, exist_ok=True)
    version = f"{len(lines)}-{int(np.abs(small.astype(np.int64)).sum()) % 1_000_003}"
    np.savez_compressed(out, keys=known, weights=small, scales=scales, bias=bias, version=np.array(version))
    return {"stretches": float(len(lines)), "features": float(len(known))}


def _lines(paths: Sequence[Path], written: Iterable[Example]) -> list[_Line]:
    """Give every text as typed and once more without marks."""
    rows = [(example, True) for example in written]
    for path in sorted(paths):
        harmless = [row for row in read_rows(path) if row["label"] in HARMLESS and row.get("split") != "dev"]
        step = max(1, len(harmless) * len(paths) // _MOST)
        rows += [(Example("", CLEAN, str(row["text"])), False) for row in harmless[::step]]
    made: list[_Line] = []
    for example, own in rows:
        for spelt in (example.text, fold(example.text.lower())):
            reading = read_field("body", spelt)
            if len(reading.words) > 2:
                found = keys(reading.words, reading.breaks, toneless=reading.toneless)
                for first in _firsts(reading, example):
                    held = np.unique(found[:, first : first + WINDOW])
                    made.append(_Line(held[held > 0], example.kind, own))
    return made


def _firsts(reading: Reading, example: Example) -> Iterable[int]:
    """Give where the stretches of a text begin that are learned: of a harmless one all, else the one marked.

    A field is judged by its likest stretch, which of a long one is far likelier an offer than the whole.
    """
    beyond = len(reading.words) - WINDOW
    if beyond <= 0:
        return (0,)
    if example.kind == CLEAN:
        return (*range(0, beyond, WINDOW // 2), beyond)
    if not example.spans:
        return (0,)
    middle = sum(example.spans[0]) // 2
    word = sum(reading.view.starts[start] < middle for start in reading.starts)
    return (min(beyond, max(0, word - WINDOW // 2)),)


def _design(texts: Sequence[NDArray[np.uint32]], known: NDArray[np.uint32]) -> _Design:
    every = np.concatenate(texts)
    row = np.repeat(np.arange(len(texts)), [len(text) for text in texts])
    place = np.minimum(np.searchsorted(known, every), len(known) - 1)
    held = known[place] == every
    value = 1.0 / np.sqrt([max(FEWEST, len(text)) for text in texts])[row]
    return _Design(row[held], place[held], value[held])


def _fit(design: _Design, truth: Floats, weight: Floats, size: int) -> tuple[Floats, float]:
    row, place, value = design.row, design.place, design.value

    def loss(point: Floats) -> tuple[float, Floats]:
        found = np.bincount(row, value * point[:-1][place], len(truth)) + point[-1]
        error = (1.0 / (1.0 + np.exp(-np.clip(found, -40, 40))) - truth) * weight
        total = float(((np.logaddexp(0, found) - truth * found) * weight).sum())
        total += 0.5 * _PENALTY * float(point[:-1] @ point[:-1])
        slope = np.bincount(place, value * error[row], size) + _PENALTY * point[:-1]
        return total, np.append(slope, error.sum())

    point = descend(loss, np.zeros(size + 1), _ITERATIONS)
    return point[:-1], float(point[-1])
