"""Findings of likeness: a field much like written examples, and the clauses of it that are."""

from collections.abc import Iterator

from service.moderation.clauses import clauses, kernel, telling
from service.moderation.findings import NAMES, quote
from service.moderation.likeness import NAME as TABLE
from service.moderation.likeness import Likeness, kinds, likeness, table
from service.moderation.sheet import Reading
from service.moderation.vocabulary import Category, Finding, Message, Span


def alike(reading: Reading, head: str, *, check: str, least: float) -> Iterator[Finding]:
    """Yield one finding where a field is at least so like the examples of a head, of the kind that it is likest."""
    known, found = table(), likeness(reading, head)
    if known is None or found is None or found.value < least:
        return
    category = likest(found)
    spans = _spans(reading, found)
    vi, en = NAMES[category]
    words = quote(spans[:1])
    yield Finding(
        check=check,
        category=category,
        severity=2,
        spans=spans,
        message=Message(
            f"Giống {vi} viết bóng gió: “{words}”.",
            f"Reads like {en} in a roundabout way: “{words}”.",
        ),
        entry=TABLE,
        version=known.version,
    )


def likest(found: Likeness) -> Category:
    """Give the kind of its head's examples that a field is likest."""
    of_kind = kinds(found)
    return Category(max(of_kind, key=lambda kind: of_kind[kind]))


def _spans(reading: Reading, found: Likeness) -> tuple[Span, ...]:
    """Give the clauses of the likest stretch that brought most together, the one of them that brought most, and the words."""
    brought = [0.0] * found.first + found.brought[found.first : found.last].tolist()
    text = reading.view.text
    run, most = telling(reading, clauses(text) or [(0, len(text))], brought)
    places = dict.fromkeys((run, most, kernel(reading, run, brought)))
    return tuple(reading.cut(start, end) for start, end in places)
