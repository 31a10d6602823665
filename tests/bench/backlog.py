"""R18: how long comments take to be accepted at a steady twenty a second, alone and while a worker drains a backlog."""

import http.client
import statistics
import threading
import time
from collections import Counter
from pathlib import Path

from sqlalchemy import func, select

from service import jobs, sites
from service.models import Comment
from tests.bench import comments
from tests.bench.installation import Installation, installed, until
from tests.bench.judging import pending
from tests.bench.report import Row, Table, ratio

PER_SECOND = 20
SENDERS = 16
MANY = 10_000
"""More than a post ever waits for, in milliseconds: what a post that got no answer counts as."""


def measure(folder: Path, *, quick: bool) -> Table:
    """Send comments to each database: without a worker, with one that has only these to judge, with one that drains."""
    backlog, seconds = (4_000, 4) if quick else (50_000, 60)
    rows: list[Row] = []
    for database in ("sqlite", "postgresql"):
        with installed(folder / f"backlog-{database}", database) as stand:
            stand.add_site(challenge="image")
            stand.serve()
            _steadily(stand, PER_SECOND, seed=0)
            alone, _ = _steadily(stand, PER_SECOND * seconds, seed=1)
            stand.start("worker")
            _ring(stand)
            until(lambda: pending(stand) == 0, "the worker")
            beside, _ = _steadily(stand, PER_SECOND * seconds, seed=2)
            until(lambda: pending(stand) == 0, "the worker")
            rows += _compared(database, alone, beside, *_while_draining(stand, backlog, seconds))
    return Table("backlog", f"Accepting {PER_SECOND} a second while a backlog of {backlog:,} is drained", tuple(rows))


def _while_draining(stand: Installation, backlog: int, seconds: int) -> tuple["Times", Counter[int], float, str]:
    """Return the posts' times and statuses, how many were judged a second, and whether the backlog outlasted them."""
    with stand.parts.database.reading() as session:
        site = sites.find(session, "demo")
    stand.stop("worker")
    comments.submit(stand, site, backlog, articles=200, seed=3)
    stand.start("worker")
    _ring(stand)
    until(lambda: pending(stand) < backlog, "the first decision", every=0.005)
    before, begun = _judged(stand), time.perf_counter()
    times, statuses = _steadily(stand, PER_SECOND * seconds, seed=4)
    rate = (_judged(stand) - before) / (time.perf_counter() - begun)
    left = pending(stand)
    until(lambda: pending(stand) == 0, "the last decision", patience=900, every=0.05)
    return times, statuses, rate, f"{left:,} left when the posts ended"


def _compared(
    database: str, alone: "Times", beside: "Times", draining: "Times", statuses: Counter[int], rate: float, left: str
) -> list[Row]:
    ways = {"without a worker": alone, "a worker, nothing else to do": beside, "a worker that drains": draining}
    medians = {name: Row(f"{database}, {name}: median", "ms", (statistics.median(one),)) for name, one in ways.items()}
    slow = {name: Row("  99th percentile", "ms", (one[int(len(one) * 0.99)],)) for name, one in ways.items()}
    last = "a worker that drains"
    return [
        *(row for name in ways for row in (medians[name], slow[name])),
        *(
            ratio(f"  {what}, draining ÷ {name}", measured[last], measured[name])
            for name in list(ways)[:2]
            for what, measured in (("median", medians), ("99th percentile", slow))
        ),
        Row("  slowest while draining", "ms", (draining[-1],)),
        Row("  accepted while draining", f"of {len(draining)}", (statuses[202],)),
        Row("  refused or unanswered while draining", "", (len(draining) - statuses[202],), "0"),
        Row("  judged meanwhile", "a second", (rate,), left),
    ]


Times = list[float]


def _steadily(stand: Installation, count: int, *, seed: int) -> tuple[Times, Counter[int]]:
    """Send so many comments at the pace; return in order how long each took from when it was due, and all statuses."""
    with stand.parts.database.reading() as session:
        site = sites.find(session, "demo")
    sent = comments.requests(stand, site, "bai-1", count, seed=seed)
    times, statuses = [0.0] * count, Counter[int]()
    begin = time.perf_counter() + 0.1

    def send(first: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", stand.port, timeout=MANY / 1000)
        for at in range(first, count, SENDERS):
            due = begin + at / PER_SECOND
            time.sleep(max(0.0, due - time.perf_counter()))
            status = _post(connection, sent[at])
            times[at] = (time.perf_counter() - due) * 1000 if status else float(MANY)
            statuses[status] += 1
        connection.close()

    threads = [threading.Thread(target=send, args=(first,)) for first in range(SENDERS)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    return sorted(times), statuses


def _post(connection: http.client.HTTPConnection, body: str) -> int:
    """Return the answer's status, 0 where none came."""
    try:
        connection.request("POST", "/v1/comments", body.encode(), {"Content-Type": "application/json"})
        answer = connection.getresponse()
        answer.read()
    except (OSError, http.client.HTTPException):
        connection.close()
        return 0
    return answer.status


def _ring(stand: Installation) -> None:
    stand.parts.redis.delete(jobs.BELL)
    jobs.ring(stand.parts.redis, stand.parts.tally)


def _judged(stand: Installation) -> int:
    with stand.parts.database.reading() as session:
        return session.scalar(select(func.count()).select_from(Comment).where(Comment.status != "pending")) or 0
