"""What went wrong and can be tried again: comments that could not be checked, without a word of them, and jobs."""

import uuid
from dataclasses import dataclass
from datetime import datetime

from redis import Redis
from redis.exceptions import RedisError
from sqlalchemy.orm import Session

from service import jobs
from service.comments import judging
from service.db import Database
from service.metrics import Tally

AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Unchecked:
    """A held comment that no worker could check, without a word of it."""

    id: uuid.UUID
    site: str
    attempts: int
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Replayed:
    """How many were given to the workers again."""

    comments: int
    jobs: int


def unchecked(session: Session, *, limit: int = AT_ONCE) -> list[Unchecked]:
    """Return the comments that could not be checked, oldest first."""
    rows = judging.not_checked(session, limit=limit)
    return [Unchecked(row.id, row.site.key, row.attempts, row.created_at) for row in rows]


def replay(database: Database, redis: Redis, tally: Tally, which: str, *, now: datetime) -> Replayed:
    """Let the workers try again: one comment or job by its id, or all for `all`. Commit, then ring."""
    comments = _all_comments(database, now) if which == "all" else _one_comment(database, which, now)
    if not jobs.ring(redis, tally):
        return Replayed(comments, 0)
    try:
        # A bell does all that the failed one would have done, so that one is not needed any more.
        return Replayed(comments, jobs.forget_failed(redis, None if which == "all" else which))
    except RedisError:
        return Replayed(comments, 0)


def _one_comment(database: Database, which: str, now: datetime) -> int:
    try:
        comment_id = uuid.UUID(which)
    except ValueError:
        return 0
    with database.writing() as session:
        return judging.replay(session, judging.not_checked(session, only=comment_id), now=now)


def _all_comments(database: Database, now: datetime) -> int:
    replayed, after = 0, None
    while True:
        # What fails once more meanwhile is held again behind us, and not replayed for ever.
        with database.writing() as session:
            rows = judging.not_checked(session, limit=AT_ONCE, after=after)
            if not rows:
                return replayed
            after = rows[-1].id
            replayed += judging.replay(session, rows, now=now)
