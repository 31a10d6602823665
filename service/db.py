"""The database's engine and sessions, alike on SQLite and PostgreSQL; no table is known here."""

import re
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Self

from sqlalchemy import (
    ARRAY,
    Boolean,
    ColumnElement,
    DateTime,
    Dialect,
    Double,
    Engine,
    TypeDecorator,
    any_,
    bindparam,
    create_engine,
    event,
    literal,
    make_url,
)
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import Session, sessionmaker
from sqlalchemy.sql.functions import FunctionElement

from service import postgresql

AWAY = (OperationalError, InterfaceError, PoolTimeoutError)
"""What is raised when the database cannot answer now: gone, locked, full, or too slow."""

SQLITE_CONNECTIONS = 40
ASK_MILLISECONDS = 1


class Instant(TypeDecorator[datetime]):
    """A moment in UTC; SQLite keeps no zone, so it is put back on the way out."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse a time without a zone, since its meaning would depend on the machine."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment needs a time zone")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return the moment in UTC."""
        del dialect
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class database_time(FunctionElement[datetime]):  # noqa: N801 - it reads as the SQL function that it is.
    """The database's own clock plus an offset: one clock for all leases, whatever the hosts believe."""

    type = Instant()
    inherit_cache = True

    def __init__(self, offset: timedelta = timedelta()) -> None:
        super().__init__(literal(offset.total_seconds(), Double))


@compiles(database_time, "sqlite")
def _sqlite_time(element: database_time, compiler: Any, **words: Any) -> str:
    seconds = compiler.process(element.clauses, **words)
    return f"(strftime('%Y-%m-%d %H:%M:%f', 'now', {seconds} || ' seconds') || '000')"


@compiles(database_time, "postgresql")
def _postgresql_time(element: database_time, compiler: Any, **words: Any) -> str:
    return f"(clock_timestamp() + make_interval(secs => {compiler.process(element.clauses, **words)}))"


class among(FunctionElement[bool]):  # noqa: N801 - it reads as the condition that it is.
    """A column is one of the values given under a name: one array on PostgreSQL, which else reads and plans a list."""

    type = Boolean()
    inherit_cache = True

    def __init__(self, column: ColumnElement[Any], name: str) -> None:
        super().__init__(column, bindparam(name, type_=column.type, expanding=True))

    def self_group(self, against: Any = None) -> Self:
        """Return it as it is: compared with 1, as SQLite's booleans else are, it would use no index."""
        del against
        return self


@compiles(among)
def _in_list(element: among, compiler: Any, **words: Any) -> str:
    column, values = element.clauses
    return f"({compiler.process(column.in_(values), **words)})"


@compiles(among, "postgresql")
def _in_array(element: among, compiler: Any, **words: Any) -> str:
    column, values = element.clauses
    array = bindparam(values.key, type_=ARRAY(column.type))
    return f"({compiler.process(column == any_(array), **words)})"


@dataclass(frozen=True, slots=True)
class Database:
    """Engine and session makers. A reading session never waits for a writer on SQLite."""

    engine: Engine
    most_connections: int
    _writing: sessionmaker[Session]
    _reading: sessionmaker[Session]
    _turn: Callable[[], AbstractContextManager[object]]

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """Yield a session whose transaction is committed at the end, or rolled back when anything is raised."""
        with self._turn(), self._writing() as session, session.begin():
            yield session

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """Yield a session that reads one state of the database and cannot change it."""
        with self._reading() as session, session.begin():
            yield session

    def after_writing(self, committed: Callable[[Session], None], rolled_back: Callable[[Session], None]) -> None:
        """Call one of the two with each writing session when its transaction has ended."""

        def hear(session: Session) -> None:
            # A savepoint's end is not the transaction's.
            if not session.in_nested_transaction():
                committed(session)

        event.listen(self._writing, "after_commit", hear)
        event.listen(self._writing, "after_rollback", rolled_back)

    def scrub(self) -> bool:
        """Empty SQLite's journal, so that what was erased is in no page of it; say whether nobody was in the way.

        On PostgreSQL the planner's statistics, which hold samples of columns, are taken anew; the vacuum and the
        recycling of its log do the rest at the server's own times.
        """
        if self.engine.dialect.name != "sqlite":
            return postgresql.sample_again(self.engine)
        connection = self.engine.raw_connection()
        try:
            waits = connection.execute("PRAGMA busy_timeout").fetchone()
            # Writers wait while this waits for readers, so it gives up soon and is tried again later.
            connection.execute("PRAGMA busy_timeout=100")
            (busy, _, _) = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            connection.execute(f"PRAGMA busy_timeout={waits[0]}")
        finally:
            connection.close()
        return not busy

    def close(self) -> None:
        """Close every pooled connection."""
        self.engine.dispose()


