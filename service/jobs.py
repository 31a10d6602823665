"""The only place that knows job names, queues and RQ's options; what a job does is `workers.tasks`'s to call.

A job carries no data, at most the id of the row that says what to do. `ring` is a doorbell: it says "there may be
something to judge" and nothing is lost when it is not heard, since the pending row is the queue (docs/adr/0002).
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

import structlog
from redis import Redis
from redis.client import Pipeline
from redis.exceptions import RedisError
from rq import Queue, Worker, get_current_job, worker_registration
from rq.job import Job
from rq.registry import FailedJobRegistry
from rq.serializers import JSONSerializer
from rq.utils import import_attribute

from service.metrics import Tally, vocabulary

QUEUE = "duyet"
JUDGE = "workers.tasks.judge_pending"
BACKTEST = "workers.tasks.run_backtest"
NAMES = frozenset({JUDGE, BACKTEST})
BELL = "duyet:bell"
BELL_MILLISECONDS = 200
BEAT = "duyet:scheduler"
SCRUB = "duyet:scrub"
BEAT_SECONDS = 3600
BELLS = 4
"""So many bells may wait: one for each worker that could help, and no more."""
BACKTEST_ASKED = "duyet:backtest:"
BACKTEST_SECONDS = 30
"""A backtest is asked for once in so many seconds, however often somebody looks whether it waits."""
JOB_SECONDS = 120
FAILED_SECONDS = 14 * 24 * 3600
MOST_FAILED = 1000
"""A fault that lasts fails a job at every sweep; Redis, which evicts nothing, must not fill up with them."""

log = structlog.get_logger(__name__)


class NotOurJob(Exception):
    """Somebody who can write to Redis asked for a function that is not one of our jobs."""


class BadWorker(Exception):
    """The worker is set up in a way that loses or endangers jobs."""


class OurJob(Job):
    """A job that runs our functions alone: a name is all that is taken from Redis, and it must be on the list."""

    @property
    def func(self) -> Callable[..., Any]:
        """Return the function; raise `NotOurJob` for any other than ours."""
        if self.func_name not in NAMES or self.instance is not None:
            raise NotOurJob(str(self.func_name)[:80])
        found: Callable[..., Any] = import_attribute(self.func_name)
        return found

    def restore(self, raw_data: dict[Any, Any]) -> None:
        """Read the job and drop what could call anything else: we use neither callbacks nor webhooks."""
        harmless = {
            key: value for key, value in raw_data.items() if not bytes(key).endswith((b"_callback_name", b"webhooks"))
        }
        super().restore(harmless)


class OurWorker(Worker):
    """A worker that is listed again when Redis lost its list: with every sign of life it says who it is."""

    def heartbeat(self, timeout: int | None = None, pipeline: Pipeline | None = None) -> None:
        """Say that the worker lives, and as what; RQ says the latter only at its birth."""
        super().heartbeat(timeout, pipeline)
        connection = self.connection if pipeline is None else pipeline
        connection.hset(self.key, mapping={**self.serialize(), "state": self.get_state()})
        worker_registration.register(self, pipeline)


def queue(redis: Redis) -> Queue:
    """Return the one queue; jobs on it are JSON and of our class."""
    return Queue(QUEUE, connection=redis, serializer=JSONSerializer, job_class=OurJob, default_timeout=JOB_SECONDS)


def worker(redis: Redis, *, queues: list[str] | None = None, serializer: Any = JSONSerializer) -> Worker:
    """Return a worker that forks for each job; raise `BadWorker` for pickle, or for more than one queue.

    A worker on two queues loses a job when it is killed between taking and starting it, and a pickled
    job is code of whoever can write to Redis.
    """
    if queues is not None and queues != [QUEUE]:
        raise BadWorker(f"One worker serves one queue, {QUEUE}; start another process for another queue.")
    if serializer is not JSONSerializer:
        raise BadWorker("Jobs are JSON; any other serializer lets Redis decide what code runs here.")
    return OurWorker(
        [queue(redis)],
        connection=redis,
        serializer=JSONSerializer,
        job_class=OurJob,
        log_job_description=False,
        worker_ttl=60,
        maintenance_interval=60,
    )


def ring(redis: Redis, tally: Tally) -> bool:
    """Ask for a worker unless one was asked for a moment ago; return whether Redis heard it. Never raises for Redis."""
    try:
        if not redis.set(BELL, b"1", nx=True, px=BELL_MILLISECONDS):
            return True
        waiting = queue(redis)
        if waiting.count < BELLS:
            waiting.enqueue_call(JUDGE, result_ttl=0, failure_ttl=FAILED_SECONDS, description="judge pending comments")
            tally.add(vocabulary.BELLS, "rung")
    except RedisError as error:
        log.warning("bell_not_heard", error=type(error).__name__)
        tally.add(vocabulary.BELLS, "lost")
        return False
    return True


def beat(redis: Redis, *, now: datetime) -> None:
    """Say that a scheduler is alive."""
    redis.set(BEAT, now.isoformat(), ex=BEAT_SECONDS)


def last_beat(redis: Redis) -> datetime | None:
    """Return when a scheduler was last alive, None when that is long ago."""
    said = redis.get(BEAT)
    return datetime.fromisoformat(bytes(said).decode()) if isinstance(said, bytes) else None


def oldest(redis: Redis, *, now: datetime) -> int:
    """Return for how many seconds the first job has been waiting, 0 when none is."""
    first = next(iter(queue(redis).get_jobs(0, 1)), None)
    return max(0, int((now - first.enqueued_at).total_seconds())) if first is not None and first.enqueued_at else 0


def ask_backtest(redis: Redis, backtest_id: UUID, *, again: bool = False) -> bool:
    """Ask for a worker for this backtest, once within a while; return whether Redis heard it. Never raises for Redis.

    `again` is a worker's own: it did a part and steps back, so that comments are not kept waiting.
    """
    name = f"{BACKTEST_ASKED}{backtest_id}"
    try:
        if again:
            redis.set(name, b"1", ex=BACKTEST_SECONDS)
        elif not redis.set(name, b"1", nx=True, ex=BACKTEST_SECONDS):
            return True
        queue(redis).enqueue_call(
            BACKTEST, args=(str(backtest_id),), result_ttl=0, failure_ttl=FAILED_SECONDS, description="backtest"
        )
    except RedisError as error:
        log.warning("backtest_not_heard", error=type(error).__name__)
        return False
    return True


def ask_scrub(redis: Redis) -> bool:
    """Ask the scheduler to take what was just erased out of the files; return whether Redis heard it. Never raises.

    What is not heard is done on the day's own turn.
    """
    try:
        redis.set(SCRUB, b"1")
    except RedisError as error:
        log.warning("scrub_not_heard", error=type(error).__name__)
        return False
    return True


def scrub_asked(redis: Redis) -> bool:
    """Return whether somebody asked since this was asked last."""
    return bool(redis.getdel(SCRUB))


def failed(redis: Redis, *, limit: int = MOST_FAILED) -> list[tuple[str, str, str]]:
    """Return the newest failed jobs: id, name, and the last line of what went wrong."""
    found = []
    newest = FailedJobRegistry(queue=queue(redis)).get_job_ids(0, limit - 1, desc=True)
    for job in Job.fetch_many(newest, redis, serializer=JSONSerializer):
        if job is not None:
            result = job.latest_result()
            trace = (result.exc_string if result is not None else None) or "killed"
            found.append((job.id, str(job.func_name)[:80], trace.strip().splitlines()[-1][:200]))
    return found


def forget_failed(redis: Redis, job_id: str | None = None) -> int:
    """Forget one failed job or all, since a new bell does all that an old one would; return how many."""
    registry = FailedJobRegistry(queue=queue(redis))
    ids = [one for one in registry.get_job_ids() if job_id in {None, one}]
    for one in ids:
        registry.remove(one, delete_job=True)
    return len(ids)


def forget_old_failed(redis: Redis) -> int:
    """Forget all failed jobs but the newest thousand; return how many."""
    registry = FailedJobRegistry(queue=queue(redis))
    old = registry.get_job_ids(0, -MOST_FAILED - 1)
    for one in old:
        registry.remove(one, delete_job=True)
    return len(old)


def asked_to_stop(redis: Redis) -> bool:
    """Say whether the worker of this job was told to end meanwhile, which RQ notes beside its name. Never raises."""
    job = get_current_job()
    if job is None or not job.worker_name:
        return False
    try:
        return bool(redis.hexists(Worker.redis_worker_namespace_prefix + job.worker_name, "shutdown_requested_date"))
    except RedisError:
        return False


def heard(redis: Redis) -> None:
    """Let the bell ring again for what arrives from now on; called before each claim."""
    try:
        redis.delete(BELL)
    except RedisError as error:
        log.warning("bell_not_reset", error=type(error).__name__)
