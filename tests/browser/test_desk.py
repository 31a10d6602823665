"""Mo clears the queue by keyboard in a real browser; two moderators meet; all can be undone; everybody can use it."""

from datetime import UTC, datetime

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, Route, expect

from service import moderators
from service.models import Comment, Decision, Reveal
from tests.conftest import wait_for

pytestmark = [pytest.mark.browser, pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)]

SERIOUS = {"serious", "critical"}


@pytest.fixture
def held(add_site, ann, judge_all):
    """Have comments wait, the first one oldest; return their ids."""
    add_site(publish="after_review")

    def send(*bodies: str, **changes) -> list[str]:
        sent = []
        for number, body in enumerate(bodies):
            comment = {"body": body, "name": f"Người {number + 1}", "article": f"bai-{number}", **changes}
            sent.append(ann(**comment).get_json()["id"])
            judge_all()
        return sent

    return send


BODIES = (
    "Bến đò này cha tôi chèo hơn ba mươi năm.",
    "Xin hỏi bao giờ thì thông cầu mới ạ?",
    "Cảm ơn tòa soạn đã về tận nơi viết bài.",
    "Nước năm nay lên cao hơn mọi năm nhiều.",
)
LIST = "?order=oldest"


@pytest.fixture
def enter(served, parts, browser):
    """Open the desk in a browser of somebody's own, signed in through the door."""
    opened = []

    def sign_in(name: str = "mo", role: str = "moderator", query: str = LIST, **options) -> Page:
        with parts.database.writing() as session:
            password = moderators.add_moderator(session, name=name, role=role, sites=[], now=datetime.now(UTC))
        context = browser.new_context(locale="vi-VN", viewport={"width": 1280, "height": 800}, **options)
        context.set_default_timeout(20_000)
        opened.append(context)
        page = context.new_page()
        page.problems = []
        page.on("pageerror", lambda error: page.problems.append(str(error)))
        page.on("console", lambda line: page.problems.append(line.text) if "Content Security" in line.text else None)
        page.goto(f"{served}/desk/queue{query}")
        page.get_by_label("Tên tài khoản").fill(name)
        page.get_by_label("Mật khẩu").fill(password)
        page.get_by_role("button", name="Đăng nhập").click()
        if options.get("java_script_enabled", True):
            expect(page.locator("[data-queue][data-ready]")).to_be_attached()
        return page

    yield sign_in
    for context in opened:
        for page in context.pages:
            assert page.problems == []
        context.close()


def card(page: Page):
    return page.locator("[data-card]")


def reads(page: Page, comment: str) -> None:
    expect(card(page)).to_have_attribute("data-id", comment)
    expect(page.locator(".line[aria-current]")).to_have_attribute("data-id", comment)


def says(page: Page, text: str) -> None:
    expect(page.locator("[data-said]")).to_contain_text(text)


@pytest.fixture
def status_of(rows):
    def find(comment: str) -> str:
        return next(row.status for row in rows(Comment) if str(row.id) == comment)

    return find


def becomes(status_of, comment: str, status: str) -> None:
    wait_for(lambda: status_of(comment) == status, f"{comment} to be {status}")


def test_a_queue_is_cleared_without_a_mouse(held, enter, status_of, rows):
    one, two, three, four = held(*BODIES)
    page = enter()
    press = page.keyboard.press
    reads(page, one)
    press("j")
    reads(page, two)
    press("a")
    reads(page, three)
    says(page, "Đã duyệt: Người 2")
    press("u")
    reads(page, two)
    press("k")
    reads(page, one)

    press("a")
    reads(page, two)
    says(page, "Đã duyệt: Người 1")
    becomes(status_of, one, "approved")

    press("r")
    expect(page.get_by_text("Từ chối vì")).to_be_visible()
    press("9")
    reads(page, three)
    becomes(status_of, two, "rejected")
    assert next(row.reason for row in rows(Decision) if str(row.comment_id) == two and row.reason) == "off_topic"

    press("s")
    reads(page, four)
    press("e")
    becomes(status_of, four, "held")
    wait_for(lambda: any(row.escalated for row in rows(Comment)), "the escalation")
    expect(page.locator(".line")).to_have_count(1)

    press("u")
    reads(page, four)
    says(page, "Đã hoàn tác: Người 4")
    press("u")
    reads(page, two)
    becomes(status_of, two, "held")
    press("u")
    reads(page, one)
    becomes(status_of, one, "held")
    press("u")
    says(page, "Không còn gì để hoàn tác.")
    assert [line.get_attribute("data-id") for line in page.locator(".line").all()] == [one, two, three, four]
    assert not any(row.escalated for row in rows(Comment))


