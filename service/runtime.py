"""Runtime: the parts that a process works with, built once for both doors and handed down; no logic."""

import threading
import time
from dataclasses import dataclass
from typing import Any

from redis import Connection, ConnectionPool, Redis, SSLConnection, UnixDomainSocketConnection
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError
from redis.retry import Retry
from sqlalchemy import event

from service import db
from service.challenges import Challenges
from service.comments import counting
from service.config import Settings
from service.db import Database
from service.metrics import Tally, vocabulary
from service.privacy import Vault

REST_SECONDS = 0.5
"""How long Redis is left alone after it failed, so that a request waits for it once and not at every turn."""


@dataclass(frozen=True, slots=True)
class Runtime:
    """Settings and the connections made from them."""

    settings: Settings
    database: Database
    redis: Redis
    challenges: Challenges
    vault: Vault
    tally: Tally

    @property
    def receipt_secret(self) -> bytes:
        """Return the key from which receipts follow."""
        return self.settings.secret("receipts")

    def close(self) -> None:
        """Close every connection."""
        self.redis.close()
        self.redis.connection_pool.disconnect()
        self.database.close()
        self.tally.close()


def build(settings: Settings, *, database_pool: int = 10) -> Runtime:
    """Put the parts together; nothing is connected until the first use."""
    redis = Redis(connection_pool=RestingPool.of(settings.redis_url, settings.redis_timeout))
    tally = Tally(settings.var / "metrics")
    database = db.connect(settings.database_url, settings.database_timeout, pool_size=database_pool)
    _watch_connections(database, tally)
    database.after_writing(lambda session: counting.count(session, tally), counting.forget)
    return Runtime(
        settings=settings,
        database=database,
        redis=redis,
        challenges=Challenges(
            redis=redis,
            key=settings.secret("challenges"),
            lifetime=settings.challenge_lifetime,
            minimum_fill=settings.minimum_fill,
        ),
        vault=Vault(data_keys=settings.data_keys, address_key=settings.secret("addresses")),
        tally=tally,
    )


def _watch_connections(database: Database, tally: Tally) -> None:
    pool = database.engine.pool

    @event.listens_for(pool, "checkout")
    def taken(*_: object) -> None:
        tally.add(vocabulary.CONNECTIONS)

    @event.listens_for(pool, "connect")
    def opened(*_: object) -> None:
        tally.set(vocabulary.MOST_CONNECTIONS, database.most_connections)

    @event.listens_for(pool, "checkin")
    def given_back(*_: object) -> None:
        tally.add(vocabulary.CONNECTIONS, by=-1)


class Pause:
    """Remembers that Redis failed a moment ago; shared by the connections of one pool."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._until = 0.0
        self._lock = threading.Lock()

    def begin(self) -> None:
        """Note a failure."""
        with self._lock:
            self._until = time.monotonic() + self._seconds

    def check(self) -> None:
        """Raise redis-py's own error while the pause lasts."""
        if time.monotonic() < self._until:
            raise RedisConnectionError("Redis failed a moment ago")


class RestingPool(ConnectionPool):
    """A pool that raises at once for a moment after a failure, instead of waiting for one time-out after another."""

    @classmethod
    def of(cls, url: str, timeout: float) -> "RestingPool":
        """Return the pool for a Redis address; time-outs are in seconds, and nothing is tried twice."""
        pause = Pause(REST_SECONDS)
        pool: RestingPool = cls.from_url(
            url,
            socket_timeout=timeout,
            **({} if url.startswith("unix:") else {"socket_connect_timeout": timeout}),
            retry=Retry(NoBackoff(), 0),
            protocol=2,
        )
        pool.pause = pause
        pool.connection_class = WATCHED[pool.connection_class]
        pool.connection_kwargs["pause"] = pause
        return pool

    pause: Pause

    def get_connection(self, *args: Any, **options: Any) -> Any:
        """Return a connection, or raise at once while Redis rests."""
        self.pause.check()
        return super().get_connection(*args, **options)


class Watched:
    """A connection that notes its failures in the pool's pause."""

    def __init__(self, *args: Any, pause: Pause, **options: Any) -> None:
        self._pause = pause
        super().__init__(*args, **options)

    def connect(self) -> None:
        """Connect, noting a failure."""
        try:
            super().connect()  # type: ignore[misc]
        except (RedisConnectionError, RedisTimeoutError):
            self._pause.begin()
            raise

    def read_response(self, *args: Any, **options: Any) -> Any:
        """Read, noting a failure."""
        try:
            return super().read_response(*args, **options)  # type: ignore[misc]
        except RedisTimeoutError:
            self._pause.begin()
            raise


class WatchedConnection(Watched, Connection):
    """Over TCP."""


class WatchedUnixConnection(Watched, UnixDomainSocketConnection):
    """Over a Unix socket."""


class WatchedTlsConnection(Watched, SSLConnection):
    """Over TLS."""


WATCHED: dict[type, type] = {
    Connection: WatchedConnection,
    UnixDomainSocketConnection: WatchedUnixConnection,
    SSLConnection: WatchedTlsConnection,
}
