"""Who signed in and who was refused stands in the audit of an admin, for a while, and never what was typed."""

import json
import statistics
import threading
import time
from datetime import UTC, datetime, timedelta

import pyotp
import pytest

from service import audit, moderators, sign_ins
from service.models import SignIn
from service.moderators import RIGHTS, Viewer
from workers import schedule

DOOR = "/desk/sign-in"
ADMIN = Viewer("moderator:sep", RIGHTS["admin"], None)
TYPED = "con-mèo-trèo-cây-cau-2026"
"""What somebody took for a name or a password, and nobody's to keep."""


@pytest.fixture
def knock(app):
    """Send the form of the door from somewhere."""

    def send(name, password, code="", address="203.0.113.7"):
        return app.test_client().post(
            DOOR, data={"name": name, "password": password, "code": code}, environ_base={"REMOTE_ADDR": address}
        )

    return send


@pytest.fixture
def told(parts):
    """Return what the audit says of sign-ins to an admin, newest first."""

    def read(viewer=ADMIN, **wanted):
        with parts.database.reading() as session:
            entries, _ = audit.page(session, viewer, audit.Wanted(**{"noun": "sign_in", **wanted}), limit=50)
        return [(one.actor, one.subject, one.act) for one in entries if one.noun == "sign_in"]

    return read


def test_who_came_in_and_who_was_refused_stands_in_the_audit(at_the_desk, knock, told, parts):
    mo = at_the_desk()
    knock("mo", TYPED)
    secret = pyotp.random_base32()
    mo.post("/desk/own/code", secret=secret, code=pyotp.TOTP(secret).now(), password=mo.password)
    knock("mo", mo.password, "000000")
    knock(TYPED, mo.password)
    with parts.database.writing() as session:
        moderators.disable(session, "mo", now=datetime.now(UTC))
    knock("mo", mo.password, address="198.51.100.1")

    assert told() == [
        ("stranger", "", "refused"),
        ("stranger", "", "refused"),
        ("stranger", "mo", "code_refused"),
        ("stranger", "mo", "refused"),
        ("moderator:mo", "mo", "sign_in"),
    ], "an account that is closed is as good as none"
    assert told(subject="mo", noun="") == told(subject="mo") == told()[2:]
    assert told(actor="mo") == told(actor="moderator:mo") == told()[4:]
    assert told(actor="stranger") == told()[:4]
    assert told(noun="") == told()[2:], "who named nobody would hide what people did"
    assert told(noun="", machines=True) == told()
    assert told(since=datetime.now(UTC) + timedelta(minutes=1)) == []


def test_a_flood_of_tries_from_one_place_is_one_row_an_hour_and_says_how_many(at_the_desk, knock, parts, rows):
    at_the_desk()
    knocking = [threading.Thread(target=knock, args=("mo", f"{TYPED} {number}")) for number in range(8)]
    for one in knocking:
        one.start()
    for one in knocking:
        one.join()
    knock("mo", TYPED, address="198.51.100.1")

    refused = [row for row in rows(SignIn) if row.act == "refused"]
    assert sum(row.tries for row in refused) == 9
    assert len(refused) <= 3, "two places, and the full hour may have struck meanwhile"
    assert len({row.sender for row in refused}) == 2
    with parts.database.reading() as session:
        entries, _ = audit.page(session, ADMIN, audit.Wanted(noun="sign_in", actor="stranger"), limit=9)
    assert sum(one.detail.get("tries", 1) for one in entries) == 9
    assert len({one.detail["place"] for one in entries}) == 2, "places are told apart and not named"
    assert "203.0.113" not in str(entries)


def test_what_was_typed_is_kept_nowhere_and_told_in_no_line_of_the_log(at_the_desk, knock, rows, capsys):
    mo = at_the_desk()
    for name, password in ((TYPED, "x"), (f"mo {TYPED}", mo.password), ("mo", TYPED)):
        knock(name, password)
    logged = "".join(capsys.readouterr())
    assert "desk.signing.sign_in" in logged
    for text in (logged, str([vars(row) for row in rows(SignIn)])):
        assert TYPED not in text
        assert json.dumps(TYPED)[1:-1] not in text
        assert mo.password not in text
    assert '"mo"' not in logged


def test_a_refusal_costs_as_much_whether_there_is_such_an_account_or_not(at_the_desk, knock, parts):
    at_the_desk("mo")
    at_the_desk("cu")
    with parts.database.writing() as session:
        moderators.disable(session, "cu", now=datetime.now(UTC))
    spent = {"mo": [], "cu": [], "nobody": []}
    for _ in range(6):
        for name, costs in spent.items():
            begun = time.process_time()
            assert knock(name, TYPED).status_code == 422
            costs.append(time.process_time() - begun)
    known, closed, unknown = (statistics.median(costs[1:]) for costs in spent.values())
    assert 0.6 < closed / known < 1.6
    assert 0.6 < unknown / known < 1.6


@pytest.mark.parametrize("more_settings", [{"LIMIT_SIGN_IN": "5/minute"}])
def test_strangers_keep_nobody_out_of_a_browser_that_was_let_in_before(at_the_desk, knock, app):
    mo, an = at_the_desk("Mơ"), at_the_desk("an")
    mo.post("/desk/sign-out")
    for number in range(6):
        knock("Mơ", TYPED, address=f"198.51.100.{number}")

    def sign_in(client, address, password=mo.password):
        return client.post(
            DOOR, data={"name": "Mơ", "password": password}, environ_base={"REMOTE_ADDR": address}
        ).status_code

    unknown = app.test_client()
    unknown.set_cookie("duyet-familiar", f"{'0' * 32}.{'0' * 64}", path=DOOR)
    assert sign_in(unknown, "192.0.2.1") == 429
    assert sign_in(an.client, "192.0.2.2") == 429, "another's browser is none of Mơ's"
    assert sign_in(mo.client, "192.0.2.3") == 303
    tries = [sign_in(mo.client, f"192.0.2.{number}", TYPED) for number in range(10, 16)]
    assert tries == [422] * 5 + [429], "and it may not guess for ever either"


def test_only_an_admin_of_all_sites_sees_sign_ins(at_the_desk, add_site, told):
    add_site()
    boss = at_the_desk("quan-tri", "admin")
    assert told() == [("moderator:quan-tri", "quan-tri", "sign_in")]
    assert told(Viewer("moderator:b", RIGHTS["admin"], frozenset({"bao"}))) == []
    assert told(Viewer("moderator:ed", RIGHTS["editor"], None)) == []
    assert told(site="bao") == []
    page = boss.get("/desk/audit?noun=sign_in").get_data(as_text=True)
    assert "<td>quan-tri</td><td>Đăng nhập</td>" in page
    assert "<td>đăng nhập</td>" in page
    assert 'href="/desk/audit?subject=quan-tri"' in boss.get("/desk/accounts").get_data(as_text=True)
    exported = boss.get("/desk/audit/export?noun=sign_in").get_data(as_text=True)
    assert exported.count("\r\n") == 2


def test_sign_ins_are_forgotten_in_time(parts, rows):
    now = datetime.now(UTC)
    with parts.database.writing() as session:
        for days in (91, 89):
            sign_ins.let_in(session, "mo", sender=b"1" * 32, now=now - timedelta(days=days))
    schedule.tidy(parts)
    assert [(now - row.at).days for row in rows(SignIn)] == [89]
