"""Mo signs in at the desk: password and code, throttled, known by a cookie, out at once when a session is ended."""

import hashlib
import re
from datetime import UTC, datetime, timedelta

import pyotp
import pytest
from sqlalchemy import update

from service import moderators, sessions
from service.breached import is_breached
from service.models import DeskSession, Moderator

DOOR = "/desk/sign-in"


def cookie(answer):
    return next(
        value for name, value in answer.headers if name == "Set-Cookie" and value.startswith(("duyet=", "__Host"))
    )


def test_the_way_in_and_out(at_the_desk):
    mo = at_the_desk()
    assert mo.get("/desk").location == "/desk/queue"
    assert mo.get("/desk/queue").status_code == 200
    assert mo.get("/desk/own").get_data(as_text=True).count("phiên này") == 1

    out = mo.post("/desk/sign-out")
    assert (out.location, out.headers["Clear-Site-Data"]) == (f"{DOOR}?done=signed_out", '"cache", "storage"')
    assert mo.get("/desk/queue").location == f"{DOOR}?next=/desk/queue"


def test_the_cookie_is_for_this_service_alone_and_fresh_with_every_sign_in(at_the_desk, rows):
    mo = at_the_desk()
    mo.client.set_cookie("duyet", "chosen-by-eve")
    answer = mo.client.post(DOOR, data={"name": "mo", "password": mo.password})
    sent = cookie(answer)
    assert "HttpOnly" in sent
    assert "SameSite=Lax" in sent
    assert "chosen-by-eve" not in sent
    assert len({row.hash for row in rows(DeskSession)}) == 2
    assert all(sent.partition("=")[2].partition(";")[0].encode() not in row.hash for row in rows(DeskSession))


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("more_settings", [{"PUBLIC_URL": "https://duyet.example"}])
def test_over_https_the_cookie_cannot_be_planted_or_overheard(at_the_desk, app, parts):
    with parts.database.writing() as session:
        password = moderators.add_moderator(session, name="mo", role="admin", sites=[], now=datetime.now(UTC))
    answer = app.test_client().post(
        DOOR, data={"name": "mo", "password": password}, headers={"Origin": "https://duyet.example"}
    )
    assert cookie(answer).startswith("__Host-duyet=")
    assert "Secure" in cookie(answer)
    assert "Domain" not in cookie(answer)
    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"


@pytest.mark.parametrize(
    ("name", "password", "code"), [("mo", "wrong", ""), ("nobody", "wrong", ""), ("", "", ""), ("mo", "x" * 5000, "1")]
)
def test_what_was_wrong_is_not_told(at_the_desk, client, name, password, code):
    at_the_desk()
    answer = client.post(DOOR, data={"name": name, "password": password, "code": code})
    assert answer.status_code == 422
    assert "Tên, mật khẩu hoặc mã chưa đúng" in answer.get_data(as_text=True)
    assert not [value for value in answer.headers.getlist("Set-Cookie") if "duyet=" in value]


