"""What a process costs: memory once it has worked, and the time from its start to its first answer."""

from pathlib import Path

from tests.bench import comments, wrk
from tests.bench.installation import installed, until
from tests.bench.judging import pending
from tests.bench.report import Row, Table


def measure(folder: Path, *, quick: bool) -> Table:
    """Start the web server some times, then load it and a worker and look at their memory."""
    repeats = 1 if quick else 5
    with installed(folder / "costs", "sqlite") as stand:
        site = stand.add_site(challenge="image")
        cold = []
        for _ in range(repeats):
            cold.append(stand.serve())
            stand.stop("web")
        stand.serve()
        stand.start("worker")
        comments.publish(stand, site, "bai-1", 20)
        wrk.get(f"{stand.url}/v1/comments?site=demo&article=bai-1", seconds=2)
        sent = comments.requests(stand, site, "bai-2", 500 if quick else 3000, seed=1)
        wrk.post(f"{stand.url}/v1/comments", sent, stand.folder, seconds=3)
        until(lambda: pending(stand) == 0, "the backlog")
        sizes = {part: stand.mebibytes(part) for part in ("web", "worker")}
    return Table(
        "costs",
        "What a process costs",
        (
            Row("web server, start to first answer", "s", tuple(cold), "≤ 2"),
            *(
                Row(f"{part} process, {what}", "MiB", (size,), goal)
                for part, (own, resident) in sizes.items()
                for what, size, goal in (
                    ("own and its share", own, "≤ 120"),
                    ("resident", resident, ""),
                )
            ),
        ),
    )
