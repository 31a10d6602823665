"""Which revision the database stands at, and which this code needs; the steps between are `service.migration`'s.

Every web process asks this, and none of them needs Alembic for it, which would cost each of them ten megabytes.
"""

from pathlib import Path

from sqlalchemy import Connection, inspect, text
from sqlalchemy.orm import Session

MIGRATIONS = Path(__file__).parent / "migrations"


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
