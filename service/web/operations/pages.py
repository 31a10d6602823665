"""The operators' page: each part's health, the queue, the workers, what failed, and the buttons to try it again."""

from collections.abc import Callable
from typing import TypeVar

from flask import Blueprint, Response
from redis.exceptions import RedisError

from service import failures, health, jobs, queues
from service.db import AWAY
from service.web import auth, context, payload
from service.web.desk import frame, rooms
from service.web.errors import Problem
from service.web.operations import words

operations = Blueprint("operations", __name__, url_prefix="/ops")
operations.before_request(rooms.begin)
operations.after_request(rooms.protect)

SHOWN = 50

Found = TypeVar("Found")


@operations.before_request
def demand_all_sites() -> None:
    """Refuse an account that is for some sites alone: queues and workers belong to all of them."""
    found = auth.signed_in()
    if found is not None and found.viewer.sites is not None:
        raise Problem("forbidden")


@operations.get("/")
def board() -> Response:
    """Show everything that an operator asks first."""
    runtime, now, said = context.runtime(), context.now(), words.of(context.language())
    found = health.examined(runtime.database, runtime.redis, now=now)
    return frame.page(
        "operations/board.html",
        said=said,
        parts=[(one, said[one.code].format(**one.facts)) for one in found],
        seen=queues.seen(runtime.database, runtime.redis, now=now),
        workers=_asked(lambda: queues.workers(runtime.redis)),
        unchecked=_asked(_unchecked),
        failed=_asked(lambda: jobs.failed(runtime.redis, limit=SHOWN)),
        shown=SHOWN,
    )


@operations.post("/replay")
def replay() -> Response:
    """Let the workers try one again, or all."""
    runtime, which = context.runtime(), payload.text_of(payload.read(), "which")
    done = failures.replay(runtime.database, runtime.redis, runtime.tally, which, now=context.now())
    return frame.onward("operations.board", done="replayed" if done.comments or done.jobs else "nothing")


def _unchecked() -> list[failures.Unchecked]:
    with context.runtime().database.reading() as session:
        return failures.unchecked(session, limit=SHOWN)


def _asked(ask: Callable[[], Found]) -> Found | None:
    """Return the answer, or None while the part is away: the rest of the page says so."""
    try:
        return ask()
    except (*AWAY, RedisError):
        return None
