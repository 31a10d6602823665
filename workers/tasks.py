"""What a job does: open a session, call a use case, commit. Nothing is decided here.

`service.jobs` names these functions by their dotted strings.
"""

import contextlib
import gc
import signal
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import cache
from uuid import UUID

import structlog
from rq import get_current_job
from sqlalchemy.orm import Session

from service import config, jobs, news, runtime, telemetry
from service.comments import judging
from service.metrics import vocabulary
from service.moderation import prepare
from service.rules import backtests
from service.runtime import Runtime
from service.telemetry import Span

COMMENT_SECONDS = 5.0
"""How long the engine may work on one comment; the longest one allowed needs a few hundredths."""
DRAIN_SECONDS = 60
"""A job ends after so long and rings for the next, well within its time limit."""

BACKTEST_SECONDS = 4
"""A backtest steps back after so long, so that comments are judged meanwhile."""


class JobFailed(Exception):
    """A job ended early; the text is the kind of the error, and the worker's log says where it was raised."""


log = structlog.get_logger(__name__)


@cache
def built() -> Runtime:
    """Return the process's runtime; made before the fork, connected after it."""
    prepare()
    settings = config.load()
    parts = runtime.build(settings, database_pool=2, telemetry=telemetry.start(settings))
    # What was loaded stays: looking through it for garbage would take each job a tenth of a second, and its own copy.
    gc.freeze()
    return parts


def judge_pending() -> int:
    """Judge everything that is due; return how many comments were finished."""
    return _run("judge", _drain)


def run_backtest(backtest_id: str) -> int:
    """Go on with a backtest for a few seconds, then let others work first; return how many comments were looked at."""
    return _run("backtest", lambda parts, started: _backtest(parts, UUID(backtest_id), started))


def _run(name: str, work: Callable[[Runtime, float], int]) -> int:
    """Do one job at the edge of the process: counted, and one line in the log, however it ends."""
    parts, started, job = built(), time.monotonic(), get_current_job()
    structlog.contextvars.bind_contextvars(job=job.id if job is not None else "")
    try:
        comments = work(parts, started)
    except Exception as error:  # noqa: BLE001 - as the next line says.
        # The edge of the process. RQ keeps an error's whole text in Redis for weeks; it gets the kind alone.
        _ended(parts, name, "failed", started, exc_info=error, error=type(error).__name__)
        raise JobFailed(type(error).__name__) from None
    _ended(parts, name, "done", started, comments=comments)
    return comments


def _job_id() -> str:
    return str(structlog.contextvars.get_contextvars().get("job", ""))


def _ended(parts: Runtime, name: str, result: str, started: float, **more: object) -> None:
    seconds = time.monotonic() - started
    parts.tally.add(vocabulary.JOBS, name, result)
    parts.tally.observe(vocabulary.JOB_SECONDS, seconds, name)
    say = log.info if result == "done" else log.error
    say("job", name=name, result=result, seconds=round(seconds, 3), **more)
    facts: dict[str, str | int] = {"job": _job_id(), "name": name, "result": result}
    parts.telemetry.tell(Span(f"job {name}", seconds, facts, failed=result != "done"))
    # RQ ends the process that ran a job without a word.
    parts.telemetry.flush()


def _drain(parts: Runtime, started: float) -> int:
    stopped = False

    def go_on() -> bool:
        nonlocal stopped
        # Who waits for this process to end waits for the batch in its hands, and not for all that is pending.
        stopped = time.monotonic() - started >= DRAIN_SECONDS or jobs.asked_to_stop(parts.redis)
        return not stopped

    finished = drain(parts, go_on=go_on)
    if stopped:
        jobs.ring(parts.redis, parts.tally)
    return finished


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


class TookTooLong(Exception):
    """A comment took more of the processor's time than any comment may."""


@contextlib.contextmanager
def within_time(seconds: float = COMMENT_SECONDS) -> Iterator[None]:
    """Break off what runs longer, and again each second: the check at work did not run, and the policy holds.

    Only a process's first thread hears signals; that is where RQ runs its jobs.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def interrupt(_number: int, _frame: object) -> None:
        raise TookTooLong

    before = signal.signal(signal.SIGVTALRM, interrupt)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds, 1.0)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def drain(parts: Runtime, *, go_on: Callable[[], bool] = lambda: True, late_first: bool = False) -> int:
    """Judge batch after batch while something is due and `go_on` says so; return how many comments were finished.

    A batch is finished and the next one claimed in one transaction: either both happened or neither.
    """
    finished = 0
    # The bell is reset first: what arrives after the claim must be able to ring.
    jobs.heard(parts.redis)
    with parts.database.writing() as session:
        claimed, held = _claim(parts, session, late_first)
    while claimed or held:
        finished += held
        judged = _judged(parts, claimed)
        late_first, more = not late_first, go_on()
        if more:
            jobs.heard(parts.redis)
        with parts.database.writing() as session:
            finished += judging.finish(session, judged, now=datetime.now(UTC))
            judging.give_back(session, claimed[len(judged) :])
            claimed, held = _claim(parts, session, late_first) if more else ([], 0)
        for one in judged:
            verdict: dict[str, str | int] = {"job": _job_id(), "outcome": one.verdict.outcome.value}
            parts.telemetry.tell(Span("judge", one.seconds, verdict, comment=one.claimed.id))
        news.tell(parts.redis, judging.shown_anew(judged), only_added=True)
    return finished


def _claim(parts: Runtime, session: Session, late_first: bool) -> tuple[list[judging.Claimed], int]:
    """Return the next batch, and how many comments were held since nobody could check them."""
    settings = parts.settings
    claimed = judging.claim(
        session, batch=settings.batch, lease=settings.lease, attempts=settings.attempts, late_first=late_first
    )
    if claimed and not late_first:
        return claimed, 0
    return claimed, judging.give_up(session, attempts=settings.attempts, lease=settings.lease, now=datetime.now(UTC))


def _judged(parts: Runtime, claimed: list[judging.Claimed]) -> list[judging.Judged]:
    settings = parts.settings
    if not claimed:
        return []
    with parts.database.reading() as session:
        cases = judging.gather(
            session,
            claimed,
            allowance=settings.allowance(judging.FLOOD_WITHIN),
            now=datetime.now(UTC),
            zone=settings.zone,
        )
    judged = judging.judge(cases, limit=within_time, seconds=settings.lease.total_seconds() / 2)
    parts.tally.observe_all(vocabulary.VERDICT_SECONDS, [one.seconds for one in judged])
    return judged
