"""What the law keeps and what people ask: erasure respects and names holds, and clocks run in working days."""

import uuid
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from click.testing import CliRunner

from service import audit, breaches, config, holds, keyring, requests, retention, runtime, subjects
from service.cli import commands
from service.models import Event, Hold, Request
from service.moderators import RIGHTS, Viewer
from tests.conftest import environment_of

PHONE = "0912 345 678"
SAIGON = ZoneInfo("Asia/Ho_Chi_Minh")
TERMS = requests.Terms(answer_days=2, finish_days=15, takedown=timedelta(hours=24), zone=SAIGON, country="VN")


@pytest.fixture
def sent(ann, site, judge_all):
    """A comment with a telephone number, judged."""
    comment_id = uuid.UUID(ann(phone=PHONE, consent=True).get_json()["id"])
    judge_all()
    return comment_id


def erase(parts, terms=None, now=None):
    moment = now or datetime.now(UTC)
    with parts.database.writing() as session:
        rows = subjects.find(session, PHONE, vault=parts.vault, region="VN")
        subjects.erase(session, rows, terms or parts.terms, actor="operator", now=moment)
        return holds.kept(session, [row.id for row in rows], now=moment)


def place(parts, comment_id, reason="Công văn 12/2026"):
    with parts.database.writing() as session:
        return holds.place(session, comment_id, reason=reason, actor="moderator:mo", now=datetime.now(UTC))


def exported(parts, comment_id):
    with parts.database.reading() as session:
        rows = subjects.find(session, str(comment_id), vault=parts.vault, region="VN")
        return subjects.export(session, rows, vault=parts.vault)[0]


def test_erasing_respects_a_hold_and_names_it(parts, sent, client, rows):
    number = place(parts, sent)
    assert erase(parts) == [holds.Kept(sent, "Công văn 12/2026", None)]
    told = exported(parts, sent)
    assert (told["status"], told["body"], told["phone"]) == ("erased", "", None)
    assert (told["kept"]["body"], told["kept"]["phone"]) == ("Cảm ơn tòa soạn, bài viết rất bổ ích.", "+84912345678")
    assert "bổ ích".encode() not in rows(Hold)[0].copy
    assert client.get("/v1/comments?site=bao&article=bai-1").get_json()["comments"] == []
    with parts.database.writing() as session:
        holds.lift(session, number, actor="moderator:mo", now=datetime.now(UTC))
        with pytest.raises(holds.UnknownHold):
            holds.lift(session, number, actor="moderator:mo", now=datetime.now(UTC))
    assert exported(parts, sent)["kept"] is None
    assert [(row.noun, row.act) for row in rows(Event) if row.noun == "hold"] == [("hold", "place"), ("hold", "lift")]


def test_without_a_hold_nothing_is_kept(parts, sent, rows):
    assert erase(parts) == []
    assert rows(Hold) == []
    with parts.database.writing() as session, pytest.raises(holds.NotHeld):
        holds.place(session, sent, reason="zu spät", actor="moderator:mo", now=datetime.now(UTC))


def test_a_hold_needs_a_reason_and_a_comment(parts, sent):
    for comment_id, reason in ((sent, "  "), (uuid.uuid4(), "Công văn")):
        with pytest.raises(holds.NotHeld):
            place(parts, comment_id, reason)


def test_a_readers_own_withdrawal_respects_the_floor_until_its_time_is_over(parts, sent, rows):
    floor = holds.Terms(parts.vault, timedelta(days=90))
    now = datetime.now(UTC)
    (kept,) = erase(parts, floor, now)
    assert kept.reason == holds.FLOOR
    assert timedelta(days=89) < kept.until - now <= timedelta(days=90)
    with parts.database.writing() as session:
        assert holds.forget_ended(session, now=now + timedelta(days=89)) == 0
        assert holds.copy_of(session, sent, parts.vault)["name"] == "Ngọc Ánh"
        assert holds.forget_ended(session, now=now + timedelta(days=91)) == 1
        assert holds.copy_of(session, sent, parts.vault) is None


def test_a_copy_opens_for_its_own_comment_alone_and_is_sealed_anew(parts, sent, database_url, redis_url, tmp_path):
    place(parts, sent)
    erase(parts)
    keys = f"{'2' * 64},{parts.settings.data_keys[0].hex()}"
    turned = runtime.build(config.load(environment_of(database_url, redis_url, tmp_path, DATA_KEYS=keys)))
    with turned.database.writing() as session:
        assert keyring.copies(session, turned.vault).anew == 1
        assert keyring.copies(session, turned.vault).anew == 0
        assert holds.copy_of(session, sent, turned.vault)["phone"] == "+84912345678"
    turned.close()


def test_retention_leaves_the_phone_of_a_held_comment_and_says_so(parts, site, sent, ann, judge_all):
    ann(phone=PHONE, consent=True, body="Một ý kiến khác hẳn về con đường trước chợ.")
    judge_all()
    place(parts, sent)
    later = datetime.now(UTC) + timedelta(days=100)
    with parts.database.writing() as session:
        assert retention.due(session, site, now=later) == retention.Due(phones=1, addresses=1, held=1)
        assert retention.erase(session, site, now=later) == retention.Due(phones=1, addresses=1)
        assert retention.due(session, site, now=later) == retention.Due(phones=0, addresses=0, held=1)


