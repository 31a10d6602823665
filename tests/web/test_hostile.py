"""Every route of the application under a stranger's hands: headers, policies, reading, errors, who gets in."""

import re

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select, text

from service.models import Base
from service.web import auth

ID = "00000000-0000-7000-8000-000000000000"
OPEN = {
    "public",
    "embed",
    "scripts",
    "static",
    "demo",
    "documents",
    "ops",
    "desk.signing",
}
"""What strangers may call: each answers them by itself, and none shows more than what is published."""


@pytest.fixture
def app(app):
    """The application, asked what no contract foresees: the usual client would complain of that first."""
    app.test_client_class = FlaskClient
    return app


def routes(app, *, guarded=None):
    """Yield endpoint, method and a path of every route."""
    for rule in app.url_map.iter_rules():
        behind = rule.endpoint.partition(".")[0] in auth.GUARDED and auth.needed(rule.endpoint) != auth.NOBODY
        if guarded is not None and behind != guarded:
            continue
        path = re.sub("<uuid:[^>]+>", ID, rule.rule)
        path = re.sub("<int:[^>]+>", "1", path)
        path = re.sub("<[^>]+>", "vi", path)
        for method in sorted(rule.methods - {"HEAD", "OPTIONS"}):
            yield rule.endpoint, method, path


def test_every_route_is_public_on_purpose_or_turns_strangers_away(app, client):
    for endpoint, method, path in routes(app):
        if any(endpoint == name or endpoint.startswith(f"{name}.") for name in OPEN):
            continue
        assert client.open(path, method=method, json={}).status_code == 401, (method, path)
        for token in ("", "Bearer", "Bearer x", "Bearer duyet_" + "a" * 43, "Basic bW86bW8=", "Bearer\u00e1"):
            answer = client.open(
                path, method=method, json={}, headers={"Authorization": token.encode().decode("latin-1")}
            )
            assert answer.status_code == 401, (method, path, token)


def test_every_answer_carries_the_headers_that_browsers_heed(app, client, site, at_the_desk):
    person = at_the_desk("quan-tri", "admin")
    for endpoint, method, path in routes(app):
        for asker in (client, person.client):
            for accepted in ("application/json", "text/html"):
                answer = asker.open(path, method=method, headers={"Accept": accepted})
                kept = answer.headers
                where = (endpoint, method, answer.status_code)
                assert kept["X-Content-Type-Options"] == "nosniff", where
                assert "Referrer-Policy" in kept, where
                assert "default-src 'none'" in kept["Content-Security-Policy"], where
                assert "frame-ancestors" in kept["Content-Security-Policy"], where
                assert "base-uri 'none'" in kept["Content-Security-Policy"], where
                assert "X-Request-Id" in kept, where
                assert not re.search(r"werkzeug|flask|python", str(kept).lower()), where
                if answer.status_code >= 400:
                    assert kept.get("Cache-Control", "no-store") == "no-store", where


def test_no_page_lets_anything_run_inline(app, client, add_site, at_the_desk, ann, judge_all):
    add_site("demo", publish="after_review")
    ann(site="demo", phone="0912 345 678", consent=True)
    judge_all()
    person = at_the_desk("quan-tri", "admin")
    pages = 0
    query = "?site=demo&article=bai-1"
    for endpoint, method, path in routes(app):
        if method != "GET":
            continue
        for asker in (client, person.client):
            answer = asker.get(path + query, headers={"Accept": "text/html"})
            if not answer.content_type.startswith("text/html"):
                continue
            pages += 1
            policy, page = answer.headers["Content-Security-Policy"], answer.get_data(as_text=True)
            assert "unsafe" not in policy, (endpoint, policy)
            assert not re.search(r"<script(?![^>]* (src|type=\"application/json\"))[^>]*>", page), endpoint
            assert not re.search(r"<[^>]+ (on[a-z]+|style)=", page), endpoint
            assert "<style" not in page, endpoint
            assert "javascript:" not in page, endpoint
            if endpoint.startswith("desk."):
                assert "frame-ancestors 'none'" in policy, endpoint
                assert answer.headers.get("X-Frame-Options", "DENY") == "DENY", endpoint
    assert pages > 20


def counts(parts):
    with parts.database.reading() as session:
        names = [table.name for table in Base.metadata.sorted_tables if table.name != "desk_sessions"]
        return {name: session.scalar(select(func.count()).select_from(text(f'"{name}"'))) for name in names}


def test_reading_changes_nothing(app, client, site, ann, judge_all, at_the_desk, parts, mo):
    ann()
    judge_all()
    person = at_the_desk("quan-tri", "admin")
    before = counts(parts)
    for endpoint, method, path in routes(app):
        if method == "GET":
            for asker, headers in ((client, {}), (client, mo), (person.client, {})):
                answer = asker.get(f"{path}?site=bao&article=bai-1", headers=headers)
                assert answer.status_code < 500 or endpoint.startswith("ops."), (path, answer.status_code)
    assert counts(parts) == before


@pytest.mark.parametrize("accepted", ["application/json", "text/html"])
def test_an_error_of_ours_tells_nothing(app, client, site, accepted):
    def broken():
        raise RuntimeError("mật khẩu là con-mèo, ở /srv/duyet/service/app.py")

    app.view_functions["public.comments"] = broken
    answer = client.get("/v1/comments?site=bao&article=moi", headers={"Accept": accepted})
    said = answer.get_data(as_text=True) + str(answer.headers)
    assert answer.status_code == 500
    assert not re.search("con-mèo|RuntimeError|Traceback|/srv|app.py", said)
    assert answer.headers["Cache-Control"] == "no-store"


def test_ids_and_receipts_cannot_be_walked(ann, site, parts):
    sent = [ann(body=f"Ý kiến số {number} của bạn đọc.").get_json() for number in range(20)]
    receipts = [one["receipt"] for one in sent]
    assert len({receipt[:6] for receipt in receipts}) == 20
    # The last 62 bits of an id are chance, whatever its time says.
    assert len({one["id"].replace("-", "")[17:] for one in sent}) == 20