def test_whoever_has_cleared_the_list_sees_at_once_what_the_other_lists_hold(held, enter):
    held(BODIES[0])
    page = enter()
    page.keyboard.press("e")
    expect(page.locator('[data-count="escalated"]')).to_have_text("1", timeout=5_000)
    expect(page.locator('[data-count="held"]')).to_have_text("0")


def test_a_note_and_another_reason_are_typed_and_keys_are_letters_there(held, enter, status_of, rows):
    one, two = held(*BODIES[:2])
    page = enter()
    reads(page, one)
    page.keyboard.press("n")
    page.keyboard.type("ja reu")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".remark")).to_have_text("ja reu")
    reads(page, one)

    page.keyboard.press("r")
    page.locator("[data-other]").fill("Nhắc tên người đã mất")
    page.get_by_role("button", name="Khác", exact=True).click()
    reads(page, two)
    becomes(status_of, one, "rejected")
    assert [row.note for row in rows(Decision) if row.note] == ["ja reu", "Nhắc tên người đã mất"]
    assert status_of(two) == "held"


def test_keys_of_an_input_method_decide_nothing(held, enter, status_of, rows):
    one, _ = held(*BODIES[:2])
    page = enter()
    reads(page, one)
    page.evaluate(
        """() => {
          const key = (more) =>
            document.dispatchEvent(new KeyboardEvent("keydown", {key: "a", bubbles: true, ...more}));
          key({isComposing: true});
          key({keyCode: 229});
          key({ctrlKey: true});
          key({repeat: true});
        }"""
    )
    page.keyboard.press("/")
    expect(page.get_by_label("Tìm trong bình luận")).to_be_focused()
    page.keyboard.type("ba")
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Phím tắt")).to_be_visible()
    page.keyboard.press("a")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog", name="Phím tắt")).to_be_hidden()
    reads(page, one)
    assert {row.act for row in rows(Decision)} == {"received", "hold"}
    page.keyboard.press("a")
    becomes(status_of, one, "approved")


def test_two_moderators_meet_and_the_second_sees_the_first_ones_decision(held, enter, status_of, rows):
    """Trap 12."""
    one, two = held(*BODIES[:2])
    mo = enter()
    reads(mo, one)
    wait_for(lambda: any(row.reviewer for row in rows(Comment)), "the lease")
    an = enter("an")
    reads(an, two)
    an.keyboard.press("k")
    reads(an, one)
    expect(card(an).locator("[data-read-by]")).to_have_text("đang được mo xem")

    mo.keyboard.press("r")
    mo.keyboard.press("3")
    becomes(status_of, one, "rejected")
    an.keyboard.press("a")
    says(an, "mo đã từ chối bình luận này trước bạn (Xúc phạm).")
    reads(an, two)
    assert status_of(one) == "rejected"


def test_a_key_that_comes_before_its_card_waits_for_it(held, enter, status_of):
    one, two, three = held(*BODIES[:3])
    page = enter()
    reads(page, one)
    waiting: list[Route] = []

    def hold(route: Route) -> None:
        waiting.append(route)

    page.route("**/card", hold)
    page.reload()
    expect(page.locator("[data-queue][data-ready]")).to_be_attached()
    for key in ("j", "r", "1", "a"):
        page.keyboard.press(key)
    wait_for(lambda: page.evaluate("true") and len(waiting) >= 2, "the cards to be asked for")
    assert {status_of(each) for each in (one, two, three)} == {"held"}
    # What was held goes on.
    page.unroute("**/card")
    becomes(status_of, two, "rejected")
    becomes(status_of, three, "approved")
    assert status_of(one) == "held"


def test_undoing_takes_back_the_last_decision_though_its_answer_has_not_come(held, enter, status_of):
    one, two, three = held(*BODIES[:3])
    page = enter()
    reads(page, one)
    page.keyboard.press("a")
    becomes(status_of, one, "approved")
    reads(page, two)
    waiting: list[Route] = []

    def hold(route: Route) -> None:
        waiting.append(route)

    page.route("**/decision", hold)
    page.keyboard.press("a")
    page.keyboard.press("u")
    wait_for(lambda: page.evaluate("true") and waiting, "the decision to be sent")
    page.unroute("**/decision")
    says(page, "Đã hoàn tác: Người 2")
    becomes(status_of, two, "held")
    assert (status_of(one), status_of(three)) == ("approved", "held")


