"""Rules, blocks and the audit over HTTP: who may, what is refused and how it is said, what a blocked sender is told."""

import csv
import io
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from service import audit, moderators, sites
from service.models import Block, Comment, Event
from tests.conftest import wait_for

BASE = "/v1/review"
PHRASE = {"site": "bao", "kind": "phrase", "forms": ["hội kín"]}


@pytest.fixture
def ed(add_token):
    """Ed keeps rules: the header of a token for every site."""
    return add_token("ed", scope="rules")


@pytest.fixture
def call(client, ed):
    def send(method, path, headers=ed, **options):
        return client.open(f"{BASE}{path}", method=method, headers=headers, **options)

    return send


def test_a_rule_is_written_tried_and_brought_to_life_over_http(site, call, start, ann, judge_all):
    ann(body="Họp hội kín nhé.")
    judge_all()
    made = call("POST", "/rules", json={**PHRASE, "note": "spam tháng 11", "daily_cap": None})
    rule = made.get_json()["rule"]
    assert (made.status_code, rule["state"], rule["daily_cap"], rule["category"]) == (201, "draft", None, "policy")
    path = f"/rules/{rule['id']}"
    early = call("POST", f"{path}/state", json={"state": "live", "version": 1})
    assert early.status_code == 409

    asked = call("POST", f"{path}/backtests", json={"days": 7})
    assert (asked.status_code, asked.get_json()["backtest"]["state"]) == (202, "waiting")
    untried = call("POST", f"{path}/state", json={"state": "shadow", "version": 2})
    assert untried.status_code == 422
    assert untried.get_json()["errors"][0] == {
        "field": "state",
        "code": "backtest_required",
        "message": "Cần thử luật này trên bình luận cũ xong đã.",
    }
    start("workers")
    backtest = f"{path}/backtests/{asked.get_json()['backtest']['id']}"
    wait_for(lambda: call("GET", backtest).get_json()["backtest"]["state"] == "done", "the backtest")
    done = call("GET", backtest).get_json()["backtest"]
    assert (done["seen"], done["progress"], done["caught"]["approved_by_engine"]) == (1, 1.0, 1)
    assert done["samples"][0]["spans"] == [{"field": "body", "start": 4, "end": 11, "text": "hội kín"}]
    assert call("DELETE", backtest).status_code == 409

    for version, state in ((2, "shadow"), (3, "live")):
        assert call("POST", f"{path}/state", json={"state": state, "version": version}).status_code == 200
    ann(body="Lại họp hội kín.", name="Bình")
    wait_for(lambda: call("GET", path).get_json()["rule"]["acted"] == 1, "the rule to act")
    (listed,) = call("GET", "/rules?site=bao&state=live").get_json()["rules"]
    assert (listed["id"], listed["seen"], listed["acted"], listed["precision"]) == (rule["id"], 1, 1, None)


@pytest.mark.parametrize(
    ("changes", "field", "code", "words"),
    [
        ({"kind": "pattern", "forms": ["(?=x)y"]}, "forms", "bad_pattern", "cú pháp RE2"),
        ({"kind": "pattern", "forms": [".*"]}, "forms", "matches_everything", "khớp với mọi bình luận"),
        ({"kind": "word", "forms": ["hai từ"]}, "forms", "not_a_word", "không phải một từ"),
        ({"forms": []}, "forms", "required", "chưa điền"),
        ({"kind": "poem"}, "kind", "invalid", "chưa đúng"),
        ({"daily_cap": "nhiều"}, "daily_cap", "invalid", "chưa đúng"),
    ],
)
def test_a_rule_that_makes_no_sense_is_refused_in_a_sentence(site, call, changes, field, code, words):
    answer = call("POST", "/rules", json={**PHRASE, **changes})

    assert answer.status_code == 422
    (error,) = answer.get_json()["errors"]
    assert (error["field"], error["code"]) == (field, code)
    assert words in error["message"]


