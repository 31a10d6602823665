"""`python -m workers` serves the queue; `python -m workers schedule` runs the periodic jobs."""

import contextlib
import signal
import sys
import threading

import structlog
from redis import Redis
from redis.exceptions import RedisError

from service import config, health, jobs, logs, redis_pool
from workers import schedule, tasks

log = structlog.get_logger(__name__)


def main(arguments: list[str]) -> int:
    """Run one of the two kinds of process until it is told to stop."""
    try:
        settings = config.load()
    except config.BadSettings as error:
        sys.stderr.write(f"{error}\n")
        return 2
    logs.configure(settings.log_level)
    for number in (signal.SIGTERM, signal.SIGINT):
        # While the engine is loaded there is nothing in hand, and to be told to stop is no failure.
        signal.signal(number, lambda *_: sys.exit(0))
    if arguments == ["schedule"]:
        return _schedule(settings)
    if arguments:
        sys.stderr.write("Usage: python -m workers [schedule]\n")
        return 2
    return _work(settings)


def _work(settings: config.Settings) -> int:
    # Everything is loaded before the first fork; the connections are made after it.
    parts = tasks.built()
    logs.configure(settings.log_level, report=parts.telemetry.report)
    redis = redis_pool.connect_worker(settings)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    said = False
    while not stop.is_set():
        try:
            redis.ping()
            break
        except RedisError:
            # The server may be starting; without it there are no bells to hear.
            if not said:
                log.warning("waiting_for_redis")
            said = True
            stop.wait(0.2)
    if stop.is_set():
        return 0
    _warn_of_eviction(redis)
    for number in (signal.SIGTERM, signal.SIGINT):
        # Until RQ has its own handlers there is no job in hand, and nothing to wait for.
        signal.signal(number, lambda *_: sys.exit(0))
    try:
        jobs.worker(redis).work(logging_level=None)
    except RedisError as error:
        log.warning("worker_lost_redis", error=type(error).__name__)
        return 1
    return 0


def _warn_of_eviction(redis: Redis) -> None:
    with contextlib.suppress(RedisError):
        policy = health.eviction(redis)
        if policy not in {health.KEEPS, None}:
            log.error("redis_may_evict", policy=policy, wanted=health.KEEPS)


def _schedule(settings: config.Settings) -> int:
    parts = tasks.built()
    logs.configure(settings.log_level, report=parts.telemetry.report)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    schedule.run(parts, stop)
    parts.close()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
