"""What a backtest takes: comments a second on both databases, with one phrase and with 2,000."""

import time
from datetime import UTC, datetime
from pathlib import Path

from service.moderation import prepare
from service.moderation.vocabulary import RuleKind
from service.moderators import Viewer
from service.rules import backtests, keeping
from service.rules.drafts import Draft
from tests.bench import growth
from tests.bench.installation import Installation, installed
from tests.bench.report import Row, Table

STORED = 20_000
KEEPER = Viewer("moderator:bench", frozenset({"rules"}), None)


def measure(folder: Path, *, quick: bool) -> Table:
    """Fill both databases and try two rules on all that is stored."""
    prepare()
    stored = STORED // 10 if quick else STORED
    rows = []
    for database in ("sqlite", "postgresql"):
        with installed(folder / f"rules-{database}", database) as stand:
            site = stand.add_site(challenge="none")
            growth.fill(stand, site, stored)
            for name, forms in (("1 phrase", 1), ("2,000 phrases", 2000)):
                draft = Draft(RuleKind.PHRASE, tuple(f"cụm từ{n}" for n in range(forms)))
                rows.append(Row(f"{database}: {name}", "comments/s", (_tried(stand, site.key, draft),)))
    return Table("rules", f"A backtest of {stored:,} comments, one process", tuple(rows))


def _tried(stand: Installation, site: str, draft: Draft) -> float:
    now = datetime.now(UTC)
    database = stand.parts.database
    with database.writing() as session:
        rule = keeping.add(session, KEEPER, site, draft, now=now)
        made = backtests.begin(session, KEEPER, rule.id, days=backtests.DAYS, now=now)
    begun = time.perf_counter()
    with database.writing() as session:
        work = backtests.claim(session, made.id, now=now)
    while work is not None:
        with database.reading() as session:
            past = backtests.load(session, work)
        tally = backtests.tally(work, past)
        with database.writing() as session:
            work = backtests.store(session, work, tally, now=now)
    took = time.perf_counter() - begun
    with database.reading() as session:
        done = backtests.find(session, KEEPER, rule.id, made.id)
    assert (done.state, done.seen) == ("done", done.total)
    assert done.total
    return done.seen / took
