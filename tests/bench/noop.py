"""RQ's SimpleWorker over jobs that do nothing: prints how many a second."""

import logging
import sys
import time

from redis import Redis
from rq import Queue, SimpleWorker
from rq.serializers import JSONSerializer

JOBS = 1500


def nothing() -> None:
    """Do nothing."""


def main(url: str) -> None:
    """Enqueue the jobs, then time the worker until none is left."""
    redis = Redis.from_url(url)
    queue = Queue("nothing", connection=redis, serializer=JSONSerializer)
    for _ in range(JOBS):
        queue.enqueue_call("tests.bench.noop.nothing", result_ttl=0)
    logging.disable()
    worker = SimpleWorker([queue], connection=redis, serializer=JSONSerializer, log_job_description=False)
    begun = time.perf_counter()
    worker.work(burst=True, logging_level="CRITICAL")
    print(JOBS / (time.perf_counter() - begun))


if __name__ == "__main__":
    main(sys.argv[1])
