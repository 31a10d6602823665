"""The engine over JSON lines: one submission a line in, one verdict a line out."""

import json
from collections.abc import Iterable, Iterator
from typing import Any

from service.moderation import moderate
from service.moderation.vocabulary import FIELDS, Finding, Policy, Submission


class MalformedLineError(ValueError):
    """A line that holds no submission; says which line and why."""

    def __init__(self, number: int, reason: str) -> None:
        super().__init__(f"line {number}: {reason}")
        self.number = number
        self.reason = reason


def check_lines(lines: Iterable[str], policy: Policy) -> Iterator[str]:
    """Judge each line; empty lines are passed over."""
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        identity, submission = _read(number, line)
        verdict = moderate(submission, policy)
        answer = {
            "id": identity,
            "outcome": verdict.outcome.value,
            "findings": [entry for finding in verdict.findings for entry in entries(finding)],
        }
        yield json.dumps(answer, ensure_ascii=False)


def entries(finding: Finding) -> Iterator[dict[str, Any]]:
    """Give a finding as one entry a span; one without a place where it has none."""
    shared = {
        "check": finding.check,
        "category": finding.category.value if finding.category else None,
        "severity": finding.severity,
    }
    message = finding.message.vi
    for span in finding.spans:
        yield {**shared, "field": span.field, "start": span.start, "end": span.end, "message": message}
    if not finding.spans:
        yield {**shared, "field": None, "start": None, "end": None, "message": message}


def _read(number: int, line: str) -> tuple[Any, Submission]:
    try:
        row = json.loads(line)
    except (json.JSONDecodeError, RecursionError) as error:
        raise MalformedLineError(number, "not JSON") from error
    if not isinstance(row, dict):
        raise MalformedLineError(number, "not a JSON object")
    texts: dict[str, str] = {}
    for name in FIELDS:
        value = row.get(name, "")
        if value is None:
            value = ""
        if not isinstance(value, str):
            raise MalformedLineError(number, f"{name} is not text")
        texts[name] = value
    if not texts["body"] and not texts["title"]:
        raise MalformedLineError(number, "neither title nor body")
    return row.get("id"), Submission(body=texts["body"], title=texts["title"], name=texts["name"])
