"""Text is cleaned once, at the edge: NFC, no controls, no endless marks; what leaves here is what is stored.

Not here: any judgement. Zero-width characters stay, since the engine wants to see a disguise.
"""

import re
import unicodedata
from collections.abc import Mapping
from typing import Any

MARKS = 4
"""Vietnamese needs two marks on a letter; scripts that need more than four are not written in NFC."""

UNREADABLE = re.compile("[\x00\ud800-\udfff\ufffd]")
"""NUL, which PostgreSQL cannot store; lone surrogates, which no database can; what is left of broken UTF-8."""
NEWLINES = re.compile("\r\n?|[\x0b\x0c\x85\u2028\u2029]")
DROPPED = re.compile("[\x01-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
"""Controls but tab and newline, and everything that turns the direction of writing around (UAX 9)."""
UNMARKED = re.compile("[\x00-\u02ff\u1e00-\u1eff\u2000-\u20cf]*")
"""Latin, Vietnamese and their punctuation: none of these is a mark."""
BLANK = frozenset("\u115f\u1160\u3164\uffa0\u2800")
"""Letters and symbols that print nothing."""


class Unreadable(Exception):
    """The text holds what no text can hold."""


def cleaned_line(text: str) -> str:
    """Return the text on one line, its white space folded; raise `Unreadable`."""
    return " ".join(cleaned(text).split())


def cleaned(text: str) -> str:
    """Return the text in NFC without controls, edges trimmed; raise `Unreadable`."""
    if UNREADABLE.search(text):
        raise Unreadable
    text = DROPPED.sub("", NEWLINES.sub("\n", unicodedata.normalize("NFC", text)))
    return unicodedata.normalize("NFC", _fewer_marks(text)).strip()


def shows_nothing(text: str) -> bool:
    """Say whether a person would see an empty field: only spaces, marks and characters that print nothing."""
    return all(char in BLANK or unicodedata.category(char)[0] in "ZCM" for char in text)


def _fewer_marks(text: str) -> str:
    if UNMARKED.fullmatch(text):
        return text
    kept: list[str] = []
    run = 0
    for char in text:
        run = run + 1 if unicodedata.category(char).startswith("M") else 0
        if run <= MARKS:
            kept.append(char)
    return "".join(kept)


def typed_line(fields: Mapping[str, Any], name: str) -> str:
    """Return what a person of the desk typed as one clean line, '' for what no text can hold."""
    value = fields.get(name)
    try:
        return cleaned_line(value) if isinstance(value, str) else ""
    except Unreadable:
        return ""
