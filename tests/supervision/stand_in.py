"""A tiny website with a real RQ worker, run by the real supervisor in a session of its own."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import redis

from service.config import embedded_socket

ROOT = Path(__file__).resolve().parents[2]
SECRET = "a-secret-with-%-and-#-in-it"

FILES = {
    "service/__init__.py": "",
    "service/wsgi.py": """
import os, pathlib, time

def application(environ, start_response):
    if environ["PATH_INFO"] == "/slow":
        pathlib.Path("slow-request-began").touch()
        while not pathlib.Path("release").exists():
            time.sleep(0.02)
    body = f"{os.environ['SECRET_KEY']} {os.environ['REDIS_URL']}".encode()
    start_response("200 OK", [("Content-Length", str(len(body)))])
    return [body]
""",
    "workers/__init__.py": "",
    "workers/tasks.py": """
import pathlib, time

def wait_for_release():
    pathlib.Path("job-began").touch()
    while not pathlib.Path("release").exists():
        time.sleep(0.02)
    pathlib.Path("job-ended").touch()
""",
    "workers/__main__.py": """
import os, sys, time
import redis, rq

connection = redis.Redis.from_url(os.environ["REDIS_URL"])
if sys.argv[1:] == ["schedule"]:
    print("scheduler began")
    while True:
        time.sleep(0.1)
rq.Worker(["bells"], connection=connection).work()
""",
    "start.py": """
import os, sys
from pathlib import Path
from service.supervision import CannotStart, preflight, run

root, port = Path(__file__).parent, int(sys.argv[1])
os.chdir(root)
try:
    preflight(host="localhost", port=port, var=root / "var", embedded_valkey=True)
    sys.exit(
        run(
            var=root / "var",
            host="localhost",
            port=port,
            environment={"SECRET_KEY": sys.argv[2], "PYTHONPATH": "", "PATH": sys.argv[3]},
            embedded_valkey=True,
            announce=lambda: f"Open http://127.0.0.1:{port}/",
        )
    )
except CannotStart as error:
    sys.exit(str(error))
""",
}


@dataclass(frozen=True)
class Process:
    """One line of the process table."""

    pid: int
    parent: int
    session: int
    command: str


@dataclass(frozen=True)
class Run:
    """A started supervisor with all its parts."""

    root: Path
    port: int
    supervisor: subprocess.Popen[bytes]

    @property
    def log(self) -> str:
        return (self.root / "log").read_text(encoding="utf-8")

    @property
    def valkey(self) -> redis.Redis:
        return redis.Redis(unix_socket_path=str(embedded_socket(self.root / "var")))

    def processes(self) -> list[Process]:
        return [process for process in process_table() if process.session == self.supervisor.pid]

    def part(self, name: str) -> Process | None:
        marks = {
            "valkey": "valkey-server",
            "scheduler": "workers schedule",
            "worker": "-m workers",
            "web": "-m granian",
        }
        parts = [process for process in self.processes() if process.parent == self.supervisor.pid]
        found = [process for process in parts if marks[name] in process.command]
        if name == "worker":
            found = [process for process in found if "schedule" not in process.command]
        return found[0] if found else None

    def children(self, name: str) -> list[Process]:
        part = self.part(name)
        return [process for process in self.processes() if part and process.parent == part.pid]

    def get(self, path: str = "/") -> str | None:
        address = f"http://127.0.0.1:{self.port}{path}"
        with contextlib.suppress(OSError), urllib.request.urlopen(address, timeout=40) as answer:
            return str(answer.read().decode())
        return None

    def everything_runs(self) -> bool:
        with contextlib.suppress(redis.ConnectionError):
            return (
                all(self.part(name) for name in ("valkey", "scheduler", "worker", "web"))
                and bool(self.valkey.ping())
                and bool(self.valkey.smembers("rq:workers"))
                and self.get() is not None
            )
        return False


def build(root: Path) -> None:
    for name, text in FILES.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def command(root: Path, port: int, path: str = os.defpath) -> list[str]:
    # -P keeps the tiny `service` from hiding the real one in this process; the parts see the tiny one.
    return [sys.executable, "-P", str(root / "start.py"), str(port), SECRET, path]


def environment() -> dict[str, str]:
    return {"PATH": os.defpath, "PYTHONPATH": str(ROOT)}


@contextlib.contextmanager
def running(root: Path, port: int | None = None, path: str = os.defpath) -> Iterator[Run]:
    port = port or free_port()
    with (root / "log").open("wb") as log:
        supervisor = subprocess.Popen(
            # Whoever runs the tests under nohup would hand down that a closed terminal means nothing.
            ["env", "--default-signal=HUP", *command(root, port, path)],
            cwd=root,
            env=environment(),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    run = Run(root, port, supervisor)
    try:
        wait_until(lambda: "Open http" in run.log or supervisor.poll() is not None, run)
        yield run
    finally:
        (root / "release").touch()
        supervisor.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            supervisor.wait(45)
        for process in run.processes():
            with contextlib.suppress(ProcessLookupError):
                os.kill(process.pid, signal.SIGKILL)


def wait_until(condition: Callable[[], object], run: Run, seconds: float = 30) -> None:
    try:
        wait_until_true(condition, seconds)
    except AssertionError as error:
        table = "\n".join(map(str, run.processes()))
        raise AssertionError(f"{error}:\n{run.log}\n{table}") from error


def wait_until_true(condition: Callable[[], object], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds} s"
        time.sleep(0.02)


def process_table() -> list[Process]:
    table = []
    for directory in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            fields = (directory / "stat").read_text(errors="replace").rpartition(")")[2].split()
            arguments = (directory / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            if fields[0] != "Z":
                table.append(Process(int(directory.name), int(fields[1]), int(fields[3]), arguments))
    return table
