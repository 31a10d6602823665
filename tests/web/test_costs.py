"""What a request costs in things that can be counted without noise: statements, round trips, memory left behind."""

import itertools
import tracemalloc

import pytest
from sqlalchemy import event
from werkzeug.test import create_environ

from service.jobs import BELL
from tests.conftest import a_comment, with_answers

# Once a connection, not once a request.
OPENING = {"HELLO", "CLIENT"}


@pytest.fixture
def statements(parts):
    """The statements that the database was sent, in order."""
    seen: list[str] = []

    def note(_connection, _cursor, statement, *_rest):
        seen.append(statement)

    event.listen(parts.database.engine, "before_cursor_execute", note)
    yield seen
    event.remove(parts.database.engine, "before_cursor_execute", note)


@pytest.fixture
def round_trips(valkey):
    """Return the commands that Redis is sent while something is done; what a script calls itself is none."""

    def during(do):
        with valkey.monitor() as monitor:
            do()
            valkey.echo("done")
            heard = iter(monitor.next_command, None)
            commands = itertools.takewhile(lambda one: one["command"] != "ECHO done", heard)
            sent = [one["command"].split()[0] for one in commands if one["client_type"] != "lua"]
            return [name for name in sent if name not in OPENING]

    return during


def test_accepting_a_comment_takes_three_statements_and_three_round_trips(
    client, add_site, parts, statements, round_trips, valkey
):
    add_site(challenge="image")
    with_answers(parts.challenges, letters="KBRTXH", times=3)

    def send():
        posed = client.post("/v1/challenges", json={"site": "bao", "article": "bai-1"}).get_json()
        comment = a_comment(captcha_id=posed["id"], captcha="KBRTXH", article_title="Bài", article_url=...)

        def post():
            statements.clear()
            assert client.post("/v1/comments", json=comment).status_code == 202

        return round_trips(post)

    send()  # The first comment makes the article, once in its life.
    send()  # The second reads what the door then knows for a second.
    valkey.set(BELL, b"1", ex=60)
    asked = send()

    # How much waits is counted once a second, by whoever comes then.
    said = [one.split()[0] for one in statements if "count(" not in one]
    assert (said.count("SELECT"), said.count("INSERT"), said.count("UPDATE")) == (1, 2, 0)
    # All limits at once, and with them the last right answer's attempt, given back; the challenge; and whether the bell
    # had rung a moment ago.
    assert asked == ["EVALSHA", "EVALSHA", "SET"]


def test_a_warm_read_asks_neither_database_nor_redis(client, publish, site, statements, round_trips):
    publish()
    client.get("/v1/comments?site=bao&article=bai-1")
    statements.clear()

    assert round_trips(lambda: client.get("/v1/comments?site=bao&article=bai-1")) == []

    assert statements == []


def test_a_cold_read_takes_three_statements_whatever_the_length_of_the_list(client, publish, site, statements):
    for at in range(5):
        publish(body=f"Bình luận thứ {at} của bài, viết cho đủ dài và không giống nhau.")
    statements.clear()

    assert client.get("/v1/comments?site=bao&article=bai-1&limit=5").get_json()["count"] == 5

    assert len([one for one in statements if one.startswith("SELECT")]) == 3


def test_handing_out_a_finished_answer_leaves_nothing_in_memory(app, client, publish, site):
    publish()
    environ = create_environ("/v1/comments", query_string="site=bao&article=bai-1")

    def read() -> None:
        b"".join(app.wsgi_app(dict(environ), lambda *_: None))

    read()
    tracemalloc.start()
    read()
    before = tracemalloc.get_traced_memory()[0]
    tracemalloc.reset_peak()
    for _ in range(200):
        read()
    after, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert after - before < 2_000
    assert peak - before < 16_000
