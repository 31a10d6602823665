"""Markup and characters that would change how a page shows or behaves."""

import re
from collections.abc import Iterator

from service.moderation.lexicon import book
from service.moderation.sheet import Sheet
from service.moderation.vocabulary import Category, Finding, Message, Span

NAME = "markup"
_RULES: tuple[tuple[str, re.Pattern[str], int, str, str], ...] = (
    ("html", re.compile(r"</?[a-zA-Z!][^<>]{0,400}>"), 2, "thẻ HTML", "an HTML tag"),
    ("open html", re.compile(r"<(?:script|iframe|img|svg|a|style|object|embed)\b[^<>]{0,400}", re.IGNORECASE),
     2, "thẻ HTML", "an HTML tag"),
    ("bbcode", re.compile(r"\[/?(?:url|img|b|i|link|quote|color|size)\b[^\[\]]{0,200}\]", re.IGNORECASE),
     2, "mã BBCode", "BBCode"),
    ("link markup", re.compile(r"!?\[[^\[\]]{1,200}\]\([^()\s]{3,400}\)"), 2, "đường dẫn kiểu Markdown", "a Markdown link"),
    ("script", re.compile(r"(?:javascript|vbscript|data)\s?:\s?(?:text/html|[\w.]{2,40}\()", re.IGNORECASE),
     2, "mã lệnh", "script code"),
    ("handler", re.compile(r"\bon(?:error|load|click|mouseover)\s?=", re.IGNORECASE), 2, "mã lệnh", "script code"),
    ("template", re.compile(r"\{\{[^{}]{1,200}\}\}|\$\{[^{}]{1,200}\}|<%[^%]{0,200}%>"), 2, "mã khuôn", "template code"),
    ("direction", re.compile("[\u202a-\u202e\u2066-\u2069]+"), 2, "ký tự đảo chiều chữ", "characters that turn the direction of text"),
    ("stacked marks", re.compile("[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u20d0-\u20ff]{4,}"), 2,
     "dấu chồng lên nhau", "stacked marks"),
)  # fmt: skip
_SIGNS = re.compile("[<\\[{=\u202a-\u202e\u2066-\u2069\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u20d0-\u20ff]")


def find(sheet: Sheet) -> Iterator[Finding]:
    """Look for markup in the text as given, since that is what a page would show."""
    for reading in sheet.readings:
        given = reading.given
        if _SIGNS.search(given) is None and "script" not in given.lower():
            continue
        for entry, pattern, severity, vi, en in _RULES:
            spans = tuple(Span(reading.field, m.start(), m.end(), m.group()) for m in pattern.finditer(given))[:20]
            if spans:
                message = Message(f"Có {vi}.", f"Contains {en}.")
                yield Finding(NAME, Category.MARKUP, severity, spans, message, entry, book().version)
