"""Comments that arrive at once: one transaction, one bell, and nobody suffers for another's fault."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import text

from service import articles, db
from service.comments import submission
from service.comments.submission import Draft, Gate
from service.comments.together import Together
from service.models import Comment, Decision
from tests.conftest import wait_for

CROWD = 8


class Bell:
    rung = 0

    def __call__(self) -> None:
        self.rung += 1


@pytest.fixture
def bell():
    return Bell()


@pytest.fixture
def together(parts, bell):
    return Together(parts.database, bell)


@pytest.fixture
def arrival(parts, site, now):
    def make(article="bai-1", proof=None, key=None):
        draft = Draft(article=article, name="Ngọc Ánh", title="", body="Bài viết rất hay.")
        gate = Gate(proof=proof, proof_expires=now + timedelta(minutes=5))
        given = {"vault": parts.vault, "secret": parts.receipt_secret, "sender": b"one", "key": key, "now": now}
        return submission.ready(site, draft, gate, **given)

    return make


@pytest.fixture
def errors_at_once(parts, together):
    """Store these from a thread each, so that all but the first wait for one another; return what was raised."""

    def raised(one):
        try:
            together.store(one)
        except Exception as error:  # noqa: BLE001 - which one is what is asked.
            return error
        return None

    def send(arrivals):
        with ThreadPoolExecutor(len(arrivals)) as threads:
            with parts.database.writing() as session:
                if session.get_bind().dialect.name == "postgresql":
                    session.execute(text("LOCK TABLE articles, comments IN ACCESS EXCLUSIVE MODE"))
                else:
                    session.execute(text("SELECT 1"))
                first = threads.submit(raised, arrivals[0])
                wait_for(together._turn.locked, "the first to have the turn")
                wait_for(lambda: not together._waiting, "the first to have taken what waits")
                rest = [threads.submit(raised, one) for one in arrivals[1:]]
                wait_for(lambda: len(together._waiting) == len(rest), "the others to wait")
            return [one.result() for one in (first, *rest)]

    return send


@pytest.fixture
def at_once(errors_at_once):
    """The same; return the kinds of what was raised."""
    return lambda arrivals: [error and type(error) for error in errors_at_once(arrivals)]


def test_what_waits_while_one_is_stored_goes_with_the_next_transaction_and_one_bell(
    parts, arrival, at_once, bell, rows
):
    commits = []
    parts.database.after_writing(commits.append, lambda _: None)
    assert at_once([arrival(f"bai-{at % 3}") for at in range(CROWD)]) == [None] * CROWD
    assert len(rows(Comment)) == len(rows(Decision)) == CROWD
    assert len({row.receipt_key for row in rows(Comment)}) == CROWD
    assert bell.rung == 2
    # The lock that made them wait was a transaction too.
    assert len(commits) == 3


def test_a_proof_that_comes_twice_at_once_pays_for_one_of_them_and_the_others_are_stored(arrival, at_once, rows):
    arrivals = [arrival(), arrival(proof="once"), arrival(), arrival(proof="once"), arrival()]
    assert at_once(arrivals) == [None, None, None, submission.ProofSpent, None]
    assert len(rows(Comment)) == 4


def test_who_writes_under_a_closed_article_is_told_so_alone(parts, site, arrival, at_once, bell, rows, now):
    with parts.database.writing() as session:
        articles.close(session, site, "bai-2", now=now)
    assert at_once([arrival(), arrival("bai-2"), arrival()]) == [None, articles.ArticleClosed, None]
    assert len(rows(Comment)) == 2
    assert bell.rung == 2, "for the first, and for the other one that was stored"


def test_two_with_one_key_at_once_are_one_comment(arrival, at_once, rows):
    assert at_once([arrival(), arrival(key="k"), arrival(key="k")]) == [None, None, submission.SentMeanwhile]
    assert len(rows(Comment)) == 2


def test_when_the_database_is_away_it_says_so_and_no_bell_is_rung(parts, arrival, bell, tmp_path):
    nowhere = db.connect(f"sqlite:///{tmp_path}/no-such-folder/duyet.db", parts.settings.database_timeout)
    with pytest.raises(db.AWAY):
        Together(nowhere, bell).store(arrival())
    nowhere.close()
    assert bell.rung == 0


@pytest.mark.parametrize("more_settings", [{"DATABASE_TIMEOUT": "0.5"}])
def test_a_database_that_goes_away_while_each_is_tried_alone_keeps_them_waiting_once(
    parts, site, arrival, errors_at_once, rows, now, more_settings
):
    with parts.database.writing() as session:
        articles.close(session, site, "bai-2", now=now)
    with parts.database.engine.connect() as other:
        lock = "LOCK TABLE comments IN EXCLUSIVE MODE" if other.dialect.name == "postgresql" else "SELECT 1"
        parts.database.after_writing(lambda _: None, lambda _: other.in_transaction() or other.execute(text(lock)))
        first, *others = errors_at_once([arrival(), *(arrival("bai-1") for _ in range(4)), arrival("bai-2")])
    assert first is None
    assert len(others) == 5
    assert all(isinstance(one, db.AWAY) for one in others)
    assert len({id(one) for one in others}) == 1, "one time-out for all of them"
    assert len(rows(Comment)) == 1