def connect(url: str, timeout: timedelta, *, pool_size: int = 10) -> Database:
    """Make the engine for `url`; nothing is connected until the first use."""
    if make_url(url).get_backend_name() == "sqlite":
        engine, most = _sqlite(url, timeout), SQLITE_CONNECTIONS
        turn = _in_turn(threading.Lock(), timeout)
    else:
        engine, most = postgresql.engine(url, timeout, pool_size), 2 * pool_size
        turn = nullcontext
    reader = engine.execution_options(postgresql_readonly=True, sqlite_reading=True)
    return Database(
        engine=engine,
        most_connections=most,
        _writing=sessionmaker(engine, expire_on_commit=False),
        _reading=sessionmaker(reader, expire_on_commit=False),
        _turn=turn,
    )


def _in_turn(lock: threading.Lock, timeout: timedelta) -> Callable[[], AbstractContextManager[object]]:
    """Let one thread of this process write at a time: who waits for SQLite's own lock polls it, ever more seldom."""

    @contextmanager
    def turn() -> Iterator[None]:
        if not lock.acquire(timeout=timeout.total_seconds()):
            raise PoolTimeoutError("another thread of this process writes for too long")
        try:
            yield
        finally:
            lock.release()

    return turn


def violated(error: DBAPIError) -> str:
    """Return the constraint or columns that an IntegrityError names, in lower case, '' when it names none."""
    named = getattr(getattr(error.orig, "diag", None), "constraint_name", None)
    if named:
        return str(named).lower()
    match = re.search(r"constraint failed: (.*)", str(error.orig))
    return match[1].lower() if match else ""


def _sqlite(url: str, timeout: timedelta) -> Engine:
    engine = create_engine(
        url,
        # Comments must not appear in an error's text, and so in a log.
        hide_parameters=True,
        connect_args={"timeout": timeout.total_seconds(), "check_same_thread": False},
        pool_size=10,
        max_overflow=SQLITE_CONNECTIONS - 10,
        pool_timeout=timeout.total_seconds(),
    )

    @event.listens_for(engine, "connect")
    def configure(connection: sqlite3.Connection, _record: object) -> None:
        # The driver's own transactions begin too late (at the first write), so that two readers that
        # both want to write would fail at once; SQLAlchemy's "begin" below starts them by hand.
        connection.isolation_level = None
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            # What is erased is overwritten, not only forgotten (docs/adr/0175).
            "secure_delete=ON",
            f"busy_timeout={_milliseconds(timeout)}",
            "cache_size=-16000",
            "mmap_size=268435456",
        ):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin(connection: Any) -> None:
        if connection.get_execution_options().get("sqlite_reading", False):
            connection.exec_driver_sql("BEGIN")
        else:
            _begin_writing(connection, timeout)

    return engine


def _begin_writing(connection: Any, timeout: timedelta) -> None:
    """Begin a transaction that writes, asking for the lock every millisecond.

    SQLite itself asks ever more seldom, up to every 100 ms, so that whoever waited longest waits on.
    """
    driver: sqlite3.Connection = connection.connection.driver_connection
    ends = time.monotonic() + timeout.total_seconds()
    driver.execute(f"PRAGMA busy_timeout={ASK_MILLISECONDS}")
    try:
        while time.monotonic() < ends:
            try:
                driver.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode != sqlite3.SQLITE_BUSY:
                    break
            else:
                return
        # Once more through SQLAlchemy, whose errors are those that callers know.
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    finally:
        driver.execute(f"PRAGMA busy_timeout={_milliseconds(timeout)}")


def _milliseconds(span: timedelta) -> int:
    return int(span.total_seconds() * 1000)
