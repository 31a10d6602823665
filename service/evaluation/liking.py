"""Trains the table of likeness on the written examples and the harmless texts of sets; deterministic, NumPy alone."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from service.evaluation.examples import examples
from service.evaluation.training import HARMLESS, Floats, descend, read_rows
from service.moderation.likeness import FEWEST, HEADS, KINDS, keys
from service.moderation.reading import read_field
from service.moderation.text import fold

_PENALTY = 0.3
_ITERATIONS = 150
_MOST = 12_000
# Every text stands here twice: as typed and without marks.
_RARE = 2
_OWN, _OTHERS = 2.0, 1.0


@dataclass(frozen=True, slots=True)
class _Line:
    """A text as hashes of words and pairs, what it is, and how much it weighs."""

    keys: NDArray[np.uint32]
    kind: str
    weight: float


def train_likeness(
    paths: Sequence[Path], out: Path, written: Iterable[tuple[str, str]] | None = None
) -> dict[str, float]:
    """Train on the written examples and on the harmless texts of the files, and write the table."""
    lines = _lines(paths, examples() if written is None else written)
    every = np.concatenate([line.keys for line in lines])
    found, counts = np.unique(every, return_counts=True)
    known = found[counts > _RARE]
    row = np.repeat(np.arange(len(lines)), [len(line.keys) for line in lines])
    place = np.minimum(np.searchsorted(known, every), len(known) - 1)
    held = known[place] == every
    row, place = row[held], place[held]
    value = 1.0 / np.sqrt([max(FEWEST, len(line.keys)) for line in lines])[row]
    weight = np.array([line.weight for line in lines])
    weights = np.zeros((len(HEADS), len(known)))
    bias = np.zeros(len(HEADS), dtype=np.float32)
    for index, head in enumerate(HEADS):
        wanted = set(KINDS.get(head, (head,)))
        truth = np.array([line.kind in wanted for line in lines], dtype=np.float64)
        weights[index], bias[index] = _fit(row, place, value, truth, weight, len(known))
    scales = (np.abs(weights).max(axis=1) / 127).astype(np.float32)
    small = np.round(weights / scales[:, None]).astype(np.int8)
    out.parent.mkdir(parents=True, exist_ok=True)
    version = f"{len(lines)}-{int(np.abs(small.astype(np.int64)).sum()) % 1_000_003}"
    np.savez_compressed(out, keys=known, weights=small, scales=scales, bias=bias, version=np.array(version))
    return {"texts": float(len(lines)), "words and pairs": float(len(known))}


def _lines(paths: Sequence[Path], written: Iterable[tuple[str, str]]) -> list[_Line]:
    """Give every text as typed and once more without marks."""
    rows = [(kind, text, _OWN) for kind, text in written]
    for path in sorted(paths):
        harmless = [row for row in read_rows(path) if row["label"] in HARMLESS and row.get("split") != "dev"]
        step = max(1, len(harmless) * len(paths) // _MOST)
        rows += [("clean", str(row["text"]), _OTHERS) for row in harmless[::step]]
    made: list[_Line] = []
    for kind, text, weight in rows:
        for spelt in (text, fold(text.lower())):
            reading = read_field("body", spelt)
            if len(reading.words) > 2:
                held = np.unique(keys(reading.words, toneless=reading.toneless))
                made.append(_Line(held, kind, weight))
    return made


def _fit(
    row: NDArray[np.int64],
    place: NDArray[np.int64],
    value: Floats,
    truth: Floats,
    weight: Floats,
    size: int,
) -> tuple[Floats, float]:
    def loss(point: Floats) -> tuple[float, Floats]:
        found = np.bincount(row, value * point[:-1][place], len(truth)) + point[-1]
        error = (1.0 / (1.0 + np.exp(-np.clip(found, -40, 40))) - truth) * weight
        total = float(((np.logaddexp(0, found) - truth * found) * weight).sum())
        total += 0.5 * _PENALTY * float(point[:-1] @ point[:-1])
        slope = np.bincount(place, value * error[row], size) + _PENALTY * point[:-1]
        return total, np.append(slope, error.sum())

    point = descend(loss, np.zeros(size + 1), _ITERATIONS)
    return point[:-1], float(point[-1])
