"""Isso, the Python peer, in an environment of its own, served as its documentation says; and what it is asked."""

import json
import random
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.bench.comments import text
from tests.bench.installation import answers, free_port, serving

RELEASE = "isso==0.14.0"
SETTINGS = """\
[general]
dbpath = {folder}/comments.db
host = http://127.0.0.1/
[moderation]
enabled = false
[guard]
enabled = false
[server]
listen = http://127.0.0.1:{port}
"""


@contextmanager
def isso(folder: Path) -> Iterator[str]:
    """Yield the address of a fresh Isso under gunicorn with two processes of eight threads, as many as ours."""
    environment = folder.parent / "isso-environment"
    if not (environment / "bin" / "gunicorn").exists():
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(environment)], check=True)
        packages = [RELEASE, "gunicorn", "setuptools<81"]
        subprocess.run([str(environment / "bin" / "pip"), "install", "--quiet", *packages], check=True)
    folder.mkdir(parents=True, exist_ok=True)
    port = free_port()
    (folder / "isso.cfg").write_text(SETTINGS.format(folder=folder, port=port))
    command = (
        str(environment / "bin" / "gunicorn"),
        "-b",
        f"127.0.0.1:{port}",
        "-w",
        "2",
        "--threads",
        "8",
        "isso.run",
    )
    with serving(command, port, folder, ISSO_SETTINGS=str(folder / "isso.cfg")) as url:
        answers(f"{url}/info")
        yield url


def bodies(count: int, dice: random.Random) -> list[str]:
    """Return comments as Isso takes them."""
    return [
        json.dumps({"text": text(dice), "author": "Ngọc Ánh", "title": "Bài 1"}, ensure_ascii=False)
        for _ in range(count)
    ]


def send(url: str, body: str) -> None:
    """Publish one comment."""
    request = urllib.request.Request(
        f"{url}/new?uri=/bai-1", data=body.encode(), headers={"Content-Type": "application/json"}
    )
    urllib.request.urlopen(request, timeout=10).read()
