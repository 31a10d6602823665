"""Ed tries a rule on the past and blocks a sender, in a real browser, with a real worker."""

import re

import pytest
from playwright.sync_api import expect

from service.models import Comment, Rule
from tests.browser.test_embed_for_everyone import complaints
from tests.conftest import wait_for

pytestmark = [pytest.mark.browser, pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)]


@pytest.fixture
def ed(page, served, site, at_the_desk):
    """Ed is signed in at the desk, in the browser."""
    enter(page, served, at_the_desk("ed", "editor"))
    return page


def enter(page, served, person):
    """Sign in at the desk's door."""
    page.goto(f"{served}/desk/sign-in")
    page.get_by_label("Tên tài khoản").fill(person.name)
    page.get_by_label("Mật khẩu").fill(person.password)
    page.get_by_role("button", name="Đăng nhập").click()
    expect(page.get_by_role("heading", name="Hàng chờ")).to_be_visible()


def test_ed_tries_a_rule_on_the_past_and_lets_it_run_in_shadow(ed, ann, judge_all, start, rows):
    for number in range(3):
        ann(body=f"Mời vào hội kín số {number} nhé.", name=f"Ann {number}", article=f"bai-{number}")
    ann(body="Bài viết rất bổ ích, cảm ơn tòa soạn.", name="Bình")
    judge_all()
    ed.get_by_role("link", name="Luật").click()
    ed.get_by_role("link", name="Viết luật mới").click()
    ed.get_by_label("Loại").select_option("phrase")
    ed.get_by_label("Từ, cụm từ").fill("hội kín")
    ed.get_by_role("button", name="Lưu").click()
    expect(ed.get_by_role("status")).to_have_text("Đã lưu luật.")

    ed.get_by_role("button", name="Thử luật").click()
    expect(ed.get_by_text("Đang chờ máy")).to_be_visible()
    ed.get_by_role("button", name="Cho chạy ngầm").click()
    expect(ed.get_by_role("alert")).to_have_text("Cần thử luật này trên bình luận cũ xong đã.")
    start("workers")
    # The page follows by itself; nobody presses a key.
    expect(ed.get_by_text("Bắt được 3 bình luận")).to_be_visible()
    expect(ed.get_by_role("row", name="Máy đã cho đăng")).to_contain_text("3")
    expect(ed.locator(".samples mark").first).to_have_text("hội kín")
    expect(ed.locator(".samples li")).to_have_count(3)

    ed.get_by_role("button", name="Cho chạy ngầm").click()
    expect(ed.get_by_role("heading", name=re.compile("Luật 1"))).to_contain_text("Chạy ngầm")
    assert [rule.state for rule in rows(Rule)] == ["shadow"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_on_the_pages_of_those_who_keep_the_desk(
    page, served, site, at_the_desk, ann, judge_all, scheme
):
    person = at_the_desk("ad", "admin")
    person.post("/desk/rules/new", site="bao", kind="phrase", forms="hội kín", outcome="hold")
    person.post("/desk/rules/1/backtests", days="7")
    person.post("/desk/blocks", site="bao", kind="phrase", value="nhà cái", reason="spam", days="")
    person.post("/desk/accounts", name="mo", role="moderator")
    ann()
    judge_all()
    page.emulate_media(color_scheme=scheme)
    enter(page, served, person)
    for path in ("rules", "rules/new", "rules/1", "rules/entries", "blocks", "audit", "sites", "sites/bao"):
        page.goto(f"{served}/desk/{path}")
        assert complaints(page) == [], path
    for path in ("sites/bao/words", "sites/bao/articles", "accounts"):
        page.goto(f"{served}/desk/{path}")
        assert complaints(page) == [], path


def test_ed_blocks_a_phrase_and_a_sender_who_is_told_nothing(ed, served, ann, judge_all, rows):
    ed.get_by_role("link", name="Chặn").click()
    block = ed.locator("form.card")
    block.get_by_label("Loại").select_option("phrase")
    block.get_by_label("Số, địa chỉ IP hoặc cụm từ").fill("nhà cái uy tín")
    block.get_by_label("Lý do").fill("spam cờ bạc")
    block.get_by_role("button", name="Chặn").click()
    expect(ed.get_by_role("status")).to_have_text("Đã chặn.")
    ann(body="Tôi đã đọc bài về nhà cái uy tín rồi.")
    judge_all()
    assert [row.status for row in rows(Comment)] == ["rejected"]

    block.get_by_label("Loại").select_option("address")
    block.get_by_label("Số, địa chỉ IP hoặc cụm từ").fill("127.0.0.1")
    block.get_by_label("Lý do").fill("quấy rối")
    block.get_by_role("button", name="Chặn").click()
    expect(ed.locator("tbody tr")).to_have_count(2)

    ed.goto(f"{served}/embed?site=bao&article=bai-1")
    ed.get_by_label("Họ tên").fill("Ngọc Ánh")
    ed.get_by_label("Tiêu đề").fill("Ý kiến")
    ed.get_by_label("Nội dung").fill("Cho tôi gửi thêm một ý kiến.")
    ed.get_by_role("button", name="Gửi bình luận").click()
    expect(ed.get_by_text("Không thể nhận bình luận từ đây").first).to_be_visible()
    assert "chặn" not in ed.content()

    ed.goto(f"{served}/desk/blocks")
    ed.get_by_role("row", name=re.compile("quấy rối")).get_by_role("button", name="Bỏ chặn").click()
    expect(ed.locator("tbody tr")).to_have_count(1)
    wait_for(lambda: ann(body="Bây giờ thì gửi được.").status_code == 202, "the sender to be let in")
