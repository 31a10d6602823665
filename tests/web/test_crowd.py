"""Many people behind one address, as a carrier's customers are: they are asked for more before anybody is refused."""

import time
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from service import challenges
from service.models import Comment
from service.web.ladders import Ladders
from tests.conftest import a_comment, solved, with_answers

LETTERS = "KBRTXH"
PHONES = "203.0.113.7"


@pytest.fixture
def more_settings():
    """The limits as they are shipped."""
    return {
        "LIMIT_COMMENTS": "5/minute;30/hour",
        "LIMIT_PHONE": "10/hour",
        "LIMIT_CHALLENGES": "20/minute",
        "LIMIT_ATTEMPTS": "20/minute;100/hour",
        "LIMIT_CROWD": "120/minute;1200/hour",
    }


@pytest.fixture
def person(app, parts):
    """Open a form, answer what it asks for, and send it, all from one address; return the kind and the status."""

    def write(number, *, token=None, captcha=LETTERS, article="bai-1", **changes):
        with app.test_client() as client:
            here = {"environ_overrides": {"REMOTE_ADDR": PHONES}}
            given = client.post("/v1/challenges", json={"site": "bao", "article": article}, **here)
            if given.status_code != 201:
                return "refused", given.status_code
            given = given.get_json()
            answer = (
                {"pow": solved(given["pow"])} if "pow" in given else {"captcha_id": given["id"], "captcha": captcha}
            )
            opened = datetime.fromtimestamp(time.time() - 60, UTC)
            form = token or challenges.form_token(parts.challenges, site="bao", article=article, now=opened)
            sent = a_comment(
                token=form, article=article, name=f"Người {number}", body=f"Ý kiến số {number}.", **answer, **changes
            )
            return given["kind"], client.post("/v1/comments", json=sent, **here).status_code

    return write


@pytest.fixture
def parts(parts):
    # What is proved here is who gets in, not how long that takes.
    quick = replace(parts, challenges=replace(parts.challenges, pow_cost=10, pow_counter=(2, 3)))
    with_answers(quick.challenges, times=100)
    return quick


def test_fifty_people_behind_one_address_all_get_in_the_later_ones_by_a_picture(add_site, person, rows):
    add_site(challenge="ladder")

    ways = [person(number) for number in range(50)]

    assert Counter(status for _, status in ways) == {202: 50}
    assert [kind for kind, _ in ways] == ["pow"] * 20 + ["image"] * 30
    assert len(rows(Comment)) == 50


def test_who_sends_no_form_uses_up_nobody_elses_turns(add_site, app):
    add_site(challenge="ladder")

    def status(address):
        with app.test_client() as client:
            here = {"environ_overrides": {"REMOTE_ADDR": address}}
            return client.post("/v1/comments", json=a_comment(token=...), **here).status_code

    assert [status(PHONES) for _ in range(6)] == [422] * 5 + [429]
    assert status("198.51.100.23") == 422


def test_one_form_sends_no_more_than_one_person_would(add_site, person, parts):
    add_site(challenge="ladder")
    opened = datetime.fromtimestamp(time.time() - 60, UTC)
    token = challenges.form_token(parts.challenges, site="bao", article="bai-1", now=opened)

    assert [person(number, token=token)[1] for number in range(6)] == [202] * 5 + [429]
    assert person(7)[1] == 202


def test_one_phone_number_is_counted_behind_an_address_as_well(add_site, person):
    add_site(challenge="ladder")

    answers = [person(n, phone="0912345678", consent=True)[1] for n in range(11)]
    assert answers == [202] * 10 + [429]


def test_wrong_answers_run_out_long_before_right_ones(add_site, person):
    add_site(challenge="ladder")
    for number in range(20):
        person(number)

    guesses = [person(number, captcha="CDHKMP") for number in range(21)]

    assert guesses == [("image", 422)] * 20 + [("image", 429)]


def test_without_the_ladder_an_address_is_one_sender_as_ever(add_site, person):
    add_site(challenge="image")

    assert [person(number)[1] for number in range(6)] == [202] * 5 + [429]


@pytest.mark.parametrize("more_settings", [{"LIMIT_CROWD": "4/minute"}])
def test_a_crowd_has_its_limit_too(add_site, person):
    add_site(challenge="ladder")

    assert [person(number) for number in range(5)] == [("pow", 202)] * 4 + [("refused", 429)]


@pytest.mark.parametrize("more_settings", [{"LIMIT_ARTICLE": "3/minute"}])
def test_a_crowd_has_a_limit_under_one_article_and_may_go_on_under_another(add_site, person):
    add_site(challenge="ladder")

    assert [person(number)[1] for number in range(4)] == [202] * 3 + [429]
    assert person(5, article="bai-2")[1] == 202


def test_which_sites_are_on_the_ladder_is_asked_for_seldom_and_kept_while_the_database_is_away(parts, add_site):
    add_site("bao", challenge="ladder")
    add_site("khac", challenge="image")
    moment = [0.0]
    known = Ladders(parts.database, clock=lambda: moment[0])
    assert (known.has("bao"), known.has("khac"), known.has("moi")) == (True, False, False)

    add_site("moi", challenge="ladder")
    assert not known.has("moi")
    moment[0] += 2
    assert known.has("moi")
    parts.database.close()
    assert known.has("bao")
