"""What is answered while a part is away: real ones, refused or hung or locked, and never a promise not kept."""

import contextlib
import resource
import socket
import threading
from pathlib import Path

import pytest
from sqlalchemy import text

from service import config, news, runtime
from service.app import create_app
from service.models import Comment
from tests.conftest import a_comment, environment_of, free_port, solved, wait_for, with_answers

PLACE = {"site": "bao", "article": "bai-1"}


class TestRedisAway:
    @pytest.fixture(params=["refused", "hung"])
    def waits(self, request):
        """Return the port of a Redis that is away, and a count of the times that one waited for its answer."""
        if request.param == "refused":
            yield free_port(), lambda: 0
            return
        # It accepts a connection and never says a word, and who waited in vain comes with a new one.
        with socket.create_server(("127.0.0.1", 0)) as listener, contextlib.ExitStack() as kept:
            listener.settimeout(0)

            def count():
                with contextlib.suppress(BlockingIOError):
                    while True:
                        kept.enter_context(listener.accept()[0])
                        counted.append(1)
                return len(counted)

            counted: list[int] = []
            yield listener.getsockname()[1], count

    @pytest.fixture
    def redis_url(self, waits):
        return f"redis://127.0.0.1:{waits[0]}/0"

    @pytest.fixture
    def more_settings(self):
        return {"REDIS_TIMEOUT": "0.5"}

    @pytest.mark.usefixtures("site")
    def test_a_comment_is_accepted_when_redis_was_waited_for_once(self, ann, rows, waits):
        answer = ann({"Idempotency-Key": "k"})

        assert answer.status_code == 202
        assert waits[1]() <= 1
        assert len(rows(Comment)) == 1

    def test_a_proof_of_work_stands_in_for_the_image_and_a_person_reads_what_came_by_it(
        self, client, add_site, ann, judge_all, rows
    ):
        add_site(challenge="image")
        given = client.post("/v1/challenges", json=PLACE).get_json()
        assert given["kind"] == "pow"

        proof = solved(given["pow"])
        assert ann(pow=proof).status_code == 202
        assert ann(pow=proof).status_code == 422, "once"
        judge_all()
        assert [row.status for row in rows(Comment)] == ["held"]

    def test_an_image_cannot_be_checked_and_the_form_is_asked_to_try_again(self, client, add_site, ann, rows):
        add_site(challenge="image")
        for answer in (
            ann(captcha_id="a" * 22, captcha="KBRTXH"),
            client.get(f"/v1/challenges/{'a' * 22}/image"),
            client.get(f"/v1/challenges/{'a' * 22}/audio"),
        ):
            assert (answer.status_code, answer.content_type) == (503, "application/problem+json")
            assert answer.headers["Retry-After"].isdigit()
        assert rows(Comment) == []

    @pytest.mark.usefixtures("site")
    def test_reads_are_answered_and_readiness_says_what_is_missing(self, client):
        assert client.get("/v1/comments", query_string=PLACE).status_code == 200
        ready = client.get("/readyz")
        assert (ready.status_code, ready.get_json()) == (200, {"status": "ok", "degraded": ["redis"]})


@pytest.fixture
def database_locked(parts):
    """Hold the lock that every new comment needs, from another connection."""
    with parts.database.engine.connect() as other:
        if other.dialect.name == "postgresql":
            other.execute(text("LOCK TABLE comments IN ACCESS EXCLUSIVE MODE"))
        else:
            other.execute(text("SELECT 1"))  # Every transaction that may write begins with the lock.
        release = threading.Event()
        yield lambda: (other.rollback(), release.set())
        if not release.is_set():
            other.rollback()


@pytest.mark.parametrize("more_settings", [{"DATABASE_TIMEOUT": "0.2"}])
def test_what_cannot_be_stored_is_not_promised_and_the_answer_of_the_reader_is_good_again(
    request, client, add_site, ann, parts, rows, more_settings
):
    add_site(challenge="image")
    with_answers(parts.challenges)
    given = client.post("/v1/challenges", json=PLACE).get_json()
    answer = {"captcha_id": given["id"], "captcha": "KBRTXH"}
    release = request.getfixturevalue("database_locked")

    refused = ann({"Idempotency-Key": "k"}, **answer)
    assert (refused.status_code, refused.content_type) == (503, "application/problem+json")
    assert refused.headers["Retry-After"].isdigit()
    release()

    assert ann({"Idempotency-Key": "k"}, **answer).status_code == 202
    assert len(rows(Comment)) == 1


@pytest.mark.usefixtures("site", "database_url")
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_full_disk_promises_nothing_harms_nothing_and_is_got_over(ann, client, publish, parts, rows, files_end_at):
    publish()
    file = Path(str(parts.database.engine.url.database))
    files_end_at(file.with_name(f"{file.name}-wal").stat().st_size)
    refused = ann({"Idempotency-Key": "k"})
    assert (refused.status_code, refused.content_type) == (503, "application/problem+json")
    assert refused.headers["Retry-After"].isdigit()
    assert client.get("/v1/comments", query_string=PLACE).get_json()["count"] == 1
    assert len(rows(Comment)) == 1
    files_end_at(resource.RLIM_INFINITY)

    assert ann({"Idempotency-Key": "k"}).status_code == 202
    assert len(rows(Comment)) == 2
    with parts.database.reading() as session:
        assert session.scalar(text("PRAGMA integrity_check")) == "ok"


