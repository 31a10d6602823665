"""Abuse that no list can know: fields much like written examples of contempt, threats and lewd talk."""

from collections.abc import Iterator

from service.moderation.clauses import clauses, telling
from service.moderation.findings import NAMES, quote
from service.moderation.likeness import ABUSE, Likeness, kinds, likeness, table
from service.moderation.likeness import NAME as TABLE
from service.moderation.sheet import Reading, Sheet
from service.moderation.vocabulary import Category, Finding, Message, Span

NAME = "contempt"
_LIKE = 1.3


def find(sheet: Sheet) -> Iterator[Finding]:
    """Look at every field but the name."""
    for reading in sheet.readings:
        if reading.field != "name":
            yield from _alike(reading)


def _alike(reading: Reading) -> Iterator[Finding]:
    known, found = table(), likeness(reading, ABUSE)
    if known is None or found is None or found.value < _LIKE:
        return
    alike = kinds(found)
    category = Category(max(alike, key=lambda kind: alike[kind]))
    spans = _spans(reading, found)
    vi, en = NAMES[category]
    words = quote(spans[:1])
    yield Finding(
        check=NAME,
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


def _spans(reading: Reading, found: Likeness) -> tuple[Span, ...]:
    """Give the clauses of the likest stretch that brought most together, and the one of them that brought most."""
    brought = [0.0] * found.first + found.brought[found.first : found.last].tolist()
    text = reading.view.text
    places = dict.fromkeys(telling(reading, clauses(text) or [(0, len(text))], brought))
    return tuple(reading.cut(start, end) for start, end in places)