def test_only_the_scope_of_rules_keeps_rules_and_only_its_sites(site, add_site, call, add_token, mo):
    add_site("khac")
    call("POST", "/rules", json=PHRASE)
    call("POST", "/blocks", json={"site": "bao", "kind": "phrase", "value": "nhà cái", "reason": "spam"})
    eve = add_token("eve", scope="rules", sites=("khac",))
    for method, path in (
        ("GET", "/rules"),
        ("POST", "/rules"),
        ("GET", "/blocks"),
        ("GET", "/audit"),
        ("GET", "/audit.csv"),
    ):
        assert call(method, path, mo, json={}).status_code == 403, path
    assert call("GET", "/rules", eve).get_json()["rules"] == []
    assert call("GET", "/blocks", eve).get_json()["blocks"] == []
    assert [one["subject"] for one in call("GET", "/audit", eve).get_json()["entries"]] == ["khac"]
    for method, path, body in (
        ("GET", "/rules/1", None),
        ("PUT", "/rules/1", {**PHRASE, "version": 1}),
        ("POST", "/rules/1/state", {"state": "retired", "version": 1}),
        ("POST", "/rules/1/backtests", {}),
        ("POST", "/rules", PHRASE),
        ("DELETE", "/blocks/1", None),
        ("POST", "/blocks", {"site": "bao", "kind": "phrase", "value": "x", "reason": "y"}),
    ):
        assert call(method, path, eve, json=body).status_code == 404, path


@pytest.mark.parametrize("kind", ["phone", "address"])
def test_a_blocked_sender_is_told_nothing_and_may_write_again_when_it_is_over(
    call, add_site, site, ann, kind, rows, mo
):
    add_site("khac")
    sent = ann(phone="0912345678", consent=True).get_json()["id"]
    made = call(
        "POST", "/blocks", json={"site": "bao", "kind": kind, "comment": sent, "reason": "quấy rối", "days": 30}
    )
    block = made.get_json()["block"]
    assert (made.status_code, block["hint"]) == (201, "••••••••678" if kind == "phone" else "")
    assert "912345" not in made.get_data(as_text=True)

    refused = ann(phone="0912345678", consent=True)
    assert refused.status_code == 403
    assert refused.get_json()["title"] == "Không thể nhận bình luận từ đây"
    assert "chặn" not in refused.get_data(as_text=True)
    page = ann({"Accept": "text/html"}, phone="0912345678", consent=True)
    assert page.status_code == 403
    assert "Không thể nhận bình luận từ đây" in page.get_data(as_text=True)
    assert ann(site="khac", phone="0912345678", consent=True).status_code == 202
    assert ann().status_code == (202 if kind == "phone" else 403)

    assert call("DELETE", f"/blocks/{block['id']}").status_code == 204
    assert ann(phone="0912345678", consent=True).status_code == 202
    assert call("GET", "/blocks").get_json()["blocks"] == []
    assert [one["lifted_by"] for one in call("GET", "/blocks?over=1").get_json()["blocks"]] == ["token:ed"]
    assert len(rows(Block)) == 1


def test_a_block_ends_by_itself(call, site, ann, parts):
    body = {"site": "bao", "kind": "address", "value": "127.0.0.1", "reason": "spam", "days": 1}
    assert call("POST", "/blocks", json=body).status_code == 201
    assert ann().status_code == 403

    with parts.database.writing() as session:
        session.execute(text("UPDATE blocks SET expires_at = :past"), {"past": datetime.now(UTC) - timedelta(days=1)})
    wait_for(lambda: ann().status_code == 202, "the door to read its blocks anew")


@pytest.mark.parametrize(
    ("body", "field", "code"),
    [
        ({"kind": "address", "value": "khắp nơi"}, "value", "invalid_address"),
        ({"kind": "phone", "value": "12"}, "value", "invalid_phone"),
        ({"kind": "phone"}, "value", "required"),
        ({"kind": "phrase", "value": "…"}, "phrase", "required"),
        ({"kind": "phrase", "value": "x", "reason": " "}, "reason", "required"),
        ({"kind": "phrase", "value": "x", "days": 99999}, "days", "invalid"),
    ],
)
def test_a_block_that_makes_no_sense_is_refused(site, call, body, field, code):
    answer = call("POST", "/blocks", json={"site": "bao", "reason": "spam", **body})

    assert answer.status_code == 422
    assert [(one["field"], one["code"]) for one in answer.get_json()["errors"]] == [(field, code)]


@pytest.fixture
def history(site, call, client, mo, ann, judge_all, parts):
    """A decision, a revealed phone, a rule, a block, an account, a token, a site changed: one of each."""
    sent = ann(phone="0912345678", consent=True).get_json()["id"]
    judge_all()
    ruling = {"outcome": "reject", "reason": "other", "note": "=HYPERLINK(1)", "version": 2}
    client.post(f"{BASE}/comments/{sent}/decision", json=ruling, headers=mo)
    client.post(f"{BASE}/comments/{sent}/phone", json={"reason": "+gọi lại"}, headers=mo)
    call("POST", "/rules", json={**PHRASE, "note": "@ghi chú"})
    call("POST", "/blocks", json={"site": "bao", "kind": "phrase", "value": "nhà cái", "reason": "-spam"})
    with parts.database.writing() as session:
        moderators.add_moderator(session, name="na", role="editor", sites=["bao"], now=datetime.now(UTC))
        changes, now = {"phone_days": 30}, datetime.now(UTC)
        sites.change(session, "bao", name="Báo Mới", origins=None, changes=changes, now=now, by="moderator:na")
    return sent


