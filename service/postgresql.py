"""Connections to PostgreSQL that wait for no server for ever; sessions and SQLite are `service.db`'s.

The server's own time-outs end what takes too long there. A server that stands still, as under SIGSTOP, on a frozen
disk, or behind a network that swallows packets, keeps none of them, so each is kept here once more (docs/adr/0195).
"""

import threading
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import psycopg
from psycopg.abc import PQGen
from sqlalchemy import Engine, create_engine, event, inspect, text
from sqlalchemy.exc import InvalidatePoolError, OperationalError

LOOK_SECONDS = 2.0
"""A connection that lay in the pool says within this time that it lives, or it is replaced."""
TRUSTED_SECONDS = 0.1
"""One that was in use so short a time ago is not asked: the question costs a round trip, twice for each comment."""
CONNECT_SECONDS = 3
GRACE_SECONDS = 1.0
"""So much longer than the server's own time-out is waited for the server to say that it ran out."""
SAMPLING_SECONDS = 60.0
"""So long may taking the statistics of every table anew last; nobody waits for a lock of it."""
AGAIN_SECONDS = 1.0
"""After so long somebody looks again whether a server that was silent takes connections."""


class Silence:
    """What a process knows of a server that takes no connection: one thread looks again, the others do not wait."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._again_at = 0.0

    def demand_turn(self) -> None:
        """Let the caller connect; raise `psycopg.OperationalError` while another one is trying, or just has."""
        with self._lock:
            if self._again_at:
                now = self._clock()
                if now < self._again_at:
                    raise psycopg.OperationalError("PostgreSQL did not answer a moment ago")
                self._again_at = now + CONNECT_SECONDS + AGAIN_SECONDS

    def begin(self) -> None:
        """Note that the server did not answer."""
        with self._lock:
            self._again_at = self._clock() + AGAIN_SECONDS

    def end(self) -> None:
        """Note that it does."""
        self._again_at = 0.0


class Patient(psycopg.Connection[Any]):
    """A connection whose every wait for the server has an end; one that was waited for in vain is closed."""

    patience = 60.0

    def wait(self, gen: PQGen[Any], interval: float = 0.1, timeout: float | None = None) -> Any:
        """Wait as psycopg does, and no longer than `patience`."""
        began = time.monotonic()
        try:
            return super().wait(gen, interval, self.patience if timeout is None else timeout)
        except psycopg.OperationalError:
            if timeout is None and time.monotonic() - began >= self.patience:
                # Nobody knows what its server would answer, and to what; the pool drops what is closed.
                self.close()
            raise


def engine(url: str, timeout: timedelta, pool_size: int) -> Engine:
    """Return the engine for `url`, whose statements end after `timeout`, whether the server can say so or not."""
    milliseconds = int(timeout.total_seconds() * 1000)
    patience = timeout.total_seconds() + GRACE_SECONDS
    options = (
        f"-c statement_timeout={milliseconds} -c lock_timeout={milliseconds} "
        "-c idle_in_transaction_session_timeout=15000 -c timezone=UTC"
    )
    made = create_engine(
        url,
        hide_parameters=True,
        pool_size=pool_size,
        max_overflow=pool_size,
        pool_timeout=timeout.total_seconds(),
        pool_use_lifo=True,
        connect_args={
            "connect_timeout": CONNECT_SECONDS,
            "options": options,
            "application_name": "duyet",
            # For networks that swallow packets; over a Unix socket these mean nothing.
            "keepalives_idle": 10,
            "keepalives_interval": 5,
            "keepalives_count": 3,
            "tcp_user_timeout": int(patience * 1000),
        },
    )
    silence = Silence()

    @event.listens_for(made, "do_connect")
    def connect(_dialect: Any, _record: Any, words: list[Any], named: dict[str, Any]) -> Patient:
        silence.demand_turn()
        try:
            opened = Patient.connect(*words, **named)
        except psycopg.errors.ConnectionTimeout:
            silence.begin()
            raise
        except psycopg.OperationalError:
            # Refused is an answer, and a quick one.
            silence.end()
            raise
        silence.end()
        opened.patience = patience
        return opened

    @event.listens_for(made, "checkout")
    def look(connection: Patient, record: Any, _taken: Any) -> None:
        # A connection that died with its server is noticed before a reader's comment is trusted to it.
        if time.monotonic() < record.info.get("trusted", 0.0):
            return
        connection.patience = min(LOOK_SECONDS, patience)
        try:
            made.dialect.do_ping(connection)  # type: ignore[arg-type]
        except psycopg.Error as error:
            raise InvalidatePoolError from error
        connection.patience = patience

    @event.listens_for(made, "checkin")
    def lay_down(_connection: Patient | None, record: Any) -> None:
        record.info["trusted"] = time.monotonic() + TRUSTED_SECONDS

    return made


def sample_again(engine: Engine) -> bool:
    """Take the planner's statistics anew, which hold values of columns as they were; say whether there was time."""
    with engine.connect() as connection:
        driver = connection.connection.driver_connection
        if not isinstance(driver, Patient):
            return True
        usual = driver.patience
        try:
            driver.patience = SAMPLING_SECONDS + GRACE_SECONDS
            for table in inspect(connection).get_table_names():
                # A transaction each: one for all would hold locks that a migration takes in another order.
                connection.rollback()
                connection.execute(text(f"SET LOCAL statement_timeout = {int(SAMPLING_SECONDS * 1000)}"))
                connection.execute(text(f"ANALYZE {table}"))
                connection.commit()
        except OperationalError:
            return False
        finally:
            driver.patience = usual
    return True
