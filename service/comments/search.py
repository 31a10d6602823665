"""A search that ignores accents and case; only for finding, never for judging (docs/moderation.md says why).

Words are found by an index: on PostgreSQL a GIN index over the folded text, on SQLite the FTS5 table
`comment_words`, which triggers keep (docs/adr/0180). Both hold what was judged and is not erased. A query's words are
each the beginning of a word.
"""

import re
import unicodedata
import uuid
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, bindparam, func, literal, literal_column, or_, select, text
from sqlalchemy.orm import InstrumentedAttribute, Session

from service.models import Comment

FEW = 1_000
"""So many finds are put in order faster than the order is walked until enough of them turned up."""
FREQUENT = 20
"""Words are frequent where one comment in so many holds them: among a million stored comments, to gather all of them
from an index takes longer than to walk to the first thousand."""
SAMPLE = 500
"""So many of the newest comments tell, in half a millisecond, whether more of them are worth a look."""
MOST_WORDS = 8
PAGES = 2_000
"""So much of the index is written anew at once, while other writers wait."""

_WORD = re.compile(r"[^\W_]+")


def folded(*texts: str) -> str:
    """Return the words of the texts in small letters without any accent, a space between any two."""
    decomposed = unicodedata.normalize("NFD", "\n".join(texts).lower().replace("đ", "d"))
    return " ".join(_WORD.findall("".join(char for char in decomposed if not unicodedata.combining(char))))


def matches(session: Session, query: str, *, status: str) -> ColumnElement[bool]:
    """Return the condition that a comment of this status holds all words of the query; pending ones are in no index."""
    words = folded(query).split()[:MOST_WORDS]
    few: list[uuid.UUID] | Select[uuid.UUID] | None = None
    if status != "pending":
        if session.get_bind().dialect.name != "postgresql":
            few = _few_on_sqlite(session, words)
        elif not _are_frequent(session, words, status):
            few = _few_on_postgresql(session, words)
    return _hold(Comment.folded, words) if few is None else Comment.id.in_(few)


def _hold(text: ColumnElement[str] | InstrumentedAttribute[str], words: list[str]) -> ColumnElement[bool]:
    # `folded` has one space between two words, so each of these is the beginning of one.
    return and_(True, *(or_(text.startswith(word), text.contains(f" {word}")) for word in words))


def _are_frequent(session: Session, words: list[str], status: str) -> bool:
    """Say whether the list, walked from its newest, soon meets more than a thousand finds.

    PostgreSQL's index cannot say so: it gathers all finds, a hundred thousand and more, before it hands out the first.
    """
    return (
        _among_newest(session, words, status, SAMPLE) * FREQUENT >= SAMPLE
        and _among_newest(session, words, status, FREQUENT * FEW) > FEW
    )


def _among_newest(session: Session, words: list[str], status: str, newest: int) -> int:
    looked_at = (
        select(Comment.folded)
        .where(Comment.status == literal(status, literal_execute=True))
        .order_by(Comment.id.desc())
        .limit(newest)
        .subquery()
    )
    finds: Select[int] = select(literal_column("1")).where(_hold(looked_at.c.folded, words)).limit(FEW + 1)
    return session.scalar(select(func.count()).select_from(finds.subquery())) or 0


def _few_on_postgresql(session: Session, words: list[str]) -> list[uuid.UUID] | None:
    """Return the finds, or None for too many of them.

    Left to itself the planner guesses how many there are, reads the whole table for words that are frequent apart and
    never together, and puts hundreds of thousands of finds in order for frequent ones.
    """
    asked = " & ".join(f"{word}:*" for word in words)
    if not asked:
        return None
    session.execute(_BY_INDEX)
    ids = list(session.scalars(_WITH_WORDS, {"asked": asked, "most": FEW + 1}))
    session.execute(_AS_USUAL)
    return ids if len(ids) <= FEW else None


def _few_on_sqlite(session: Session, words: list[str]) -> Select[uuid.UUID] | None:
    asked = " AND ".join(f'words:"{word}"*' for word in words)
    if not asked or session.scalar(_COUNT, {"asked": asked, "most": FEW + 1}) > FEW:
        return None
    return select(_FOUND.bindparams(asked=asked).columns(Comment.id).subquery().c.id)


_BY_INDEX, _AS_USUAL = text("SET LOCAL enable_seqscan = off"), text("SET LOCAL enable_seqscan = on")
_WITH_WORDS = (
    select(Comment.id)
    .where(
        func.to_tsvector(literal_column("'simple'"), Comment.folded).bool_op("@@")(
            func.to_tsquery(literal_column("'simple'"), bindparam("asked"))
        ),
        # As the index has it, word for word, or it is not used.
        text("status NOT IN ('pending', 'erased')"),
    )
    .limit(bindparam("most"))
)
_FOUND: Any = text("SELECT id FROM comment_words WHERE comment_words MATCH :asked").bindparams(bindparam("asked"))
_COUNT = text("SELECT count(*) FROM (SELECT 1 FROM comment_words WHERE comment_words MATCH :asked LIMIT :most)")


def forget(session: Session, *, begin: bool) -> bool:
    """Write a piece of the index anew without the words of erased comments; say whether there is more to write.

    FTS5 only marks what is deleted, and drops it when its segments are merged. PostgreSQL's vacuum does that by itself.
    """
    if session.get_bind().dialect.name == "postgresql":
        return False
    connection: Any = session.connection().connection
    before = connection.total_changes
    session.execute(_MERGE, {"pages": -PAGES if begin else PAGES})
    # The command's own row is one change (the documentation of FTS5, "The merge command").
    return bool(connection.total_changes - before > 1)


_MERGE = text("INSERT INTO comment_words (comment_words, rank) VALUES ('merge', :pages)")
