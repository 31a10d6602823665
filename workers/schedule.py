"""When the periodic jobs run: the sweeper, the challenge pools, what is swept away. What they do is elsewhere.

Every job is safe to run twice, so two schedulers do no harm.
"""

import contextlib
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

import structlog
from redis.exceptions import RedisError

from service import challenges, holds, jobs, retention, sessions, sign_ins, sites, subjects
from service.comments import judging, submission, surges
from service.db import AWAY
from service.metrics import vocabulary
from service.rules import backtests, standing
from service.runtime import Runtime
from service.telemetry import Span

PICTURES, SOUNDS = 300, 60
WATCH_SECONDS = 10.0

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Periodic:
    """A job and how many seconds lie between two runs of it."""

    name: str
    every: float
    run: Callable[[Runtime], object]


def sweep(parts: Runtime) -> bool:
    """Ring when a row is due, whatever became of its first bell."""
    with contextlib.suppress(RedisError):
        jobs.beat(parts.redis, now=datetime.now(UTC))
    with parts.database.reading() as session:
        due = judging.is_due(session, lease=parts.settings.lease)
    return due and jobs.ring(parts.redis, parts.tally)


def ask(parts: Runtime) -> int:
    """Ask again for the backtests that wait for a worker, whatever became of their first job."""
    with parts.database.reading() as session:
        waiting = backtests.due(session)
    for backtest_id in waiting:
        jobs.ask_backtest(parts.redis, backtest_id)
    return len(waiting)


def refill(parts: Runtime) -> int:
    """Make pictures and sounds ahead; return how many."""
    return sum(challenges.refill(parts.challenges, pictures=PICTURES, sounds=SOUNDS))


def watch(parts: Runtime) -> int:
    """Notice which articles get many more comments than usual; return how many began or ended."""
    with parts.database.writing() as session:
        turns = surges.watch(session, now=datetime.now(UTC))
    for turn in turns:
        log.info("surge", article=turn.article_id, began=turn.began, recent=turn.recent)
    return len(turns)


def tidy(parts: Runtime) -> None:
    """Sweep away repeats, proofs, keys, sessions, sign-ins, failed jobs and personal data that are past their time."""
    now = datetime.now(UTC)
    with parts.database.writing() as session:
        judging.forget_repeats(session, now=now)
        submission.forget_spent(session, now=now)
        sessions.forget_old(session, now=now)
        sign_ins.forget_old(session, keep=parts.settings.sign_ins_kept, now=now)
        standing.forget_sightings(session, now=now)
        holds.forget_ended(session, now=now)
        known = sites.every(session)
    for site in known:
        with parts.database.writing() as session:
            erased = retention.erase(session, site, now=now)
        if erased.phones or erased.addresses:
            log.info("retention", site=site.key, phones=erased.phones, addresses=erased.addresses)
    jobs.forget_old_failed(parts.redis)


def scrub(parts: Runtime) -> None:
    """Take what was erased out of the pages of index and journal, where the database leaves it (docs/privacy.md)."""
    subjects.scrub(parts.database)


def scrub_asked(parts: Runtime) -> bool:
    """Do the same at once where somebody erased a person, and again later while a reader was in the way."""
    if not jobs.scrub_asked(parts.redis):
        return False
    done = subjects.scrub(parts.database)
    if not done:
        jobs.ask_scrub(parts.redis)
    return done


def jobs_of(parts: Runtime) -> list[Periodic]:
    """Return the periodic jobs of this installation."""
    return [
        Periodic("sweep", parts.settings.sweep_every.total_seconds(), sweep),
        Periodic("ask", parts.settings.sweep_every.total_seconds(), ask),
        Periodic("refill", 1.0, refill),
        Periodic("watch", WATCH_SECONDS, watch),
        Periodic("tidy", 600.0, tidy),
        Periodic("scrub", 86_400.0, scrub),
        Periodic("scrub_asked", parts.settings.sweep_every.total_seconds(), scrub_asked),
    ]


def run(parts: Runtime, stop: threading.Event) -> None:
    """Run each job when its time has come, until `stop` is set; a job that fails is tried again at its next time."""
    due = {job.name: (time.monotonic(), job) for job in jobs_of(parts)}
    while not stop.is_set():
        for name, (at, job) in due.items():
            if stop.is_set() or time.monotonic() < at:
                continue
            _run(parts, job)
            due[name] = (time.monotonic() + job.every, job)
        stop.wait(max(0.01, min(at for at, _ in due.values()) - time.monotonic()))


def _run(parts: Runtime, job: Periodic) -> None:
    started, result, idle = time.monotonic(), "done", False
    try:
        # What finds nothing to do, every second, is no event.
        idle = not job.run(parts)
        say = log.debug if idle else log.info
        say("job", name=job.name, result=result, seconds=round(time.monotonic() - started, 3))
    except (*AWAY, RedisError) as error:
        result = "failed"
        log.warning("job", name=job.name, result=result, error=type(error).__name__)
    except Exception:  # The edge of the process: one job that is broken must not end the others.
        result = "broken"
        log.exception("job", name=job.name, result=result)
    parts.tally.add(vocabulary.JOBS, job.name, result)
    seconds = time.monotonic() - started
    parts.tally.observe(vocabulary.JOB_SECONDS, seconds, job.name)
    if not idle:
        facts = {"name": job.name, "result": result}
        parts.telemetry.tell(Span(f"job {job.name}", seconds, facts, failed=result != "done"))
