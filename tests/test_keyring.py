"""Keys change and nothing is lost: phones and second factors are sealed anew, and the same person is still found."""

import uuid
from datetime import UTC, datetime, timedelta

import pytest
from click.testing import CliRunner
from sqlalchemy import select

from service import config, copies, keyring, moderators, runtime, subjects
from service.app import create_app
from service.challenges import ChallengeFailed, proof
from service.cli import commands
from service.comments import receipts
from service.copies import sealed
from service.models import Comment, DeskSession, Moderator
from service.privacy import Unreadable, Vault
from tests.conftest import a_comment, environment_of, solved, with_answers

PHONE = "+84912345678"
OLD, NEW, LOOKUP = "1" * 64, "2" * 64, "3" * 64


@pytest.fixture
def more_settings():
    return {"DATA_KEYS": OLD}


@pytest.fixture
def again(database_url, redis_url, tmp_path):
    """Return a maker of the runtime of a process that was started with other keys."""
    opened = []

    def build(**changed):
        opened.append(runtime.build(config.load(environment_of(database_url, redis_url, tmp_path, **changed))))
        return opened[-1]

    yield build
    for one in opened:
        one.close()


def resealed(parts):
    with parts.database.writing() as session:
        return keyring.phones(session, parts.vault, None)


def test_after_a_rotation_the_old_key_can_be_dropped_and_everybody_is_still_found(ann, site, parts, again):
    for number in range(3):
        ann(phone=PHONE, consent=True, body=f"Đề nghị sửa con đường số {number}.")
    ann(body="Không có số điện thoại.")
    lookup = parts.vault.lookup_key.hex()
    both = again(DATA_KEYS=f"{NEW},{OLD}", LOOKUP_KEY=lookup)
    assert resealed(both) == keyring.Resealed(anew=3, unreadable=0, following=None)
    assert resealed(both) == keyring.Resealed(anew=0, unreadable=0, following=None)
    alone = again(DATA_KEYS=NEW, LOOKUP_KEY=lookup)
    with alone.database.reading() as session:
        rows = subjects.find(session, "0912 345 678", vault=alone.vault, region="VN")
        assert [alone.vault.open(row.phone, row.id) for row in rows] == [PHONE] * 3
        with pytest.raises(Unreadable):
            parts.vault.open(rows[0].phone, rows[0].id)


def test_a_second_factor_is_sealed_anew_for_its_own_account(parts, again, settings):
    with parts.database.writing() as session:
        moderators.add_moderator(session, name="mo", role="admin", sites=(), now=datetime.now(UTC))
        row = session.scalars(select(Moderator)).one()
        row.totp = parts.vault.seal_secret("JBSWY3DP", "mo")
    both = again(DATA_KEYS=f"{NEW},{OLD}")
    with both.database.writing() as session:
        assert keyring.second_factors(session, both.vault).anew == 1
    with again(DATA_KEYS=NEW).database.reading() as session:
        row = session.scalars(select(Moderator)).one()
        assert again(DATA_KEYS=NEW).vault.open_secret(row.totp, "mo") == "JBSWY3DP"


def test_what_no_key_opens_is_counted_and_left_as_it_is(ann, site, parts, again, rows):
    ann(phone=PHONE, consent=True)
    (before,) = rows(Comment)
    stranger = again(DATA_KEYS=NEW)
    assert resealed(stranger) == keyring.Resealed(anew=0, unreadable=1, following=None)
    assert rows(Comment)[0].phone == before.phone


def test_the_commands_turn_the_key(ann, site, parts, settings, rows):
    ann(phone=PHONE, consent=True)
    run = CliRunner()
    lookup = run.invoke(commands, ["privacy", "lookup-key"], env=dict(settings.values)).stdout.strip()
    assert bytes.fromhex(lookup) == parts.vault.lookup_key
    turned = {**settings.values, "DATA_KEYS": f"{NEW},{OLD}", "LOOKUP_KEY": lookup}
    told = run.invoke(commands, ["privacy", "reseal"], env=turned)
    assert (told.exit_code, told.stdout) == (0, "Sealed 1 anew; 0 can be opened with none of DATA_KEYS.\n")
    (row,) = rows(Comment)
    assert Vault((bytes.fromhex(NEW),), b"").open(row.phone, row.id) == PHONE
    told = run.invoke(commands, ["privacy", "reseal"], env={**turned, "DATA_KEYS": LOOKUP})
    assert (told.exit_code, told.stdout) == (1, "Sealed 0 anew; 1 can be opened with none of DATA_KEYS.\n")