def test_the_audit_lists_everything_newest_first_and_narrows(call, history):
    found = call("GET", "/audit").get_json()["entries"]
    assert [(one["noun"], one["act"]) for one in found] == [
        ("site", "change"),
        ("block", "add"),
        ("rule", "add"),
        ("reveal", "reveal"),
        ("decision", "reject"),
        ("site", "add"),
    ], "accounts and tokens are an admin's"
    assert found[0]["detail"] == {"name": ["Báo Sông Quê", "Báo Mới"], "phone_days": [90, 30]}
    assert {one["site"] for one in found} == {"bao"}

    def narrowed(**query):
        return [one["noun"] for one in call("GET", "/audit", query_string=query).get_json()["entries"]]

    assert narrowed(noun="rule") == ["rule"]
    assert narrowed(actor="mo") == ["reveal", "decision"]
    assert narrowed(actor="moderator:na") == ["site"]
    assert narrowed(subject=history) == ["reveal", "decision"]
    assert narrowed(subject=history, machines="1") == ["reveal", "decision", "decision", "decision"]
    today = datetime.now(UTC).astimezone().date()
    assert narrowed(since=str(today + timedelta(days=2))) == []
    assert narrowed(until=str(today - timedelta(days=2))) == []
    assert call("GET", "/audit?since=hôm qua").status_code == 422
    seen, cursor = [], ""
    while cursor is not None:
        part = call("GET", f"/audit?limit=2&cursor={cursor}").get_json()
        seen += [one["id"] for one in part["entries"]]
        cursor = part["next"]
    assert seen == [one["id"] for one in found]


def test_an_admin_of_all_sites_sees_accounts_and_tokens_too(parts, history):
    admin = moderators.Viewer("moderator:ad", moderators.RIGHTS["admin"], None)
    with parts.database.reading() as session:
        found, _ = audit.page(session, admin, audit.Wanted(), limit=50)
    nouns = {entry.noun for entry in found}
    assert nouns >= {"account", "token", "rule", "decision"}
    assert "duyet_" not in str([entry.detail for entry in found]), "no secret stands in the history"


def test_the_export_opens_in_a_spreadsheet_as_text(call, history):
    answer = call("GET", "/audit.csv")
    assert answer.content_type == "text/csv; charset=utf-8"
    assert answer.headers["Content-Disposition"].startswith("attachment; filename=")
    raw = answer.get_data()
    assert raw.startswith(b"\xef\xbb\xbf"), "Excel reads Vietnamese only with the mark"
    head, *table = csv.reader(io.StringIO(raw.decode("utf-8-sig")))
    assert head[:4] == ["Thời điểm", "Người làm", "Loại", "Đối tượng"]
    assert len(table) == 6
    cells = [cell for row in table for cell in row]
    assert {"'=HYPERLINK(1)", "'+gọi lại", "'-spam", "'@ghi chú"} <= set(cells)
    assert not [cell for cell in cells if cell.startswith(audit.FORMULA)]


@pytest.mark.parametrize("cell", ["=1", "+1", "-1", "@a", "\t=1", "\r=1", "\n=1", " =1", "＝1"])
def test_no_cell_begins_a_formula(cell):
    assert audit.harmless(cell) == "'" + cell
    assert audit.harmless("một = hai") == "một = hai"


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE events SET actor = 'eve'",
        "UPDATE events SET detail = '{}'",
        "DELETE FROM events",
        "UPDATE decisions SET actor = 'eve'",
        "UPDATE decisions SET act = 'approve'",
        "DELETE FROM decisions",
        "UPDATE reveals SET actor = 'eve'",
        "DELETE FROM reveals",
    ],
)
def test_history_cannot_be_rewritten(parts, history, statement, rows):
    before = len(rows(Event))
    with pytest.raises(DBAPIError, match="append-only"), parts.database.writing() as session:
        session.execute(text(statement))
    assert len(rows(Event)) == before


def test_what_an_erased_comment_said_can_be_forgotten(client, site, ann, judge_all, rows):
    sent = ann().get_json()
    judge_all()
    assert client.delete(f"/v1/receipts/{sent['receipt']}").status_code == 204
    assert [row.status for row in rows(Comment)] == ["erased"]
