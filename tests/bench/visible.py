"""How long from a comment's submission until readers see it, at a steady fifty a second."""

import http.client
import json
import random
import statistics
import threading
import time
import urllib.parse
from pathlib import Path

from tests.bench import comments
from tests.bench.engine import SENTENCES
from tests.bench.installation import Installation, installed
from tests.bench.report import Row, Table

PER_SECOND = 50
LOOK_EVERY = 0.01


def measure(folder: Path, *, quick: bool) -> Table:
    """Send clean comments at a steady pace, each under an article of its own, and watch each list."""
    seconds = 2 if quick else 20
    rows: list[Row] = []
    for database in ("sqlite", "postgresql"):
        with installed(folder / f"visible-{database}", database) as stand:
            stand.add_site(challenge="none")
            stand.serve()
            stand.start("worker")
            stand.start("scheduler")
            _steadily(stand, PER_SECOND, "warm")
            delays = sorted(_steadily(stand, PER_SECOND * seconds, "bai"))
            rows += [
                Row(f"submitted → visible, median, {database}", "ms", (statistics.median(delays),), "≤ 100"),
                Row("  99th percentile", "ms", (delays[int(len(delays) * 0.99)],), "≤ 500"),
                Row("  slowest", "ms", (delays[-1],)),
            ]
    return Table("visible", f"Submitted to visible at {PER_SECOND} a second", tuple(rows))


def _steadily(stand: Installation, count: int, prefix: str) -> list[float]:
    delays: list[float] = []
    threads = []
    due = time.perf_counter()
    for at in range(count):
        time.sleep(max(0.0, due - time.perf_counter()))
        due += 1 / PER_SECOND
        threads.append(threading.Thread(target=_one, args=(stand, f"{prefix}-{at}", delays)))
        threads[-1].start()
    for thread in threads:
        thread.join()
    return delays


def _one(stand: Installation, article: str, delays: list[float]) -> None:
    dice = random.Random(article)
    body = f"{dice.choice(SENTENCES)} {' '.join(dice.choices(comments.WORDS, k=6))}."
    fields = {"site": "demo", "article": article, "name": "Ánh", "title": "Ý kiến", "body": body}
    connection = http.client.HTTPConnection("127.0.0.1", stand.port, timeout=20)
    begun = time.perf_counter()
    connection.request("POST", "/v1/comments", json.dumps(fields), {"Content-Type": "application/json"})
    connection.getresponse().read()
    page = f"/v1/comments?{urllib.parse.urlencode({'site': 'demo', 'article': article})}"
    while time.perf_counter() - begun < 20:
        connection.request("GET", page)
        if json.loads(connection.getresponse().read())["count"]:
            delays.append((time.perf_counter() - begun) * 1000)
            break
        time.sleep(LOOK_EVERY)
    connection.close()
