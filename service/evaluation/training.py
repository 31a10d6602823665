"""Trains the learned table: logistic regression by L-BFGS over hashed features, deterministic, in NumPy alone."""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from service.moderation.checks import abuse
from service.moderation.checks.learned import marks
from service.moderation.reading import read_field
from service.moderation.scoring import BITS, HEADS, MANY_CHARS, MANY_WORDS, features
from service.moderation.sheet import Sheet
from service.moderation.vocabulary import Facts, Submission

Floats: TypeAlias = NDArray[np.float64]

HARMFUL = frozenset({"OFFENSIVE", "HATE", "HARM", "TOXIC"})
HARMLESS = frozenset({"CLEAN"})
_SIZE = 1 << BITS
_PENALTY = 5.0
_ITERATIONS = 40
_MEMORY = 8
# Texts of one source are partly expanded and lower-cased already: they count for little.
_WEIGHTS = {"title": 0.2}
_SPAN_WEIGHT, _REST_WEIGHT = 0.25, 0.15


@dataclass(frozen=True, slots=True)
class Example:
    """A text as features: words and marks, characters, whether it harms, whether a list finds it, its weight."""

    wordwise: NDArray[np.uint32]
    charwise: NDArray[np.uint32]
    harmful: bool
    listed: bool
    weight: float


def train(paths: Sequence[Path], out: Path) -> dict[str, float]:
    """Train on the files, write the table, and give its figures on the held-out split of the same files.

    What is held out says how sure the scores may be; then the weights are learned once more, from all texts.
    """
    rows = [row for path in sorted(paths) for row in read_rows(path)]
    kept = [example for row in rows if row.get("split") != "dev" for example in examples(row)]
    held = [example for row in rows if row.get("split") == "dev" for example in examples(row, whole=True)]
    weights = np.zeros((len(HEADS), _SIZE), dtype=np.int8)
    scales = np.zeros(len(HEADS), dtype=np.float32)
    biases = np.zeros(len(HEADS), dtype=np.float32)
    slopes = np.ones(len(HEADS), dtype=np.float32)
    figures: dict[str, float] = {"texts": len(kept), "held out": len(held)}
    for head, name in enumerate(HEADS):
        chosen, control = (
            (kept, held) if name == "harm" else ([e for e in kept if not e.listed], [e for e in held if not e.listed])
        )
        found, bias = _fitted(chosen)
        values = Design(control).dot(found) + bias
        truth = np.array([e.harmful for e in control])
        slopes[head], shift = calibrate(values, truth)
        found, bias = _fitted(chosen + control)
        scales[head] = max(float(np.abs(found).max()) / 127, 1e-9)
        weights[head] = np.clip(np.round(found / scales[head]), -127, 127).astype(np.int8)
        biases[head] = bias + shift
        figures[f"{name} AUC"] = auc(truth, values)
    out.parent.mkdir(parents=True, exist_ok=True)
    version = f"{len(kept)}-{int(np.abs(weights.astype(np.int64)).sum()) % 1_000_003}"
    np.savez_compressed(out, weights=weights, scales=scales, biases=biases, slopes=slopes, version=np.array(version))
    return figures


def _fitted(chosen: Sequence[Example]) -> tuple[Floats, float]:
    return fit(Design(chosen), np.array([e.harmful for e in chosen]), np.array([e.weight for e in chosen]))


def read_rows(path: Path) -> Iterator[dict[str, Any]]:
    """Read the labelled texts of a file; lines of other kinds of label are left out."""
    for line in path.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        if row.get("label") in HARMFUL | HARMLESS:
            yield row


def examples(row: dict[str, Any], *, whole: bool = False) -> Iterator[Example]:
    """Make one example of a text, and where spans are given two more: what offends, and what is left without it."""
    weight = _WEIGHTS["title"] if row.get("title") else 1.0
    text = str(row["text"])
    yield _example(text, weight, harmful=row["label"] in HARMFUL)
    marked = set(row.get("spans") or ())
    if marked and not whole:
        offence = "".join(char if i in marked else " " for i, char in enumerate(text))
        rest = "".join(" " if i in marked else char for i, char in enumerate(text))
        yield _example(offence, weight * _SPAN_WEIGHT, harmful=True)
        if len(rest.split()) > 2:
            yield _example(rest, weight * _REST_WEIGHT, harmful=False)


def _example(text: str, weight: float, *, harmful: bool) -> Example:
    reading = read_field("body", text)
    findings = list(abuse.find(Sheet((reading,), Facts(), Submission(body=text))))
    wordwise, charwise = features(reading.words, marks(findings))
    listed = any(finding.severity > 1 for finding in findings)
    return Example(wordwise, charwise, harmful, listed, weight)


