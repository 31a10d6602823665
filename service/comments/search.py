"""A search that ignores accents and case; only for finding, never for judging (docs/moderation.md says why)."""

import unicodedata

from sqlalchemy import ColumnElement

from service.models import Comment


def folded(*texts: str) -> str:
    """Return the texts in small letters without any accent, a line each."""
    decomposed = unicodedata.normalize("NFD", "\n".join(texts).lower().replace("đ", "d"))
    return "".join(char for char in decomposed if not unicodedata.combining(char))


def matches(query: str) -> ColumnElement[bool]:
    """Return the condition that a comment holds all words of the query, each anywhere."""
    condition: ColumnElement[bool] = Comment.folded.contains("", autoescape=True)
    for word in folded(query).split()[:8]:
        condition &= Comment.folded.contains(word, autoescape=True)
    return condition