def test_many_are_decided_and_taken_back_at_once(held, enter, status_of):
    ids = held(*BODIES)
    page = enter()
    reads(page, ids[0])
    page.keyboard.press("x")
    page.keyboard.press("j")
    page.keyboard.press("x")
    expect(page.locator("[data-selected]")).to_have_text("Đã chọn 2")
    page.keyboard.press("r")
    page.keyboard.press("1")
    says(page, "Đã xử lý 2 bình luận")
    reads(page, ids[2])
    assert [status_of(one) for one in ids] == ["rejected", "rejected", "held", "held"]
    page.keyboard.press("u")
    becomes(status_of, ids[0], "held")
    expect(page.locator(".line")).to_have_count(4)
    assert {status_of(one) for one in ids} == {"held"}


def test_what_looks_alike_goes_at_once(held, enter, status_of):
    text = "Bến đò cũ nên giữ lại cho bà con đi chợ buổi sớm, đừng phá đi mà tiếc lắm nhé"
    first, second, other = held(text, f"{text}!", "Một ý kiến khác hẳn về cây cầu mới.")
    page = enter()
    reads(page, first)
    page.get_by_role("button", name="Từ chối cả 2").click()
    reads(page, other)
    assert [status_of(one) for one in (first, second, other)] == ["rejected", "rejected", "held"]
    page.keyboard.press("u")
    becomes(status_of, second, "held")
    becomes(status_of, first, "held")


def test_a_phone_is_shown_for_a_reason_and_once(held, enter, rows):
    held(BODIES[0], phone="0912345678", consent=True)
    page = enter()
    expect(page.locator("[data-phone]")).to_contain_text("678")
    page.get_by_text("Xem số", exact=True).click()
    page.get_by_label("Lý do cần xem số").fill("Gọi lại")
    page.get_by_role("button", name="Ghi lý do và xem số").click()
    expect(page.locator("[data-phone]")).to_have_text("+84912345678")
    assert [(row.actor, row.reason) for row in rows(Reveal)] == [("moderator:mo", "Gọi lại")]


def test_a_decision_that_did_not_arrive_brings_the_comment_back(held, enter, status_of):
    one, _ = held(*BODIES[:2])
    page = enter()
    reads(page, one)
    page.route("**/decision", lambda route: route.abort())
    page.keyboard.press("a")
    says(page, "Chưa lưu được")
    reads(page, one)
    page.unroute("**/decision")
    page.keyboard.press("a")
    becomes(status_of, one, "approved")


def test_without_a_script_one_comment_after_the_other_is_decided(held, enter, status_of):
    one, two = held(*BODIES[:2])
    page = enter(java_script_enabled=False)
    expect(card(page)).to_have_attribute("data-id", one)
    page.get_by_role("button", name="Duyệt a").click()
    expect(card(page)).to_have_attribute("data-id", two)
    assert status_of(one) == "approved"
    page.get_by_text("Từ chối r").click()
    page.get_by_role("button", name="Xúc phạm").click()
    expect(card(page)).to_have_count(0)
    assert status_of(two) == "rejected"


def test_on_a_telephone_the_list_leads_to_the_card_and_back(held, enter, status_of):
    one, two = held(*BODIES[:2])
    page = enter()
    page.set_viewport_size({"width": 390, "height": 800})
    expect(card(page)).to_be_hidden()
    page.locator(f'.line[data-id="{two}"] > a').click()
    expect(card(page)).to_have_attribute("data-id", two)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.get_by_role("link", name="← Danh sách").click()
    expect(card(page)).to_be_hidden()
    page.locator(f'.line[data-id="{one}"] > a').click()
    page.get_by_role("button", name="Duyệt", exact=True).or_(page.get_by_role("button", name="Duyệt a")).first.click()
    becomes(status_of, one, "approved")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_on_the_desk_keeps_anybody_out(held, enter, scheme):
    held(
        "Lũ khốn nạn, gọi tôi 0912 345 678, xem https://vay-nhanh.example ngay.",
        BODIES[0],
        phone="0912345678",
        consent=True,
    )
    page = enter(color_scheme=scheme, role="admin")
    page.keyboard.press("r")
    for address in (None, "/desk/own", "/desk/own/code", "/desk/queue?q=khong-co", "/desk/sign-in"):
        if address == "/desk/sign-in":
            page.get_by_role("button", name="Đăng xuất").click()
        elif address:
            page.goto(f"{page.url.partition('/desk')[0]}{address}")
        found = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
        told = [(one["id"], [node["html"] for node in one["nodes"]]) for one in found if one["impact"] in SERIOUS]
        assert told == [], address
