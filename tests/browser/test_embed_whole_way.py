"""The way of a comment in a real browser: in the page of ours, on somebody else's page, with and without a script."""

import re

import pytest
from playwright.sync_api import Page, Route, expect

from tests.conftest import wait_for

pytestmark = [pytest.mark.browser, pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)]

STRICT = "default-src 'none'; script-src {ours}; connect-src {ours}; require-trusted-types-for 'script'"
BODY = "Cảm ơn tòa soạn, bài viết rất bổ ích cho bà con vùng lũ."

FRAMING = """<!doctype html>
<iframe src="OURS/embed?site=bao&article=bai-1" title="Bình luận" width="600" height="100"></iframe>
<script>
const frame = document.querySelector("iframe");
addEventListener("message", (event) => {
  if (event.origin === "OURS" && event.source === frame.contentWindow && event.data.type === "duyet:height")
    frame.height = event.data.height;
});
</script>"""


def fill(page: Page, **more: str) -> None:
    for label, text in {"Họ tên": "Ngọc Ánh", "Tiêu đề": "Cảm ơn", "Nội dung": BODY, **more}.items():
        page.get_by_label(label).fill(text)


def send(page: Page) -> None:
    page.get_by_role("button", name="Gửi bình luận").click()


def embedding(served: str, attributes: str = "") -> str:
    return (
        "<!doctype html><html lang=vi><title>Bài 1</title><main><h1>Bài 1</h1>"
        f'<script src="{served}/embed.js" data-site="bao" data-article="bai-1" {attributes} defer></script></main>'
    )


def test_without_a_script_a_comment_goes_from_the_form_to_the_list(browser, served, add_site, judge_all, known_codes):
    add_site(challenge="image")
    with browser.new_context(java_script_enabled=False) as context:
        page = context.new_page()
        page.goto(f"{served}/embed?site=bao&article=bai-1")
        fill(page, **{"Mã xác nhận": "SAISAI"})
        send(page)
        expect(page.locator(".captcha .wrong")).to_have_text("Mã xác nhận chưa đúng. Xin nhập mã mới.")
        expect(page.get_by_label("Nội dung")).to_have_value(BODY)
        page.get_by_role("button", name="Lấy lại mã bảo mật").click()
        expect(page.get_by_label("Nội dung")).to_have_value(BODY)
        page.get_by_label("Mã xác nhận").fill(known_codes[0].lower())
        send(page)
        expect(page.get_by_role("heading", name="Bình luận đang chờ duyệt")).to_be_visible()
        judge_all()
        page.get_by_role("link", name="Xem lại tình trạng").click()
        expect(page.get_by_role("heading", name="Bình luận của bạn đã được đăng")).to_be_visible()
        page.goto(f"{served}/embed?site=bao&article=bai-1")
        expect(page.locator(".comment .text")).to_have_text(BODY)
        page.go_back()
        page.get_by_text("Rút lại bình luận", exact=True).click()
        page.get_by_role("button", name="Xóa hẳn bình luận").click()
        expect(page.get_by_role("heading", name="Bình luận đã được rút lại")).to_be_visible()


@pytest.mark.parametrize("challenge", ["none", "pow", "ladder"])
def test_readers_of_our_page_never_see_a_proof_of_work(page, served, add_site, judge_all, challenge):
    add_site(challenge=challenge)
    page.goto(f"{served}/embed?site=bao&article=bai-1")
    expect(page.locator("binh-luan[ready]")).to_be_attached()
    expect(page.get_by_label("Mã xác nhận")).to_be_hidden()
    fill(page)
    send(page)
    expect(page.get_by_role("heading", name="Bình luận đang chờ duyệt")).to_be_focused()
    judge_all()
    expect(page.get_by_role("heading", name="Bình luận của bạn đã được đăng")).to_be_visible()
    expect(page.locator(".comment .text")).to_have_text(BODY)


def test_a_page_of_another_origin_with_a_strict_policy_needs_ours_in_two_places(
    page, served, host, add_site, judge_all, known_codes
):
    add_site(challenge="image", origins=(host.origin,))
    host.html, host.policy = embedding(served), STRICT.format(ours=served)
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.goto(f"{host.origin}/bai-1")
    fill(page)
    expect(page.get_by_role("img", name="Hình có sáu chữ")).to_be_visible()
    with page.expect_response(re.compile("/audio$")) as heard:
        page.get_by_role("button", name="Nghe mã").click()
    assert heard.value.status == 200
    # What was answered by ear waits for a person; this reader listened, and then read.
    page.get_by_label("Mã xác nhận").fill(known_codes[0])
    send(page)
    expect(page.get_by_text("Bình luận đang chờ duyệt")).to_be_visible()
    judge_all()
    expect(page.locator(".comment")).to_contain_text(BODY)
    assert said == []
    assert page.context.cookies() == []


def test_a_page_of_an_origin_that_is_not_the_sites_gets_nothing(page, served, host, add_site):
    add_site(origins=("https://bao.example",))
    host.html = embedding(served)
    with page.expect_event("console", lambda message: "CORS" in message.text):
        page.goto(f"{host.origin}/bai-1")
    expect(page.get_by_label("Nội dung")).to_have_count(0)


