"""Eve has every right at her own site, and the true ids of another's things: no route shows or changes one of them."""

import uuid
from datetime import UTC, datetime

import pytest
from flask import url_for
from sqlalchemy import select

from service import holds
from service.models import Backtest, Base, Comment, Decision, DeskSession, Moderator, SavedFilter
from service.web import auth
from tests.conftest import a_comment

MARK = "kỳ-lân"
PHONE = "0912 345 678"
OWN = ("sign_ins",)
"""Tables that fill by whatever Eve does."""


@pytest.fixture
def theirs(add_site, ann, judge_all, at_the_desk, client, parts, rows):
    """Give the site `bao` one of everything, each with the mark in it; return the ids by the names that routes use."""
    add_site(publish="after_review")
    add_site("khac")
    sent = ann(body=f"Con đường {MARK} hư.", name=f"An {MARK}", title=MARK, phone=PHONE, consent=True).get_json()["id"]
    judge_all()
    boss = at_the_desk("sep", "admin")
    assert boss.post(f"/desk/comments/{sent}/decision", do="reject:spam", version="2", note=MARK).status_code == 303
    kept = {"site": "bao", "kind": "phrase", "forms": f"hội {MARK}", "note": MARK, "category": "policy"}
    assert boss.post("/desk/rules/new", **kept, outcome="hold", threshold="1", daily_cap="0").status_code == 303
    assert boss.post("/desk/rules/1/backtests", days="7").status_code == 303
    assert boss.post("/desk/blocks", site="bao", kind="phrase", value=MARK, reason=MARK, days="").status_code == 303
    assert boss.post("/desk/queue/filters", name=MARK, site="bao", q=MARK).status_code == 303
    assert boss.post("/desk/privacy/requests", kind="erase", reference=MARK).status_code == 303
    with parts.database.writing() as session:
        holds.place(session, uuid.UUID(sent), reason=MARK, actor="moderator:sep", now=datetime.now(UTC))
    for path in (f"/desk/comments/{sent}", "/desk/rules/1", "/desk/blocks", "/desk/queue", "/desk/audit"):
        assert MARK in boss.get(path).get_data(as_text=True), f"the mark is there to be seen: {path}"
    return {
        "comment_id": sent,
        "rule_id": 1,
        "backtest_id": rows(Backtest)[0].id,
        "block_id": 1,
        "filter_id": rows(SavedFilter)[0].id,
        "request_id": 1,
        "hold_id": 1,
        "session_id": rows(DeskSession)[0].id,
        "key": "bao",
    }


@pytest.fixture
def everything(parts):
    """Return all rows of all tables, but for what is Eve's own."""

    def read():
        found = {}
        with parts.database.reading() as session:
            eve = session.scalar(select(Moderator.id).where(Moderator.name == "eve"))
            for table in Base.metadata.sorted_tables:
                if table.name in OWN:
                    continue
                query = select(table)
                if table.name == "desk_sessions":
                    query = query.where(table.c.moderator_id != eve)
                if table.name == "saved_filters":
                    query = query.where(table.c.actor != "moderator:eve")
                found[table.name] = sorted(map(str, session.execute(query)))
        return found

    return read


def asked(theirs, rows):
    """Return fields with which every call would do something, were it allowed."""
    comment, decision = theirs["comment_id"], str(max(rows(Decision), key=lambda row: row.version).id)
    version = rows(Comment)[0].version
    return {
        **a_comment(name="eve", body="Chào tòa soạn."),
        "site": "bao",
        "comment": comment,
        "item": comment,
        "which": PHONE,
        "subject": comment,
        "act": "close",
        "version": version,
        "outcome": "reject",
        "do": "approve",
        "reason": "spam",
        "note": "x",
        "word": "send",
        "decision": decision,
        "decisions": [decision],
        "items": [{"id": comment, "version": version}],
        "kind": "phrase",
        "forms": ["lời"],
        "value": "lời",
        "state": "retired",
        "days": 7,
        "daily_cap": 0,
        "category": "policy",
        "threshold": 1,
        "role": "moderator",
        "text": "x",
        "q": "lân",
    }


def calls(app, theirs):
    """Return each guarded call with the other site's ids in its path."""
    with app.test_request_context():
        return [
            (rule, method, url_for(rule.endpoint, **{name: theirs[name] for name in rule.arguments}))
            for rule in app.url_map.iter_rules()
            if rule.endpoint.partition(".")[0] in auth.GUARDED and auth.needed(rule.endpoint) != auth.NOBODY
            for method in sorted(rule.methods - {"HEAD", "OPTIONS"})
        ]


def send(client, method, path, fields, headers):
    given = {"query_string": {name: value for name, value in fields.items() if isinstance(value, str)}}
    if method != "GET":
        plain = {name: str(value) for name, value in fields.items() if not isinstance(value, list)}
        given = {"json": fields} if path.startswith("/v1/") else {"data": plain}
    return client.open(path, method=method, headers={"Accept": "text/html", **headers}, **given)


def test_with_every_right_at_her_own_site_and_the_ids_of_another_eve_sees_and_changes_nothing_of_it(
    app, theirs, everything, at_the_desk, rows
):
    eve = at_the_desk("eve", "admin", sites=("khac",))
    fields, before, walked = asked(theirs, rows), everything(), 0
    for rule, method, path in calls(app, theirs):
        answer = send(eve.client, method, path, fields, {auth.CSRF_HEADER: eve.csrf})
        where = (method, path, answer.status_code)
        assert MARK not in answer.get_data(as_text=True), where
        assert "345 678" not in answer.get_data(as_text=True), where
        if rule.arguments - {"filter_id"}:
            assert answer.status_code in {403, 404}, where
            walked += 1
    assert walked > 30
    assert everything() == before


@pytest.mark.parametrize("scope", ["review", "rules", "ops"])
def test_a_token_of_one_site_sees_and_changes_nothing_of_another(
    app, client, theirs, everything, add_token, rows, scope
):
    token = add_token("eve", scope=scope, sites=("khac",))
    fields, before = asked(theirs, rows), everything()
    for rule, method, path in calls(app, theirs):
        if not path.startswith("/v1/"):
            continue
        answer = send(client, method, path, fields, token)
        assert MARK not in answer.get_data(as_text=True), (method, path)
        if rule.arguments:
            assert answer.status_code in {403, 404}, (method, path, answer.status_code)
    assert everything() == before
