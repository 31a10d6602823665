"""What the form says while things go wrong, and that nothing typed is ever lost."""

import re

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from service import articles, sites
from service.models import Report
from tests.browser.test_embed_whole_way import BODY, embedding, fill, send
from tests.conftest import wait_for

pytestmark = [pytest.mark.browser, pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)]


@pytest.fixture
def opened(page, served, host, add_site, known_codes):
    """Somebody else's page whose form is ready; the site is given by the test's marker."""

    def open_(**changes) -> Page:
        add_site(origins=(host.origin,), **changes)
        host.html = embedding(served)
        page.goto(host.origin)
        expect(page.get_by_label("Nội dung")).to_be_visible()
        return page

    return open_


def published(client, judge_all, count: int) -> None:
    """Judge what waits, until the list shows so many."""
    judge_all()
    wait_for(lambda: client.get("/v1/comments?site=bao&article=bai-1").json["count"] == count, f"{count} comments")


def test_empty_fields_are_named_under_each_and_the_first_has_the_focus(opened):
    page = opened(challenge="image")
    send(page)
    expect(page.get_by_label("Họ tên")).to_be_focused()
    for label, sentence in {
        "Họ tên": "Bạn chưa điền họ tên.",
        "Tiêu đề": "Bạn chưa điền tiêu đề.",
        "Nội dung": "Bạn chưa điền nội dung.",
        "Mã xác nhận": "Bạn chưa nhập mã xác nhận.",
    }.items():
        field = page.get_by_label(label)
        expect(field).to_have_attribute("aria-invalid", "true")
        expect(field).to_have_accessible_description(re.compile(re.escape(sentence)))


def test_what_only_the_service_knows_is_told_under_its_field_too(opened):
    page = opened(challenge="none")
    fill(page, **{"Số điện thoại": "12"})
    page.get_by_label(re.compile("Tôi đồng ý")).check()
    send(page)
    expect(page.locator(".phone .wrong")).to_contain_text("Số điện thoại này chưa đúng")
    expect(page.get_by_label("Số điện thoại")).to_be_focused()
    page.get_by_label("Số điện thoại").fill("0912 345 678")
    send(page)
    expect(page.get_by_text("Bình luận đang chờ duyệt")).to_be_visible()


def test_consent_is_asked_for_with_a_phone_number_alone(opened):
    page = opened(challenge="none")
    box = page.get_by_role("checkbox")
    expect(box).to_be_hidden()
    fill(page, **{"Số điện thoại": "0912345678"})
    expect(box).to_be_visible()
    expect(box).not_to_be_checked()
    send(page)
    expect(page.locator(".consent .wrong")).to_contain_text("Bạn cần đồng ý")
    expect(box).to_be_focused()


def test_another_code_keeps_the_text_and_is_announced(opened):
    page = opened(challenge="image")
    fill(page)
    expect(page.get_by_role("img", name="Hình có sáu chữ")).to_be_visible()
    with page.expect_response(re.compile("/image$")):
        page.get_by_role("button", name="Lấy lại mã bảo mật").click()
    expect(page.get_by_role("status")).to_have_text("Đã đổi mã mới. Phần bạn viết vẫn còn nguyên.")
    expect(page.get_by_label("Nội dung")).to_have_value(BODY)


def test_a_wrong_code_is_said_and_replaced_and_the_next_one_opens_the_gate(opened, known_codes):
    page = opened(challenge="image")
    fill(page, **{"Mã xác nhận": "SAISAI"})
    with page.expect_response(re.compile("/image$")):
        send(page)
    expect(page.locator(".captcha .wrong")).to_contain_text("Mã xác nhận chưa đúng")
    expect(page.get_by_label("Mã xác nhận")).to_be_focused()
    page.get_by_label("Mã xác nhận").fill(known_codes[0])
    send(page)
    expect(page.get_by_text("Bình luận đang chờ duyệt")).to_be_visible()


def test_without_crypto_every_form_falls_back_to_the_picture(page, served, add_site, known_codes):
    page.add_init_script("Object.defineProperty(Crypto.prototype, 'subtle', { get: () => undefined });")
    add_site(challenge="ladder")
    page.goto(f"{served}/embed?site=bao&article=bai-1")
    expect(page.locator("binh-luan[ready]")).to_be_attached()
    fill(page, **{"Mã xác nhận": known_codes[0]})
    send(page)
    expect(page.get_by_text("Bình luận đang chờ duyệt")).to_be_visible()


def test_offline_keeps_the_text_and_sends_it_once_when_the_reader_is_back(opened, client, judge_all):
    page = opened(challenge="none")
    fill(page)
    page.context.set_offline(True)
    send(page)
    expect(page.get_by_role("status")).to_contain_text("Mất kết nối mạng")
    expect(page.get_by_label("Nội dung")).to_have_value(BODY)
    page.context.set_offline(False)
    expect(page.get_by_role("status")).to_contain_text("Đã có mạng trở lại")
    send(page)
    expect(page.get_by_text("Bình luận đang chờ duyệt")).to_be_visible()
    published(client, judge_all, 1)


