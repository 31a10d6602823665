"""Reads a submission into a sheet: each field's words with disguises lifted, and the entries of abuse in them."""

import re
from functools import lru_cache

from service.moderation.lexicon import book
from service.moderation.lifting import lift
from service.moderation.scanning import scan
from service.moderation.sheet import Reading, Sheet
from service.moderation.syllables import syllables
from service.moderation.text import normalise, split
from service.moderation.vocabulary import Submission

_BREAK = re.compile(r"[.,;:!?()\[\]\"“”\n]\s|\n|[!?;(]|\s[(\"“]")
_PAUSE = re.compile(r"\.{2,}|…")
_SHORT = 40


def read(submission: Submission) -> Sheet:
    """Read every field that holds anything."""
    fields = (("name", submission.name), ("title", submission.title), ("body", submission.body))
    readings = tuple((read_field if len(text) > _SHORT else _read_short)(name, text) for name, text in fields if text)
    return Sheet(readings, submission.facts, submission)


@lru_cache(maxsize=256)
def _read_short(name: str, given: str) -> Reading:
    """Read a text that many comments share: a name, a title, a word of praise; what checks note on it is kept too."""
    reading = read_field(name, given)
    reading.shared = True
    return reading


def read_field(name: str, given: str) -> Reading:
    """Read one text."""
    view = normalise(given)
    found = split(view)
    known = syllables()
    odd = [i for i, word in enumerate(found.words) if word not in known]
    gaps = found.gaps
    tied = [i for i, gap in enumerate(gaps) if gap != " " and gap and not gap[0].isspace()]
    breaks = [gap != " " and _is_break(gap) for gap in gaps[:-1]]
    reading = Reading(name, given, view, found.words, found.starts, found.ends, breaks, {}, toneless=False)
    if odd or tied or view.hidden:
        lift(reading, odd, tied, gaps)
        odd = [i for i, word in enumerate(reading.words) if word not in known]
    reading.odd = odd
    reading.toneless = is_toneless(reading.words)
    reading.hits = list(scan(reading, book().abuse))
    return reading


def is_toneless(words: list[str]) -> bool:
    """Whether a field was typed almost wholly without marks."""
    marked = len(words) - sum(map(str.isascii, words))
    return marked == 0 or marked * 16 < len(words)


@lru_cache(maxsize=4096)
def _is_break(gap: str) -> bool:
    return _BREAK.search(gap) is not None and _PAUSE.search(gap) is None