class Design:
    """The examples as one sparse matrix, laid out flat: a place, a value and a row for each feature."""

    def __init__(self, chosen: Iterable[Example]) -> None:
        places: list[NDArray[np.uint32]] = []
        sizes: list[int] = []
        for example in chosen:
            places += [example.wordwise, example.charwise]
            sizes += [len(example.wordwise), len(example.charwise)]
        lengths = np.array(sizes, dtype=np.int64)
        self.rows = len(lengths) // 2
        self.place = np.concatenate(places).astype(np.int64)
        self.row = np.repeat(np.repeat(np.arange(self.rows), 2), lengths)
        many = np.tile([MANY_WORDS, MANY_CHARS], self.rows)
        divisors = np.where(lengths <= many, np.sqrt(np.maximum(lengths, 1)), lengths / np.sqrt(many))
        self.value = np.repeat(1.0 / divisors, lengths)

    def dot(self, weights: Floats) -> Floats:
        """Give the value of each row."""
        return np.bincount(self.row, self.value * weights[self.place], self.rows).astype(np.float64)

    def spread(self, errors: Floats) -> Floats:
        """Give the sum over rows for each place."""
        return np.bincount(self.place, self.value * errors[self.row], _SIZE).astype(np.float64)

    def rarity(self) -> Floats:
        """Give each place the logarithm of how few rows hold it; nothing where none does."""
        held = np.bincount(np.unique(self.row * _SIZE + self.place) % _SIZE, minlength=_SIZE)
        return np.where(held > 0, np.log((1 + self.rows) / (1 + held)) + 1, 0.0)


def fit(design: Design, truth: NDArray[np.bool_], weight: Floats) -> tuple[Floats, float]:
    """Fit the regression; features weigh by their rarity."""
    rarity = design.rarity()
    target = truth.astype(np.float64)

    def loss(point: Floats) -> tuple[float, Floats]:
        value = design.dot(point[:-1] * rarity) + point[-1]
        error = (1.0 / (1.0 + np.exp(-np.clip(value, -40, 40))) - target) * weight
        total = float(((np.logaddexp(0, value) - target * value) * weight).sum())
        total += 0.5 * _PENALTY * float(point[:-1] @ point[:-1])
        return total, np.append(design.spread(error) * rarity + _PENALTY * point[:-1], error.sum())

    point = descend(loss, np.zeros(_SIZE + 1), _ITERATIONS)
    return point[:-1] * rarity, float(point[-1])


def descend(loss: Callable[[Floats], tuple[float, Floats]], start: Floats, iterations: int) -> Floats:
    """Minimise by L-BFGS with a halving line search."""
    point, (value, slope) = start, loss(start)
    steps: list[tuple[Floats, Floats]] = []
    for _ in range(iterations):
        direction = -_newton(slope, steps)
        drop, length = float(slope @ direction), 1.0
        while True:
            moved = point + length * direction
            new_value, new_slope = loss(moved)
            if new_value <= value + 1e-4 * length * drop or length < 1e-6:
                break
            length *= 0.5
        if float((moved - point) @ (new_slope - slope)) > 1e-10:
            steps = [*steps, (moved - point, new_slope - slope)][-_MEMORY:]
        done = abs(value - new_value) < 1e-5 * abs(value)
        point, value, slope = moved, new_value, new_slope
        if done:
            break
    return point


def _newton(slope: Floats, steps: list[tuple[Floats, Floats]]) -> Floats:
    result = slope.copy()
    shares: list[float] = []
    for step, change in reversed(steps):
        share = float(step @ result) / float(change @ step)
        shares.append(share)
        result -= share * change
    if steps:
        step, change = steps[-1]
        result *= float(step @ change) / float(change @ change)
    else:
        result /= max(1e-9, float(np.linalg.norm(slope)))
    for (step, change), share in zip(steps, reversed(shares), strict=True):
        result += step * (share - float(change @ result) / float(change @ step))
    return result


def calibrate(values: Floats, truth: NDArray[np.bool_]) -> tuple[float, float]:
    """Fit slope and shift so that the sigmoid of a value is the share of harmful texts at it (Platt)."""
    target = truth.astype(np.float64)

    def loss(point: Floats) -> tuple[float, Floats]:
        value = point[0] * (values + point[1])
        error = 1.0 / (1.0 + np.exp(-np.clip(value, -40, 40))) - target
        total = float((np.logaddexp(0, value) - target * value).sum())
        return total, np.array([float(error @ (values + point[1])), float(error.sum() * point[0])])

    slope, shift = descend(loss, np.array([1.0, 0.0]), 50)
    return float(slope), float(shift)


def auc(truth: NDArray[np.bool_], values: Floats) -> float:
    """Give the chance that a harmful text stands above a harmless one; ties count half."""
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[inverse]
    positive = int(truth.sum())
    negative = len(truth) - positive
    if not positive or not negative:
        return float("nan")
    return float((ranks[truth].sum() - positive * (positive + 1) / 2) / (positive * negative))
