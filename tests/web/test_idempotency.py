"""One Idempotency-Key is one comment, however often, however many at once, and whatever stands at the gate."""

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update

from service.comments import inflight
from service.models import Comment, IdempotencyKey, SpentProof
from tests.conftest import a_comment, solved, with_answers

# A machine that stands still for two seconds is no slow database here, and what sheds load has tests of its own.
PATIENT = pytest.mark.parametrize("more_settings", [{"SHED_SECONDS": "60"}])
KEY = {"Idempotency-Key": "5f2c-one-form-one-key"}


def test_the_same_request_again_gets_the_first_answer_and_stores_nothing(ann, site, rows):
    first, again = ann(KEY), ann(KEY)

    assert (first.status_code, again.status_code) == (202, 202)
    assert again.get_json() == first.get_json()
    assert again.headers["Location"] == first.headers["Location"]
    assert len(rows(Comment)) == 1


def test_a_form_may_send_the_key_as_a_field(client, site, rows):
    answers = [client.post("/v1/comments", data=a_comment(idempotency_key="k-1")).get_json() for _ in range(2)]

    assert answers[0] == answers[1]
    assert len(rows(Comment)) == 1


@pytest.mark.parametrize(
    "changes",
    [{"body": "Một nội dung khác."}, {"name": "Eve"}, {"title": "Khác"}, {"article": "bai-2"}],
)
def test_the_same_key_with_other_content_is_refused(ann, site, rows, changes):
    ann(KEY)
    answer = ann(KEY, **changes)

    assert answer.status_code == 422
    assert [(one["field"], one["code"]) for one in answer.get_json()["errors"]] == [
        ("idempotency_key", "idempotency_mismatch")
    ]
    assert len(rows(Comment)) == 1


def test_a_key_belongs_to_its_site(ann, add_site, rows):
    add_site("bao")
    add_site("khac")

    assert ann(KEY).get_json()["id"] != ann(KEY, site="khac").get_json()["id"]
    assert len(rows(Comment)) == 2


def test_long_keys_are_told_apart_to_their_end_or_refused(ann, site, rows):
    first, second = (ann({"Idempotency-Key": "k" * 199 + end}).get_json() for end in "ab")

    assert first["id"] != second["id"]
    for key in ("k" * 201, "k" * 5000):
        answer = ann({"Idempotency-Key": key})
        assert [(one["field"], one["code"]) for one in answer.get_json()["errors"]] == [("idempotency_key", "too_long")]
    assert len(rows(Comment)) == 2


@pytest.mark.parametrize("key", ["\ud800", "a\x00b", 7, ["k"], {"k": 1}])
def test_a_key_that_is_no_text_is_named(ann, site, rows, key):
    answer = ann(idempotency_key=key)

    assert answer.status_code == 422
    assert [(one["field"], one["code"]) for one in answer.get_json()["errors"]] == [("idempotency_key", "invalid_text")]
    assert rows(Comment) == []


def test_a_key_is_forgotten_after_a_day(ann, site, rows, parts):
    first = ann(KEY).get_json()
    with parts.database.writing() as session:
        session.execute(update(IdempotencyKey).values(created_at=datetime.now(UTC) - timedelta(days=1, seconds=1)))

    assert ann(KEY).get_json()["id"] != first["id"]
    assert len(rows(Comment)) == 2


def test_while_the_first_request_is_under_way_the_second_is_told_to_come_back(ann, site, parts, rows):
    first = inflight.InFlight(parts.redis)
    assert first.begin("bao", KEY["Idempotency-Key"])

    answer = ann(KEY)

    assert (answer.status_code, answer.get_json()["type"]) == (409, "urn:duyet:problem:conflict")
    assert answer.headers["Retry-After"] == "1"
    first.end("bao", KEY["Idempotency-Key"])
    assert ann(KEY).status_code == 202
    assert len(rows(Comment)) == 1


def test_a_request_that_fails_leaves_its_key_free(ann, site, rows):
    assert ann(KEY, body="").status_code == 422

    assert ann(KEY).status_code == 202
    assert len(rows(Comment)) == 1


def at_once(app, fields, times=64):
    """Post the same form so many times at the same moment; return the answers."""
    start = threading.Barrier(times)

    def send(_):
        with app.test_client() as client:
            start.wait()
            return client.post("/v1/comments", json=fields, headers=KEY)

    with ThreadPoolExecutor(times) as crowd:
        return list(crowd.map(send, range(times)))


def check_one_comment(answers, rows):
    assert Counter(answer.status_code for answer in answers).keys() <= {202, 409}, [a.get_json() for a in answers]
    (row,) = rows(Comment)
    accepted = [answer.get_json() for answer in answers if answer.status_code == 202]
    assert {one["id"] for one in accepted} == {str(row.id)}
    assert len({one["receipt"] for one in accepted}) == 1


@PATIENT
def test_of_64_at_once_with_one_key_there_is_one_comment(app, ann, site, rows):
    check_one_comment(at_once(app, a_comment()), rows)
    assert ann(KEY).status_code == 202


@PATIENT
def test_of_64_at_once_with_one_key_and_one_proof_of_work_there_is_one_comment(app, ann, add_site, client, rows):
    add_site(challenge="pow")
    answer = solved(client.post("/v1/challenges", json={"site": "bao", "article": "bai-1"}).get_json()["pow"])

    check_one_comment(at_once(app, a_comment(pow=answer)), rows)
    assert len(rows(SpentProof)) == 1
    assert ann(KEY).status_code == 202, "a retry needs no new proof"


@PATIENT
def test_of_64_at_once_with_one_key_and_one_image_there_is_one_comment(app, ann, add_site, client, parts, rows):
    add_site(challenge="image")
    with_answers(parts.challenges)
    challenge = client.post("/v1/challenges", json={"site": "bao", "article": "bai-1"}).get_json()

    check_one_comment(at_once(app, a_comment(captcha_id=challenge["id"], captcha="KBRTXH")), rows)
    assert ann(KEY).status_code == 202, "a retry needs no new answer"


@PATIENT
@pytest.mark.parametrize("redis_url", ["redis://127.0.0.1:1/0"])
def test_of_64_at_once_there_is_one_comment_without_redis_too(app, site, rows, redis_url):
    answers = at_once(app, a_comment())

    codes = Counter(answer.status_code for answer in answers)
    assert codes.keys() <= {202, 409, 429}
    assert codes[202] >= 1
    assert len(rows(Comment)) == 1
