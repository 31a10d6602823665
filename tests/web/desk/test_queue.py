"""Mo works through the queue without a script: lists, filters, cards, decisions, notes, and nothing not hers."""

import re
import uuid
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update

from service.comments.deciding import REASONS
from service.models import Comment, Decision, Fingerprint, Reveal, SavedFilter
from service.moderation.engine import CHECKS
from service.moderation.vocabulary import Category
from service.web.desk import asking, queue_words


@pytest.fixture
def held(add_site, ann, judge_all):
    add_site(publish="after_review")

    def send(**changes) -> str:
        sent = ann(**changes).get_json()["id"]
        judge_all()
        return sent

    return send


@pytest.fixture
def mo(at_the_desk):
    return at_the_desk("mo")


def page(person, address="/desk/queue"):
    answer = person.get(address)
    assert answer.status_code == 200
    return answer.get_data(as_text=True)


def listed(person, query=""):
    return re.findall(r'class="line" data-id="([0-9a-f-]{36})"', page(person, f"/desk/queue?{query}"))


def decide(person, comment, do, *, version=2, **more):
    return person.post(f"/desk/comments/{comment}/decision", do=do, version=str(version), **more)


def test_the_list_is_narrowed_by_every_filter(held, mo, parts):
    plain = held(body="Bài viết về Đường sắt rất hay.")
    rude = held(body="Đồ khốn nạn, đéo biết gì.", article="bai-2", name="Bé Na")
    with parts.database.writing() as session:
        old = datetime.now(UTC) - timedelta(hours=5)
        row = session.get_one(Comment, uuid.UUID(plain))
        assert row.checks == ""
        session.execute(update(Comment).where(Comment.id == row.id).values(created_at=old))

    assert set(listed(mo)) == {plain, rude}
    assert listed(mo, "q=duong+sat") == [plain]
    assert listed(mo, "q=BE+NA") == [rude]
    assert listed(mo, "article=bai-2") == [rude]
    assert listed(mo, "category=profanity") == [rude]
    assert listed(mo, "check=abuse") == [rude]
    assert listed(mo, "site=khac") == []
    assert listed(mo, "view=approved") == []
    assert listed(mo, "order=oldest") == [plain, rude]
    assert listed(mo, "order=newest") == [rude, plain]
    assert listed(mo, "older=1") == [], "age is told by the identifier, which nobody can change"
    assert set(listed(mo, "order=sideways&older=x&view=nothing&category=x&item=y&check=%00")) == {plain, rude}
    assert mo.get("/desk/queue?cursor=x").status_code == 404


def test_every_word_that_a_filter_or_a_reason_needs_is_there():
    said = queue_words.of("vi")
    assert all(said[f"category_{one.value}"] for one in Category)
    assert all(said[f"check_{name}"] for name, _ in CHECKS)
    assert all(said[f"reason_{one}"] for one in REASONS)
    assert all(said[f"view_{one}"] for one in asking.VIEWS)
    assert all(pair[0] and pair[1] for pair in queue_words.WORDS.values())


def test_the_card_says_what_was_seen_where_and_by_whom(held, mo):
    held(name="Hùng", body="Chào bạn.", phone="0912345678", consent=True)
    rude = held(
        name="Hùng", body="Lũ khốn nạn. <script>alert(1)</script> Đ\u200bồ ngu.", phone="0912345678", consent=True
    )
    card = page(mo, f"/desk/comments/{rude}/card")

    assert re.search(r'<mark class="m-abuse" title="[^"]*Xúc phạm[^"]*">[^<]*hốn nạn', card)
    assert "<script>alert" not in card
    assert 'title="Ký tự ẩn U+200B"' in card
    assert "Có lời xúc phạm" in card
    assert "678" in card
    assert "0912345678" not in card
    assert "1 chờ duyệt" in card
    assert re.search(r"còn \d+ giờ", card)


def test_a_check_that_did_not_run_is_shown_as_such(held, mo, parts):
    one = held()
    with parts.database.writing() as session:
        finding = {"check": "links", "category": None, "severity": 0, "spans": [], "entry": None, "version": ""}
        finding |= {"ran": False, "message": {"vi": "Phép kiểm đường dẫn không chạy.", "en": "Links did not run."}}
        session.execute(update(Comment).values(findings=[finding]))
    card = page(mo, f"/desk/comments/{one}/card")
    assert "không chạy được" in card
    assert "Phép kiểm đường dẫn không chạy." in card


def test_marks_and_directions_stay_within_the_text(held, mo):
    zalgo = "Xin chào" + "\u0301" * 4 + " مرحبا " + "ö\u0308" * 3
    card = page(mo, f"/desk/comments/{held(name=zalgo[:60], body=zalgo)}/card")
    assert '<div class="body" dir="auto">' in card
    assert "<bdi>" in card


