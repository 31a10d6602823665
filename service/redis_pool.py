"""The connections to Redis: by address, over TLS, or to whichever server Sentinels name; short time-outs, no retries.

Not here: what is kept in Redis (`challenges`, `jobs`, `news`, the limiter).
"""

import threading
import time
from typing import Any

from redis import Connection, ConnectionPool, Redis, SSLConnection, UnixDomainSocketConnection
from redis.backoff import NoBackoff
from redis.connection import parse_url
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError
from redis.retry import Retry
from redis.sentinel import Sentinel, SentinelConnectionPool, SentinelManagedConnection, SentinelManagedSSLConnection

from service.config import Settings

REST_SECONDS = 0.5
"""How long Redis is left alone after it failed, so that a request waits for it once and not at every turn."""
WORKER_SECONDS = 5.0
"""How long a worker waits for a connection; while it waits for a bell, RQ sets its own time."""
OF_AN_ADDRESS = ("host", "port", "path", "connection_class", "db", "username", "password")


def connect(settings: Settings) -> Redis:
    """Return the client of requests and jobs: it waits REDIS_TIMEOUT once, then fails at once for a moment."""
    options = _options(settings, settings.redis_timeout)
    pause = Pause(REST_SECONDS)
    kind = WATCHED[options.pop("connection_class", Connection)]
    if settings.redis_sentinels:
        named = {Connection: WatchedSentinelConnection, SSLConnection: WatchedSentinelTlsConnection}
        pool: ConnectionPool = RestingSentinelPool(  # type: ignore[no-untyped-call]
            settings.redis_sentinel_name,
            _sentinel(settings, settings.redis_timeout),
            connection_class=next(found for plain, found in named.items() if issubclass(kind, plain)),
            **options,
        )
    else:
        pool = RestingPool(connection_class=kind, **options)
    pool.pause = pause  # type: ignore[attr-defined]
    pool.connection_kwargs["pause"] = pause
    return Redis(connection_pool=pool)


def connect_worker(settings: Settings) -> Redis:
    """Return the client of a worker, which waits for bells on it."""
    options = _options(settings, WORKER_SECONDS)
    if settings.redis_sentinels:
        tls = issubclass(options.pop("connection_class", Connection), SSLConnection)
        kind = SentinelManagedSSLConnection if tls else SentinelManagedConnection
        sentinel = _sentinel(settings, WORKER_SECONDS)
        pool: ConnectionPool = SentinelConnectionPool(  # type: ignore[no-untyped-call]
            settings.redis_sentinel_name, sentinel, connection_class=kind, **options
        )
    else:
        pool = ConnectionPool(**options)
    return Redis(connection_pool=pool)


def _options(settings: Settings, timeout: float) -> dict[str, Any]:
    named = parse_url(settings.redis_url)  # type: ignore[no-untyped-call]
    options: dict[str, Any] = {**named, "socket_timeout": timeout, "protocol": 2}
    if "path" not in options:
        options["socket_connect_timeout"] = timeout
    if settings.redis_sentinels:
        # The Sentinels know the address; user, password, database and TLS are the address's.
        options = {name: value for name, value in options.items() if name not in {"host", "port"}}
    return {**options, "retry": Retry(NoBackoff(), 0)}


def _sentinel(settings: Settings, timeout: float) -> Sentinel:
    shared = _options(settings, timeout)
    tls = issubclass(shared.get("connection_class", Connection), SSLConnection)
    options = {name: value for name, value in shared.items() if name not in OF_AN_ADDRESS}
    if settings.redis_sentinel_password:
        options["password"] = settings.redis_sentinel_password
    addresses = list(settings.redis_sentinels)
    return Sentinel(addresses, sentinel_kwargs={**options, "ssl": tls})  # type: ignore[no-untyped-call]


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


class Resting:
    """A pool that raises at once for a moment after a failure, instead of waiting for one time-out after another."""

    pause: Pause

    def get_connection(self, *args: Any, **options: Any) -> Any:
        """Return a connection, or raise at once while Redis rests."""
        self.pause.check()
        return super().get_connection(*args, **options)  # type: ignore[misc]


class RestingPool(Resting, ConnectionPool):
    """Of one server."""


class RestingSentinelPool(Resting, SentinelConnectionPool):
    """Of the server that the Sentinels name."""


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


class WatchedSentinelConnection(Watched, SentinelManagedConnection):
    """To the server that the Sentinels name."""


class WatchedSentinelTlsConnection(Watched, SentinelManagedSSLConnection):
    """The same over TLS."""


WATCHED: dict[type, type] = {
    Connection: WatchedConnection,
    UnixDomainSocketConnection: WatchedUnixConnection,
    SSLConnection: WatchedTlsConnection,
}
