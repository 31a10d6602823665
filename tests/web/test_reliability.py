"""R11, R12 and R17: what many do at once, and a connection that is lost at the worst moment."""

import contextlib
import random
import socket
import threading
import uuid
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import func, make_url, select, update

from service import config, runtime
from service.app import create_app
from service.comments import deciding
from service.models import Article, Comment, Decision
from service.moderation.vocabulary import Outcome
from service.moderators import Viewer
from tests.conftest import a_comment, environment_of, wait_for

MO = Viewer("moderator:mo", frozenset({"review"}), None)


def at_once(number, work):
    threads = [threading.Thread(target=work, args=(n,)) for n in range(number)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()


class Cutter(threading.Thread):
    """Stands between the service and PostgreSQL and cuts the connection that says COMMIT, when it is told to."""

    def __init__(self, server: str) -> None:
        super().__init__(daemon=True)
        self.server, self.cut = server, ""
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]

    def run(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self.listener.accept()
                behind = socket.socket(socket.AF_UNIX)
                behind.connect(self.server)
                threading.Thread(target=self.pass_on, args=(client, behind, True), daemon=True).start()
                threading.Thread(target=self.pass_on, args=(behind, client, False), daemon=True).start()

    def pass_on(self, source: socket.socket, target: socket.socket, to_server: bool) -> None:
        wrote = False
        with contextlib.suppress(OSError), source, target:
            while data := source.recv(65536):
                wrote |= b"INSERT INTO comments" in data
                commits = to_server and wrote and b"COMMIT" in data
                if commits and self.cut:
                    # Said or not said to the server, the client never hears what became of it.
                    if self.cut == "after":
                        target.sendall(data)
                    self.cut = ""
                    source.shutdown(socket.SHUT_RDWR)
                    target.shutdown(socket.SHUT_WR)
                    break
                target.sendall(data)


@pytest.fixture
def cutter(migrated_postgres):
    url = make_url(migrated_postgres)
    found = Cutter(str(Path(str(url.query["host"])) / ".s.PGSQL.5432"))
    found.start()
    yield found
    found.listener.close()


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_connection_lost_at_the_commit_promises_nothing_and_the_retry_is_one_comment(
    database_url, cutter, site, rows, redis_url, tmp_path, moment
):
    through = make_url(database_url).set(host="127.0.0.1", port=cutter.port, query={})
    parts = runtime.build(
        config.load(environment_of(through.render_as_string(hide_password=False), redis_url, tmp_path))
    )
    client = create_app(parts).test_client()
    key = {"Idempotency-Key": "k"}

    cutter.cut = moment
    lost = client.post("/v1/comments", json=a_comment(), headers=key)
    assert lost.status_code == 503
    assert lost.headers["Retry-After"].isdigit()
    assert cutter.cut == "", "the connection was cut"
    wait_for(lambda: len(rows(Comment)) == (moment == "after"), "what the server made of it")
    assert client.post("/v1/comments", json=a_comment(), headers=key).status_code == 202
    assert len(rows(Comment)) == 1
    parts.close()


def test_the_counts_are_those_of_the_rows_after_a_thousand_decisions_at_once(parts, site, ann):
    for n in range(40):
        assert ann(article=f"bai-{n % 4}", body=f"Ý kiến số {n} đây.").status_code == 202
    with parts.database.writing() as session:
        session.execute(update(Comment).values(status="held"))
    decided, lost = [], []

    def moderate(number):
        chance = random.Random(number)
        for _ in range(25):
            with parts.database.reading() as session:
                versions = dict(session.execute(select(Comment.id, Comment.version)).all())
            chosen = dict(chance.sample(sorted(versions.items()), 10))
            ruling = deciding.Ruling(chance.choice(list(Outcome)))
            with parts.database.writing() as session:
                done = deciding.decide_many(session, MO, chosen, ruling, now=datetime.now(UTC))
                answers = [uuid.UUID(int=0) if isinstance(one, int) else one.id for one in done.values()]
            decided.extend(one for one in answers if one.int)
            lost.extend(one for one in answers if not one.int)

    at_once(4, moderate)
    assert len(decided) + len(lost) == 1000
    with parts.database.reading() as session:
        approved = select(Comment.article_id, func.count()).where(Comment.status == "approved")
        shown = dict(session.execute(approved.group_by(Comment.article_id)).all())
        assert dict(session.execute(select(Article.id, Article.approved).where(Article.approved > 0)).all()) == shown
        assert session.scalar(select(func.count()).where(Decision.actor == MO.actor)) == len(decided)
        assert session.scalar(select(func.sum(Comment.version))) == 40 + len(decided)


@pytest.mark.chaos
def test_four_writers_and_two_workers_get_along(app, parts, site, start):
    for _ in range(2):
        start("workers")
    start("workers", "schedule")
    statuses: list[int] = []

    def write(number):
        client = app.test_client()
        bodies = [f"Lần {number}.{n} tôi viết." for n in range(100)]
        statuses.extend(client.post("/v1/comments", json=a_comment(body=one)).status_code for one in bodies)

    at_once(4, write)
    assert set(statuses) == {202}

    def pending():
        with parts.database.reading() as session:
            return session.scalar(select(func.count()).where(Comment.status == "pending"))

    wait_for(lambda: pending() == 0, "the workers", 60)
