"""What Prometheus reads: the counts of all processes of this host, and what database and Redis hold at the moment.

Database and Redis are asked at most every few seconds, in a thread of their own and with a time limit: a scrape
never waits for a slow part, and says with `duyet_up` that it did not wait. Not here: who may read it.
"""

import threading
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotInTime
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric as Family
from redis.exceptions import RedisError

from service import clock, queues, sites
from service.comments import surges
from service.db import AWAY
from service.metrics import Metric, vocabulary
from service.metrics.tally import Key
from service.rules import standing
from service.runtime import Runtime

FRESH_SECONDS = 5.0
PATIENCE_SECONDS = 2.0
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

Seen = list[tuple[Metric, tuple[str, ...], float]]


@dataclass(slots=True, eq=False)
class Exposition:
    """The page of metrics of one process; it remembers for a moment what it saw."""

    runtime: Runtime
    _seen: dict[str, tuple[float, Seen]] = field(default_factory=dict)
    _under_way: dict[str, "Future[Seen]"] = field(default_factory=dict)
    _threads: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(2, "scrape"))
    _lock: Any = field(default_factory=threading.Lock)

    def page(self) -> bytes:
        """Return all metrics as text."""
        return generate_latest(self.registry())

    def registry(self) -> CollectorRegistry:
        """Return what prometheus_client's own parts ask for metrics."""
        registry = CollectorRegistry(auto_describe=False)
        registry.register(self)
        return registry

    def collect(self) -> Iterator[Family]:
        """Yield what was counted and what is seen, as prometheus_client asks for it."""
        totals = self.runtime.tally.totals()
        yield from (_family(metric, totals) for metric in vocabulary.COUNTED)
        seen: dict[str, GaugeMetricFamily] = {
            metric.name: GaugeMetricFamily(metric.name, metric.says, labels=metric.labels) for metric in vocabulary.SEEN
        }
        for part, ask in (("database", _database), ("redis", _redis)):
            for metric, labels, value in self._fresh(part, ask):
                seen[metric.name].add_metric(labels, value)
        yield from seen.values()

    def close(self) -> None:
        """Wait for nothing any more."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _fresh(self, part: str, ask: Any) -> Seen:
        down: Seen = [(vocabulary.UP, (part,), 0.0)]
        with self._lock:
            at, known = self._seen.get(part, (float("-inf"), down))
            if time.monotonic() < at + FRESH_SECONDS:
                return known
            # One question at a time: a database that hangs is not asked again before it answered.
            asked = self._under_way.get(part)
            if asked is None or asked.done():
                asked = self._under_way[part] = self._threads.submit(ask, self.runtime)
        try:
            found = asked.result(PATIENCE_SECONDS)
        except NotInTime:
            return down
        except (*AWAY, RedisError):
            found = down
        with self._lock:
            self._seen[part] = (time.monotonic(), found)
        return found


def _database(runtime: Runtime) -> Seen:
    now = datetime.now(UTC)
    with runtime.database.reading() as session:
        rows = queues.rows(session, now=now)
        sites_standing = clock.standing(session, sites.every(session), runtime.settings.zone, now=now)
        over_cap = standing.alarms(session, now=now, zone=runtime.settings.zone)
        surging = surges.number(session)
    return [
        (vocabulary.UP, ("database",), 1.0),
        (vocabulary.PENDING, (), rows.pending),
        (vocabulary.OLDEST_PENDING, (), rows.oldest_pending),
        (vocabulary.HELD, (), rows.held),
        (vocabulary.OLDEST_HELD, (), rows.oldest_held),
        *((vocabulary.REVIEW_LATE, (one.site,), float(one.late)) for one in sites_standing),
        *((vocabulary.REVIEW_OLDEST, (one.site,), clock.age(one, now=now)) for one in sites_standing),
        (vocabulary.UNCHECKED, (), rows.unchecked),
        (vocabulary.RULES_OVER_CAP, (), over_cap),
        (vocabulary.SURGES, (), surging),
    ]


def _redis(runtime: Runtime) -> Seen:
    bells = queues.bells(runtime.redis, now=datetime.now(UTC))
    return [
        (vocabulary.UP, ("redis",), 1.0),
        (vocabulary.BELLS_WAITING, (), bells.waiting),
        (vocabulary.OLDEST_BELL, (), bells.oldest),
        (vocabulary.FAILED_JOBS, (), bells.failed),
        (vocabulary.WORKERS, ("busy",), bells.busy),
        (vocabulary.WORKERS, ("idle",), bells.workers - bells.busy),
    ]


def _family(metric: Metric, totals: dict[Key, float]) -> Family:
    mine = {key[1:]: value for key, value in sorted(totals.items()) if key[0] == metric.name}
    if metric.kind == "histogram":
        return _histogram(metric, mine)
    kind = CounterMetricFamily if metric.kind == "counter" else GaugeMetricFamily
    family = kind(metric.name, metric.says, labels=metric.labels)
    for labels, value in mine.items():
        # A version before this one may have divided it otherwise.
        if len(labels) == len(metric.labels):
            family.add_metric(labels, value)
    if not metric.labels and not mine:
        family.add_metric((), 0.0)
    return family


def _histogram(metric: Metric, mine: dict[Key, float]) -> HistogramMetricFamily:
    family = HistogramMetricFamily(metric.name, metric.says, labels=metric.labels)
    divided: dict[Key, dict[str, float]] = defaultdict(dict)
    for labels, value in mine.items():
        if len(labels) == len(metric.labels) + 1:
            divided[labels[:-1]][labels[-1]] = value
    for labels, parts in divided.items():
        family.add_metric(labels, list(_cumulated(metric.buckets, parts)), sum_value=parts.get("sum", 0.0))
    return family


def _cumulated(buckets: Iterable[float], parts: dict[str, float]) -> Iterator[tuple[str, float]]:
    total = 0.0
    for end in (*(str(float(end)) for end in buckets), "+Inf"):
        total += parts.get(end, 0.0)
        yield end, total
