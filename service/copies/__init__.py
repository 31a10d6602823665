"""Use cases of a copy: a backup is made, restored into an empty database, or moved from one database to another.

Everything is read in one transaction and written in one transaction, so a copy is of one moment and a failure leaves
nothing behind. How rows become lines is `rows`'; how a file is sealed is `sealed`'s.
"""

import contextlib
import os
import zlib
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, func, inspect, select, table
from sqlalchemy.exc import DBAPIError

from service.copies import rows, sealed
from service.db import Database
from service.migration import migrate_on
from service.models import Base
from service.schema import MIGRATIONS, head, revision_of

__all__ = ["CopyFailed", "backup", "move", "restore"]


class CopyFailed(Exception):
    """A copy was not made; the text is one sentence that says why, and nothing was changed."""


def backup(database: Database, file: Path, passphrase: str, *, now: datetime) -> dict[str, int]:
    """Write a sealed copy of this moment while the service runs; return the counts of the tables."""
    if file.exists():
        raise CopyFailed(f"{file} exists already; name a new file.")
    part = file.with_name(f"{file.name}.part")
    counts: dict[str, int] = {}
    try:
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out:
            with _snapshot(database) as connection:
                sealed.seal(out, passphrase, _squeezed(_dumped(connection, now, counts)))
            out.flush()
            os.fsync(out.fileno())
        part.rename(file)
    except OSError as error:
        raise CopyFailed(f"{file} could not be written ({error.strerror}); no backup was made.") from error
    finally:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)
    return counts


def restore(database: Database, file: Path, *passphrases: str) -> dict[str, int]:
    """Read a sealed copy into an empty database; return the counts, which were compared. The file is read twice.

    One of the passphrases must be the one that sealed it.
    """
    try:
        with file.open("rb") as source:
            passphrase = sealed.key_of(source, passphrases)
        with file.open("rb") as source:
            lines = _lines(sealed.unseal(source, passphrase))
            found = rows.head(lines)
            for _ in rows.checked(found.tables, lines):
                pass
        if not any(one.name.startswith(f"{found.revision}_") for one in (MIGRATIONS / "versions").iterdir()):
            raise CopyFailed(f"The backup is of a newer version (revision {found.revision}); restore it with that one.")
        with file.open("rb") as source:
            lines = _lines(sealed.unseal(source, passphrase))
            rows.head(lines)
            return _written(database, found, rows.checked(found.tables, lines))
    except OSError as error:
        raise CopyFailed(f"{file} could not be read ({error.strerror}); nothing was restored.") from error
    except sealed.WrongKey as error:
        raise CopyFailed("The backup was made with another BACKUP_KEY; nothing was restored.") from error
    except sealed.NotOurs as error:
        raise CopyFailed(f"{file} is not a backup of Duyệt; nothing was restored.") from error
    except (sealed.Damaged, rows.NotACopy, zlib.error) as error:
        raise CopyFailed(f"{file} was cut short or changed; nothing was restored.") from error


def move(source: Database, target: Database, *, now: datetime) -> dict[str, int]:
    """Copy everything into another, empty database; return the counts, which were compared.

    On SQLite nothing can be accepted meanwhile that would be left behind.
    """
    counts: dict[str, int] = {}
    with _snapshot(source, alone=True) as connection:
        lines = _dumped(connection, now, counts)
        found = rows.head(lines)
        return _written(target, found, rows.checked(found.tables, lines))


def _dumped(connection: Connection, now: datetime, counts: dict[str, int]) -> Iterator[bytes]:
    revision = revision_of(connection)
    if revision != head():
        raise CopyFailed("The database is not at the newest revision; run `python -m service migrate` first.")
    tables = rows.shapes(Base.metadata)
    for shape in tables:
        counts[shape.name] = connection.scalar(select(func.count()).select_from(table(shape.name))) or 0
    yield from rows.dump(connection, tables, revision=revision, now=now)


def _written(database: Database, found: rows.Head, copied: Iterable[tuple[rows.Shape, bytes]]) -> dict[str, int]:
    try:
        with database.engine.begin() as connection:
            _demand_empty(connection, found)
            migrate_on(connection, found.revision)
            wanted = rows.load(connection, copied)
            if rows.count(connection, found.tables).as_json() != wanted.as_json():
                raise CopyFailed("What was written is not what was read; nothing was kept of it.")
            migrate_on(connection, "head")
    except DBAPIError as error:
        why = str(error.orig).strip().splitlines()[0]
        raise CopyFailed(f"The database refused ({why}); nothing was written.") from error
    return {shape.name: wanted.counts.get(shape.name, 0) for shape in found.tables}


def _demand_empty(connection: Connection, found: rows.Head) -> None:
    names = {shape.name for shape in found.tables} & set(inspect(connection).get_table_names())
    holds = [name for name in sorted(names) if connection.scalar(select(func.count()).select_from(table(name)))]
    if holds:
        raise CopyFailed(f"The database is not empty ({', '.join(holds[:3])} …); a copy goes into an empty one alone.")
    if names and revision_of(connection) != found.revision:
        raise CopyFailed("The database has tables of another revision; a copy goes into one without tables.")


@contextlib.contextmanager
def _snapshot(database: Database, *, alone: bool = False) -> Iterator[Connection]:
    """Yield a connection that sees one moment; `alone` keeps writers out, where the database can."""
    with database.engine.connect() as connection:
        if connection.dialect.name == "postgresql":
            connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        elif not alone:
            connection.execution_options(sqlite_reading=True)
        with connection.begin():
            yield connection


def _squeezed(lines: Iterable[bytes]) -> Iterator[bytes]:
    squeezer = zlib.compressobj(6)
    for line in lines:
        yield squeezer.compress(line + b"\n")
    yield squeezer.flush()


def _lines(pieces: Iterable[bytes]) -> Iterator[bytes]:
    wringer, rest = zlib.decompressobj(), b""
    for piece in pieces:
        *whole, rest = (rest + wringer.decompress(piece)).split(b"\n")
        yield from whole
