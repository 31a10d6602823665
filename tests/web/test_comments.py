"""A comment is accepted: what is answered, what is stored, and what is refused with which words."""

import io
import re
import uuid
from datetime import UTC, datetime

import pytest

from service import articles
from service.models import Article, Comment, Decision
from tests.conftest import a_comment

FORMS = ("application/json", "application/x-www-form-urlencoded", "multipart/form-data")


def send_as(client, media, fields, **more):
    if media == "application/json":
        return client.post("/v1/comments", json=fields, **more)
    return client.post("/v1/comments", data=fields, content_type=media, **more)


def codes(answer) -> set[tuple[str, str]]:
    """Return what is wrong with which field, as a 422 says it."""
    assert answer.status_code == 422, answer.get_data(as_text=True)
    return {(error["field"], error["code"]) for error in answer.get_json()["errors"]}


@pytest.mark.parametrize("media", FORMS)
def test_a_comment_is_stored_as_pending_before_it_is_answered(client, site, rows, media):
    answer = send_as(client, media, a_comment(phone="0912 345 678", consent="on"))

    told = answer.get_json()
    assert answer.status_code == 202
    assert told == {"id": told["id"], "receipt": told["receipt"], "status": "pending"}
    assert answer.headers["Location"] == f"/v1/receipts/{told['receipt']}"
    assert answer.headers["Cache-Control"] == "no-store"
    (row,) = rows(Comment)
    assert (row.id, row.status, row.version) == (uuid.UUID(told["id"]), "pending", 1)
    assert (row.name, row.title, row.body) == ("Ngọc Ánh", "Ý kiến", "Cảm ơn tòa soạn, bài viết rất bổ ích.")
    assert [(one.act, one.actor, one.status_after) for one in rows(Decision)] == [("received", "reader", "pending")]


def test_every_answer_carries_a_request_id_of_ours(client, site, ann):
    first = ann({"X-Request-Id": "chosen by Eve"})
    second = client.get("/v1/nowhere")

    ids = {first.headers["X-Request-Id"], second.headers["X-Request-Id"]}
    assert len(ids) == 2
    assert all(re.fullmatch("[0-9a-f]{16}", one) for one in ids)


def test_unknown_fields_are_ignored_and_never_stored(ann, site, rows):
    answer = ann(status="approved", id="1", risk=0, escalated=True, shown={"body": "x"}, version=7, site_id=2)

    assert answer.status_code == 202
    (row,) = rows(Comment)
    assert (row.status, row.version, row.escalated, row.shown) == ("pending", 1, False, None)
    assert str(row.id) == answer.get_json()["id"]


def test_every_wrong_field_is_named_at_once(ann, site):
    answer = ann(article="", name=" ", title="t" * 201, body="x", phone="12345")

    assert codes(answer) == {
        ("article", "required"),
        ("name", "required"),
        ("title", "too_long"),
        ("body", "too_short"),
        ("phone", "invalid_phone"),
    }


def test_a_phone_without_consent_is_named_beside_the_other_faults(ann, site, rows):
    assert codes(ann(phone="0912345678")) == {("consent", "consent_required")}
    assert codes(ann(phone="0912345678", body="")) == {("consent", "consent_required"), ("body", "required")}
    assert codes(ann(phone="0912345678", consent="no")) == {("consent", "consent_required")}
    assert rows(Comment) == []


@pytest.mark.parametrize("consent", [True, "1", "true", "on", "yes", "ON"])
def test_consent_is_given_in_any_of_the_forms_that_forms_send(ann, site, rows, consent):
    assert ann(phone="0912345678", consent=consent).status_code == 202
    assert rows(Comment)[0].consent["version"] == "1"


def test_consent_is_not_asked_for_without_a_phone(ann, site, rows):
    assert ann().status_code == 202
    assert ann(phone="  ").status_code == 202
    assert [(one.phone, one.phone_key, one.consent) for one in rows(Comment)] == [(None, None, None)] * 2


@pytest.mark.parametrize(
    ("language", "title", "message"),
    [
        (None, "Có chỗ cần sửa", "Bạn chưa điền họ tên."),
        ("vi", "Có chỗ cần sửa", "Bạn chưa điền họ tên."),
        ("en-GB,en;q=0.9,vi;q=0.2", "Some fields need attention", "Please fill in your name."),
        ("fr", "Có chỗ cần sửa", "Bạn chưa điền họ tên."),
    ],
)
def test_a_problem_speaks_vietnamese_or_english(ann, site, language, title, message):
    answer = ann({"Accept-Language": language} if language else None, name="")

    problem = answer.get_json()
    assert answer.content_type == "application/problem+json"
    assert answer.headers["Cache-Control"] == "no-store"
    assert "Accept-Language" in answer.headers["Vary"]
    assert (problem["type"], problem["title"], problem["status"]) == ("urn:duyet:problem:invalid", title, 422)
    assert problem["errors"] == [{"field": "name", "code": "required", "message": message}]
    assert problem["detail"] == message


