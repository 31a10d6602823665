"""Where the Valkey of `make run` is found; how it is started is `service.supervision`'s."""

import hashlib
import os
import tempfile
from pathlib import Path
from urllib.parse import quote

LONGEST_SOCKET_PATH = 103
"""A Unix socket's path has 104 bytes on macOS and 108 on Linux, one of which ends the text."""


def embedded_socket(var: Path) -> Path:
    """Return where the embedded Valkey listens: in `var/`, or in the temporary directory when that path is too long."""
    var = var.resolve()
    socket = var / "valkey.sock"
    if len(os.fsencode(socket)) <= LONGEST_SOCKET_PATH:
        return socket
    checkout = hashlib.sha256(os.fsencode(var)).hexdigest()[:12]
    return Path(tempfile.gettempdir()).resolve() / f"duyet-{os.getuid()}" / f"{checkout}.sock"


def embedded_redis_url(var: Path) -> str:
    """Return the REDIS_URL under which every process of this checkout finds the embedded Valkey."""
    return "unix://" + quote(str(embedded_socket(var)))
