"""A quick look whether a text may hold what an expression says; where it stands, the expression itself must tell."""

import re
from typing import Any

import re2

# Beyond the Latin letters the two may know different ones.
_NO_LETTER = r"[^\\pL\\pN_]|[^\\x00-\\x{24f}\\x{1e00}-\\x{1eff}]"
# RE2 is ten times as fast, but of letters that are not English it knows only the class: each sign is put in its
# own terms, and read more widely where there are none, so that nothing is overlooked but
# the Turkish i.
_READ_AS = (
    (re.compile(r"\(\?![^()]*\)"), ""),
    (re.compile(r"\$$"), r"\\n?$"),
    (re.compile(r"\\b(?=$|[|)])"), f"(?:$|{_NO_LETTER})"),
    (re.compile(r"\\b(?:\(\?=\\w\))?"), f"(?:^|{_NO_LETTER})"),
    (re.compile(r"\[\^\\W\\d_\]"), r"[\\pL\\pN]"),
    (re.compile(r"\\w(?=[^\[]*\])"), r"\\pL\\pN_"),
    (re.compile(r"\\w"), r"[\\pL\\pN_]"),
    (re.compile(r"\\d"), r"\\p{Nd}"),
    (re.compile(r"\\s"), r"[\\s\\x0b\\x1c-\\x1f\\x{85}\\pZ]"),
)


def quick(exact: re.Pattern[str]) -> Any:
    """Give the look for an expression, to be searched for in UTF-8. A sign for any space may not stand in a class of it."""
    source = exact.pattern
    for sign, meant in _READ_AS:
        source = sign.sub(meant, source)
    return re2.compile(source.encode())
