"""Abuse that no list can know: fields much like written examples of contempt, threats and lewd talk."""

from collections.abc import Iterator

from service.moderation.findings import NAMES, quote
from service.moderation.likeness import ABUSE, core, kinds, likeness, table
from service.moderation.likeness import NAME as TABLE
from service.moderation.sheet import Reading, Sheet
from service.moderation.vocabulary import Category, Finding, Message

NAME = "contempt"
_LIKE = 1.4


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
    spans = (reading.span(*core(found)),)
    vi, en = NAMES[category]
    words = quote(spans)
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
