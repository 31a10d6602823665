"""How many comments a worker judges a second, claim to stored decision, beside RQ's no-op jobs."""

import subprocess
import sys
import time
from pathlib import Path

import psutil
from sqlalchemy import func, select

from service import config, jobs
from service.models import Comment
from tests.bench import comments
from tests.bench.installation import ROOT, Installation, installed, until
from tests.bench.report import Row, Table, ratio


def measure(folder: Path, *, quick: bool) -> Table:
    """Let one worker, then two, clear a backlog on each database; run RQ's no-op jobs on the same Valkey."""
    backlog = 2_000 if quick else 50_000
    rows: list[Row] = []
    for database in ("sqlite", "postgresql"):
        with installed(folder / f"judging-{database}", database) as stand:
            site = stand.add_site(challenge="none")
            noop = Row(
                f"no-op jobs of RQ's SimpleWorker ({database} run)", "a second", tuple(_noops(stand) for _ in range(3))
            )
            rates = {}
            for workers in (1, 2):
                comments.submit(stand, site, backlog, articles=200, seed=workers)
                rate, load = _clear(stand, workers, backlog)
                rates[workers] = Row(f"judged, {database}, {workers} worker{'s' * (workers > 1)}", "a second", (rate,))
                rows += [rates[workers], Row("  cores busy meanwhile", "of 2", (load,))]
            rows += [
                noop,
                ratio(f"{database}: one worker ÷ no-op jobs", rates[1], noop, "≥ 3"),
                ratio(f"{database}: two workers ÷ one", rates[2], rates[1], "reported"),
            ]
    return Table("judging", f"Judging a backlog of {backlog:,}", tuple(rows))


def _clear(stand: Installation, workers: int, backlog: int) -> tuple[float, float]:
    names = [f"worker-{at}" for at in range(workers)]
    start = pending(stand)
    for name in names:
        stand.start(name)
    for _ in names:
        stand.parts.redis.delete(jobs.BELL)
        jobs.ring(stand.parts.redis, stand.parts.tally)
    until(lambda: pending(stand) < start, "the first decision", every=0.005)
    first, begun = pending(stand), time.perf_counter()
    psutil.cpu_percent()
    until(lambda: pending(stand) == 0, "the last decision", patience=900, every=0.05)
    took = time.perf_counter() - begun
    busy = psutil.cpu_percent() / 100 * (psutil.cpu_count() or 1)
    stand.stop(*names)
    return first / took, busy


def pending(stand: Installation) -> int:
    with stand.parts.database.reading() as session:
        return session.scalar(select(func.count()).select_from(Comment).where(Comment.status == "pending")) or 0


def _noops(stand: Installation) -> float:
    """Run RQ's own worker that does not fork over jobs that do nothing, in a process of its own."""
    said = subprocess.run(
        [sys.executable, "-m", "tests.bench.noop", stand.settings.redis_url],
        cwd=ROOT,
        env=config.as_environment(stand.settings),
        capture_output=True,
        text=True,
        check=True,
    )
    return float(said.stdout)
