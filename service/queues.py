"""What runs and what waits, as an operator sees it; the pending rows are the queue, RQ only knows of bells."""

from dataclasses import dataclass
from datetime import datetime

from redis import Redis
from redis.exceptions import RedisError
from rq import Worker
from rq.registry import FailedJobRegistry
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from service import jobs, schema
from service.comments.judging import UNCHECKED
from service.db import AWAY, Database
from service.models import Comment

OLDEST_PENDING_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Examined:
    """One part of the installation and how it does."""

    part: str
    well: bool
    sentence: str


def seen(database: Database, redis: Redis, *, now: datetime) -> dict[str, str]:
    """Return counts and ages, `?` for what cannot be asked at the moment."""
    shown: dict[str, str] = {}
    try:
        with database.reading() as session:
            for status in ("pending", "held"):
                number, age = waiting(session, status, now=now)
                shown[f"{status} comments"] = str(number)
                shown[f"oldest {status}, seconds"] = str(age) if number else "-"
            shown["could not be checked"] = str(unchecked(session))
    except AWAY:
        shown |= dict.fromkeys(("pending comments", "held comments", "could not be checked"), "?")
    try:
        shown["bells waiting"] = str(jobs.queue(redis).count)
        shown["failed jobs"] = str(FailedJobRegistry(queue=jobs.queue(redis)).count)
        workers = Worker.all(connection=redis)
        shown["workers"] = str(len(workers))
        shown["workers busy"] = str(sum(one.get_state() == "busy" for one in workers))
    except RedisError:
        shown |= dict.fromkeys(("bells waiting", "failed jobs", "workers", "workers busy"), "?")
    return shown


def waiting(session: Session, status: str, *, now: datetime) -> tuple[int, int]:
    """Return how many comments have this status and the age of the oldest in seconds, 0 where there is none."""
    number, oldest = session.execute(
        select(func.count(), func.min(Comment.created_at)).where(Comment.status == status)
    ).one()
    return number, max(0, int((now - oldest).total_seconds())) if number else 0


def unchecked(session: Session) -> int:
    """Return how many held comments no worker could check."""
    query = select(func.count()).where(Comment.status == "held", Comment.categories.contains(UNCHECKED))
    return session.scalar(query) or 0


def examined(database: Database, redis: Redis, *, now: datetime) -> list[Examined]:
    """Look at every part and say how it does and what to do."""
    found = []
    try:
        with database.reading() as session:
            found.append(Examined("database", True, f"{session.get_bind().dialect.name} answers"))
            current = schema.is_current(session)
            found.append(
                Examined("migrations", current, "at head" if current else "behind; run `python -m service migrate`")
            )
            if current:
                number, age = waiting(session, "pending", now=now)
                sentence = f"{number} comments, the oldest {age} s old"
                well = not number or age < OLDEST_PENDING_SECONDS
                found.append(Examined("pending", well, sentence if well else f"{sentence}; are workers running?"))
    except AWAY as error:
        found.append(
            Examined("database", False, f"does not answer ({type(error).__name__}); start it or mend DATABASE_URL")
        )
    try:
        redis.ping()
        found.append(Examined("redis", True, "answers"))
        policy = redis.config_get("maxmemory-policy").get("maxmemory-policy")
        well = policy == "noeviction"
        found.append(
            Examined("redis memory", well, f"{policy}" + ("" if well else "; set maxmemory-policy noeviction"))
        )
        workers = Worker.all(connection=redis)
        found.append(
            Examined(
                "workers",
                bool(workers),
                f"{len(workers)} alive" if workers else "none; start `python -m workers`",
            )
        )
        failed = FailedJobRegistry(queue=jobs.queue(redis)).count
        found.append(
            Examined(
                "failed jobs",
                not failed,
                f"{failed}" + ("; see `python -m service failed list`" if failed else ""),
            )
        )
    except RedisError as error:
        found.append(Examined("redis", False, f"does not answer ({type(error).__name__}); start it or mend REDIS_URL"))
    return found