@pytest.mark.parametrize(
    ("asked", "answered_by"),
    [
        (datetime(2026, 3, 2, 9, tzinfo=SAIGON), datetime(2026, 3, 5, 0, tzinfo=SAIGON)),
        (datetime(2026, 3, 5, 23, tzinfo=SAIGON), datetime(2026, 3, 10, 0, tzinfo=SAIGON)),
        (datetime(2026, 3, 7, 9, tzinfo=SAIGON), datetime(2026, 3, 11, 0, tzinfo=SAIGON)),
        # The thirtieth of April and the first of May are holidays in Vietnam, and a weekend follows.
        (datetime(2026, 4, 29, 9, tzinfo=SAIGON), datetime(2026, 5, 6, 0, tzinfo=SAIGON)),
    ],
)
def test_a_first_answer_is_due_at_the_end_of_the_second_working_day(asked, answered_by):
    assert requests.after_working_days(asked, 2, SAIGON, "VN") == answered_by


def test_a_country_without_known_holidays_has_weekends():
    friday = datetime(2026, 5, 1, 9, tzinfo=SAIGON)
    assert requests.after_working_days(friday, 1, SAIGON, "XX") == datetime(2026, 5, 5, 0, tzinfo=SAIGON)


def test_an_order_to_take_down_has_a_day_and_a_request_has_both_its_clocks(parts, now):
    def add(session, kind, reference):
        return requests.add(session, kind=kind, reference=reference, terms=TERMS, actor="moderator:mo", now=now)

    with parts.database.writing() as session:
        erase_id, down_id = add(session, "erase", "thư  12/3"), add(session, "takedown", "CV 9")
        for kind, reference in (("ransom", "x"), ("erase", " "), ("erase", "x" * 201)):
            with pytest.raises(requests.BadRequest):
                add(session, kind, reference)
    with parts.database.writing() as session:
        first, second = requests.waiting(session)
        assert (first.id, first.finish_by - now) == (down_id, timedelta(hours=24))
        assert (second.reference, requests.due(second)) == ("thư 12/3", datetime(2026, 3, 5, 0, tzinfo=SAIGON))
        requests.answer(session, erase_id, actor="moderator:mo", now=now)
        assert requests.due(second) == second.finish_by == now + timedelta(days=15)
        with pytest.raises(requests.BadRequest):
            requests.finish(session, erase_id, outcome=" ", actor="moderator:mo", now=now)
        requests.finish(session, erase_id, outcome="Đã xóa 3 bình luận", actor="moderator:mo", now=now)
        with pytest.raises(requests.UnknownRequest):
            requests.answer(session, erase_id, actor="moderator:mo", now=now)
        assert [row.id for row in requests.waiting(session)] == [down_id]
        done = session.get_one(Request, erase_id)
        assert (done.answered_at, done.finished_at, done.outcome) == (now, now, "Đã xóa 3 bình luận")
    viewer = Viewer("moderator:mo", RIGHTS["admin"], None)
    with parts.database.reading() as session:
        entries, _ = audit.page(session, viewer, audit.Wanted(noun="request"), limit=10)
        assert sorted(entry.act for entry in entries) == ["add", "add", "answer", "finish"]
        editor = Viewer("moderator:ed", RIGHTS["editor"], None)
        assert audit.page(session, editor, audit.Wanted(noun="request"), limit=10)[0] == []


def test_who_is_affected_is_counted_by_what_is_stored(parts, sent, ann, add_site):
    add_site("khac")
    ann(phone="0987 654 321", consent=True, site="khac", body="Đường này hư lâu rồi, xin sửa.")
    ann(site="khac", body="Không có số điện thoại nào cả.")
    begin, end = datetime.now(UTC) - timedelta(hours=1), datetime.now(UTC) + timedelta(hours=1)
    with parts.database.reading() as session:
        told = breaches.affected(session, since=begin, until=end)
        counted = (told.comments, told.names, told.phones, told.people_by_phone, told.senders_by_address)
        assert counted == (3, 3, 2, 2, 1)
        assert breaches.affected(session, since=begin, until=end, site="khac").phones == 1
        assert breaches.affected(session, since=end, until=end + timedelta(hours=1)).comments == 0
    erase(parts)
    with parts.database.reading() as session:
        assert breaches.affected(session, since=begin, until=end).people_by_phone == 1


def test_the_commands_hold_list_lift_and_count(parts, sent, settings):
    def run(*arguments):
        told = CliRunner().invoke(commands, ["privacy", *arguments], env=dict(settings.values))
        return told.exit_code, told.output

    assert run("hold", str(sent), "--reason", "CV 12") == (0, f"Hold 1 keeps {sent}.\n")
    assert run("hold", str(uuid.uuid4()), "--reason", "CV 12")[0] == 1
    assert str(sent) in run("holds")[1]
    erased = run("erase", PHONE)[1]
    assert f"A sealed copy of {sent} is kept until it is lifted: CV 12" in erased
    assert run("lift", "1") == (0, "Lifted hold 1.\n")
    assert run("lift", "1")[0] == 1
    assert "people_by_phone\t0" in run("affected", "--since", "2020-01-01")[1]
