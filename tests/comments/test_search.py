"""A moderator's search: words without accents, each from its beginning, by an index that the database keeps."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import event, text, update

from service.comments import search
from service.comments.submission import Draft
from service.models import Comment


@pytest.fixture
def found(client, mo):
    """Return the bodies that a search finds."""

    def ask(words: str, status: str = "approved") -> list[str]:
        answer = client.get("/v1/review/comments", query_string={"status": status, "q": words}, headers=mo)
        assert answer.status_code == 200, answer.text
        return [one["body"] for one in answer.get_json()["comments"]]

    return ask


FERRY = "Đò sang sông Quê chạy lại từ sáng nay, bà con mừng lắm."
BUS = "Xe buýt số 12 đổi giờ, đường Nguyễn Trãi bớt kẹt."


@pytest.fixture
def two(site, publish):
    """Two approved comments."""
    publish(body=FERRY)
    publish(body=BUS)


@pytest.mark.parametrize("words", ["ĐÒ SANG", "do sang", "song que", "que do", "do' sang", "sông, Quê!", "me đo "])
def test_words_are_found_with_and_without_accents_in_any_order(two, found, words):
    assert found(words) == ([] if words.startswith("me") else [FERRY])


def test_a_word_is_found_by_its_beginning_and_not_by_its_middle(two, found):
    assert found("nguy tra") == [BUS]
    assert found("rai") == []


@pytest.mark.parametrize("words", ['"', "*", "a:b", "NEAR(do)", "do OR xe", "-do", "do\\", "'; --", "ß", "%", "_"])
def test_signs_of_a_query_language_are_signs(two, found, words):
    assert set(found(words)) <= {FERRY, BUS}


def test_what_waits_to_be_judged_is_found_as_well(site, ann, found):
    ann(body=FERRY)
    assert found("do sang", status="pending") == [FERRY]


def test_an_erased_comment_leaves_no_word_behind(site, publish, client, found, parts):
    sent = publish(body=FERRY)
    assert client.delete(f"/v1/receipts/{sent['receipt']}").status_code == 204
    assert found("do sang", status="erased") == []
    with parts.database.reading() as session:
        if parts.database.engine.dialect.name == "sqlite":
            assert session.scalar(text("SELECT count(*) FROM comment_words")) == 0


def test_a_frequent_word_is_found_by_walking_the_list_from_its_newest(site, past_the_door, judge_all, parts, found):
    """A thousand finds are put in order; of more, the list is walked until a page is full."""
    drafts = [Draft("bai-1", "Ann", "Ý kiến", f"Bến đò thứ {at} của tỉnh nhà.") for at in range(search.FEW)]
    past_the_door(site, *drafts, now=datetime.now(UTC) - timedelta(days=1))
    past_the_door(site, Draft("bai-1", "Bình", "Ý kiến", FERRY))
    with parts.database.writing() as session:
        session.execute(update(Comment).values(status="approved"))
    assert found("do")[0] == FERRY
    assert found("ben do")[0].startswith("Bến đò thứ")
    assert found("do song que") == [FERRY]
    assert found("ben que") == []
    assert found("tinh 999") == ["Bến đò thứ 999 của tỉnh nhà."]


def test_postgresql_gathers_no_finds_of_words_that_every_newest_comment_holds(site, past_the_door, parts, found):
    """It would gather all of them for one page; a word of yesterday alone is looked up."""
    drafts = [Draft("bai-1", "Ann", "Ý kiến", f"Bến đò thứ {at} của tỉnh nhà.") for at in range(search.FEW + 1)]
    past_the_door(site, Draft("bai-1", "Bình", "Ý kiến", BUS), now=datetime.now(UTC) - timedelta(days=1))
    past_the_door(site, *drafts)
    with parts.database.writing() as session:
        session.execute(update(Comment).values(status="approved"))
    asked: list[str] = []
    event.listen(parts.database.engine, "before_cursor_execute", lambda *given: asked.append(given[2]))

    assert found("ben do")[0].startswith("Bến đò thứ")
    assert not any("to_tsquery" in one for one in asked)
    assert found("xe buyt") == [BUS]
    assert any("to_tsquery" in one or "MATCH" in one for one in asked)


def test_what_is_decided_is_listed_from_the_newest_and_what_waits_for_the_machine_from_the_oldest(
    site, ann, publish, found
):
    publish(body=FERRY)
    publish(body=BUS)
    assert found("") == [BUS, FERRY]
    ann(body=FERRY)
    ann(body=BUS)
    assert found("", status="pending") == [FERRY, BUS]


def test_postgresql_asks_its_index_of_words(two, parts):
    """Its condition must be the index's own, word for word, even once the server has prepared the statement."""
    if parts.database.engine.dialect.name != "postgresql":
        pytest.skip("SQLite has a table for it")
    with parts.database.reading() as session:
        for _ in range(10):
            search.matches(session, "do", status="approved")
        assert session.scalar(text("SELECT pg_stat_get_xact_numscans('ix_comments_words'::regclass)")) == 10