def test_a_decision_leads_to_the_next_comment_and_can_be_undone(held, mo, rows):
    first, second = held(body="Một hai ba."), held(body="Bốn năm sáu.", article="bai-2")
    onward = decide(mo, first, "reject:spam", back="order=oldest")
    assert onward.status_code == 303
    assert f"item={second}" in onward.location
    assert "order=oldest" in onward.location
    after = page(mo, onward.location)
    decision = re.search(r'name="decision" value="([0-9a-f-]{36})"', after)[1]
    assert {row.id: row.status for row in rows(Comment)}[uuid.UUID(first)] == "rejected"

    undone = mo.post(f"/desk/comments/{second}/undo", decision=decision, back="order=oldest")
    assert undone.status_code == 303
    assert f"item={first}" in undone.location
    assert {row.status for row in rows(Comment)} == {"held"}


def test_the_second_of_two_people_sees_the_first_ones_decision(held, mo, at_the_desk):
    an, one = at_the_desk("an"), held()
    assert decide(an, one, "reject:insult").status_code == 303
    late = decide(mo, one, "approve")
    assert late.status_code == 409
    assert "an đã từ chối bình luận này trước bạn (Xúc phạm)" in late.get_data(as_text=True)


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"do": "reject:other", "version": "2"}, 422),
        ({"do": "reject:other", "version": "2", "note": "Nhắc tên người đã mất"}, 303),
        ({"do": "reject:boring", "version": "2"}, 400),
        ({"do": "approve", "version": "x"}, 400),
        ({"do": "approve"}, 400),
        ({"do": "mask", "version": "2"}, 303),
        ({"do": "escalate", "version": "2"}, 303),
    ],
)
def test_a_decision_makes_sense_or_is_refused(held, mo, fields, status):
    assert mo.post(f"/desk/comments/{held()}/decision", **fields).status_code == status


def test_what_was_escalated_waits_for_an_editor(held, mo, at_the_desk, client):
    one, editor = held(), at_the_desk("bien", "editor")
    token = {"X-CSRF-Token": mo.csrf}
    escalated = mo.client.post(
        f"/v1/review/comments/{one}/decision", json={"outcome": "hold", "escalate": True, "version": 2}, headers=token
    ).get_json()["decision"]["id"]
    assert listed(mo) == []
    assert listed(mo, "view=escalated") == [one]
    assert "tài khoản của bạn chỉ xem được" in page(mo, f"/desk/comments/{one}/card")
    assert decide(mo, one, "approve", version=3).status_code == 403
    bulk = {"items": [{"id": one, "version": 3}], "outcome": "reject"}
    results = mo.client.post("/v1/review/decisions", json=bulk, headers=token).get_json()["results"]
    assert [result["status"] for result in results] == [403]

    an = at_the_desk("an")
    undo = "/v1/review/undo"
    assert an.client.post(undo, json={"decision": escalated}, headers={"X-CSRF-Token": an.csrf}).status_code == 403
    assert mo.client.post(undo, json={"decision": escalated}, headers=token).status_code == 200
    assert decide(mo, one, "escalate", version=4).status_code == 303
    assert decide(editor, one, "approve", version=5).status_code == 303


def test_a_note_stands_in_the_history_and_keeps_nothing_from_being_undone(held, mo, rows):
    one, token = held(), {"X-CSRF-Token": mo.csrf}
    call = f"/v1/review/comments/{one}"
    made = mo.client.post(f"{call}/decision", json={"outcome": "approve", "version": 2}, headers=token).get_json()
    decided_at = rows(Comment)[0].decided_at
    assert mo.post(f"/desk/comments/{one}/note", note="Đã gọi người gửi.", version="3").status_code == 303
    assert mo.post(f"/desk/comments/{one}/note", note="Cũ rồi.", version="3").status_code == 409
    assert mo.post(f"/desk/comments/{one}/note", note=" ", version="4").status_code == 422
    assert "Đã gọi người gửi." in page(mo, f"/desk/comments/{one}/card")
    assert (rows(Comment)[0].status, rows(Comment)[0].decided_at) == ("approved", decided_at)

    undone = mo.client.post("/v1/review/undo", json={"decision": made["decision"]["id"]}, headers=token)
    assert (undone.status_code, undone.get_json()["comment"]["status"]) == (200, "held")


