"""Words broken up against filters: nobody puts dots, spaces or digits into the letters of an honest word on purpose."""

import re
from collections.abc import Iterator

from service.moderation.alike import likest
from service.moderation.findings import quote
from service.moderation.lexicon import book
from service.moderation.likeness import ABUSE, OFFER, likeness
from service.moderation.sheet import Reading, Sheet
from service.moderation.vocabulary import Category, Finding, Message, Span

NAME = "veiled"
_APART = frozenset({"dots", "spaces"})
_SHAPED = frozenset({"leet", "look-alikes"})
# A word in pieces is one by intent; one with a digit or sign among its letters may be a slip, two are none.
_WEIGHT_APART, _WEIGHT_SHAPED, _ENOUGH = 1.0, 0.5, 1.0
_SHORTEST = 2
# Fractions, words drawn out by rows of dots, words spelt with hyphens to stress them.
_HONEST = re.compile(r"/|\.\.|…|-")
# What people hide on social media for fear of its filters, though they mean no harm: death, crime, drugs, bodies.
_SHY = frozenset(
    [
        *("giết", "chết", "tử", "tự", "tuý", "túy", "ma", "bạc", "cờ", "vú", "ngực", "sex", "mổ", "máu", "súng", "dao"),
        *("hiếp", "dâm", "nghiện"),
    ]
)
# Cyrillic letters, or the Greek o, against Latin ones in one word; formulas use the other Greek letters so.
_LATIN, _FOREIGN = r"[a-z\u00e0-\u01b0\u1ea0-\u1ef9]", r"[\u0400-\u04ff\u03bf]"
_MIXED = re.compile(rf"(?i){_LATIN}{_FOREIGN}|{_FOREIGN}{_LATIN}")


def find(sheet: Sheet) -> Iterator[Finding]:
    """Look at every field but the name."""
    for reading in sheet.readings:
        if (reading.tricks or reading.view.hidden) and reading.field != "name":
            yield from _broken(reading)


def _broken(reading: Reading) -> Iterator[Finding]:
    at = {*reading.tricks, *(_mixed(reading) if reading.view.hidden else ())}
    weighed = [(index, _weight(reading, index)) for index in sorted(at)]
    if sum(weight for _, weight in weighed) < _ENOUGH:
        return
    spans = tuple(
        _joined(reading, [index for index, weight in weighed if weight or reading.tricks.get(index) in _APART])
    )
    words = quote(spans)
    yield Finding(
        check=NAME,
        category=_category(reading),
        severity=2,
        spans=spans,
        message=Message(
            f"Chữ bị bẻ nhỏ hoặc thay ký tự để né bộ lọc: “{words}”.",
            f"Words broken up or respelt to slip past a filter: “{words}”.",
        ),
        entry="broken words",
        version=book().version,
    )


def _mixed(reading: Reading) -> Iterator[int]:
    """Give the words in which letters of two alphabets stand side by side."""
    for index in range(len(reading.words)):
        if _MIXED.search(reading.span(index, index + 1).text):
            yield index


def _weight(reading: Reading, index: int) -> float:
    """Give what a lifted word weighs; headings in spaced capitals, and digits that only lean on a word, weigh nothing."""
    trick, typed = reading.tricks.get(index), reading.span(index, index + 1).text
    if _MIXED.search(typed):
        return _WEIGHT_APART
    word = reading.words[index].lstrip("~")
    if len(word) < _SHORTEST or word in _SHY or typed.isupper() or _HONEST.search(typed):
        return 0.0
    if trick in _APART:
        return _WEIGHT_APART
    inside = trick in _SHAPED and typed[0].isalpha() and not typed[-1].isdigit() and not typed.isalpha()
    return _WEIGHT_SHAPED if inside else 0.0


def _joined(reading: Reading, found: list[int]) -> Iterator[Span]:
    """Give the places of such words, those side by side as one."""
    first = last = found[0]
    for index in found[1:]:
        if index > last + 1:
            yield reading.span(first, last + 1)
            first = index
        last = index
    yield reading.span(first, last + 1)


def _category(reading: Reading) -> Category:
    """Give the kind of the written examples that the field is likest."""
    found = [like for like in (likeness(reading, OFFER), likeness(reading, ABUSE)) if like is not None]
    return likest(max(found, key=lambda like: like.value)) if found else Category.INSULT
