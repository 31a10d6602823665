"""An article that gets many times its usual comments is watched more closely, and is let go when it has calmed down."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update

from service import challenges, exposition, sites
from service.comments import surges
from service.comments.submission import Draft
from service.models import Comment
from tests.conftest import a_comment, with_answers
from workers import schedule

MINUTE = timedelta(minutes=1)


@pytest.fixture
def came(past_the_door):
    """Let so many comments on an article come in at a moment."""

    def come(site, number, at, *, article="bai-1"):
        past_the_door(site, *[Draft(article, "Ngọc Ánh", "", "Một ý kiến bình thường.")] * number, now=at)

    return come


@pytest.fixture
def watch(parts):
    """Notice surges as of a moment; say which began (True) and ended (False)."""

    def notice(now):
        with parts.database.writing() as session:
            return [turn.began for turn in surges.watch(session, now=now)]

    return notice


@pytest.fixture
def current(parts):
    def look():
        with parts.database.reading() as session:
            return surges.current(session)

    return look


def test_a_quiet_article_that_is_flooded_surges_and_calms_down_by_itself(site, came, watch, current, now):
    for ago in range(300, 10, -10):
        came(site, 1, now - ago * MINUTE)
    assert watch(now) == []

    came(site, 40, now - MINUTE)
    assert watch(now) == [True]
    (surge,) = current()
    assert (surge.article, surge.site_id, surge.recent, surge.since) == ("bai-1", site.id, 40, now)
    assert 0.5 < surge.usual <= 1.1

    assert watch(now + 5 * MINUTE) == []
    assert watch(now + 10 * MINUTE) == [False]
    assert current() == []


def test_a_busy_article_is_used_to_more(site, came, watch, now):
    for ago in range(300, 5, -10):
        came(site, 12, now - ago * MINUTE)
    came(site, 30, now - MINUTE)

    assert watch(now) == []
    came(site, 20, now - MINUTE)
    assert watch(now) == [True]


def test_a_handful_is_never_a_surge(site, came, watch, now):
    came(site, 29, now - MINUTE)
    assert watch(now) == []

    came(site, 1, now - MINUTE)
    assert watch(now) == [True]


def test_a_surge_does_not_come_and_go_with_each_comment(site, came, watch, now):
    came(site, 30, now - MINUTE)
    assert watch(now) == [True]

    came(site, 16, now + 9 * MINUTE)
    assert watch(now + 10 * MINUTE) == []
    assert watch(now + 20 * MINUTE) == [False]


def test_an_attack_that_lasts_does_not_become_the_usual_but_what_people_approve_does(parts, site, came, watch, now):
    came(site, 40, now - MINUTE)
    assert watch(now) == [True]
    for minutes in range(5, 180, 10):
        came(site, 40, now + minutes * MINUTE)
    later = now + 176 * MINUTE
    assert watch(later) == []

    with parts.database.writing() as session:
        session.execute(update(Comment).values(status="approved"))
    assert watch(later) == [False]


def test_each_article_counts_for_itself(site, came, watch, current, now):
    for number in range(12):
        came(site, 5, now - MINUTE, article=f"bai-{number}")
    assert watch(now) == []

    came(site, 25, now - MINUTE, article="bai-3")
    watch(now)
    assert [surge.article for surge in current()] == ["bai-3"]


def test_a_site_sets_how_much_is_too_much_or_that_nothing_is(add_site, came, watch, now):
    never, soon = add_site("never", surge_factor=0), add_site("soon", surge_floor=5)
    came(never, 60, now - MINUTE)
    came(soon, 5, now - MINUTE)

    assert watch(now) == [True]
    with pytest.raises(sites.BadSite, match="surge"):
        add_site("wrong", surge_factor=1)


def test_two_schedulers_do_no_harm(site, came, watch, current, now):
    came(site, 40, now - MINUTE)

    assert [watch(now), watch(now)] == [[True], []]
    assert len(current()) == 1


def test_what_would_be_published_waits_for_a_person_while_it_lasts(parts, site, came, ann, judge_all, rows):
    came(site, 40, datetime.now(UTC) - MINUTE)
    judge_all()
    assert schedule.watch(parts) == 1
    ann(name="Người đến sau")
    judge_all()

    late = next(row for row in rows(Comment) if row.name == "Người đến sau")
    assert late.status == "held"
    assert [(one["check"], one["entry"]) for one in late.findings] == [("flood", "surge")]
    page = exposition.Exposition(parts)
    assert b"duyet_surges 1.0" in page.page()
    page.close()


def test_the_ladder_asks_for_its_next_rung_and_a_proof_costs_the_most(parts, add_site, came, client):
    ladder, proof = add_site("bao", challenge="ladder"), add_site("khac", challenge="pow")
    with_answers(parts.challenges, times=10)

    def asked(key):
        return client.post("/v1/challenges", json={"site": key, "article": "bai-1"}).get_json()

    assert [asked("bao")["kind"], asked("khac")["kind"]] == ["pow", "pow"]
    for site in (ladder, proof):
        came(site, 40, datetime.now(UTC) - MINUTE)
    assert schedule.watch(parts) == 2

    given = asked("bao")
    assert given["kind"] == "image"
    assert asked("khac")["kind"] == "pow"
    token = challenges.form_token(parts.challenges, site="bao", article="bai-1", now=datetime.now(UTC) - MINUTE)
    answer = client.post("/v1/comments", json=a_comment(token=token, captcha_id=given["id"], captcha="KBRTXH"))
    assert answer.status_code == 202


def test_the_desk_names_what_surges_on_the_sites_that_one_reads(add_site, came, watch, at_the_desk, now):
    here, other = add_site("bao", publish="after_review"), add_site("khac", publish="after_review")
    mo, nam = at_the_desk("mo", sites=("bao",)), at_the_desk("nam", sites=("khac",))
    assert "data-surging" not in mo.get("/desk/queue").get_data(as_text=True)
    came(here, 40, now - MINUTE, article="<b>bai</b>&1")
    came(other, 5, now - MINUTE)
    assert watch(now) == [True]
    page = mo.get("/desk/queue").get_data(as_text=True)
    assert "tăng đột biến" in page
    assert "&lt;b&gt;bai&lt;/b&gt;&amp;1</a> (40 trong 10 phút, thường là 0)" in page
    assert "data-surging" not in nam.get("/desk/queue").get_data(as_text=True)
    watch(now + 30 * MINUTE)
    assert "data-surging" not in mo.get("/desk/queue").get_data(as_text=True)
