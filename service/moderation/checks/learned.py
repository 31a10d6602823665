"""The learned score as a finding: what it is, and the words that pushed it over the site's threshold."""

from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from service.moderation.findings import quote
from service.moderation.scoring import pushes, scores, table
from service.moderation.sheet import Reading, Sheet
from service.moderation.vocabulary import Category, Finding, Message

NAME = "learned"
_FIELDS = frozenset({"title", "body"})
_SHOWN = 4
# A word is named where it pushed at least this share of what the strongest one did.
_WORTH = 0.4
_READ = 400
# Where no list or pattern found anything, everyday words of animals and death carry most scores.
_ALONE = 4
# What share of texts of a set apart (ViHSD, dev) was harmful at a score: sums of words grow surer than they are.
_SURE = ((0.5, 0.9, 0.97, 1.0), (0.55, 0.65, 0.8, 0.85))


def marks(findings: Iterable[Finding]) -> list[str]:
    """Tell what the lists and patterns found, as words of their own that a score can learn from."""
    found = [finding for finding in findings if finding.category]
    gravest = max((finding.severity for finding in found), default=0)
    return [f"#{gravest}", *sorted({f"#{finding.category}" for finding in found if finding.severity > 1})]


def score(sheet: Sheet, findings: Iterable[Finding]) -> float:
    """Give the learned score of a submission, from 0 to 1; 0 where there is no table."""
    words = [word for reading in sheet.readings if reading.field in _FIELDS for word in reading.words]
    return max(scores(words, marks(findings)))


def find(sheet: Sheet, value: float, threshold: float, *, alone: bool = False) -> Iterator[Finding]:
    """Say that a score reached the threshold, and which words pushed it there; alone it must be surer."""
    known = table()
    if alone:
        threshold = 1 - (1 - threshold) / _ALONE
    if all(reading.toneless for reading in sheet.readings if reading.field in _FIELDS):
        # Without marks many everyday words look like others: the score must be surer.
        threshold = 1 - (1 - threshold) / 6
    if known is None or value < threshold:
        return
    spans = tuple(
        reading.span(first, last)
        for reading, pushed, most in _pushed(sheet)
        for first, last in _stretches(reading, pushed, most)
    )
    share = float(np.interp(value, *_SURE))
    because_vi, because_en = (
        (f", chủ yếu vì: “{quote(spans)}”", f", mostly for: “{quote(spans)}”") if spans else ("", "")
    )
    yield Finding(
        check=NAME,
        category=Category.INSULT,
        severity=2,
        spans=spans,
        message=Message(
            f"Máy học thấy giống lời lẽ thiếu văn minh (độ chắc khoảng {share:.0%}){because_vi}.",
            f"Much like uncivil comments it has learned from (about {share:.0%} sure){because_en}.",
        ),
        entry="learned score",
        version=known.version,
    )


def _pushed(sheet: Sheet) -> Iterator[tuple[Reading, list[float], float]]:
    """Give the readings of title and body, how far each word pushed the score of both, and what the strongest did."""
    read = [reading for reading in sheet.readings if reading.field in _FIELDS]
    pushed = pushes([word for reading in read for word in reading.words[:_READ]])
    most, at = max(pushed, default=0.0), 0
    for reading in read:
        after = at + len(reading.words[:_READ])
        yield reading, pushed[at:after], most
        at = after


def _stretches(reading: Reading, pushed: Sequence[float], most: float) -> list[tuple[int, int]]:
    """Give the stretches, first word to before last, of words that really pushed, each once, in their order."""
    strongest = sorted(range(len(pushed)), key=lambda index: pushed[index])
    ranked = sorted({reading.words[at]: at for at in strongest}.values(), key=lambda index: -pushed[index])[:_SHOWN]
    stretches: list[tuple[int, int]] = []
    for index in sorted(index for index in ranked if pushed[index] > most * _WORTH > 0):
        if stretches and stretches[-1][1] == index and not reading.breaks[index]:
            stretches[-1] = stretches[-1][0], index + 1
        else:
            stretches.append((index, index + 1))
    return stretches