def test_another_secret_key_leaves_receipts_phones_and_sessions_good(ann, site, parts, again, at_the_desk):
    sent = ann(phone=PHONE, consent=True).get_json()
    at_the_desk("mo")
    other = again(SECRET_KEY="quite another secret of this installation", DATA_KEYS=OLD)
    with other.database.reading() as session:
        assert receipts.look_up(session, sent["receipt"]).status == "received"
        row = session.get_one(Comment, uuid.UUID(sent["id"]))
        assert other.vault.open(row.phone, row.id) == PHONE
        assert session.scalars(select(DeskSession)).one().hash


BEFORE, AFTER = "a secret of the tests, and of nobody else", "quite another secret of this installation"


def test_what_was_begun_under_one_secret_goes_on_under_the_next(add_site, app, again, at_the_desk, parts, rows):
    add_site(challenge="image")
    with_answers(parts.challenges, times=3)
    headers = {"Idempotency-Key": "of this form"}

    def opened():
        given = app.test_client().post("/v1/challenges", json={"site": "bao", "article": "bai-1"}).get_json()
        return a_comment(captcha_id=given["id"], captcha="KBRTXH", token=given["token"], phone=PHONE, consent=True)

    first, second, third, person = opened(), opened(), opened(), at_the_desk("mo", "admin")
    sent = app.test_client().post("/v1/comments", json=first, headers=headers)
    turned = create_app(again(SECRET_KEY=AFTER, SECRET_KEY_PREVIOUS=BEFORE))

    repeated = turned.test_client().post("/v1/comments", json=first, headers=headers)
    assert repeated.get_json() == sent.get_json(), "the very receipt that the reader was given"
    assert turned.test_client().get(sent.headers["Location"]).get_json()["status"] == "received"
    assert turned.test_client().post("/v1/comments", json=second).status_code == 202
    assert len({row.sender for row in rows(Comment)}) == 1, "the sender is known by the same hash"
    cookie = person.client.get_cookie("duyet").value
    for application, status in ((turned, 303), (create_app(again(SECRET_KEY=AFTER)), 403)):
        browser = application.test_client()
        browser.set_cookie("duyet", cookie)
        form = {"csrf": person.csrf, "kind": "access", "reference": "Công văn 12/2026"}
        assert browser.post("/desk/privacy/requests", data=form).status_code == status
    alone = create_app(again(SECRET_KEY=AFTER)).test_client().post("/v1/comments", json=third)
    assert {error["code"] for error in alone.get_json()["errors"]} == {"token_invalid"}


def test_a_proof_of_work_outlives_its_secret(parts, again, now):
    posed = proof.pose(parts.challenges, site="bao", article="a", until=now + timedelta(minutes=9), degraded=False)
    paid = solved(posed)
    turned = again(SECRET_KEY=AFTER, SECRET_KEY_PREVIOUS=BEFORE).challenges
    assert proof.verify_proof(turned, site="bao", article="a", payload=paid, now=now).by == "pow"
    with pytest.raises(ChallengeFailed, match="pow_invalid"):
        proof.verify_proof(again(SECRET_KEY=AFTER).challenges, site="bao", article="a", payload=paid, now=now)


@pytest.mark.parametrize("more_settings", [{}], ids=["no key but SECRET_KEY"])
def test_keys_that_follow_from_the_secret_outlive_it_too(ann, site, parts, again, settings, tmp_path):
    sent = ann(phone=PHONE, consent=True).get_json()
    with parts.database.writing() as session:
        who = session.get_one(Comment, uuid.UUID(sent["id"])).sender
    copies.backup(parts.database, tmp_path / "copy", settings.backup_keys[0], now=datetime.now(UTC))
    turned = again(SECRET_KEY=AFTER, SECRET_KEY_PREVIOUS=BEFORE)
    with turned.database.reading() as session:
        row = session.get_one(Comment, uuid.UUID(sent["id"]))
        assert turned.vault.open(row.phone, row.id) == PHONE
    with (tmp_path / "copy").open("rb") as file:
        assert sealed.key_of(file, turned.settings.backup_keys) == settings.backup_keys[0]

    kept = CliRunner().invoke(commands, ["privacy", "address-key"], env=dict(settings.values)).stdout.strip()
    dropped = again(SECRET_KEY=AFTER, ADDRESS_KEY=kept)
    assert dropped.vault.sender("127.0.0.1") == who, "blocks and history of an address stay when the secret is dropped"
