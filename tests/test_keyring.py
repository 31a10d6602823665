"""Keys change and nothing is lost: phones and second factors are sealed anew, and the same person is still found."""

import uuid
from datetime import UTC, datetime

import pytest
from click.testing import CliRunner
from sqlalchemy import select

from service import config, keyring, moderators, runtime, subjects
from service.cli import commands
from service.comments import receipts
from service.models import Comment, DeskSession, Moderator
from service.privacy import Unreadable, Vault
from tests.conftest import environment_of

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
