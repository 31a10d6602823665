"""A PostgreSQL that stands still (SIGSTOP): the real server, none of whose processes says another word."""

import contextlib
import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import psycopg
import pytest
from sqlalchemy import text

from service import postgresql
from service.db import AWAY
from service.models import Comment
from tests.conftest import PATIENCE, a_comment, wait_for

PLACE = {"site": "bao", "article": "bai-1"}


@pytest.fixture
def standing_still(parts):
    """Stop every process of the server; the call lets them go on, and so does the test's end."""
    with parts.database.reading() as session:
        folder = Path(session.scalar(text("SHOW data_directory")))
    postmaster = psutil.Process(int((folder / "postmaster.pid").read_text().split()[0]))
    stopped = []

    def stop():
        # The postmaster first: nobody is born after that.
        for one in [postmaster, *postmaster.children()]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(one.pid, signal.SIGSTOP)
                stopped.append(one.pid)

    def go_on():
        while stopped:
            with contextlib.suppress(ProcessLookupError):
                os.kill(stopped.pop(), signal.SIGCONT)

    yield stop, go_on
    go_on()


@pytest.mark.chaos
@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
@pytest.mark.parametrize("more_settings", [{"DATABASE_TIMEOUT": "0.5"}])
def test_while_postgresql_stands_still_reads_are_answered_and_nothing_is_promised(
    app, client, site, publish, parts, rows, standing_still, database_url, more_settings
):
    stop, go_on = standing_still
    publish()
    first = client.get("/v1/comments", query_string=PLACE)
    app.extensions["duyet-shelf"].forget(None)

    def in_the_middle():
        with parts.database.reading() as session:
            session.execute(text("SELECT 1"))
            stop()
            session.execute(text("SELECT 2"))

    def ask(what):
        with app.test_client() as own:
            return what(own)

    read = lambda own: own.get("/v1/comments", query_string=PLACE)  # noqa: E731
    elsewhere = lambda own: own.get("/v1/comments?site=bao&article=bai-2")  # noqa: E731
    post = lambda own: own.post("/v1/comments", json=a_comment())  # noqa: E731
    ready = lambda own: own.get("/readyz")  # noqa: E731
    with ThreadPoolExecutor(8) as crowd:
        assert isinstance(crowd.submit(in_the_middle).exception(PATIENCE), AWAY), "it did not wait for ever"
        asked = [crowd.submit(ask, one) for one in (read, elsewhere, post, ready) * 2]
        answers = [one.result(PATIENCE) for one in asked]
    assert [one.status_code for one in answers] == [200, 503, 503, 503] * 2
    assert answers[0].get_json() == first.get_json()
    assert answers[2].headers["Retry-After"].isdigit()
    assert answers[3].get_json()["missing"] == ["database"]

    go_on()
    wait_for(lambda: client.get("/readyz").status_code == 200, "the database to be found again")
    assert client.post("/v1/comments", json=a_comment()).status_code == 202
    assert len(rows(Comment)) == 2


@pytest.mark.chaos
@pytest.mark.usefixtures("site", "database_url")
@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
@pytest.mark.parametrize("more_settings", [{"DATABASE_TIMEOUT": "1", "SHED_SECONDS": "60"}])
def test_comments_that_wait_for_one_that_postgresql_has_caught_wait_for_two_time_outs_at_most(
    app, client, parts, rows, standing_still, more_settings
):
    stop, go_on = standing_still
    together = app.extensions["duyet-together"]

    def post(number):
        began = time.monotonic()
        with app.test_client() as own:
            answer = own.post("/v1/comments", json=a_comment(article=f"bai-{number}"))
        return answer, time.monotonic() - began

    with ThreadPoolExecutor(8) as crowd:
        with parts.database.engine.connect() as other:
            other.execute(text("LOCK TABLE comments IN EXCLUSIVE MODE"))
            asked = [crowd.submit(post, number) for number in range(8)]
            wait_for(lambda: len(together._waiting) == 7, "one to store, and seven to wait for their turn")
            stop()
            answers = [one.result(PATIENCE) for one in asked]
            go_on()
        assert [answer.status_code for answer, _ in answers] == [503] * 8
        assert all(answer.headers["Retry-After"].isdigit() for answer, _ in answers)
        in_its_statement = parts.settings.database_timeout.total_seconds() + postgresql.GRACE_SECONDS
        longest = in_its_statement + postgresql.LOOK_SECONDS + postgresql.CONNECT_SECONDS
        assert max(took for _, took in answers) < longest + 2, "two more for a busy machine"

        wait_for(lambda: client.get("/readyz").status_code == 200, "the database to be found again")
        assert {one.result(PATIENCE)[0].status_code for one in [crowd.submit(post, n) for n in range(8)]} == {202}
    assert len(rows(Comment)) == 8


@pytest.mark.usefixtures("database_url")
@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
@pytest.mark.parametrize("more_settings", [{"DATABASE_TIMEOUT": "0.3"}])
def test_the_server_itself_ends_a_statement_and_a_wait_for_a_lock_that_take_too_long(parts, more_settings):
    for asked in ("SELECT pg_sleep(30)", "LOCK TABLE comments IN ACCESS EXCLUSIVE MODE"):
        with parts.database.engine.connect() as other:
            other.execute(text("LOCK TABLE comments IN ACCESS SHARE MODE"))
            # In the server's words: the client's own patience lasts a second longer and would speak of a wait.
            with (
                pytest.raises(AWAY, match=r"canceling statement due to (statement|lock) timeout"),
                parts.database.writing() as session,
            ):
                session.execute(text(asked))
            other.rollback()


def test_while_a_server_is_silent_one_looks_again_and_nobody_else_waits():
    at = [100.0]
    silence = postgresql.Silence(clock=lambda: at[0])
    silence.demand_turn()
    silence.demand_turn()

    silence.begin()
    with pytest.raises(psycopg.OperationalError):
        silence.demand_turn()
    at[0] += postgresql.AGAIN_SECONDS
    silence.demand_turn()
    with pytest.raises(psycopg.OperationalError):
        silence.demand_turn()
    silence.end()
    silence.demand_turn()
    silence.demand_turn()
