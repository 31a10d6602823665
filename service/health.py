"""How each part of the installation does, and what to do about one that does badly.

What was found is a code with its facts, since people read it in two languages; the English sentence stands here, where
`doctor` takes it from. The page under /ops shows the same.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from redis import Redis
from redis.exceptions import RedisError, ResponseError

from service import jobs, queues, schema
from service.db import AWAY, Database

OLDEST_PENDING_SECONDS = 60
SCHEDULER_SECONDS = 90

KEEPS = "noeviction"

SENTENCES = {
    "database_answers": "{kind} answers",
    "database_away": "does not answer ({error}); start it or mend DATABASE_URL",
    "migrations_at_head": "at head",
    "migrations_behind": "behind; run `python -m service migrate`",
    "pending_well": "{number} comments, the oldest {age} s old",
    "pending_late": "{number} comments, the oldest {age} s old; are workers running?",
    "unchecked_none": "none",
    "unchecked_some": "{number} comments are held; mend the cause, then `python -m service failed replay all`",
    "redis_answers": "answers",
    "redis_away": "does not answer ({error}); start it or mend REDIS_URL",
    "memory_well": "noeviction",
    "memory_evicts": "{policy}; set maxmemory-policy noeviction",
    "memory_unknown": "the server does not tell; see that its maxmemory-policy is noeviction",
    "workers_alive": "{number} alive",
    "workers_none": "none; start `python -m workers`",
    "scheduler_alive": "seen {age} s ago",
    "scheduler_silent": "not seen; start `python -m workers schedule`",
    "jobs_none": "0",
    "jobs_failed": "{number}; see `python -m service failed list`",
}
GOOD = frozenset(
    {
        "database_answers",
        "migrations_at_head",
        "pending_well",
        "unchecked_none",
        "redis_answers",
        "memory_well",
        "memory_unknown",
        "workers_alive",
        "scheduler_alive",
        "jobs_none",
    }
)


@dataclass(frozen=True, slots=True)
class Examined:
    """One part of the installation and how it does."""

    part: str
    code: str
    facts: dict[str, str | int] = field(default_factory=dict)

    @property
    def well(self) -> bool:
        """Say whether nothing has to be done."""
        return self.code in GOOD

    @property
    def sentence(self) -> str:
        """Return what was found, in English."""
        return SENTENCES[self.code].format(**self.facts)


def examined(database: Database, redis: Redis, *, now: datetime) -> list[Examined]:
    """Look at every part."""
    found: list[Examined] = []
    try:
        found.extend(_database(database, now))
    except AWAY as error:
        found.append(Examined("database", "database_away", {"error": type(error).__name__}))
    try:
        found.extend(_redis(redis, now))
    except RedisError as error:
        found.append(Examined("redis", "redis_away", {"error": type(error).__name__}))
    return found


def eviction(redis: Redis) -> str | None:
    """Return what a full server does, `noeviction` where it keeps everything; None where it does not tell."""
    try:
        return str(redis.config_get("maxmemory-policy").get("maxmemory-policy", KEEPS))
    except ResponseError:
        # Many rented servers keep CONFIG to themselves.
        return None


def _database(database: Database, now: datetime) -> list[Examined]:
    with database.reading() as session:
        found = [Examined("database", "database_answers", {"kind": session.get_bind().dialect.name})]
        if not schema.is_current(session):
            return [*found, Examined("migrations", "migrations_behind")]
        rows = queues.rows(session, now=now)
    late = rows.pending and rows.oldest_pending >= OLDEST_PENDING_SECONDS
    return [
        *found,
        Examined("migrations", "migrations_at_head"),
        Examined(
            "pending",
            "pending_late" if late else "pending_well",
            {"number": rows.pending, "age": rows.oldest_pending},
        ),
        Examined("unchecked", "unchecked_some" if rows.unchecked else "unchecked_none", {"number": rows.unchecked}),
    ]


def _redis(redis: Redis, now: datetime) -> Iterator[Examined]:
    redis.ping()
    yield Examined("redis", "redis_answers")
    policy = eviction(redis)
    if policy is None:
        yield Examined("memory", "memory_unknown")
    else:
        yield Examined("memory", "memory_evicts" if policy != KEEPS else "memory_well", {"policy": policy})
    bells = queues.bells(redis, now=now)
    yield Examined("workers", "workers_alive" if bells.workers else "workers_none", {"number": bells.workers})
    beat = jobs.last_beat(redis)
    age = max(0, int((now - beat).total_seconds())) if beat is not None else 0
    alive = beat is not None and age < SCHEDULER_SECONDS
    yield Examined("scheduler", "scheduler_alive" if alive else "scheduler_silent", {"age": age})
    yield Examined("jobs", "jobs_failed" if bells.failed else "jobs_none", {"number": bells.failed})
