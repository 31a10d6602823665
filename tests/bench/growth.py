"""What grows with the number of stored comments: list, card, decide and search at a million beside ten thousand."""

import random
import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
from flask.testing import FlaskClient
from sqlalchemy import insert, select, update

from service import tokens
from service.app import create_app
from service.comments import search
from service.ids import new_id
from service.models import Article, Comment, Decision
from service.sites import KnownSite
from tests.bench import comments
from tests.bench.installation import Installation, installed
from tests.bench.report import Row, Table

HELD = 5_000
ARTICLE_SIZE = 500
RARE = "bông điên điển"
COMMON = "thành phố"


def measure(folder: Path, *, quick: bool) -> Table:
    """Fill both databases twice and time the same calls through the whole application."""
    few, many = (1_000, 10_000) if quick else (10_000, 1_000_000)
    rounds = 10 if quick else 60
    rows: list[Row] = []
    for database in ("sqlite", "postgresql"):
        small = _measured(folder, database, few, rounds)
        large = _measured(folder, database, many, rounds)
        for name, times in large.items():
            before, after = statistics.median(small[name]), statistics.median(times)
            goal = "≤ 3" if name.startswith("search") else "≤ 1.5"
            rows += [
                Row(f"{database}: {name}, {few:,} stored", "ms", (before,)),
                Row(f"{database}: {name}, {many:,} stored", "ms", (after,)),
                Row("  large ÷ small", "×", (after / before,), goal),
            ]
    return Table("growth", f"{many:,} stored comments beside {few:,}", tuple(rows))


def _measured(folder: Path, database: str, stored: int, rounds: int) -> dict[str, list[float]]:
    with installed(folder / f"growth-{database}", database) as stand:
        site = stand.add_site(challenge="none")
        held = fill(stand, site, stored)
        with stand.parts.database.writing() as session:
            token = tokens.add(session, name="bench", scope="review", sites=(), days=None, now=datetime.now(UTC))
        client = create_app(stand.parts).test_client()
        client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token}"
        queue = iter(held[: rounds * 2])
        dice = random.Random(5)
        calls: dict[str, Callable[[], float]] = {
            # A query of its own each time, so that no finished answer is handed out again.
            "public list": lambda: _get(
                client,
                f"/v1/comments?site=demo&article=bai-{dice.randrange(stored // ARTICLE_SIZE)}&limit=20&"
                f"x={dice.random()}",
            ),
            "queue": lambda: _get(client, "/v1/review/comments?status=held&limit=50"),
            "card": lambda: _get(client, f"/v1/review/comments/{dice.choice(held)}"),
            "decide": lambda: _decide(client, next(queue)),
            "search, a rare phrase": lambda: _get(client, f"/v1/review/comments?status=approved&q={RARE}"),
            "search, a common phrase": lambda: _get(client, f"/v1/review/comments?status=approved&q={COMMON}"),
        }
        times: dict[str, list[float]] = {}
        for name, call in calls.items():
            call()
            times[name] = [call() for _ in range(rounds)]
        return times


def _get(client: FlaskClient, address: str) -> float:
    begun = time.perf_counter()
    answer = client.get(address)
    took = (time.perf_counter() - begun) * 1000
    assert answer.status_code == 200, answer.text
    return took


def _decide(client: FlaskClient, comment: object) -> float:
    begun = time.perf_counter()
    answer = client.post(
        f"/v1/review/comments/{comment}/decision", json={"outcome": "reject", "reason": "spam", "version": 2}
    )
    took = (time.perf_counter() - begun) * 1000
    assert answer.status_code == 200, answer.text
    return took


def fill(stand: Installation, site: KnownSite, stored: int) -> list[object]:
    """Write rows as they stand after judging, and return the ids of the held ones."""
    dice = random.Random(11)
    now = datetime.now(UTC)
    held: list[object] = []
    every = max(1, stored // min(HELD, stored // 20))
    with stand.parts.database.writing() as session:
        session.execute(
            insert(Article),
            [
                {"site_id": site.id, "key": f"bai-{at}", "opened_at": now, "approved": ARTICLE_SIZE}
                for at in range(stored // ARTICLE_SIZE)
            ],
        )
        articles = list(session.scalars(select(Article.id).order_by(Article.id)))
    for begin in range(0, stored, 10_000):
        batch, history = [], []
        for at in range(begin, min(begin + 10_000, stored)):
            created = now - timedelta(seconds=stored - at)
            status = "held" if at % every == 0 else "approved"
            identity = new_id(created)
            body = comments.text(dice) + (f" {RARE.capitalize()}." if at % (stored // 10) == 7 else "")
            if status == "held":
                held.append(identity)
            batch.append(
                {
                    "id": identity,
                    "site_id": site.id,
                    "article_id": articles[at // ARTICLE_SIZE],
                    "status": status,
                    "version": 2,
                    "created_at": created,
                    "decided_at": None if status == "held" else created,
                    "receipt_key": identity.bytes,
                    "name": "Ngọc Ánh",
                    "title": "Ý kiến",
                    "body": body,
                    "folded": search.folded("Ngọc Ánh", "Ý kiến", body),
                    "sender": dice.randbytes(4),
                    "gate": {},
                    "risk": 0.5,
                    "priority": int(created.timestamp() * 1000),
                    "findings": [],
                }
            )
            history.append(
                {
                    "id": new_id(created),
                    "comment_id": identity,
                    "version": 1,
                    "actor": "reader",
                    "act": "received",
                    "status_after": "pending",
                    "detail": {},
                    "at": created,
                }
            )
        with stand.parts.database.writing() as session:
            session.execute(insert(Comment), batch)
            session.execute(insert(Decision), history)
    with stand.parts.database.writing() as session:
        session.execute(update(Article).values(version=1))
    if stand.parts.database.engine.dialect.name == "postgresql":
        _settle(stand.settings.database_url)
    return held


def _settle(url: str) -> None:
    """Leave PostgreSQL as one is that stored its rows over the years: what a million at once leave to do is not timed.

    Both may take longer than the service's own connections wait.
    """
    with psycopg.connect(url.replace("+psycopg", "", 1), autocommit=True) as connection:
        connection.execute("VACUUM (ANALYZE)")
        connection.execute("CHECKPOINT")
