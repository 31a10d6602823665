"""`python -m tests.chaos [--seconds N] [--short] [--calm] [--seed N] [--only KIND]`: the storm, then the counts.

The long form begins with a minute on SQLite in which nothing is done to the parts (R17): four writers, two workers,
and no client may be told that the database was locked.

On SQLite it starts itself again in mounts of its own, where that is allowed, so that a small disk can be filled.
"""

import argparse
import contextlib
import os
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from service import jobs
from service.models import Comment
from tests.chaos.faults import FAULTS, Fault, NotHere, heal
from tests.chaos.parts import ATTEMPTS, LEASE, SWEEP, Town, town
from tests.chaos.reckoning import pending, reckon
from tests.chaos.traffic import Ledger, read, warm, write
from tests.conftest import wait_for

WRITERS, READERS = 4, 2
CALM_SECONDS = 60.0
PROMISE = ATTEMPTS * (LEASE + SWEEP) + 15
"""Seconds after the last fault within which everything is decided: every attempt's lease and sweep, and some work."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos")
    parser.add_argument("--only", choices=["sqlite", "postgresql"])
    parser.add_argument("--seconds", type=float, default=75, help="how long each database's storm lasts")
    parser.add_argument("--short", action="store_true", help="only the quick faults, once")
    parser.add_argument("--calm", action="store_true", help="only the minute without faults")
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--own-mounts", action="store_true", help=argparse.SUPPRESS)
    wanted = parser.parse_args()
    if not wanted.own_mounts and may_mount():
        os.execvp("unshare", ["unshare", "-m", sys.executable, "-m", "tests.chaos", "--own-mounts", *sys.argv[1:]])  # noqa: S606 - itself, again.
    say(f"seed {wanted.seed}")
    random.seed(wanted.seed)
    usable = [fault for fault in FAULTS if fault.short or not wanted.short]
    turns = [(kind, usable, 0 if wanted.short else wanted.seconds) for kind in ("sqlite", "postgresql")]
    calm: tuple[str, list[Fault], float] = ("sqlite", [], CALM_SECONDS)
    if wanted.calm or not wanted.short:
        turns = [calm] if wanted.calm else [calm, *turns]
    whole = True
    for kind, faults, seconds in turns:
        if wanted.only not in {None, kind}:
            continue
        folder = Path(tempfile.mkdtemp(prefix="duyet-chaos-"))
        folder.chmod(0o755)
        if storm(kind, folder, seconds=seconds, faults=faults):
            shutil.rmtree(folder, ignore_errors=True)
        else:
            whole = False
            say(f"{kind}: what the parts wrote is in {folder}")
    return 0 if whole else 1


def say(line: str) -> None:
    print(line, flush=True)


def may_mount() -> bool:
    if not shutil.which("unshare"):
        return False
    tried = subprocess.run(["unshare", "-m", "mount", "-t", "tmpfs", "tmpfs", "/mnt"], check=False, capture_output=True)
    return tried.returncode == 0


def storm(kind: str, folder: Path, *, seconds: float, faults: Sequence[Fault]) -> bool:
    """Let the storm rage over one database, wait for calm, count; return whether every promise was kept."""
    ledger, stop = Ledger(), threading.Event()
    with town(kind, folder) as place:
        until = time.monotonic() + seconds + 300
        threads = [threading.Thread(target=write, args=(place, ledger, stop, until, n)) for n in range(WRITERS)]
        threads += [threading.Thread(target=read, args=(place, ledger, stop)) for _ in range(READERS)]
        oldest: list[float] = [0.0]
        threads.append(threading.Thread(target=watch, args=(place, oldest, stop)))
        for thread in threads:
            thread.start()
        began = time.monotonic()
        try:
            warm(ledger)
            done = rage(place, ledger, began + seconds, faults)
            with noted(ledger, "after the last fault"):
                heal(place)
        finally:
            calm = time.monotonic()
            stop.set()
            for thread in threads:
                thread.join()
        late = ""
        try:
            wait_for(lambda: pending(place) + jobs.queue(place.redis).count == 0, "the last pending comment", PROMISE)
        except AssertionError as error:
            late = str(error)
        took = time.monotonic() - calm
        found = reckon(place, ledger, calm=not faults, late=late)
    say(f"\n{kind}: {sum(done.values())} faults in {calm - began:.0f} s")
    for name, number in done.items():
        say(f"  {number} x {name}")
    for line in found.lines:
        say(f"  {line}")
    say(f"  oldest pending during the storm {oldest[0]:.1f} s")
    say(f"  nothing pending, no bell {took:.1f} s after the last fault, promised within {PROMISE:g} s")
    for line in found.broken:
        say(f"  NOT KEPT: {line}")
    return not found.broken


def rage(place: Town, ledger: Ledger, end: float, faults: Sequence[Fault]) -> Counter[str]:
    """Do every fault once in a random order, then any of them until the time is over."""
    usable = [fault for fault in faults if place.kind in fault.on]
    done: Counter[str] = Counter()
    first = random.sample(usable, len(usable))
    while first or time.monotonic() < end:
        time.sleep(random.uniform(0.3, 1.5) if end > time.monotonic() else 0.3)
        if not usable:
            continue
        fault = first.pop() if first else random.choice(usable)
        if not do(fault, place, ledger, done):
            usable.remove(fault)
    return done


@contextlib.contextmanager
def noted(ledger: Ledger, name: str) -> Iterator[None]:
    """Note what did not come true as a promise that was not kept, and go on to what can still be counted."""
    try:
        yield
    except AssertionError as error:
        ledger.failed_faults.append(f"{name}: {error}")


def do(fault: Fault, place: Town, ledger: Ledger, done: Counter[str]) -> bool:
    began, said = time.monotonic(), None
    try:
        with noted(ledger, fault.name):
            said = fault.do(place, ledger)
    except NotHere as why:
        say(f"  left out: {fault.name}, since {why}")
        return False
    done[fault.name] += 1
    say(
        f"  {datetime.now(UTC):%H:%M:%S} {fault.name} ({time.monotonic() - began:.1f} s)"
        + (f": {said}" if said else "")
    )
    return True


def watch(place: Town, oldest: list[float], stop: threading.Event) -> None:
    """Note the greatest age of a pending row while everything is done to the parts."""
    while not stop.wait(0.25):
        try:
            with place.database.reading() as session:
                born = session.scalar(select(func.min(Comment.created_at)).where(Comment.status == "pending"))
        except SQLAlchemyError:
            continue
        if born is not None:
            oldest[0] = max(oldest[0], (datetime.now(UTC) - born).total_seconds())


if __name__ == "__main__":
    sys.exit(main())