def test_the_element_takes_attributes_and_its_own_content_until_it_works(page, served, host, add_site):
    add_site(origins=(host.origin,), challenge="none")
    host.html = (
        f'<!doctype html><script src="{served}/embed.js" defer></script>'
        f'<binh-luan site="bao" article="bai-2"><a href="{served}/embed?site=bao&article=bai-2">Xem</a></binh-luan>'
    )
    page.goto(host.origin)
    fill(page)
    with page.expect_request(lambda request: request.method == "POST") as sent:
        send(page)
    assert "article=bai-2" in (sent.value.post_data or "")
    expect(page.get_by_text("Bình luận đang chờ duyệt")).to_be_visible()


def test_a_page_built_by_script_names_the_article_later_and_then_another(page, served, host, add_site, publish):
    add_site(origins=(host.origin,), challenge="none")
    publish(article="bai-1", body="Ý kiến về bài thứ nhất của báo.")
    publish(article="bai-2", body="Ý kiến về bài thứ hai của báo.")
    host.html = f'<!doctype html><script src="{served}/embed.js" defer></script><main></main>'
    page.goto(host.origin)
    page.evaluate("""() => {
        const element = document.createElement("binh-luan");
        document.querySelector("main").append(element);
        element.setAttribute("site", "bao");
        element.setAttribute("article", "bai-1");
    }""")
    expect(page.locator(".comment .text")).to_have_text("Ý kiến về bài thứ nhất của báo.")
    page.get_by_label("Họ tên").fill("Ann")
    page.evaluate("""() => {
        const element = document.querySelector("binh-luan");
        element.remove();
        document.querySelector("main").append(element);
    }""")
    expect(page.get_by_label("Họ tên")).to_have_value("Ann")
    page.evaluate("document.querySelector('binh-luan').setAttribute('article', 'bai-2')")
    expect(page.locator(".comment .text")).to_have_text("Ý kiến về bài thứ hai của báo.")
    fill(page)
    with page.expect_request(lambda request: request.method == "POST") as sent:
        send(page)
    assert "article=bai-2" in (sent.value.post_data or "")
    expect(page.get_by_text("Bình luận đang chờ duyệt")).to_be_visible()


def test_a_frame_grows_with_its_content_and_leads_to_its_receipt(browser, served, host, add_site):
    add_site(origins=(host.origin,))
    host.html = FRAMING.replace("OURS", served)
    with browser.new_context(java_script_enabled=True) as context:
        page = context.new_page()
        page.goto(host.origin)
        frame = page.frame_locator("iframe")
        expect(frame.get_by_label("Nội dung")).to_be_visible()
        page.wait_for_function("document.querySelector('iframe').height > 500")
        fits = "document.documentElement.scrollHeight <= innerHeight + 1"
        wait_for(lambda: page.frames[1].evaluate(fits), "a frame without a scroll bar")


def test_a_frame_of_another_website_stays_empty(page, served, host, add_site):
    add_site(origins=("https://bao.example",))
    host.html = f'<!doctype html><iframe src="{served}/embed?site=bao&article=bai-1" title="Bình luận"></iframe>'
    with page.expect_event("console", lambda message: "frame-ancestors" in message.text):
        page.goto(host.origin)


def test_the_demo_ends_in_a_form_that_works(page, served, add_site, judge_all, known_codes):
    add_site("demo", challenge="image")
    page.goto(served)
    expect(page.get_by_role("heading", level=1)).to_contain_text("sông Quê")
    page.locator("binh-luan").scroll_into_view_if_needed()
    expect(page.locator("binh-luan[ready]")).to_be_attached()
    fill(page)
    page.get_by_label("Mã xác nhận").fill(known_codes[0])
    send(page)
    expect(page.get_by_text("Bình luận đang chờ duyệt")).to_be_visible()
    judge_all()
    expect(page.locator(".comment .text")).to_have_text(BODY)


def test_what_was_typed_before_the_script_came_is_sent_by_it_with_the_code(
    page, served, add_site, judge_all, known_codes
):
    add_site("demo", challenge="image")
    waiting: list[Route] = []

    def hold(route: Route) -> None:
        waiting.append(route)

    page.route("**/embed.js", hold)
    page.goto(served, wait_until="commit")
    page.route("**/v1/challenges", lambda route: route.abort())
    expect(page.locator("img.picture")).to_have_js_property("naturalWidth", 280)
    fill(page, **{"Số điện thoại": "0912 345 678", "Mã xác nhận": known_codes[0]})
    page.get_by_label("Tôi đồng ý").check()
    page.get_by_label("Mã xác nhận").focus()
    waiting[0].continue_()
    expect(page.locator("binh-luan[ready]")).to_be_attached()
    expect(page.get_by_label("Mã xác nhận")).to_be_focused()
    send(page)
    expect(page.get_by_text("Bình luận đang chờ duyệt")).to_be_visible()
    judge_all()
    expect(page.locator(".comment .text")).to_have_text(BODY)


def test_counts_are_written_into_lists_of_articles(page, served, host, add_site, client, judge_all):
    add_site(origins=(host.origin,))
    client.post("/v1/comments", json={"site": "bao", "article": "a", "name": "Ann", "title": "Ý kiến", "body": BODY})
    judge_all()
    host.html = (
        '<!doctype html><p data-binh-luan="a">?</p><p data-binh-luan="b">?</p>'
        f'<script src="{served}/counts.js" data-site="bao" defer></script>'
    )
    page.goto(host.origin)
    expect(page.locator("p")).to_have_text(["1", "0"])