def test_without_a_database_nothing_is_promised(tmp_path, redis_url):
    gone = f"postgresql://nobody@127.0.0.1:{free_port()}/none"
    parts = runtime.build(config.load(environment_of(gone, redis_url, tmp_path)))
    client = create_app(parts).test_client()
    for answer in (
        client.post("/v1/comments", json=a_comment()),
        client.get("/v1/comments", query_string=PLACE),
        client.get("/v1/review/comments", headers={"Authorization": "Bearer x"}),
    ):
        assert answer.status_code == 503
        assert answer.headers["Retry-After"].isdigit()
        assert answer.headers["Cache-Control"] == "no-store"
    assert client.get("/healthz").status_code == 200
    assert client.get("/readyz").get_json()["missing"] == ["database"]
    parts.close()


def test_a_phone_whose_key_is_gone_leaves_the_queue_open(client, add_site, ann, parts, judge_all, mo):
    add_site(publish="after_review")
    ann(phone="0912345678", consent=True)
    judge_all()
    with parts.database.writing() as session:
        session.execute(text("UPDATE comments SET phone = :junk"), {"junk": b"x" * 40})

    answer = client.get("/v1/review/comments", headers=mo)
    assert answer.status_code == 200
    (found,) = answer.get_json()["comments"]
    assert found["phone"] == "•"
    asked = client.post(f"/v1/review/comments/{found['id']}/phone", json={"reason": "Gọi lại"}, headers=mo)
    assert (asked.status_code, asked.content_type) == (410, "application/problem+json")


@pytest.fixture
def unreadable(parts):
    """Make every read fail as it does while the database is away; the call ends it."""
    with parts.database.engine.connect() as other:
        if other.dialect.name == "postgresql":
            other.execute(text("LOCK TABLE sites IN ACCESS EXCLUSIVE MODE"))
            yield other.rollback
            other.rollback()
        else:
            other.exec_driver_sql("ALTER TABLE sites RENAME TO elsewhere")
            other.commit()
            yield lambda: (other.exec_driver_sql("ALTER TABLE elsewhere RENAME TO sites"), other.commit())


@pytest.mark.usefixtures("site")
class TestReadsWhileTheDatabaseIsAway:
    """Row "database" of the failure table: nothing is promised, and what was shown is still shown, for a minute."""

    @pytest.fixture
    def more_settings(self):
        return {"DATABASE_TIMEOUT": "0.2"}

    @pytest.fixture
    def clock(self, app):
        at = [1000.0]
        app.extensions["duyet-shelf"]._clock = lambda: at[0]
        return at

    def test_the_last_answer_is_given_for_a_minute_and_no_longer(self, request, client, publish, clock):
        publish()
        first = client.get("/v1/comments", query_string=PLACE)
        clock[0] += 50
        back = request.getfixturevalue("unreadable")
        again = client.get("/v1/comments", query_string=PLACE)
        clock[0] += 11
        later = client.get("/v1/comments", query_string=PLACE)
        back()

        assert (again.status_code, again.get_json()) == (200, first.get_json())
        assert later.status_code == 503
        assert client.get("/v1/comments", query_string=PLACE).status_code == 200

    def test_what_was_taken_away_is_not_shown_again(self, request, client, publish, clock, app):
        publish()
        assert client.get("/v1/comments", query_string=PLACE).get_json()["count"] == 1
        clock[0] += 1
        request.getfixturevalue("unreadable")
        app.extensions["duyet-shelf"].forget(frozenset({1}))
        assert client.get("/v1/comments", query_string=PLACE).status_code == 503

    def test_what_only_grew_may_still_be_shown(self, request, client, publish, app, parts):
        publish()
        assert client.get("/v1/comments", query_string=PLACE).get_json()["count"] == 1
        heard, stop = [], threading.Event()

        def hear(articles, only_added):
            app.extensions["duyet-shelf"].forget(articles, only_added)
            heard.append((articles, only_added))

        listening = threading.Thread(target=news.listen, args=(parts.redis, hear, stop))
        listening.start()
        wait_for(lambda: heard, "the subscription")
        assert client.get("/v1/comments", query_string=PLACE).get_json()["count"] == 1
        news.tell(parts.redis, [1], only_added=True)
        wait_for(lambda: (frozenset({1}), True) in heard, "the news")
        request.getfixturevalue("unreadable")
        assert client.get("/v1/comments", query_string=PLACE).get_json()["count"] == 1
        news.tell(parts.redis, [1])
        wait_for(lambda: (frozenset({1}), False) in heard, "the news")
        assert client.get("/v1/comments", query_string=PLACE).status_code == 503
        stop.set()
        listening.join()
