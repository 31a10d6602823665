"""A submission as the checks see it: what a field's words are and where they stand; how they are read is elsewhere."""

import dataclasses
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from service.moderation.lexicon import Entry
from service.moderation.text import View, fold
from service.moderation.vocabulary import Facts, Finding, Span, Submission


@dataclass(frozen=True, slots=True)
class Hit:
    """A list entry found from word `first` to before word `last`, and the trick it was hidden by."""

    entry: Entry
    first: int
    last: int
    trick: str | None = None


@dataclass(slots=True)
class Reading:
    """One field: its view, its words as meant, where each stands in the view, and which follow a break.

    `odd` are the words that are no Vietnamese syllable; `memo` keeps what one check found for the next,
    and where a reading is `shared` by many comments, for the next comment too.
    """

    field: str
    given: str
    view: View
    words: list[str]
    starts: list[int]
    ends: list[int]
    breaks: list[bool]
    tricks: dict[int, str]
    toneless: bool
    odd: list[int] = dataclasses.field(default_factory=list)
    hits: list[Hit] = dataclasses.field(default_factory=list)
    memo: dict[str, Any] = dataclasses.field(default_factory=dict)
    shared: bool = False

    def span(self, first: int, last: int) -> Span:
        """Give the place of words `first` to before `last` in the text as given."""
        return self.cut(self.starts[first], self.ends[last - 1])

    def cut(self, start: int, end: int) -> Span:
        """Give the place of a stretch of the view in the text as given."""
        begin, stop = self.view.span(start, end)
        return Span(self.field, begin, stop, self.given[begin:stop])

    def trick_in(self, first: int, last: int) -> str | None:
        """Give the first trick among some words, if any."""
        if not self.tricks:
            return None
        return next((self.tricks[i] for i in range(first, last) if i in self.tricks), None)


@dataclass(frozen=True, slots=True)
class Sheet:
    """The three fields as read, in the order in which people see them, and the facts from outside."""

    readings: tuple[Reading, ...]
    facts: Facts
    submission: Submission

    def reading(self, name: str) -> Reading | None:
        """Give the reading of a field; None where the field is empty."""
        return next((reading for reading in self.readings if reading.field == name), None)


def field_by_field(sheet: Sheet, name: str, look: Callable[[Reading], Iterator[Finding]]) -> Iterator[Finding]:
    """Give what a check finds in each field alone, and keep it with a reading that is shared."""
    for reading in sheet.readings:
        if reading.shared:
            memo = f"found {name}"
            if memo not in reading.memo:
                reading.memo[memo] = tuple(look(reading))
            yield from reading.memo[memo]
        else:
            yield from look(reading)


def folded(reading: Reading) -> list[str]:
    """Give the words of a field without marks."""
    return [fold(word) for word in reading.words]
