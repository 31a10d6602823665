"""Figures of the engine on labelled sets: confusion, precision, recall, false alarms, ranking, and time."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from service.evaluation.cases import EXAMPLES, SHIPPED, Result, judge, read_cases, table
from service.evaluation.training import HARMFUL, auc
from service.moderation import moderate, prepare
from service.moderation.checks import abuse, learned
from service.moderation.reading import read
from service.moderation.vocabulary import Outcome, Policy, Submission, Verdict

WANTED = HARMFUL | {"SPAM"}
_Z = 1.96


class UnreadableSetError(ValueError):
    """A file that holds neither labelled texts nor cases."""


@dataclass(frozen=True, slots=True)
class Figures:
    """What the engine made of one split of one set."""

    name: str
    found: int
    missed: int
    alarms: int
    passed: int
    rejected_clean: int
    auc: float
    learned_auc: float | None
    recall_at_90: float
    median_ms: float
    p99_ms: float

    def lines(self) -> Iterator[str]:
        """Give the figures as text."""
        harmful, clean = self.found + self.missed, self.alarms + self.passed
        low, high = wilson(self.alarms, clean)
        yield f"{self.name}: {harmful + clean} texts, {harmful} harmful"
        yield f"  held or rejected {self.found} of {harmful} harmful, {self.alarms} of {clean} clean"
        yield f"  precision {_percent(self.found, self.found + self.alarms)}  recall {_percent(self.found, harmful)}"
        yield (
            f"  false alarms {_percent(self.alarms, clean)} (95 %: {100 * low:.2f}–{100 * high:.2f} %), "
            f"clean ones rejected {self.rejected_clean}"
        )
        learned_alone = f", of the learned score alone {self.learned_auc:.4f}" if self.learned_auc is not None else ""
        yield f"  AUC of risk {self.auc:.4f}{learned_alone}  recall at 90 % precision {100 * self.recall_at_90:.1f} %"
        yield f"  time a comment: median {self.median_ms:.3f} ms, 99th percentile {self.p99_ms:.3f} ms"


def evaluate(paths: Sequence[Path], failures: Path | None = None, policy: Policy = SHIPPED) -> Iterator[str]:
    """Give the figures of every set line by line; failures are written to a file as JSON lines."""
    prepare()
    wrong: list[dict[str, Any]] = []
    for path in paths:
        rows = [] if path.suffix == EXAMPLES else _rows(path)
        if path.suffix == EXAMPLES or (rows and all("expect" in row for row in rows)):
            results = [judge(case, policy) for case in read_cases(path)]
            wrong += [_failure(path.stem, result) for result in results if not result.right]
            yield from _of_cases(path.stem, results).lines()
            yield from table(results).splitlines()
        elif rows and all("label" in row and "text" in row for row in rows):
            for split in sorted({str(row.get("split", "all")) for row in rows}):
                part = [row for row in rows if str(row.get("split", "all")) == split]
                figures, failed = measure(f"{path.stem}/{split}", part, policy)
                wrong += failed
                yield from figures.lines()
        else:
            raise UnreadableSetError(f"{path}: neither labelled texts nor cases")
    if failures is not None:
        failures.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in wrong), encoding="utf-8")


def _rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


def measure(name: str, rows: Sequence[dict[str, Any]], policy: Policy) -> tuple[Figures, list[dict[str, Any]]]:
    """Run the engine over labelled texts."""
    truth = np.array([row["label"] in WANTED for row in rows], dtype=bool)
    verdicts: list[Verdict] = []
    times: list[float] = []
    for row in rows:
        begun = perf_counter()
        verdicts.append(moderate(Submission(body=row["text"]), policy))
        times.append(perf_counter() - begun)
    outcomes = [verdict.outcome for verdict in verdicts]
    failed = [
        {"set": name, "label": row["label"], "risk": verdict.risk, "text": row["text"]}
        for row, verdict, harmful in zip(rows, verdicts, truth, strict=True)
        if (verdict.outcome is not Outcome.APPROVE) != harmful
    ]
    scored = auc(truth, np.array([learned_score(row["text"]) for row in rows]))
    return _summed(name, truth, outcomes, [verdict.risk for verdict in verdicts], times, scored), failed


def _of_cases(name: str, results: Sequence[Result]) -> Figures:
    truth = np.array([not result.case.clean for result in results], dtype=bool)
    outcomes = [result.outcome for result in results]
    return _summed(name, truth, outcomes, [r.risk for r in results], [r.seconds for r in results], None)


def _failure(name: str, result: Result) -> dict[str, Any]:
    submission = result.case.submission
    return {"set": name, "id": result.case.id, "group": result.case.group, "title": submission.title} | {
        "body": submission.body,
        "outcome": result.outcome,
        "found": [f"{finding.check}: {finding.entry}" for finding in result.findings],
    }


def _summed(
    name: str,
    truth: NDArray[np.bool_],
    outcomes: Sequence[Outcome],
    risks: Sequence[float],
    seconds: Sequence[float],
    learned_auc: float | None,
) -> Figures:
    held = np.array([outcome is not Outcome.APPROVE for outcome in outcomes], dtype=bool)
    rejected = np.array([outcome is Outcome.REJECT for outcome in outcomes], dtype=bool)
    return Figures(
        name=name,
        found=int((held & truth).sum()),
        missed=int((~held & truth).sum()),
        alarms=int((held & ~truth).sum()),
        passed=int((~held & ~truth).sum()),
        rejected_clean=int((rejected & ~truth).sum()),
        auc=auc(truth, np.array(risks)),
        learned_auc=learned_auc,
        recall_at_90=recall_at(truth, risks, 0.9),
        median_ms=float(np.median(seconds) * 1000),
        p99_ms=float(np.quantile(seconds, 0.99) * 1000),
    )


def learned_score(text: str) -> float:
    """Give the learned score of a text as the engine would."""
    sheet = read(Submission(body=text))
    return learned.score(sheet, list(abuse.find(sheet)))


def recall_at(truth: Iterable[bool], values: Iterable[float], precision: float) -> float:
    """Give the greatest share of harmful texts above a line over which at least that share is harmful."""
    right = np.array(list(truth), dtype=bool)
    worth = np.array(list(values), dtype=float)
    if not right.any():
        return 0.0
    order = np.argsort(-worth, kind="stable")
    hits = np.cumsum(right[order])
    counts = np.arange(1, len(right) + 1)
    # A line can only be drawn between different values.
    edges = np.append(np.diff(worth[order]) != 0, True)
    good = edges & (hits >= precision * counts)
    return float(hits[good].max() / right.sum()) if good.any() else 0.0


def wilson(count: int, of: int) -> tuple[float, float]:
    """Give the 95 % interval of a share."""
    if not of:
        return 0.0, 1.0
    share, square = count / of, _Z * _Z
    middle = (share + square / (2 * of)) / (1 + square / of)
    reach = _Z * ((share * (1 - share) + square / (4 * of)) / of) ** 0.5 / (1 + square / of)
    return max(0.0, middle - reach), min(1.0, middle + reach)


def _percent(count: int, of: int) -> str:
    return f"{100 * count / of:.2f} %" if of else "–"
