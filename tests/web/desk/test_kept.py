"""The desk's pages of rules, blocks and the audit: what an editor does there, and what is said when it cannot be."""

import re

import pytest

from service.models import Backtest, Block, Rule


@pytest.fixture
def ed(site, at_the_desk):
    """Ed edits: signed in at the desk."""
    return at_the_desk("ed", "editor")


def form(**changes):
    return {"site": "bao", "kind": "phrase", "forms": "hội kín\r\nhội đoàn", "outcome": "hold", **changes}


def test_a_rule_is_written_tried_and_moved_on_its_pages(ed, rows):
    made = ed.post("/desk/rules/new", **form())
    assert (made.status_code, made.location) == (303, "/desk/rules/1?done=rule_saved")
    (rule,) = rows(Rule)
    assert (rule.forms, rule.created_by, rule.category) == (["hội kín", "hội đoàn"], "moderator:ed", "policy")
    page = ed.client.get(made.location).get_data(as_text=True)
    assert "Đã lưu luật." in page
    assert "hội kín · hội đoàn" in page

    assert ed.post("/desk/rules/1/backtests", days="7").location.endswith("done=backtest_asked")
    page = ed.client.get("/desk/rules/1").get_data(as_text=True)
    assert "Đang chờ máy" in page
    assert f'data-backtest="/v1/review/rules/1/backtests/{rows(Backtest)[0].id}"' in page
    early = ed.post("/desk/rules/1/state", state="shadow", version="2")
    assert (early.status_code, "Cần thử luật này" in early.get_data(as_text=True)) == (422, True)
    stopped = ed.post(f"/desk/rules/1/backtests/{rows(Backtest)[0].id}/cancel")
    assert stopped.location.endswith("done=backtest_cancelled")
    late = ed.post("/desk/rules/1/state", state="retired", version="1")
    assert (late.status_code, "Có người vừa đổi trước bạn" in late.get_data(as_text=True)) == (409, True)
    assert ed.post("/desk/rules/1/state", state="retired", version="2").status_code == 303
    assert "hội kín" not in ed.client.get("/desk/rules").get_data(as_text=True)
    assert "hội kín" in ed.client.get("/desk/rules?state=retired").get_data(as_text=True)


def test_a_form_with_a_fault_comes_back_as_it_was_typed(ed):
    answer = ed.post("/desk/rules/new", **form(kind="pattern", forms="(?=<b>x)", note="ghi <chú>"))

    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert "Mẫu này không dùng được" in page
    assert "(?=&lt;b&gt;x)" in page
    assert 'value="ghi &lt;chú&gt;"' in page
    assert "<b>x" not in page


def test_a_standing_rule_keeps_what_it_says_and_takes_another_cap(ed, rows, parts):
    ed.post("/desk/rules/new", **form())
    with parts.database.writing() as session:
        session.get_one(Rule, 1).state = "live"
    page = ed.client.get("/desk/rules/1").get_data(as_text=True)
    assert 'name="forms"' not in page

    assert ed.post("/desk/rules/1", daily_cap="5", note="ít thôi", version="1").status_code == 303
    (rule,) = rows(Rule)
    assert (rule.state, rule.daily_cap, rule.note, rule.forms) == ("live", 5, "ít thôi", ["hội kín", "hội đoàn"])


def test_a_sender_and_a_phrase_are_blocked_and_let_go_on_a_page(ed, rows, ann):
    made = ed.post("/desk/blocks", site="bao", kind="address", value="127.0.0.1", reason="quấy rối", days="3")
    assert made.location == "/desk/blocks?done=blocked"
    assert ann().status_code == 403
    page = ed.client.get("/desk/blocks").get_data(as_text=True)
    assert "quấy rối" in page
    assert "127.0.0.1" not in page

    wrong = ed.post("/desk/blocks", site="bao", kind="phone", value="12", reason="spam", days="")
    assert (wrong.status_code, "Số điện thoại này chưa đúng" in wrong.get_data(as_text=True)) == (422, True)
    assert ed.post("/desk/blocks/1/lift").status_code == 303
    assert ann().status_code == 202
    assert len(rows(Block)) == 1


def test_a_sender_is_blocked_from_the_card_of_a_comment(ed, rows, ann, judge_all):
    sent = ann(phone="0912345678", consent=True, body="Đồ ngu như bò").get_json()["id"]
    judge_all()
    card = ed.client.get(f"/desk/comments/{sent}").get_data(as_text=True)
    assert f'href="/desk/blocks?comment={sent}#new"' in card

    page = ed.client.get(f"/desk/blocks?comment={sent}").get_data(as_text=True)
    assert "Chặn người gửi của bình luận: Ngọc Ánh" in page
    unsaid = ed.post("/desk/blocks", comment=sent, site="bao", kind="phone", reason=" ", days="7")
    assert (unsaid.status_code, f'value="{sent}"' in unsaid.get_data(as_text=True)) == (422, True)
    assert ed.post("/desk/blocks", comment=sent, site="bao", kind="phone", reason="spam", days="7").status_code == 303
    assert [(row.kind, row.hint) for row in rows(Block)] == [("phone", "••••••••678")]
    assert ann(phone="0912345678", consent=True).status_code == 403
    assert ed.client.get("/desk/blocks?comment=không").status_code == 404
    assert ed.client.get("/desk/blocks?comment=00000000-0000-7000-8000-000000000000").status_code == 404