def test_undo_restores_all_there_was(held, mo, rows):
    """Trap 13: state, counters and events; the only trace is in the history."""
    one, token = held(body="Gọi tôi số 0912 345 678 nhé."), {"X-CSRF-Token": mo.csrf}
    before = rows(Comment)[0]
    kept = ("status", "escalated", "shown", "decided_at", "priority", "risk", "findings", "categories")
    for ruling in (
        {"outcome": "approve", "mask": True},
        {"outcome": "reject", "reason": "personal_data"},
        {"outcome": "hold", "escalate": True},
    ):
        version = rows(Comment)[0].version
        answer = mo.client.post(
            f"/v1/review/comments/{one}/decision", json={**ruling, "version": version}, headers=token
        )
        undone = mo.client.post(
            "/v1/review/undo", json={"decision": answer.get_json()["decision"]["id"]}, headers=token
        )
        assert undone.status_code == 200
        after = rows(Comment)[0]
        assert {name: getattr(after, name) for name in kept} == {name: getattr(before, name) for name in kept}
        assert mo.client.get("/v1/counts?site=bao&article=bai-1").get_json()["counts"] == {"bai-1": 0}
        assert mo.client.get("/v1/comments?site=bao&article=bai-1").get_json()["count"] == 0
        assert listed(mo) == [one]
    assert [row.act for row in rows(Decision) if row.act == "undo"] == ["undo"] * 3


def test_many_decisions_are_taken_back_at_once(held, mo, rows):
    ids, token = [held(article=f"bai-{n}") for n in range(3)], {"X-CSRF-Token": mo.csrf}
    items = [{"id": one, "version": 2} for one in ids]
    bulk = {"items": items, "outcome": "approve"}
    made = mo.client.post("/v1/review/decisions", json=bulk, headers=token).get_json()["results"]
    decisions = [one["decision"]["id"] for one in made]
    decide(mo, ids[0], "reject:spam", version=3)

    back = mo.client.post(
        "/v1/review/undo-many", json={"decisions": [*decisions, str(uuid.uuid4())]}, headers=token
    ).get_json()["results"]
    assert [one["status"] for one in back] == [409, 200, 200, 404]
    assert sorted(row.status for row in rows(Comment)) == ["held", "held", "rejected"]


def test_a_phone_is_shown_to_who_says_why(held, mo, rows):
    one = held(phone="0912345678", consent=True)
    assert mo.post(f"/desk/comments/{one}/phone", reason=" ").status_code == 422
    shown = mo.post(f"/desk/comments/{one}/phone", reason="Gọi lại xác minh").get_data(as_text=True)
    assert "+84912345678" in shown
    assert [(row.actor, row.reason) for row in rows(Reveal)] == [("moderator:mo", "Gọi lại xác minh")]


def test_what_looks_alike_is_gathered_for_one_decision(held, mo, parts):
    text = "Bến đò cũ nên giữ lại cho bà con đi chợ buổi sớm, đừng phá đi mà tiếc"
    ids = [held(body=f"{text} nhé {n}", article=f"bai-{n}", name=f"Khách {n}") for n in range(3)]
    with parts.database.reading() as session:
        assert session.query(Fingerprint).count() == 3
    card = page(mo, f"/desk/comments/{ids[0]}/card")
    cluster = re.search(r'data-cluster="([^"]+)"', card)[1]
    assert {part.partition(":")[0] for part in cluster.split(",")} == set(ids)
    assert "Gần giống (2)" in card


def test_filters_are_shared_by_the_team(held, mo, at_the_desk, rows):
    held()
    save = {"category": "profanity", "site": "bao", "view": "held"}
    assert mo.post("/desk/queue/filters", name="  Tục tĩu   ở Báo ", **save).status_code == 303
    assert mo.post("/desk/queue/filters", name=" ", **save).status_code == 422
    assert [(row.name, row.query, row.actor) for row in rows(SavedFilter)] == [
        ("Tục tĩu ở Báo", {"site": "bao", "category": "profanity"}, "moderator:mo")
    ]
    an = at_the_desk("an")
    shown = page(an)
    assert "Tục tĩu ở Báo" in shown
    assert "?site=bao&amp;category=profanity" in shown
    an.post(f"/desk/queue/filters/{rows(SavedFilter)[0].id}/remove")
    assert rows(SavedFilter) == []


def test_a_filter_that_names_a_site_is_for_those_who_read_it(held, mo, add_site, at_the_desk, rows):
    held()
    add_site("khac")
    mo.post("/desk/queue/filters", name="Riêng của Báo", site="bao", q="tên ai đó")
    mo.post("/desk/queue/filters", name="Cho mọi người", category="profanity")
    eve = at_the_desk("eve", sites=("khac",))
    shown = page(eve)
    assert "Cho mọi người" in shown
    assert "Riêng của Báo" not in shown
    assert "tên ai đó" not in shown
    taken = eve.post("/desk/queue/filters", name="Riêng của Báo", category="insult")
    assert taken.status_code == 422
    assert "Tên này đã có" in taken.get_data(as_text=True)
    for row in rows(SavedFilter):
        eve.post(f"/desk/queue/filters/{row.id}/remove")
    assert [(row.name, row.query) for row in rows(SavedFilter)] == [
        ("Riêng của Báo", {"site": "bao", "q": "tên ai đó"})
    ]


