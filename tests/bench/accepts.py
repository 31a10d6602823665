"""How many comments are accepted a second, each durable before its 202 and past a challenge, beside Isso."""

import random
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from sqlalchemy import func, select

from service import sites
from service.models import Comment
from tests.bench import comments, isso, wrk
from tests.bench.installation import Installation, installed
from tests.bench.report import Row, Table, ratio


def measure(folder: Path, *, quick: bool) -> Table:
    """Send comments from sixteen connections to both databases and to Isso, in turns."""
    repeats, seconds = (1, 1) if quick else (3, 5)
    rates: dict[str, list[wrk.Load]] = {"sqlite": [], "postgresql": [], "Isso": []}
    with ExitStack() as kept:
        other = kept.enter_context(isso.isso(folder / "isso-accepts"))
        stands = {
            name: kept.enter_context(installed(folder / f"accepts-{name}", name)) for name in rates if name != "Isso"
        }
        for stand in stands.values():
            stand.add_site(challenge="image")
            stand.serve()
        for turn in range(repeats + 1):
            for name, stand in stands.items():
                load = _accept(stand, seconds, turn)
                if turn:
                    rates[name].append(load)
            sent = isso.bodies(int(1000 * seconds), random.Random(turn))
            load = wrk.post(f"{other}/new?uri=/bai-1", sent, folder, seconds=seconds)
            if turn:
                rates["Isso"].append(load)
    rows = {
        name: Row(f"accepted, {name}", "a second", tuple(one.rate for one in loads)) for name, loads in rates.items()
    }
    slow = [Row(f"99th percentile, {name}", "ms", tuple(one.p99 for one in rates[name])) for name in stands]
    return Table(
        "accepts",
        "Accepts: challenge consumed, stored durably, bell rung",
        (
            *rows.values(),
            *slow,
            *(Row(f"turned away, {name}", "", tuple(one.refused for one in rates[name])) for name in stands),
            ratio("SQLite ÷ Isso", rows["sqlite"], rows["Isso"], "≥ 3"),
            ratio("PostgreSQL ÷ Isso", rows["postgresql"], rows["Isso"], "≥ 4"),
        ),
    )


def _accept(stand: Installation, seconds: float, turn: int) -> wrk.Load:
    with stand.parts.database.reading() as session:
        before = session.scalar(select(func.count()).select_from(Comment)) or 0
        site = sites.find(session, "demo")
    sent = comments.requests(stand, site, "bai-1", int(2500 * seconds), seed=turn)
    load = wrk.post(f"{stand.url}/v1/comments", sent, stand.folder, seconds=seconds)
    with stand.parts.database.reading() as session:
        stored = (session.scalar(select(func.count()).select_from(Comment)) or 0) - before
    # What is in the database counts, and nothing else; what was turned away is said beside it.
    return replace(load, rate=stored / seconds)
