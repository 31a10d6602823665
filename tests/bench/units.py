"""What one read, one accepted and one judged comment cost each process, and what they make of a large site.

The plan is arithmetic: processor time of the parts, measured here on PostgreSQL, times a rate. It says what the rates
would ask for when nothing else held them back; it is no measurement of such an installation.
"""

import math
from collections.abc import Callable
from pathlib import Path

import psutil
from sqlalchemy import text

from tests.bench import comments, wrk
from tests.bench.installation import Installation, installed, until
from tests.bench.judging import pending
from tests.bench.report import Row, Table

READS, SUBMISSIONS = 10_000, 1_000
"""A second, of the large site that the plan is for."""
FULL = 0.6
"""So much of a core may be busy for long, so that a burst finds room."""


def measure(folder: Path, *, quick: bool) -> Table:
    """Load one installation with one kind of work at a time, and look at the processor time of its parts."""
    seconds = 2 if quick else 8
    with installed(folder / "units", "postgresql") as stand:
        site = stand.add_site(challenge="image")
        comments.publish(stand, site, "bai-1", 20)
        stand.serve()
        server = psutil.Process(int((stand.folder / "postgresql" / "postmaster.pid").read_text().split()[0]))
        parts = {"web": _process(stand, "web"), "Valkey": _process(stand, "valkey"), "PostgreSQL": server}

        def read() -> float:
            return wrk.get(f"{stand.url}/v1/comments?site=demo&article=bai-1", seconds=seconds).rate * seconds

        read()
        reads = _spent(parts, read)
        before, memory = pending(stand), _redis_bytes(stand)
        sent = comments.requests(stand, site, "bai-2", 2500 * seconds, seed=1)
        challenge = (_redis_bytes(stand) - memory) / len(sent)
        log = _log(stand)

        def accept() -> float:
            wrk.post(f"{stand.url}/v1/comments", sent, stand.folder, seconds=seconds)
            return pending(stand) - before

        accepts = _spent(parts, accept)
        stand.start("worker")
        parts["worker"] = _process(stand, "worker")
        waiting = pending(stand)

        def judge() -> float:
            until(lambda: pending(stand) == 0, "the backlog", patience=300, every=0.2)
            return waiting

        judged = _spent(parts, judge)
        size = _size(stand) / waiting
        written = (_log(stand) - log) / waiting
    return Table(
        "units",
        "What one costs, and a plan by arithmetic",
        (
            *_units(reads, accepts, judged),
            *(
                Row("an open challenge, in Valkey", "bytes", (challenge,)),
                Row("a comment with its history and indexes, in PostgreSQL", "bytes", (size,)),
                Row("the same in its log, accepted and judged", "bytes", (written,)),
            ),
            *_plan(reads, accepts, judged, challenge, size, written),
        ),
    )


def _units(reads: dict[str, float], accepts: dict[str, float], judged: dict[str, float]) -> list[Row]:
    kinds = (("a read", reads), ("an accepted comment", accepts), ("a judged comment", judged))
    return [
        Row(f"{what}: {part}", "µs of a core", (1e6 * spent,))
        for what, costs in kinds
        for part, spent in costs.items()
        if spent > 1e-6
    ]


def _plan(
    reads: dict[str, float],
    accepts: dict[str, float],
    judged: dict[str, float],
    challenge: float,
    size: float,
    written: float,
) -> list[Row]:
    web = READS * reads["web"] + SUBMISSIONS * accepts["web"]
    worker = SUBMISSIONS * judged["worker"]
    database = SUBMISSIONS * (accepts["PostgreSQL"] + judged["PostgreSQL"])
    valkey = SUBMISSIONS * (accepts["Valkey"] + judged["Valkey"])
    return [
        Row(f"plan: web processes for {READS:,} reads and {SUBMISSIONS:,} submissions a second", "", (_cores(web),)),
        Row("plan: the same, when a proxy keeps each list for a second", "", (_cores(SUBMISSIONS * accepts["web"]),)),
        Row("plan: worker processes", "", (_cores(worker),)),
        Row("plan: cores for PostgreSQL", "", (_cores(database),)),
        Row("plan: share of the one core that Valkey uses", "%", (100 * valkey,)),
        Row("plan: open challenges in Valkey, ten minutes each", "MiB", (600 * SUBMISSIONS * challenge / 2**20,)),
        Row("plan: PostgreSQL grows by, a day", "GiB", (86_400 * SUBMISSIONS * size / 2**30,)),
        Row("plan: PostgreSQL's log", "MiB a second", (SUBMISSIONS * written / 2**20,)),
    ]


def _cores(busy: float) -> float:
    return float(math.ceil(busy / FULL))


def _process(stand: Installation, part: str) -> psutil.Process:
    return psutil.Process(stand.running[part].pid)


def _spent(parts: dict[str, psutil.Process], work: Callable[[], float]) -> dict[str, float]:
    """Return the seconds of a core that each part spent on one piece of the work; the work says how many it did."""
    before = {name: _seconds(one) for name, one in parts.items()}
    count = work()
    return {name: (_seconds(one) - before[name]) / count for name, one in parts.items()}


def _seconds(head: psutil.Process) -> float:
    # Children that ended are counted in their parents.
    return sum(sum(one.cpu_times()[:4]) for one in (head, *head.children(recursive=True)))


def _redis_bytes(stand: Installation) -> int:
    return int(stand.parts.redis.info("memory")["used_memory"])


def _size(stand: Installation) -> int:
    with stand.parts.database.reading() as session:
        sizes = "pg_total_relation_size('comments') + pg_total_relation_size('decisions')"
        return int(session.scalar(text(f"SELECT {sizes}")) or 0)


def _log(stand: Installation) -> int:
    with stand.parts.database.reading() as session:
        return int(session.scalar(text("SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')")) or 0)
