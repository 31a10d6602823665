"""Runtime: the parts that a process works with, built once for both doors and handed down; no logic."""

from dataclasses import dataclass
from typing import Any

from redis import Redis
from sqlalchemy import event

from service import db, redis_pool
from service.challenges import Challenges
from service.comments import counting
from service.config import Settings
from service.db import Database
from service.holds import Terms
from service.metrics import Tally, vocabulary
from service.privacy import Vault
from service.telemetry import Telemetry


@dataclass(frozen=True, slots=True)
class Runtime:
    """Settings and the connections made from them."""

    settings: Settings
    database: Database
    redis: Redis
    challenges: Challenges
    vault: Vault
    tally: Tally
    telemetry: Telemetry

    @property
    def receipt_secret(self) -> bytes:
        """Return the key from which receipts follow."""
        return self.settings.secret("receipts")

    @property
    def receipt_secrets(self) -> tuple[bytes, ...]:
        """Return that key and the ones before it."""
        return self.settings.secrets("receipts")

    @property
    def terms(self) -> Terms:
        """Return what is kept of what is erased."""
        return Terms(self.vault, self.settings.retention_floor)

    def close(self) -> None:
        """Close every connection."""
        self.redis.close()
        self.redis.connection_pool.disconnect()
        self.database.close()
        self.tally.close()
        self.telemetry.flush()


def build(settings: Settings, *, database_pool: int = 10, telemetry: Telemetry | None = None) -> Runtime:
    """Put the parts together; nothing is connected until the first use, and nothing told without `telemetry`."""
    redis = redis_pool.connect(settings)
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
            keys_before=settings.secrets("challenges")[1:],
            lifetime=settings.challenge_lifetime,
            minimum_fill=settings.minimum_fill,
        ),
        vault=terms_of(settings).vault,
        tally=tally,
        telemetry=telemetry or Telemetry(),
    )


def terms_of(settings: Settings) -> Terms:
    """Return the keys of personal data, and what is kept of what is erased."""
    return Terms(Vault(settings.data_keys, settings.address_key, settings.lookup_key), settings.retention_floor)


def _watch_connections(database: Database, tally: Tally) -> None:
    pool = database.engine.pool

    @event.listens_for(pool, "checkout")
    def taken(_connection: object, record: Any, _fairy: object) -> None:
        record.record_info["counted"] = True
        tally.add(vocabulary.CONNECTIONS)

    @event.listens_for(pool, "connect")
    def opened(*_: object) -> None:
        tally.set(vocabulary.MOST_CONNECTIONS, database.most_connections)

    @event.listens_for(pool, "checkin")
    def given_back(_connection: object, record: Any) -> None:
        # One that could not be had is given back too.
        if record.record_info.pop("counted", False):
            tally.add(vocabulary.CONNECTIONS, by=-1)
