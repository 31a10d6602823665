"""A database session for one command."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.orm import Session

from service import config, db
from service.db import Database


@contextmanager
def database() -> Iterator[Database]:
    """Yield the database of this installation's settings, and close it."""
    settings = config.load()
    opened = db.connect(settings.database_url, settings.database_timeout)
    try:
        yield opened
    finally:
        opened.close()


@contextmanager
def writing() -> Iterator[Session]:
    """Yield a session that is committed when the command ends well."""
    with database() as opened, opened.writing() as session:
        yield session


@contextmanager
def reading() -> Iterator[Session]:
    """Yield a session that changes nothing."""
    with database() as opened, opened.reading() as session:
        yield session