def test_the_desk_tells_what_waits_and_who_reads_what(held, mo, at_the_desk):
    ids, an = [held(article=f"bai-{n}") for n in range(2)], at_the_desk("an")
    an.client.post(f"/v1/review/comments/{ids[0]}/lease", headers={"X-CSRF-Token": an.csrf})
    told = mo.client.get("/desk/queue/waiting").get_json()
    assert told["counts"] == {"held": 2, "escalated": 0, "reported": 0, "pending": 0}
    assert told["readers"] == {ids[0]: "an"}
    assert set(told["first"]) == set(ids)
    assert told["late"] == 0
    assert told["oldest"]
    assert "đang được an xem" in page(mo)
    assert "đang được an xem" not in page(an)


def test_readers_complaints_come_back_to_the_queue(publish, client, mo, site):
    one = publish()["id"]
    assert listed(mo, "view=reported") == []
    client.post(f"/v1/comments/{one}/reports", json={"reason": "insult", "text": "Xúc phạm tôi."})
    assert listed(mo, "view=reported") == [one]
    card = page(mo, f"/desk/comments/{one}/card")
    assert "Xúc phạm tôi." in card
    assert "Để nguyên" in card
    version = re.search(r'data-version="(\d+)"', card)[1]
    assert decide(mo, one, "approve", version=version).status_code == 303
    assert listed(mo, "view=reported") == []


def test_another_sites_comments_are_not_there(held, add_site, at_the_desk):
    one = held()
    add_site("khac")
    eve = at_the_desk("eve", "editor", sites=("khac",))
    assert listed(eve) == []
    assert eve.client.get("/desk/queue/waiting").get_json()["counts"]["held"] == 0
    for path in ("", "/card"):
        assert eve.get(f"/desk/comments/{one}{path}").status_code == 404
    assert "không còn" in page(eve, f"/desk/queue?item={one}")
    assert decide(eve, one, "approve").status_code == 404
    assert eve.post(f"/desk/comments/{one}/note", note="x", version="2").status_code == 404
    assert eve.post(f"/desk/comments/{one}/phone", reason="x").status_code == 404


def test_the_page_goes_on_where_the_list_was_cut(add_site, ann, judge_all, mo):
    add_site(publish="after_review")
    for number in range(52):
        ann(article=f"bai-{number}")
    judge_all()
    first = page(mo)
    cursor = re.search(r'data-next="([^"]+)"', first)[1]
    rest = listed(mo, f"cursor={cursor}")
    assert len(listed(mo)) == 50
    assert len(rest) == 2
    assert not set(rest) & set(listed(mo))
    assert listed(mo, f"cursor={cursor}") == re.findall(
        r'class="line" data-id="([0-9a-f-]{36})"', page(mo, f"/desk/queue/lines?cursor={cursor}")
    )


def test_ops_finds_no_comments_at_the_desk(at_the_desk, held):
    held()
    ops = at_the_desk("ops", "ops")
    assert ops.get("/desk").location == "/ops/"
    assert ops.get("/desk/queue").status_code == 403


def test_the_desk_speaks_english_to_who_wants_it(held, mo):
    one = held(body="Lũ khốn nạn, gọi 0912 345 678.", phone="0912345678", consent=True)
    mo.get("/desk/language/en?next=/desk/queue")
    typed = ("<bdi.*?</bdi>", "<h2 class=.head.*?</h2>", "<div class=.body.*?</div>", "“[^”]*”", '"[^"]*Ngọc Ánh"')
    for address in ("/desk/queue", f"/desk/comments/{one}", "/desk/own", "/desk/own/code", "/desk/queue?q=x"):
        told = page(mo, address)
        for part in typed:
            told = re.sub(part, "", told, flags=re.DOTALL)
        told = re.sub(r"Báo Sông Quê|Duyệt|Tiếng Việt|Ngọc Ánh", "", told)
        left = re.findall("[^<]{0,30}[ăđơưạảấầẩậắằặẹẻẽếềểễệỉịọỏốồổỗộớờởợụủứừửữựỳỷỹ].{0,10}", told)
        assert left == [], address


def test_what_is_late_is_told_on_the_line_the_card_and_above_the_list(held, mo, parts):
    one = held()
    with parts.database.writing() as session:
        row = session.get_one(Comment, uuid.UUID(one))
        assert (row.status, row.escalated) == ("held", False)
        old = datetime.now(UTC) - timedelta(hours=27)
        session.execute(update(Comment).where(Comment.id == row.id).values(created_at=old))
    shown = page(mo)
    assert shown.count("quá hạn 3 giờ") == 2
    assert "lâu nhất 1 ngày" in shown
