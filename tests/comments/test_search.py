"""A moderator's search: words without accents, each from its beginning, by an index that the database keeps."""

import pytest
from sqlalchemy import text

from service.comments import search


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


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_frequent_word_is_found_by_walking_the_list(two, found, parts):
    many = [{"id": f"{at:032x}", "words": "đò do sang bến"} for at in range(search.FEW + 1)]
    with parts.database.writing() as session:
        session.execute(text("INSERT INTO comment_words (id, words) VALUES (:id, :words)"), many)
    assert found("do sang") == [FERRY]
    assert found("nguy tra") == [BUS]
    assert found("rai") == []
