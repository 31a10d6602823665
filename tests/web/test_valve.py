"""Load is shed before the service collapses: 503 with Retry-After, reads as ever, and it ends by itself."""

import threading
import time

import pytest
from sqlalchemy import text

from service.models import Comment
from tests.conftest import wait_for

PLACE = {"site": "bao", "article": "bai-1"}


def refused(answer):
    assert (answer.status_code, answer.content_type) == (503, "application/problem+json")
    assert answer.headers["Retry-After"].isdigit()
    assert answer.headers["Cache-Control"] == "no-store"
    return True


@pytest.mark.usefixtures("site")
@pytest.mark.parametrize("more_settings", [{"SHED_PENDING": "3"}])
def test_with_too_many_waiting_no_more_are_taken_until_they_are_judged(
    app, ann, client, rows, judge_all, more_settings
):
    clock = [0.0]
    app.extensions["duyet-valve"]._clock = lambda: clock[0]
    assert [ann(body=f"Ý kiến số {n} đây.").status_code for n in range(4)] == [202] * 4

    clock[0] += 1.1
    assert refused(ann())
    assert refused(ann())
    assert len(rows(Comment)) == 4
    assert client.get("/v1/comments", query_string=PLACE).status_code == 200

    judge_all()
    clock[0] += 1.1
    assert ann().status_code == 202


@pytest.mark.usefixtures("site")
@pytest.mark.parametrize("more_settings", [{"SHED_PENDING": "3"}])
def test_a_form_keeps_what_was_typed_when_load_is_shed(app, ann, client, more_settings):
    app.extensions["duyet-valve"]._look = lambda _now: None
    app.extensions["duyet-valve"]._pending = 4
    form = {**PLACE, "name": "Ann", "title": "Ý kiến", "body": "Một ý kiến dài, gõ mãi mới xong."}
    answer = client.post("/v1/comments", data=form, headers={"Accept": "text/html"})
    assert answer.status_code == 503
    assert form["body"] in answer.get_data(as_text=True)


@pytest.mark.usefixtures("site")
@pytest.mark.parametrize("more_settings", [{"SHED_SECONDS": "0.2", "DATABASE_TIMEOUT": "20"}])
def test_while_the_database_keeps_one_waiting_the_next_is_told_at_once(app, ann, client, parts, rows, more_settings):
    answers = []
    with parts.database.engine.connect() as other:
        if other.dialect.name == "postgresql":
            other.execute(text("LOCK TABLE comments IN EXCLUSIVE MODE"))
        else:
            other.execute(text("SELECT 1"))  # Every transaction that may write begins with the lock.
        stuck = threading.Thread(target=lambda: answers.append(app.test_client().post("/v1/comments", json=comment())))
        stuck.start()
        valve = app.extensions["duyet-valve"]
        wait_for(lambda: any(time.monotonic() - one > 0.2 for one in list(valve._begun.values())), "the stuck one")

        started = time.monotonic()
        assert refused(ann())
        assert client.get("/v1/comments", query_string=PLACE).status_code == 200
        assert time.monotonic() - started < 5, "nobody waited for the database"
        other.rollback()
        stuck.join()
    assert [one.status_code for one in answers] == [202]
    assert ann().status_code == 202
    assert len(rows(Comment)) == 2


def comment():
    return {**PLACE, "name": "Ann", "title": "Ý kiến", "body": "Bài viết rất hay, cảm ơn."}
