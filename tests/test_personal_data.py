"""Personal data: sealed, looked up without being read, erased in time and on request, and nowhere else."""

import json
import uuid
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, text

from service import retention, subjects
from service.comments.submission import Draft
from service.models import Comment
from service.privacy import Unreadable, Vault, address_prefix, masked
from tests.conftest import written_in

PHONE = "0912 345 678"
STORED = "+84912345678"


def send(client, body="Đề nghị phường sửa sớm con đường trước chợ.", **more):
    fields = {"site": "bao", "article": "a", "name": "Ann", "title": "Ý kiến", "body": body, **more}
    answer = client.post("/v1/comments", json=fields)
    assert answer.status_code == 202, answer.text
    return answer.json


@pytest.fixture
def vault():
    return Vault(data_keys=(b"1" * 32,), address_key=b"2" * 32)


def test_a_sealed_phone_opens_in_its_own_row_alone(vault):
    row, other = uuid.uuid4(), uuid.uuid4()
    sealed = vault.seal(STORED, row)
    assert vault.open(sealed, row) == STORED
    with pytest.raises(Unreadable):
        vault.open(sealed, other)
    with pytest.raises(Unreadable):
        vault.open(sealed[:-1] + bytes([sealed[-1] ^ 1]), row)


def test_a_new_key_opens_old_rows_and_finds_the_same_person(vault):
    row = uuid.uuid4()
    rotated = Vault(data_keys=(b"3" * 32, *vault.data_keys), address_key=vault.address_key)
    assert rotated.open(vault.seal(STORED, row), row) == STORED
    assert rotated.phone_key(STORED) == vault.phone_key(STORED)
    with pytest.raises(Unreadable):
        vault.open(rotated.seal(STORED, row), row)


@pytest.mark.parametrize(
    ("address", "prefix"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("nonsense", "unknown"),
        ("", "unknown"),
    ],
)
def test_an_address_counts_by_what_one_subscriber_has(address, prefix):
    assert address_prefix(address) == prefix


def test_a_masked_phone_shows_three_digits():
    assert masked(STORED).endswith("678")
    assert "345" not in masked(STORED)


def test_a_phone_without_consent_is_refused(client, site):
    answer = client.post(
        "/v1/comments",
        json={"site": "bao", "article": "a", "name": "Ann", "title": "x", "body": "Bài hay.", "phone": PHONE},
    )
    assert [error["code"] for error in answer.json["errors"]] == ["consent_required"]


def test_a_phone_stands_nowhere_but_in_its_sealed_column(client, site, parts, judge_all, mo, valkey, capsys):
    send(client, phone=PHONE, consent=True)
    judge_all()
    with parts.database.reading() as session:
        stored = [str(session.execute(text(f"SELECT * FROM {name}")).all()) for name in ("comments", "decisions")]  # noqa: S608
    seen = (
        client.get("/v1/review/comments?status=approved", headers=mo).text
        + client.get("/v1/comments?site=bao&article=a").text
    )
    logged = "".join(capsys.readouterr())
    for digits in ("912345678", "912 345 678", "0912 345"):
        assert digits not in "".join(stored)
        assert digits.encode() not in written_in(valkey)
        assert digits not in seen
        assert digits not in logged


def test_logs_hold_neither_text_nor_name_nor_address(client, site, judge_all, capsys):
    fields = {
        "site": "bao",
        "article": "bai-zz",
        "name": "Tên-dấu-vết",
        "title": "Tựa-dấu-vết",
        "body": "Thân-dấu-vết nói thêm.",
    }
    client.post("/v1/comments", json=fields, environ_base={"REMOTE_ADDR": "203.0.113.77"})
    client.post("/v1/comments", json={**fields, "phone": "123"}, environ_base={"REMOTE_ADDR": "203.0.113.77"})
    judge_all()
    logged = "".join(capsys.readouterr())
    assert "public.submit" in logged
    assert "dấu-vết" not in logged
    assert "203.0.113.77" not in logged


