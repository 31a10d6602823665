"""What a job does: open a session, call a use case, commit. Nothing is decided here.

`service.jobs` names these functions by their dotted strings.
"""

import time
from datetime import UTC, datetime
from functools import cache
from uuid import UUID

import structlog

from service import config, jobs, news, runtime
from service.comments import judging
from service.metrics import vocabulary
from service.moderation import prepare
from service.rules import backtests
from service.runtime import Runtime

DRAIN_SECONDS = 60
"""A job ends after so long and rings for the next, well within its time limit."""

BACKTEST_SECONDS = 4
"""A backtest steps back after so long, so that comments are judged meanwhile."""

log = structlog.get_logger(__name__)


@cache
def built() -> Runtime:
    """Return the process's runtime; made before the fork, connected after it."""
    prepare()
    return runtime.build(config.load(), database_pool=2)


def judge_pending() -> int:
    """Judge everything that is due; return how many comments were finished."""
    parts = built()
    started = time.monotonic()
    result = "failed"
    try:
        finished = _drain(parts, started)
        result = "done"
    finally:
        parts.tally.add(vocabulary.JOBS, "judge", result)
        parts.tally.observe(vocabulary.JOB_SECONDS, time.monotonic() - started, "judge")
    if finished:
        log.info("judged", comments=finished, seconds=round(time.monotonic() - started, 3))
    return finished


def _drain(parts: Runtime, started: float) -> int:
    finished = 0
    while time.monotonic() - started < DRAIN_SECONDS:
        # The bell is reset first: what arrives after the claim must be able to ring.
        jobs.heard(parts.redis)
        claimed = drain_once(parts)
        if claimed is None:
            break
        finished += claimed
    else:
        jobs.ring(parts.redis, parts.tally)
    return finished


def run_backtest(backtest_id: str) -> int:
    """Go on with a backtest for a few seconds, then let others work first; return how many comments were looked at."""
    parts = built()
    started = time.monotonic()
    result = "failed"
    try:
        seen = _backtest(parts, UUID(backtest_id), started)
        result = "done"
    finally:
        parts.tally.add(vocabulary.JOBS, "backtest", result)
        parts.tally.observe(vocabulary.JOB_SECONDS, time.monotonic() - started, "backtest")
    log.info("backtested", comments=seen, seconds=round(time.monotonic() - started, 3))
    return seen


def _backtest(parts: Runtime, backtest_id: UUID, started: float) -> int:
    seen = 0
    with parts.database.writing() as session:
        work = backtests.claim(session, backtest_id, now=datetime.now(UTC))
    while work is not None and time.monotonic() - started < BACKTEST_SECONDS:
        with parts.database.reading() as session:
            past = backtests.load(session, work)
        batch = backtests.tally(work, past)
        seen += batch.seen
        with parts.database.writing() as session:
            work = backtests.store(session, work, batch, now=datetime.now(UTC))
    if work is not None:
        with parts.database.writing() as session:
            backtests.release(session, work)
        jobs.ask_backtest(parts.redis, work.id, again=True)
    return seen


def drain_once(parts: Runtime) -> int | None:
    """Claim, judge and finish one batch; return how many were finished, None when nothing was due."""
    settings = parts.settings
    with parts.database.writing() as session:
        claimed = judging.claim(session, batch=settings.batch, lease=settings.lease, attempts=settings.attempts)
    if not claimed:
        with parts.database.writing() as session:
            held = judging.give_up(session, attempts=settings.attempts, now=datetime.now(UTC))
        return held or None
    with parts.database.reading() as session:
        cases = judging.gather(
            session,
            claimed,
            allowance=settings.allowance(judging.FLOOD_WITHIN),
            now=datetime.now(UTC),
            zone=settings.zone,
        )
    judged = judging.judge(cases)
    for one in judged:
        parts.tally.observe(vocabulary.VERDICT_SECONDS, one.seconds)
    with parts.database.writing() as session:
        finished = judging.finish(session, judged, now=datetime.now(UTC))
    news.tell(parts.redis, judging.shown_anew(judged))
    return finished
