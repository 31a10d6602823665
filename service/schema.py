"""Which revision the database stands at, and which this code needs; the steps between are `service.migration`'s.

Every web process asks this, and none of them needs Alembic for it, which would cost each of them ten megabytes.
"""

from pathlib import Path

from sqlalchemy import Connection, inspect, text
from sqlalchemy.orm import Session

MIGRATIONS = Path(__file__).parent / "migrations"

WORDS = "comment_words"
"""The index of the search, which models have no words for (docs/adr/0180): tables on SQLite, an index on PostgreSQL."""


def is_modelled(_object: object, name: str | None, kind: str, _reflected: object, _other: object) -> bool:
    """Say whether `service.models` is to know this table or index, in the form that Alembic asks it."""
    made_by_hand = name is not None and (
        name.startswith(WORDS) if kind == "table" else kind == "index" and name == "ix_comments_words"
    )
    return not made_by_hand


def head() -> str:
    """Return the revision that this version of the code needs: revisions are numbered, and files begin with theirs."""
    return max(file.name.partition("_")[0] for file in (MIGRATIONS / "versions").glob("[0-9]*.py"))


def is_current(session: Session) -> bool:
    """Say whether the database stands at the head that this version needs."""
    return revision_of(session.connection()) == head()


def revision_of(connection: Connection) -> str | None:
    """Return the revision at which the database stands, None for one without tables."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none()
