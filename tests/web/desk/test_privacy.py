"""The desk's page of personal data: one person found, exported and erased; requests, holds, and who may."""

import json
import re

import pytest

from service.models import Comment, Event, Hold, Request

PHONE = "0912 345 678"


@pytest.fixture
def boss(at_the_desk):
    """An admin of all sites."""
    return at_the_desk("quan-tri", "admin")


@pytest.fixture
def sent(ann, site, judge_all):
    """What Ann got for a comment with her number."""
    told = ann(phone=PHONE, consent=True).get_json()
    judge_all()
    return told


@pytest.mark.parametrize("by", ["phone", "receipt", "id"])
def test_a_person_is_found_exported_and_erased_and_each_is_written_down(boss, sent, client, rows, by):
    which = {"phone": PHONE, **sent}[by]
    page = boss.post("/desk/privacy/find", which=which).get_data(as_text=True)
    assert sent["id"] in page
    assert "Tìm thấy 1 bình luận" in page
    file = boss.post("/desk/privacy/export", which=which)
    assert file.headers["Content-Disposition"].startswith("attachment;")
    assert file.headers["Cache-Control"] == "no-store"
    (told,) = json.loads(file.get_data())
    assert (told["id"], told["phone"], told["consent"]["version"]) == (sent["id"], "+84912345678", "1")
    assert boss.post("/desk/privacy/erase", which=which, reason=" ").status_code == 422
    assert "Đã xóa 1 bình luận." in boss.post("/desk/privacy/erase", which=which, reason="thư 12").get_data(
        as_text=True
    )
    (row,) = rows(Comment)
    assert (row.status, row.body, row.phone) == ("erased", "", None)
    assert client.get("/v1/comments?site=bao&article=bai-1").get_json()["comments"] == []
    events = [one for one in rows(Event) if one.noun == "person"]
    assert [one.act for one in sorted(events, key=lambda one: one.id)] == ["find", "export", "erase"]
    assert all(one.actor == "moderator:quan-tri" for one in events)
    assert "912345678" not in str([one.detail for one in events]) + str([one.subject for one in events]).replace(
        sent["id"], ""
    )


def test_nobody_is_found_under_a_strange_number_and_the_search_is_written_down(boss, sent, rows):
    answer = boss.post("/desk/privacy/find", which="0987 654 321")
    assert (answer.status_code, "Không tìm thấy" in answer.get_data(as_text=True)) == (404, True)
    assert [one.subject for one in rows(Event) if one.noun == "person"] == ["nobody"]
    assert boss.post("/desk/privacy/export", which="<script>").status_code == 404


def test_a_hold_is_placed_named_and_lifted(boss, sent, rows):
    assert boss.post("/desk/privacy/holds", comment=sent["id"], reason="CV <12>").location.endswith("done=held")
    page = boss.post("/desk/privacy/erase", which=sent["id"], reason="thư 12").get_data(as_text=True)
    assert f"Bản sao niêm phong của {sent['id']}" in page
    assert "CV &lt;12&gt;" in page
    assert boss.post("/desk/privacy/holds/1/lift").location.endswith("done=hold_lifted")
    assert boss.post("/desk/privacy/holds/1/lift").status_code == 404
    assert rows(Hold)[0].copy is None
    for comment in (sent["id"], "không"):
        assert boss.post("/desk/privacy/holds", comment=comment, reason="CV 13").status_code == 422


def test_what_is_done_with_personal_data_stands_in_the_audit_in_words(boss, sent):
    boss.post("/desk/privacy/find", which="0987 654 321")
    for step, fields in {
        "find": {"which": PHONE},
        "export": {"which": PHONE},
        "holds": {"comment": sent["id"], "reason": "CV 12"},
        "holds/1/lift": {},
        "erase": {"which": PHONE, "reason": "thư 12"},
        "requests": {"kind": "takedown", "reference": "CV 9"},
        "requests/1/answer": {},
        "requests/1/finish": {"outcome": "đã gỡ"},
    }.items():
        assert boss.post(f"/desk/privacy/{step}", **fields).status_code < 400, step

    def did():
        page = boss.get("/desk/audit").get_data(as_text=True)
        return page, {tuple(re.findall(r"<td[^>]*>([^<]*)</td>", row)[2:4]) for row in page.split("<tr>")[2:]}

    page, vietnamese = did()
    assert "không tìm thấy ai" in page
    assert vietnamese >= {
        *(("Dữ liệu cá nhân", act) for act in ("tìm", "xuất dữ liệu", "xóa")),
        *(("Lưu giữ theo luật", act) for act in ("lưu giữ", "bỏ lưu giữ")),
        *(("Yêu cầu", act) for act in ("thêm", "trả lời lần đầu", "làm xong")),
    }
    boss.get("/desk/language/en")
    page, english = did()
    assert "nobody was found" in page
    assert {("Legal hold", "place"), ("Legal hold", "lift"), ("Personal data", "find")} <= english


def test_a_request_has_its_clock_and_ends_with_a_word(boss, site, rows):
    assert boss.post("/desk/privacy/requests", kind="takedown", reference="CV 9").location.endswith(
        "done=request_added"
    )
    assert boss.post("/desk/privacy/requests", kind="ransom", reference="x").status_code == 422
    page = boss.get("/desk/privacy").get_data(as_text=True)
    assert "CV 9" in page
    assert "trả lời lần đầu" in page
    assert boss.post("/desk/privacy/requests/1/answer").status_code == 303
    assert "làm xong" in boss.get("/desk/privacy").get_data(as_text=True)
    assert boss.post("/desk/privacy/requests/1/finish", outcome=" ").status_code == 422
    assert boss.post("/desk/privacy/requests/1/finish", outcome="Đã gỡ").status_code == 303
    assert boss.post("/desk/privacy/requests/1/answer").status_code == 404
    assert rows(Request)[0].outcome == "Đã gỡ"


def test_an_admin_of_one_site_and_an_editor_are_kept_out(sent, at_the_desk, add_site):
    add_site("khac")
    for person in (at_the_desk("mot-trang", "admin", sites=("khac",)), at_the_desk("ed", "editor")):
        assert person.get("/desk/privacy").status_code == 403
        assert person.post("/desk/privacy/find", which=PHONE).status_code == 403
        assert person.post("/desk/privacy/export", which=PHONE).status_code == 403


def test_the_page_speaks_english_too(boss, sent):
    boss.client.set_cookie("duyet-language", "en")
    page = boss.post("/desk/privacy/find", which=PHONE).get_data(as_text=True)
    assert "1 comments found" in page
    assert "Kept by law" in page


def test_what_is_written_down_turns_no_direction_around(boss, rows):
    boss.post("/desk/privacy/requests", kind="access", reference="Công\u202e văn 12" + "\u0301" * 6)
    assert [one.reference for one in rows(Request)] == ["Công văn 12\u0301\u0301\u0301\u0301"]
    name = "Mới\u202e nhất"
    boss.post("/desk/queue/filters", name=name, q="abc")
    page = boss.get("/desk/queue").get_data(as_text=True)
    assert "Mới nhất" in page
    assert "\u202e" not in page
