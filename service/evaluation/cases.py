"""Scores the engine on cases that name an expected outcome, categories and spans; it tunes nothing.

One case a line: `id`, `group`, `expect` (approve, hold or reject), `name`, `title`, `body`, `categories` (any of
them is right; `category` where there is one), and `spans`: a `field` with `start` and `end`, or with the `text`
as it stands there and, where it stands there more than once, which one (`nth`, from 1).
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

from service.evaluation.examples import CLEAN, Example, read_examples
from service.moderation import moderate
from service.moderation.policy import outcome
from service.moderation.vocabulary import Finding, Outcome, Policy, PublishMode, Submission

EXAMPLES = ".tsv"
SHIPPED = Policy(mode=PublishMode.WHEN_CLEAN)


class MisquotedCaseError(ValueError):
    """A case whose span quotes what its text does not hold."""


@dataclass(frozen=True, slots=True)
class Case:
    """A submission with what the engine should make of it; no categories for a clean one."""

    id: str
    group: str
    submission: Submission
    clean: bool
    categories: frozenset[str]
    spans: tuple[tuple[str, int, int], ...]


@dataclass(frozen=True, slots=True)
class Result:
    """What the engine made of a case, and how near its spans came."""

    case: Case
    outcome: Outcome
    categories: frozenset[str]
    overlaps: tuple[float, ...]
    touched: tuple[bool, ...]
    findings: tuple[Finding, ...]
    risk: float
    seconds: float

    @property
    def right(self) -> bool:
        """Whether a clean case was approved, or any other was not."""
        return (self.outcome is Outcome.APPROVE) == self.case.clean

    @property
    def well_named(self) -> bool:
        """Whether one of the case's categories was found."""
        return not self.categories.isdisjoint(self.case.categories)


def read_cases(path: Path) -> Iterator[Case]:
    """Read cases, one JSON object a line, or the examples of one hand, a table."""
    if path.suffix == EXAMPLES:
        yield from map(_of_example, read_examples(path.stem, path.read_text(encoding="utf-8")))
        return
    for line in path.read_text(encoding="utf-8").splitlines():
        if not line.strip():
            continue
        row = json.loads(line)
        texts = {field: str(row.get(field) or "") for field in ("name", "title", "body")}
        yield Case(
            id=str(row.get("id", "")),
            group=str(row.get("group", "")),
            submission=Submission(name=texts["name"], title=texts["title"], body=texts["body"]),
            clean=row.get("expect", "hold") == "approve",
            categories=_categories(row),
            spans=tuple(_place(span, texts) for span in row.get("spans") or ()),
        )


def _of_example(example: Example) -> Case:
    return Case(
        id="",
        group=f"{example.hand} {example.kind}",
        submission=Submission(body=example.text),
        clean=example.kind == CLEAN,
        categories=frozenset() if example.kind == CLEAN else frozenset([example.kind]),
        spans=tuple(("body", start, end) for start, end in example.spans),
    )


def _categories(row: Mapping[str, Any]) -> frozenset[str]:
    named = row.get("categories") or row.get("category") or ()
    return frozenset([named] if isinstance(named, str) else named)


def _place(span: Mapping[str, Any], texts: Mapping[str, str]) -> tuple[str, int, int]:
    field = span.get("field") or "body"
    if "start" in span:
        return field, span["start"], span["end"]
    quoted, start = span["text"], -1
    for _ in range(span.get("nth") or 1):
        start = texts[field].find(quoted, start + 1)
        if start < 0:
            raise MisquotedCaseError(f"{quoted!r} does not stand in the {field} {texts[field]!r}")
    return field, start, start + len(quoted)


def judge(case: Case, policy: Policy = SHIPPED) -> Result:
    """Run the engine on a case."""
    begun = perf_counter()
    verdict = moderate(case.submission, policy)
    seconds = perf_counter() - begun
    counted = tuple(f for f in verdict.findings if outcome(f, policy) is not Outcome.APPROVE)
    found = [(s.field, s.start, s.end) for f in counted for s in f.spans]
    return Result(
        case=case,
        outcome=verdict.outcome,
        categories=frozenset(f.category.value for f in counted if f.category),
        overlaps=tuple(max((_overlap(span, other) for other in found), default=0.0) for span in case.spans),
        touched=tuple(any(_overlap(span, other) > 0 for other in found) for span in case.spans),
        findings=counted,
        risk=verdict.risk,
        seconds=seconds,
    )


def _overlap(a: tuple[str, int, int], b: tuple[str, int, int]) -> float:
    """Shared characters over characters covered by either."""
    if a[0] != b[0]:
        return 0.0
    shared = min(a[2], b[2]) - max(a[1], b[1])
    return shared / (max(a[2], b[2]) - min(a[1], b[1])) if shared > 0 else 0.0


def table(results: Iterable[Result]) -> str:
    """One line a group: how many, wrong outcomes, rejected, spans found, spans touched, category right."""
    groups: dict[str, list[Result]] = defaultdict(list)
    for result in results:
        groups[result.case.group].append(result)
    lines = [f"{'group':24} {'n':>5} {'wrong':>7} {'rejected':>8} {'IoU>=.5':>8} {'touch':>7} {'category':>8}"]
    everything = [result for group in groups.values() for result in group]
    for name, group in [*groups.items(), *_totals(everything)]:
        wrong = sum(not r.right for r in group)
        rejected = sum(r.outcome is Outcome.REJECT for r in group)
        overlaps = [o for r in group for o in r.overlaps]
        touched = [t for r in group for t in r.touched]
        named = [r.well_named for r in group if r.case.categories and r.right]
        lines.append(
            f"{name[:24]:24} {len(group):5} {_share(wrong, len(group))} {rejected:8} "
            f"{_share(sum(o >= 0.5 for o in overlaps), len(overlaps)):>8} {_share(sum(touched), len(touched)):>7} "
            f"{_share(sum(named), len(named)):>8}",
        )
    return "\n".join(lines)


def _totals(results: list[Result]) -> list[tuple[str, list[Result]]]:
    clean = [r for r in results if r.case.clean]
    listable = [r for r in results if r.case.group.startswith("listable")]
    return [(name, rows) for name, rows in (("ALL clean", clean), ("ALL listable", listable)) if rows]


def _share(count: int, of: int) -> str:
    return f"{100 * count / of:6.1f}%" if of else "      –"
