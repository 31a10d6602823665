"""`backup`, `restore`, `move`: a copy of everything, sealed in a file or in another database."""

import contextlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from service import config, copies, db, subjects
from service.db import Database
from service.runtime import terms_of
from service.supervision.preflight import claim

PATIENCE = timedelta(seconds=60)
"""A copy may wait longer for the database than a request may."""

FILE = click.argument("file", type=click.Path(path_type=Path))


@click.command()
@FILE
def backup(file: Path) -> None:
    """Write everything into a new, sealed file, while the service runs."""
    settings = config.load()
    with _opened(settings.database_url) as database:
        _show(copies.backup(database, file, settings.backup_keys[0], now=datetime.now(UTC)), "Saved")


@click.command()
@FILE
@click.option("--erased-in", metavar="DATABASE_URL", help="Erase again what was erased in this older database since.")
def restore(file: Path, erased_in: str | None) -> None:
    """Read a sealed file into this installation's empty database, and compare."""
    settings = config.load()
    with _opened(settings.database_url) as database:
        _show(copies.restore(database, file, *settings.backup_keys), "Restored")
        if erased_in is not None:
            with _opened(_address(erased_in)) as older, older.reading() as opened:
                ids = subjects.erased(opened)
            with database.writing() as opened:
                count = subjects.erase_again(opened, ids, terms_of(settings), now=datetime.now(UTC))
            click.echo(f"Erased again {count} comments that were erased after the backup.")


@click.command()
@click.option("--to", "target", required=True, metavar="DATABASE_URL", help="An empty database, such as PostgreSQL.")
def move(target: str) -> None:
    """Copy everything into another, empty database, and compare. Stop the service first."""
    settings = config.load()
    with contextlib.ExitStack() as stack:
        if settings.var.exists():
            stack.enter_context(contextlib.closing(claim(settings.var)))
        source = stack.enter_context(_opened(settings.database_url))
        other = stack.enter_context(_opened(_address(target)))
        _show(copies.move(source, other, now=datetime.now(UTC)), "Moved")
    click.echo("Set DATABASE_URL to the new address and start the service; the old database is as it was.")


@contextlib.contextmanager
def _opened(url: str) -> Iterator[Database]:
    opened = db.connect(url, PATIENCE)
    try:
        yield opened
    finally:
        opened.close()


def _address(given: str) -> str:
    try:
        url = make_url(given)
    except ArgumentError as error:
        raise click.UsageError("That is not a database address.") from error
    if url.drivername in {"postgres", "postgresql"}:
        url = url.set(drivername="postgresql+psycopg")
    return url.render_as_string(hide_password=False)


def _show(counts: dict[str, int], done: str) -> None:
    for name, number in counts.items():
        if number:
            click.echo(f"{name}\t{number}")
    click.echo(f"{done} {sum(counts.values())} rows of {len(counts)} tables, counted and compared.")


COMMANDS = (backup, restore, move)
