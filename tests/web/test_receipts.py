"""A receipt tells its owner what became of a comment, takes it back, and opens nobody else's."""

import re
import uuid

import pytest

from service.models import Article, Comment, Decision, Fingerprint, Report
from tests.conftest import a_comment


@pytest.fixture
def status(client):
    def ask(receipt: str) -> str:
        answer = client.get(f"/v1/receipts/{receipt}")
        assert answer.status_code == 200
        assert answer.headers["Cache-Control"] == "no-store"
        document = answer.get_json()
        assert set(document) == {"status"}
        return document["status"]

    return ask


def test_a_receipt_follows_its_comment_and_tells_no_internal_state(client, add_site, ann, status, judge_all, mo):
    add_site(publish="after_review")
    sent = ann().get_json()
    assert re.fullmatch("[A-Z2-7]{24}", sent["receipt"])
    assert status(sent["receipt"]) == "received"
    judge_all()
    assert status(sent["receipt"]) == "received", "held"

    for version, outcome, shown in (
        (2, "approve", "published"),
        (3, "reject", "not_published"),
        (4, "hold", "received"),
    ):
        ruling = {"outcome": outcome, "version": version}
        assert client.post(f"/v1/review/comments/{sent['id']}/decision", json=ruling, headers=mo).status_code == 200
        assert status(sent["receipt"]) == shown


@pytest.mark.parametrize(
    "receipt", ["A" * 24, "a" * 24, "A" * 23, "0" * 24, "%00", "x%0d%0aSet-Cookie:a=b", "' OR 1=1", "đ" * 24]
)
def test_an_unknown_receipt_is_not_found_whatever_it_looks_like(client, site, ann, receipt):
    ann()

    for answer in (client.get(f"/v1/receipts/{receipt}"), client.delete(f"/v1/receipts/{receipt}")):
        assert (answer.status_code, answer.content_type) == (404, "application/problem+json")


def test_a_comment_that_is_withdrawn_is_erased_and_gone_from_the_list(client, site, publish, status, rows, judge_all):
    sent = publish(phone="0912345678", consent=True)
    client.post(f"/v1/comments/{sent['id']}/reports", json={"reason": "spam", "text": "Quảng cáo."})

    assert client.delete(f"/v1/receipts/{sent['receipt']}").status_code == 204

    assert status(sent["receipt"]) == "withdrawn"
    page = client.get("/v1/comments?site=bao&article=bai-1").get_json()
    assert (page["count"], page["comments"]) == (0, [])
    (row,) = rows(Comment)
    assert row.status == "erased"
    assert (row.name, row.title, row.body, row.folded, row.shown) == ("", "", "", "", None)
    assert (row.phone, row.phone_key, row.sender, row.consent, row.findings) == (None, None, None, None, [])
    assert (rows(Fingerprint), rows(Report)) == ([], [])
    assert [one.approved for one in rows(Article)] == [0]
    history = rows(Decision)
    assert {one.act for one in history} >= {"received", "withdraw"}
    assert all(one.detail == {} and one.note is None for one in history)


def test_withdrawing_again_is_no_error_and_adds_no_history(client, site, publish, rows):
    sent = publish()
    first = client.delete(f"/v1/receipts/{sent['receipt']}")
    history = len(rows(Decision))
    second = client.delete(f"/v1/receipts/{sent['receipt']}")

    assert (first.status_code, second.status_code, len(rows(Decision))) == (204, 204, history)


def test_a_comment_that_is_withdrawn_before_it_was_judged_is_never_judged(client, site, ann, rows, judge_all):
    sent = ann().get_json()
    client.delete(f"/v1/receipts/{sent['receipt']}")
    judge_all()

    assert [(row.id, row.status) for row in rows(Comment)] == [(uuid.UUID(sent["id"]), "erased")]


def test_a_page_of_another_origin_cannot_take_a_comment_back(client, add_site, publish, status):
    add_site(origins=("https://bao.example",))
    sent = publish()

    refused = client.delete(f"/v1/receipts/{sent['receipt']}", headers={"Origin": "https://evil.example"})
    assert refused.status_code == 403
    assert status(sent["receipt"]) == "published"
    own = client.delete(f"/v1/receipts/{sent['receipt']}", headers={"Origin": "https://bao.example"})
    assert own.status_code == 204
    assert own.headers["Access-Control-Allow-Origin"] == "https://bao.example"


def test_asking_changes_nothing(client, site, ann, rows):
    sent = ann().get_json()
    before = [(row.version, row.status) for row in rows(Comment)]
    for path in (
        f"/v1/receipts/{sent['receipt']}",
        "/v1/comments?site=bao&article=bai-1",
        "/v1/comments?site=bao&article=new",
        "/v1/counts?site=bao&article=new",
        "/v1/feed.atom?site=bao&article=new",
    ):
        assert client.get(path).status_code == 200
        assert client.head(path).status_code == 200

    assert [(row.version, row.status) for row in rows(Comment)] == before
    assert [row.key for row in rows(Article)] == ["bai-1"]


def test_a_receipt_is_kept_only_as_its_hash(site, ann, rows):
    receipt = ann(**a_comment()).get_json()["receipt"]

    (row,) = rows(Comment)
    stored = " ".join(str(getattr(row, column.key)) for column in Comment.__table__.columns)
    assert receipt not in stored