def test_lengths_are_the_sites(ann, add_site):
    add_site(name_length=5, title_length=6, body_minimum=10, body_length=12, title_required=False)

    assert codes(ann(name="a" * 6, title="b" * 7, body="c" * 9)) == {
        ("name", "too_long"),
        ("title", "too_long"),
        ("body", "too_short"),
    }
    assert codes(ann(name="a" * 5, title="", body="c" * 13)) == {("body", "too_long")}
    assert ann(name="a" * 5, title=..., body="c" * 12).status_code == 202


def test_title_and_phone_are_required_where_the_site_says_so(ann, add_site):
    add_site(phone_required=True)

    assert codes(ann(title=..., phone=...)) == {("title", "required"), ("phone", "required")}
    assert codes(ann(title=None, phone="")) == {("title", "required"), ("phone", "required")}


def test_an_unknown_site_is_not_found_and_a_missing_one_is_named(ann, site, rows):
    assert ann(site="khac").status_code == 404
    assert ann(site="Báo 1; DROP TABLE sites").status_code == 404
    assert codes(ann(site=..., name="")) == {("site", "required"), ("name", "required")}
    assert codes(ann(site=["bao"])) == {("site", "invalid_text")}
    assert rows(Comment) == []


def test_closed_articles_take_no_comments_and_reopened_ones_do(ann, site, parts, rows):
    now = datetime.now(UTC)
    with parts.database.writing() as session:
        articles.close(session, site, "bai-1", now=now)

    closed = ann()
    assert (closed.status_code, closed.get_json()["type"]) == (423, "urn:duyet:problem:closed")
    assert ann(article="bai-2").status_code == 202
    with parts.database.writing() as session:
        articles.reopen(session, site, "bai-1", now=now)
    assert ann().status_code == 202
    assert len(rows(Comment)) == 2


def test_an_article_closes_by_its_age(ann, add_site, parts):
    site = add_site(close_after_days=1)
    with parts.database.writing() as session:
        articles.ensure(session, site, "bai-1", title="", url="", now=datetime(2026, 1, 1, tzinfo=UTC))

    assert ann().status_code == 423
    assert ann(article="bai-2").status_code == 202


def test_a_site_may_take_comments_on_registered_articles_alone(ann, add_site, parts, rows):
    site = add_site(registered_only=True)

    assert ann().status_code == 404
    with parts.database.writing() as session:
        articles.register(session, site, "bai-1", title="Tin", url=None, now=datetime.now(UTC))
    assert ann().status_code == 202
    assert [row.key for row in rows(Article)] == ["bai-1"]


def test_a_title_and_address_are_taken_from_the_first_comment_within_the_sites_origins(ann, add_site, rows):
    add_site(origins=("https://bao.example",))
    ann(article_url="https://evil.example/tin", article_title="Eve's")
    ann(article_url="https://bao.example@evil.example/tin", article_title="Eve's")
    assert [(row.url, row.title) for row in rows(Article)] == [("", "")]

    ann(article_url="https://bao.example/tin-1", article_title="Con đường mới")
    ann(article_url="https://bao.example/tin-2", article_title="Tin khác")
    assert [(row.url, row.title) for row in rows(Article)] == [("https://bao.example/tin-1", "Con đường mới")]


def test_another_origin_is_refused_in_neutral_words_and_its_own_is_allowed(ann, add_site, rows):
    add_site(origins=("https://bao.example",))

    refused = ann({"Origin": "https://evil.example"})
    assert refused.status_code == 403
    assert "origin" not in refused.get_data(as_text=True).lower()
    assert "Access-Control-Allow-Origin" not in refused.headers
    assert ann({"Origin": "null"}).status_code == 403
    assert rows(Comment) == []

    allowed = ann({"Origin": "https://bao.example"})
    assert allowed.status_code == 202
    assert allowed.headers["Access-Control-Allow-Origin"] == "https://bao.example"
    assert ann({"Origin": "http://localhost"}).status_code == 202, "this service's own pages"
    assert ann().status_code == 202, "no browser page"


@pytest.mark.parametrize("media", ["text/plain", "application/xml", "application/octet-stream", ""])
def test_other_media_types_are_refused(client, site, media):
    answer = client.post("/v1/comments", data=b"site=bao", content_type=media)

    assert (answer.status_code, answer.content_type) == (415, "application/problem+json")


def test_a_file_in_a_form_is_no_text(client, site):
    fields = {**a_comment(body=...), "body": (io.BytesIO(b"text"), "body.txt")}

    assert codes(send_as(client, "multipart/form-data", fields)) == {("body", "required")}


def test_a_plain_form_is_sent_on_to_the_page_of_its_receipt(client, site):
    answer = client.post("/v1/comments", data=a_comment(), headers={"Accept": "text/html,*/*;q=0.8"})

    assert answer.status_code == 303
    assert re.fullmatch("/receipts/[A-Z2-7]{24}", answer.headers["Location"])


def test_a_method_that_is_none_of_ours_is_named_with_those_that_are(client, site):
    answer = client.put("/v1/comments")

    assert (answer.status_code, answer.content_type) == (405, "application/problem+json")
    assert {"GET", "POST"} <= set(answer.headers["Allow"].split(", "))
