"""What runs and what waits, as an operator sees it; the pending rows are the queue, RQ only knows of bells."""

from dataclasses import dataclass
from datetime import datetime

from redis import Redis
from redis.exceptions import RedisError
from rq import worker_registration
from rq.registry import FailedJobRegistry
from rq.utils import utcparse
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from service import jobs
from service.comments import surges
from service.comments.judging import UNCHECKED
from service.db import AWAY, Database
from service.models import Comment

NAMES = (
    "pending comments",
    "oldest pending, seconds",
    "held comments",
    "oldest held, seconds",
    "could not be checked",
    "articles in a surge",
    "bells waiting",
    "oldest bell, seconds",
    "failed jobs",
    "workers",
    "workers busy",
)


@dataclass(frozen=True, slots=True)
class Rows:
    """What the database holds: the queue, and what waits for a person. Ages are seconds, 0 without any."""

    pending: int
    oldest_pending: int
    held: int
    oldest_held: int
    unchecked: int


@dataclass(frozen=True, slots=True)
class Bells:
    """What Redis holds: bells and who hears them. RQ knows of no comment. The age is seconds, 0 without any."""

    waiting: int
    oldest: int
    failed: int
    workers: int
    busy: int


@dataclass(frozen=True, slots=True)
class Working:
    """A worker as it told Redis: where it runs, what it does, when it was last heard of."""

    name: str
    state: str
    since: datetime | None
    heard: datetime | None
    done: int
    failed: int


def rows(session: Session, *, now: datetime) -> Rows:
    """Count what waits in the database."""
    pending, oldest_pending = waiting(session, "pending", now=now)
    held, oldest_held = waiting(session, "held", now=now)
    return Rows(pending, oldest_pending, held, oldest_held, unchecked(session))


def bells(redis: Redis, *, now: datetime) -> Bells:
    """Count what waits in Redis."""
    queue = jobs.queue(redis)
    known = workers(redis)
    return Bells(
        waiting=queue.count,
        oldest=jobs.oldest(redis, now=now),
        failed=FailedJobRegistry(queue=queue).count,
        workers=len(known),
        busy=sum(one.state == "busy" for one in known),
    )


def workers(redis: Redis) -> list[Working]:
    """Return the workers that are alive, by name.

    Not by RQ's `Worker.all`: it gives the connections that it is handed the time-out of a worker, which is minutes.
    """
    keys = sorted(worker_registration.get_keys(connection=redis))
    pipeline = redis.pipeline(transaction=False)
    for key in keys:
        pipeline.hgetall(key)
    return [_working(found) for found in pipeline.execute() if found]


def _working(found: dict[bytes, bytes]) -> Working:
    said = {name.decode(): value.decode("utf-8", "replace") for name, value in found.items()}
    return Working(
        name=f"{said.get('hostname', '?')}:{said.get('pid', '?')}",
        state=said.get("state", "?"),
        since=_moment(said.get("birth")),
        heard=_moment(said.get("last_heartbeat")),
        done=int(said.get("successful_job_count", 0)),
        failed=int(said.get("failed_job_count", 0)),
    )


def _moment(said: str | None) -> datetime | None:
    return utcparse(said) if said else None


def seen(database: Database, redis: Redis, *, now: datetime) -> dict[str, str]:
    """Return counts and ages by name, `?` for what cannot be asked at the moment, `-` for the age of nothing."""
    shown = dict.fromkeys(NAMES, "?")
    try:
        with database.reading() as session:
            found = rows(session, now=now)
            surging = surges.number(session)
        shown |= {
            "pending comments": str(found.pending),
            "oldest pending, seconds": str(found.oldest_pending) if found.pending else "-",
            "held comments": str(found.held),
            "oldest held, seconds": str(found.oldest_held) if found.held else "-",
            "could not be checked": str(found.unchecked),
            "articles in a surge": str(surging),
        }
    except AWAY:
        pass
    try:
        heard = bells(redis, now=now)
        shown |= {
            "bells waiting": str(heard.waiting),
            "oldest bell, seconds": str(heard.oldest) if heard.waiting else "-",
            "failed jobs": str(heard.failed),
            "workers": str(heard.workers),
            "workers busy": str(heard.busy),
        }
    except RedisError:
        pass
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
