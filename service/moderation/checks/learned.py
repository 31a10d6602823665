"""The learned score as a finding: what it is, and the words that pushed it over the site's threshold."""

from collections.abc import Iterable, Iterator

from service.moderation.findings import quote
from service.moderation.scoring import pushes, scores, table
from service.moderation.sheet import Reading, Sheet
from service.moderation.vocabulary import Category, Finding, Message

NAME = "learned"
_FIELDS = frozenset({"title", "body"})
_SHOWN = 3
_READ = 400


def marks(findings: Iterable[Finding]) -> list[str]:
    """Tell what the lists and patterns found, as words of their own that a score can learn from."""
    found = [finding for finding in findings if finding.category]
    gravest = max((finding.severity for finding in found), default=0)
    return [f"#{gravest}", *sorted({f"#{finding.category}" for finding in found if finding.severity > 1})]


def score(sheet: Sheet, findings: Iterable[Finding]) -> float:
    """Give the learned score of a submission, from 0 to 1; 0 where there is no table."""
    words = [word for reading in sheet.readings if reading.field in _FIELDS for word in reading.words]
    return max(scores(words, marks(findings)))


def find(sheet: Sheet, value: float, threshold: float) -> Iterator[Finding]:
    """Say that a score reached the threshold, and which words pushed it there."""
    known = table()
    if all(reading.toneless for reading in sheet.readings if reading.field in _FIELDS):
        # Without marks many everyday words look like others: the score must be surer.
        threshold = 1 - (1 - threshold) / 6
    if known is None or value < threshold:
        return
    spans = tuple(
        reading.span(index, index + 1)
        for reading in sheet.readings
        if reading.field in _FIELDS
        for index in _pushing(reading)
    )
    yield Finding(
        check=NAME,
        category=Category.INSULT,
        severity=2,
        spans=spans,
        message=Message(
            f"Máy chấm {value:.0%} là lời lẽ thiếu văn minh, chủ yếu vì: “{quote(spans)}”.",
            f"Scored {value:.0%} as uncivil, mostly for: “{quote(spans)}”.",
        ),
        entry="learned score",
        version=known.version,
    )


def _pushing(reading: Reading) -> list[int]:
    """Give the words that pushed the score most, in the order in which they stand."""
    pushed = pushes(reading.words[:_READ])
    ranked = sorted(range(len(pushed)), key=lambda index: -pushed[index])[:_SHOWN]
    return sorted(index for index in ranked if pushed[index] > 0 and len(reading.words[index]) > 1)