def test_an_answer_that_got_lost_does_not_make_a_second_comment(opened, client, judge_all):
    page = opened(challenge="none")
    fill(page)
    lost: list[str] = []

    def lose(route):
        if not lost:
            lost.append(route.request.post_data)
            route.fetch()
            route.abort()
        else:
            route.continue_()

    page.route("**/v1/comments", lose)
    send(page)
    expect(page.get_by_role("status")).to_contain_text("Chưa gửi được bình luận")
    send(page)
    expect(page.get_by_text("Bình luận đang chờ duyệt")).to_be_visible()
    published(client, judge_all, 1)


def test_a_closed_article_says_so_and_has_no_form(page, served, host, add_site, parts, now):
    site = add_site(origins=(host.origin,))
    with parts.database.writing() as session:
        articles.close(session, site, "bai-1", now=now)
    host.html = embedding(served)
    page.goto(host.origin)
    expect(page.get_by_text("Bài viết đã đóng bình luận.")).to_be_visible()
    expect(page.get_by_role("textbox")).to_have_count(0)


def test_an_article_closed_while_somebody_writes_says_so_and_keeps_the_text(opened, parts, now):
    page = opened(challenge="none")
    fill(page)
    with parts.database.writing() as session:
        articles.close(session, _site(parts), "bai-1", now=now)
    send(page)
    expect(page.get_by_role("status")).to_have_text("Bài viết đã đóng bình luận.")
    expect(page.get_by_label("Nội dung")).to_have_value(BODY)


def test_comments_of_others_arrive_without_a_reload(opened, client, judge_all):
    page = opened(challenge="none")
    expect(page.get_by_text("Chưa có bình luận")).to_be_visible()
    page.clock.install()
    other = {"site": "bao", "article": "bai-1", "name": "Ann", "title": "Ý kiến", "body": "Tôi cũng nghĩ vậy."}
    client.post("/v1/comments", json=other)
    published(client, judge_all, 1)
    # Coming back to the page asks at once, as the clock does every twenty seconds.
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(page.locator(".comment .text")).to_have_text("Tôi cũng nghĩ vậy.")
    expect(page.get_by_role("heading", name="Bình luận (1)")).to_be_visible()


def test_older_comments_come_by_the_page(opened, client, judge_all):
    sent = {"site": "bao", "article": "bai-1", "name": "Ann", "title": "Ý kiến"}
    page = opened(challenge="none")
    for number in range(23):
        client.post("/v1/comments", json={**sent, "body": f"Ý kiến thứ {number} về con đường mới của làng."})
    published(client, judge_all, 23)
    page.reload()
    expect(page.locator(".comment")).to_have_count(20)
    page.get_by_role("button", name="Xem bình luận cũ hơn").click()
    expect(page.locator(".comment")).to_have_count(23)
    expect(page.get_by_role("button", name="Xem bình luận cũ hơn")).to_be_hidden()


def test_a_reader_reports_a_comment(opened, client, judge_all, parts):
    page = opened(challenge="none")
    client.post("/v1/comments", json={"site": "bao", "article": "bai-1", "name": "Eve", "title": "X", "body": BODY})
    published(client, judge_all, 1)
    page.reload()
    page.get_by_label("Báo cáo bình luận của Eve").click()
    page.get_by_label("Lý do báo cáo").select_option("Quảng cáo, lừa đảo")
    page.get_by_label("Nói rõ thêm").fill("Đường dẫn này bán thuốc giả.")
    page.get_by_role("button", name="Gửi báo cáo").click()
    expect(page.get_by_text("Tòa soạn sẽ xem lại bình luận này")).to_be_focused()
    wait_for(lambda: _reports(parts) == [("spam", "Đường dẫn này bán thuốc giả.")], "the report in the database")


@pytest.mark.parametrize("more_settings", [{"LIMIT_COMMENTS": "1/minute"}])
def test_a_limit_counts_down_and_lets_the_reader_send_again(opened, client):
    page = opened(challenge="none")
    page.clock.install()
    client.post("/v1/comments", json={"site": "bao", "article": "x", "name": "Ann", "title": "A", "body": BODY})
    fill(page)
    send(page)
    status = page.get_by_role("status")
    expect(status).to_contain_text(re.compile(r"Xin chờ \d+ giây"))
    expect(page.get_by_role("button", name="Gửi bình luận")).to_have_attribute("aria-disabled", "true")
    before = int(re.search(r"\d+", status.inner_text())[0])
    page.clock.run_for(3000)
    assert int(re.search(r"\d+", status.inner_text())[0]) < before
    expect(status).to_have_attribute("aria-live", "off")
    page.clock.run_for(61_000)
    expect(status).to_have_text("Bây giờ bạn có thể gửi.")
    expect(page.get_by_label("Nội dung")).to_have_value(BODY)


def _site(parts):
    with parts.database.reading() as session:
        return sites.find(session, "bao")


def _reports(parts):
    with parts.database.reading() as session:
        return [(one.reason, one.text) for one in session.scalars(select(Report))]
