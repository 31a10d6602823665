"""A comment's text cut into pieces, so that a page can show where each finding is; every piece is plain text.

Spans count code points of the stored text, as Python does. Characters that print nothing are pieces of their own,
so that a reader sees where somebody hid one.
"""

import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

GROUPS = {
    **dict.fromkeys(("profanity", "insult", "hate", "threat", "sexual"), "abuse"),
    **dict.fromkeys(("spam_ad", "scam", "gambling", "link"), "offer"),
    **dict.fromkeys(("contact_info", "personal_data"), "person"),
}
"""Categories that look alike on the page; all others are `other`."""
RANK = ("abuse", "offer", "person", "other")
"""Which look wins where findings overlap."""
BLANK = frozenset("\u034f\u115f\u1160\u3164\uffa0\u2800")
"""Letters, a mark and a symbol that print nothing."""
JOINERS = frozenset("\u200d\ufe0e\ufe0f")
"""Part of many emoji, where they hide nothing."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Some text with the categories found in it, and for a hidden character its code point."""

    text: str
    categories: tuple[str, ...] = ()
    hidden: str = ""

    @property
    def look(self) -> str:
        """Return the group that decides the look, '' for plain text."""
        return min((group(one) for one in self.categories), key=RANK.index, default="")


def group(category: str | None) -> str:
    """Return the look of a category."""
    return GROUPS.get(category or "", "other")


def pieces(text: str, field: str, findings: Iterable[Mapping[str, Any]]) -> list[Piece]:
    """Cut a field's text at the edges of its spans."""
    spans = [
        (_within(text, span["start"]), _within(text, span["end"]), finding["category"])
        for finding in findings
        if finding["category"]
        for span in finding["spans"]
        if span["field"] == field
    ]
    edges = sorted({0, len(text), *(start for start, _, _ in spans), *(end for _, end, _ in spans)})
    cut: list[tuple[int, int, tuple[str, ...]]] = []
    for start, end in pairwise(edges):
        found = tuple(sorted({category for first, last, category in spans if first <= start and end <= last}))
        if cut and cut[-1][2] == found:
            start = cut.pop()[0]  # noqa: PLW2901 - several findings of one kind side by side are one piece.
        cut.append((start, end, found))
    return [piece for start, end, found in cut for piece in _seen(text, start, end, found)]


def _within(text: str, place: int) -> int:
    return max(0, min(len(text), place))


def _seen(text: str, start: int, end: int, categories: tuple[str, ...]) -> Iterator[Piece]:
    """Yield the text with every hidden character by itself."""
    begun = start
    for at in range(start, end):
        if _hides(text, at):
            if begun < at:
                yield Piece(text[begun:at], categories)
            yield Piece(text[at], categories, f"U+{ord(text[at]):04X}")
            begun = at + 1
    if begun < end:
        yield Piece(text[begun:end], categories)


def _hides(text: str, at: int) -> bool:
    char = text[at]
    if char in JOINERS:
        return at == 0 or not unicodedata.category(text[at - 1]).startswith(("S", "M"))
    return char in BLANK or unicodedata.category(char) == "Cf"