def test_the_audit_shows_narrows_and_exports(ed):
    ed.post("/desk/rules/new", **form(note="=1+1"))
    page = ed.client.get("/desk/audit?noun=rule&since=2020-01-01").get_data(as_text=True)
    assert "<td>ed</td>" in page
    assert 'href="/desk/audit/export?noun=rule&amp;since=2020-01-01"' in page
    assert 'value="01/01/2020"' in page
    assert "<td>ed</td>" in ed.client.get("/desk/audit?noun=rule&since=1/1/2020").get_data(as_text=True)
    assert "<td>ed</td>" not in ed.client.get("/desk/audit?noun=rule&until=31/12/2020").get_data(as_text=True)
    export = ed.client.get("/desk/audit/export?noun=rule")
    assert export.content_type == "text/csv; charset=utf-8"
    assert export.get_data(as_text=True).count("\r\n") == 2
    for never in ("never", "31/02/2026", "2026-13-01"):
        assert ed.client.get(f"/desk/audit?since={never}").status_code == 422


ACTORS = {"engine": "máy kiểm", "reader": "bạn đọc", "operator": "người vận hành", "stranger": "người lạ"}


def test_the_audit_calls_everybody_as_people_do_and_takes_these_words_for_whom_it_shows(
    site, at_the_desk, ann, judge_all, add_token, client
):
    ed = at_the_desk("ad", "admin")
    at_the_desk("mo")
    client.post("/desk/sign-in", data={"name": "mo", "password": "x"})
    sent = ann(body="Đồ ngu như bò").get_json()["id"]
    judge_all()
    ed.post("/desk/accounts/change", **{"name": "mo", "role": "editor", "site:bao": "1"})
    rule = {"outcome": "reject", "reason": "insult", "version": 2}
    client.post(f"/v1/review/comments/{sent}/decision", json=rule, headers=add_token("toa-soan", scope="review"))

    def whom(query):
        page = ed.get(f"/desk/audit?machines=1&{query}").get_data(as_text=True)
        return set(re.findall(r"<tr>\n<td>[^<]*</td><td>([^<]*)</td>", page)), page

    for language, words in (("vi", ACTORS.values()), ("en", ("the engine", "the reader", "an operator", "a stranger"))):
        ed.get(f"/desk/language/{language}")
        shown, page = whom("")
        token = {"vi": "mã API toa-soan", "en": "API token toa-soan"}[language]
        assert shown == {*words, token, "ad", "mo"}
        assert f'href="/desk/comments/{sent}"' in page
        assert {"vi": "Xúc phạm", "en": "Insult"}[language] in page
        assert {"vi": "trạng thái: chờ duyệt → đã từ chối", "en": "status: waiting → rejected"}[language] in page
        role = {"vi": "vai trò: moderator → editor", "en": "role: moderator → editor"}[language]
        assert role + {"vi": "; trang: Mọi trang → bao", "en": "; sites: All sites → bao"}[language] in page
        for name in (*words, *ACTORS.values(), token):
            again, page = whom(f"actor={name}")
            assert len(again) == 1
            assert f'name="actor" value="{again.pop()}"' in page
        assert whom("actor=moderator:mo")[0] == whom("actor=mo")[0] == {"mo"}


@pytest.mark.parametrize("path", ["/rules", "/rules/new", "/rules/entries", "/rules/1", "/blocks", "/audit"])
def test_every_page_speaks_both_languages_and_is_good_html(ed, path, ann, judge_all, faults_of, request):
    ed.post("/desk/rules/new", **form(forms='hội <kín> "x"'))
    ed.post("/desk/rules/1/backtests", days="7")
    ed.post("/desk/blocks", site="bao", kind="phrase", value="nhà <cái>", reason="<b>", days="")
    ann(body="Đồ ngu như bò")
    judge_all()
    vietnamese = ed.client.get(f"/desk{path}").get_data(as_text=True)
    ed.client.get("/desk/language/en")
    english = ed.client.get(f"/desk{path}").get_data(as_text=True)

    assert '<html lang="vi">' in vietnamese
    assert '<html lang="en">' in english
    assert not re.search(r">None<|Undefined|\{\{|<b>", vietnamese + english)
    if "sqlite" in request.node.name:
        assert faults_of({"vi": vietnamese, "en": english}) == []


def test_a_moderator_sees_none_of_these_rooms(site, at_the_desk):
    page = at_the_desk("mo").client.get("/desk/queue").get_data(as_text=True)

    assert "/desk/rules" not in page
    assert "/desk/audit" not in page
