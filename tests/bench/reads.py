"""How fast the public list is read: beside an empty Flask view on the same server, beside Isso, and under writes."""

import random
import sys
import threading
import time
import urllib.parse
import urllib.request
from pathlib import Path

from tests.bench import comments, isso, wrk
from tests.bench.installation import Installation, answers, free_port, installed, serving
from tests.bench.report import Row, Table, ratio

COUNT = 20
PER_SECOND = 50


def measure(folder: Path, *, quick: bool) -> Table:
    """Read the list of twenty comments in every way, in turns, so that a slow moment strikes all alike."""
    repeats, seconds = (1, 1) if quick else (5, 5)
    with installed(folder / "reads", "sqlite") as stand:
        site = stand.add_site(challenge="none")
        comments.publish(stand, site, "bai-1", COUNT)
        stand.serve()
        port = free_port()
        with (
            serving(_like(stand, port), port, folder) as empty,
            isso.isso(folder / "isso") as other,
        ):
            answers(empty)
            for body in isso.bodies(COUNT, random.Random(3)):
                isso.send(other, body)
            page = f"{stand.url}/v1/comments?site={site.key}&article=bai-1"
            tag = urllib.request.urlopen(page).headers["ETag"]
            ways = {
                "empty Flask view": lambda: wrk.get(empty, seconds=seconds),
                "list of 20 comments": lambda: wrk.get(page, seconds=seconds),
                "304, nothing new": lambda: wrk.get(page, seconds=seconds, header=f"If-None-Match: {tag}"),
                "counts of 20 articles": lambda: wrk.get(_counts(stand, site.key), seconds=seconds),
                "Isso, list of 20 comments": lambda: wrk.get(f"{other}/?uri=/bai-1&limit=20", seconds=seconds),
                "list while 50 a second are decided": lambda: _under_writes(stand, page, seconds),
            }
            rates: dict[str, list[wrk.Load]] = {name: [] for name in ways}
            for turn in range(repeats + 1):
                for name, load in ways.items():
                    measured = load()
                    if measured.refused:
                        sys.exit(f"{name}: {measured.refused} answers were refused")
                    if turn:  # The first turn warms up.
                        rates[name].append(measured)
    rows = {name: Row(name, "a second", tuple(one.rate for one in loads)) for name, loads in rates.items()}
    busy = Row(
        "99th percentile meanwhile",
        "ms",
        tuple(one.p99 for one in rates["list while 50 a second are decided"]),
        "≤ 50",
    )
    empty_view = rows["empty Flask view"]
    listed = rows["list of 20 comments"]
    return Table(
        "reads",
        "Reads",
        (
            *rows.values(),
            busy,
            ratio("list ÷ empty view", listed, empty_view, "≥ 1.0"),
            ratio("list ÷ Isso", listed, rows["Isso, list of 20 comments"], "≥ 60"),
            ratio("304 ÷ empty view", rows["304, nothing new"], empty_view, "≥ 1.0"),
            ratio("counts ÷ empty view", rows["counts of 20 articles"], empty_view, "≥ 1.0"),
            ratio("list under writes ÷ empty view", rows["list while 50 a second are decided"], empty_view, "≥ 0.5"),
        ),
    )


def _like(stand: Installation, port: int) -> tuple[str, ...]:
    """The command of our web server, for another application and port."""
    ours = [str(port) if word == str(stand.port) else word for word in stand.command("web")]
    return (*ours[:-1], "tests.bench.empty:application")


def _counts(stand: Installation, site: str) -> str:
    asked = "&".join(f"article=bai-{at}" for at in range(COUNT))
    return f"{stand.url}/v1/counts?site={site}&{asked}"


def _under_writes(stand: Installation, page: str, seconds: float) -> wrk.Load:
    stand.start("worker")
    stop = threading.Event()
    writer = threading.Thread(target=_write, args=(stand, stop))
    writer.start()
    try:
        return wrk.get(page, seconds=seconds)
    finally:
        stop.set()
        writer.join()
        stand.stop("worker")


def _write(stand: Installation, stop: threading.Event) -> None:
    dice = random.Random(time.time())
    due = time.monotonic()
    while not stop.is_set():
        fields = {"site": "demo", "article": "bai-1", "name": "Ánh", "title": "Ý kiến", "body": comments.text(dice)}
        urllib.request.urlopen(f"{stand.url}/v1/comments", urllib.parse.urlencode(fields).encode(), timeout=10).read()
        due += 1 / PER_SECOND
        stop.wait(max(0.0, due - time.monotonic()))