def test_a_page_of_somebody_else_cannot_sign_anybody_in(at_the_desk, client):
    mo = at_the_desk()
    sent = {"name": "mo", "password": mo.password}
    assert client.post(DOOR, data=sent, headers={"Origin": "https://eve.example"}).status_code == 403
    assert client.post(DOOR, data=sent, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert client.post(DOOR, data=sent, headers={"Origin": "http://localhost"}).status_code == 303


@pytest.mark.parametrize(
    ("wanted", "goes"),
    [
        ("/desk/own", "/desk/own"),
        ("/desk/queue?status=approved", "/desk/queue?status=approved"),
        ("https://eve.example/desk", "/desk"),
        ("//eve.example/desk", "/desk"),
        ("/\\eve.example", "/desk"),
        ("/v1/review/comments", "/desk"),
        ("/deskarticle", "/desk"),
        ("", "/desk"),
    ],
)
def test_after_the_door_one_goes_to_a_page_of_the_desk(at_the_desk, client, wanted, goes):
    mo = at_the_desk()
    assert client.post(DOOR, data={"name": "mo", "password": mo.password, "next": wanted}).location == goes


@pytest.mark.parametrize("more_settings", [{"LIMIT_SIGN_IN": "5/minute"}])
def test_tries_are_counted_by_address_and_by_account(app, at_the_desk):
    mo = at_the_desk()
    for address in ("10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4"):
        answer = app.test_client().post(
            DOOR, data={"name": " MO ", "password": "x"}, environ_base={"REMOTE_ADDR": address}
        )
        assert answer.status_code == 422
    sent = {"name": "mo", "password": mo.password}
    throttled = app.test_client().post(
        DOOR, data=sent, environ_base={"REMOTE_ADDR": "10.0.0.5"}, headers={"Accept": "text/html"}
    )
    assert throttled.status_code == 429
    assert "Xin chờ" in throttled.get_data(as_text=True)
    for name in "abcde":
        app.test_client().post(DOOR, data={"name": name}, environ_base={"REMOTE_ADDR": "10.0.0.9"})
    other = app.test_client().post(DOOR, data={"name": "f"}, environ_base={"REMOTE_ADDR": "10.0.0.9"})
    assert other.status_code == 429


def test_a_session_ends_by_the_owner_by_the_admin_and_by_its_age(at_the_desk, app, parts):
    mo = at_the_desk()
    elsewhere = app.test_client()
    elsewhere.post(DOOR, data={"name": "mo", "password": mo.password}, headers={"User-Agent": "Điện thoại"})
    page = mo.get("/desk/own").get_data(as_text=True)
    assert "Điện thoại" in page
    mo.post(re.search(r"/desk/own/sessions/\d+/end", page)[0])
    assert elsewhere.get("/desk/queue").status_code == 401
    assert mo.get("/desk/queue").status_code == 200
    assert mo.post("/desk/own/sessions/999/end").status_code == 404

    with parts.database.writing() as session:
        moderators.disable(session, "mo", now=datetime.now(UTC))
    assert mo.get("/desk/queue").status_code == 303
    assert mo.sign_in().status_code == 422

    an = at_the_desk("an")
    with parts.database.writing() as session:
        session.execute(update(DeskSession).values(seen_at=datetime.now(UTC) - sessions.IDLE - timedelta(seconds=1)))
    assert an.get("/desk/queue").status_code == 303
    with parts.database.writing() as session:
        sessions.forget_old(session, now=datetime.now(UTC))
        assert session.query(DeskSession).count() == 0


def test_another_password_ends_every_other_session(at_the_desk, app):
    mo = at_the_desk()
    elsewhere = app.test_client()
    elsewhere.post(DOOR, data={"name": "mo", "password": mo.password})
    change = "/desk/own/password"
    assert mo.post(change, password="wrong", new="một mật khẩu dài").status_code == 422
    assert mo.post(change, password=mo.password, new="ngắn").status_code == 422
    assert elsewhere.get("/desk/queue").status_code == 200

    assert mo.post(change, password=mo.password, new="một mật khẩu dài").status_code == 303
    assert elsewhere.get("/desk/queue").status_code == 401
    assert mo.get("/desk/queue").status_code == 200
    mo.password = "một mật khẩu dài"
    assert mo.sign_in().status_code == 303


@pytest.mark.parametrize(
    "guessed",
    ["123456789012", "matkhau12345", "qwertyuiop123", "duyetduyet2024", "mo-mo-mo-mo-mo", "aaaaaaaaaaaa"],
)
def test_a_password_that_is_easily_guessed_is_refused(at_the_desk, guessed):
    mo = at_the_desk()
    answer = mo.post("/desk/own/password", password=mo.password, new=guessed)
    assert answer.status_code == 422
    assert "Mật khẩu này dễ đoán." in answer.get_data(as_text=True)
    mo.post("/desk/sign-out")
    assert mo.sign_in().status_code == 303


class TestBreached:
    KNOWN = ("con bò nhà bà Tư leo dừa", "trăng vàng rơi xuống giếng cạn", "chín con mèo qua cầu Mỹ Thuận")

    @pytest.fixture
    def more_settings(self, tmp_path):
        # As the downloader of Have I Been Pwned writes it, the known ones first, in the middle and last.
        others = (hashlib.sha1(f"{n}".encode()).hexdigest() for n in range(1000))  # noqa: S324
        known = (hashlib.sha1(one.encode()).hexdigest() for one in self.KNOWN)  # noqa: S324
        listed = tmp_path / "breached.txt"
        listed.write_bytes(b"".join(f"{one}:{len(one)}\r\n".upper().encode() for one in sorted([*others, *known])))
        return {"BREACHED_PASSWORDS": str(listed)}

    def test_a_password_that_became_known_in_a_breach_is_refused_and_nobody_outside_is_asked(self, at_the_desk):
        mo = at_the_desk()
        for known in self.KNOWN:
            answer = mo.post("/desk/own/password", password=mo.password, new=known)
            assert (answer.status_code, "rò rỉ dữ liệu" in answer.get_data(as_text=True)) == (422, True)
        answer = mo.post("/desk/own/password", password=mo.password, new=f"{self.KNOWN[0]}!")
        assert answer.status_code == 303


@pytest.mark.parametrize("lines", [0, 1, 2, 3, 50])
def test_every_line_of_a_list_of_breached_passwords_is_found_and_nothing_else(tmp_path, lines):
    known = {hashlib.sha1(f"{n}".encode()).hexdigest().upper(): f"{n}" for n in range(lines)}  # noqa: S324
    listed = tmp_path / "breached.txt"
    listed.write_text("\n".join(f"{one}:{n**6}" for n, one in enumerate(sorted(known))))
    assert [n for n in range(100) if is_breached(f"{n}", listed)] == list(range(lines))


@pytest.fixture
def coded(at_the_desk):
    """Mo, with a code at sign-in; and the app on the telephone."""
    mo = at_the_desk()
    page = mo.get("/desk/own/code").get_data(as_text=True)
    assert "<svg" in page
    secret = re.search(r'name="secret" value="([A-Z2-7]{32})"', page)[1]
    app = pyotp.TOTP(secret)
    enrolled = mo.post(
        "/desk/own/code", secret=secret, code=app.at(datetime.now(UTC) - timedelta(seconds=30)), password=mo.password
    )
    assert enrolled.location == "/desk/own?done=totp_on"
    return mo, app


def test_with_a_code_the_password_alone_opens_nothing_and_no_code_opens_twice(coded, rows):
    mo, app = coded
    stored = rows(Moderator)[0].totp
    assert app.secret.encode() not in stored
    mo.post("/desk/sign-out")
    assert mo.sign_in().status_code == 422
    assert mo.sign_in(code="000000").status_code == 422
    code = app.at(datetime.now(UTC) + timedelta(seconds=30))
    assert mo.sign_in(code=f"{code[:3]} {code[3:]}").status_code == 303
    mo.post("/desk/sign-out")
    assert mo.sign_in(code=code).status_code == 422


def test_enrolling_needs_the_password_and_the_apps_own_code(at_the_desk, rows):
    mo = at_the_desk()
    secret = pyotp.random_base32()
    right = pyotp.TOTP(secret).now()
    assert mo.post("/desk/own/code", secret=secret, code="000000", password=mo.password).status_code == 422
    assert mo.post("/desk/own/code", secret=secret, code=right, password="x").status_code == 422
    assert mo.post("/desk/own/code", secret="short", code=right, password=mo.password).status_code == 400
    assert rows(Moderator)[0].totp is None


def test_a_lost_telephone_is_replaced_by_the_owner_or_the_operator(coded, parts):
    mo, _ = coded
    assert mo.post("/desk/own/code/off", password="x").status_code == 422
    assert mo.post("/desk/own/code/off", password=mo.password).location == "/desk/own?done=totp_off"
    mo.post("/desk/sign-out")
    assert mo.sign_in().status_code == 303

    with parts.database.writing() as session:
        moderators.reset_totp(session, "mo", now=datetime.now(UTC))
    assert mo.get("/desk/queue").status_code == 303


def test_the_language_is_vietnamese_until_somebody_chooses(client):
    asked = {"Accept-Language": "en"}
    page = client.get(DOOR, headers=asked)
    assert '<html lang="vi">' in page.get_data(as_text=True)
    assert client.get("/desk/language/en?next=/desk/sign-in").location == DOOR
    assert '<html lang="en">' in client.get(DOOR, headers=asked).get_data(as_text=True)
    assert client.get("/desk/language/xx").status_code == 404


def test_a_page_of_the_desk_is_kept_by_nobody_and_framed_by_nobody(at_the_desk):
    answer = at_the_desk().get("/desk/queue")
    assert answer.headers["Cache-Control"] == "no-store"
    assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
    assert "unsafe" not in answer.headers["Content-Security-Policy"]
    assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"


def test_the_session_opens_the_review_calls_too(at_the_desk):
    mo = at_the_desk()
    assert mo.client.get("/v1/review/comments").status_code == 200
    preview = {"body": "Chào tòa soạn."}
    assert mo.client.post("/v1/review/preview", json=preview).status_code == 403
    sent = {"X-CSRF-Token": mo.csrf}
    assert mo.client.post("/v1/review/preview", json=preview, headers=sent).status_code == 200


@pytest.mark.parametrize("more_settings", [{"REQUIRE_CODE": "1"}])
def test_where_everybody_needs_a_code_a_password_alone_opens_the_page_to_set_it_up(at_the_desk, client, mo):
    new = at_the_desk("an", "admin")
    for address in ("/desk/queue", "/desk/sites", "/ops/"):
        assert new.get(address).location == "/desk/own/code", address
    assert new.post("/desk/accounts", name="x", role="admin").status_code == 403
    assert new.get("/v1/review/comments").status_code == 403
    page = new.get("/desk/own/code").get_data(as_text=True)
    assert "mọi tài khoản đều cần mã" in page
    secret = re.search(r'name="secret" value="([A-Z2-7]{32})"', page)[1]
    told = {"secret": secret, "code": pyotp.TOTP(secret).now(), "password": new.password}
    assert new.post("/desk/own/code", **told).status_code == 303
    assert new.get("/desk/queue").status_code == 200
    assert new.post("/desk/own/code/off", password=new.password).status_code == 422
    assert new.get("/desk/queue").status_code == 200
    assert client.get("/v1/review/comments", headers=mo).status_code == 200, "a program has a token"