def test_a_consent_is_kept_with_its_sentence_its_version_and_its_time(client, add_site, rows):
    add_site(consent_text="Tôi cho báo giữ số này {days} ngày.", consent_version="2026-03", phone_days=45)
    send(client, phone=PHONE, consent=True)
    send(client, "Không có số nào ở đây cả.")
    given, none = (row.consent for row in sorted(rows(Comment), key=lambda row: row.id))
    assert (given["text"], given["version"]) == ("Tôi cho báo giữ số này 45 ngày.", "2026-03")
    assert abs(datetime.fromisoformat(given["at"]) - datetime.now(UTC)) < timedelta(minutes=1)
    assert none is None


def test_retention_erases_what_is_due_and_nothing_else(site, parts, judge_all, past_the_door):
    now = datetime.now(UTC)
    for days in (91, 31, 0, 0):
        body = f"Đề nghị phường sửa con đường số {days}."
        draft = Draft("a", "Ann", "Ý kiến", body, phone=STORED, consent=True)
        past_the_door(site, draft, now=now - timedelta(days=days))
    judge_all()
    with parts.database.reading() as session:
        assert retention.due(session, site, now=now) == retention.Due(phones=1, addresses=2)
    with parts.database.writing() as session:
        assert retention.erase(session, site, now=now) == retention.Due(phones=1, addresses=2)
        assert retention.erase(session, site, now=now) == retention.Due(phones=0, addresses=0)
    with parts.database.reading() as session:
        rows = session.scalars(select(Comment).order_by(Comment.id)).all()
        left = [(row.phone is not None, row.sender is not None) for row in rows]
        assert left == [(False, False), (True, False), (True, True), (True, True)]
        assert all(row.body for row in rows)


def test_a_run_of_retention_that_dies_is_followed_by_one_that_goes_on(site, parts, judge_all, past_the_door, rows):
    now = datetime.now(UTC)
    bodies = [f"Đề nghị phường sửa con đường số {number} và cây cầu bên cạnh." for number in range(5)]
    drafts = [Draft("a", "Ann", "Ý kiến", body, phone=STORED, consent=True) for body in bodies]
    past_the_door(site, *drafts, now=now - timedelta(days=91))
    past_the_door(site, Draft("a", "Ann", "Ý kiến", "Còn mới nguyên.", phone=STORED, consent=True), now=now)
    judge_all()

    def run(*, dies=False):
        with parts.database.writing() as session:
            erased = retention.erase(session, site, now=now, most=2)
            if dies:
                raise ConnectionError("the machine goes down before the end")
        return erased.phones

    with pytest.raises(ConnectionError):
        run(dies=True)
    assert [run() for _ in range(4)] == [2, 2, 1, 0], "every run goes on where the one before ended"
    assert sorted(row.phone is not None for row in rows(Comment)) == [False] * 5 + [True]


@pytest.mark.parametrize("by", ["phone", "receipt", "id"])
def test_a_person_is_found_exported_and_erased(client, site, parts, judge_all, by):
    sent = send(client, phone=PHONE, consent=True)
    send(client, "Xin cảm ơn tòa soạn về loạt bài vừa rồi.")
    judge_all()
    which = {"phone": "+84 912 345 678", "receipt": sent["receipt"], "id": sent["id"]}[by]
    with parts.database.writing() as session:
        (row,) = subjects.find(session, which, vault=parts.vault, region="VN")
        (exported,) = subjects.export(session, [row], vault=parts.vault)
        assert (exported["id"], exported["phone"]) == (sent["id"], STORED)
        assert json.dumps(exported)
        subjects.erase(session, [row], parts.terms, actor="operator", now=datetime.now(UTC))
    with parts.database.reading() as session:
        row = session.get_one(Comment, uuid.UUID(sent["id"]))
        assert (row.status, row.body, row.phone, row.phone_key) == ("erased", "", None, None)
    assert client.get(f"/v1/receipts/{sent['receipt']}").json == {"status": "withdrawn"}
    assert client.get("/v1/comments?site=bao&article=a").json["count"] == 1


def test_nobody_is_found_under_words_that_are_no_phone(parts, site):
    with parts.database.reading() as session, pytest.raises(subjects.NobodyFound):
        subjects.find(session, "ai đó", vault=parts.vault, region="VN")
