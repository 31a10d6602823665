"""The form by keyboard alone, for screen readers, in large text, dark and forced colours."""

import re
from datetime import UTC, datetime

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from service import articles, sites
from tests.browser.test_embed_whole_way import BODY, fill, send

pytestmark = [pytest.mark.browser, pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)]

NAMED = "(document.activeElement.shadowRoot || document).activeElement"
OURS = "/embed?site=bao&article=bai-1"


def complaints(page: Page) -> list[str]:
    """Return what axe has to say, of the least weight too, with the place."""
    found = Axe().run(page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa", "best-practice"]})
    return [f"{one['id']}: {node['html']}" for one in found.response["violations"] for node in one["nodes"]]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("more_settings", [{"LIMIT_COMMENTS": "3/hour"}])
def test_axe_finds_nothing_in_any_state(page, served, add_site, publish, known_codes, parts, scheme, now):
    site = add_site(challenge="none")
    publish()
    page.emulate_media(color_scheme=scheme)
    page.goto(served + OURS)
    expect(page.locator(".comment")).to_be_visible()
    assert complaints(page) == []
    send(page)
    expect(page.locator(".name .wrong")).to_be_visible()
    page.get_by_label("Báo cáo bình luận của").click()
    fill(page, **{"Số điện thoại": "12"})
    page.get_by_role("checkbox").check()
    send(page)
    expect(page.locator(".phone .wrong")).to_be_visible()
    assert complaints(page) == []
    page.get_by_label("Số điện thoại").fill("0912 345 678")
    page.context.set_offline(True)
    send(page)
    expect(page.locator(".end [role=status]")).to_contain_text("Mất kết nối mạng")
    assert complaints(page) == []
    page.context.set_offline(False)
    expect(page.locator(".end [role=status]")).to_contain_text("Đã có mạng trở lại")
    send(page)
    expect(page.get_by_text("Bình luận đang chờ duyệt")).to_be_visible()
    assert complaints(page) == []
    page.get_by_role("button", name="Viết bình luận khác").click()
    fill(page)
    send(page)
    expect(page.locator(".end [role=status]")).to_contain_text("Xin chờ")
    assert complaints(page) == []
    with parts.database.writing() as session:
        articles.close(session, site, "bai-1", now=now)
    page.goto(served + OURS)
    expect(page.locator("binh-luan[ready]")).to_be_attached()
    expect(page.get_by_text("Bài viết đã đóng bình luận.")).to_be_visible()
    assert complaints(page) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("more_settings", [{"LIMIT_COMMENTS": "3/hour"}])
def test_axe_finds_nothing_in_the_pages_that_need_no_script(
    page, served, add_site, publish, known_codes, parts, scheme, now
):
    site = add_site(challenge="none")
    publish()
    add_site("demo", challenge="image")
    page.emulate_media(color_scheme=scheme)
    page.route("**/embed.js", lambda route: route.abort())
    page.goto(served)
    assert complaints(page) == []
    page.goto(served + OURS)
    fill(page, **{"Số điện thoại": "12"})
    send(page)
    expect(page.locator(".phone .wrong")).to_be_visible()
    page.get_by_label("Báo cáo bình luận của").click()
    assert complaints(page) == []
    page.get_by_label("Số điện thoại").fill("")
    send(page)
    page.get_by_text("Rút lại bình luận", exact=True).click()
    assert complaints(page) == []
    page.goto(f"{served}/receipts/AAAAAAAAAAAAAAAAAAAAAAAA")
    assert complaints(page) == []
    page.goto(served + OURS)
    fill(page)
    send(page)
    expect(page.get_by_role("alert")).to_contain_text("Xin chờ")
    assert complaints(page) == []
    with parts.database.writing() as session:
        articles.close(session, site, "bai-1", now=now)
    page.goto(served + OURS)
    expect(page.get_by_text("Bài viết đã đóng bình luận.")).to_be_visible()
    assert complaints(page) == []


def test_a_comment_is_written_sent_and_another_reported_by_keyboard_alone(
    page, served, add_site, publish, known_codes, parts
):
    site = add_site(challenge="none")
    publish()
    with parts.database.writing() as session:
        sites.change(session, site.key, name=None, origins=None, changes={"challenge": "image"}, now=datetime.now(UTC))
    page.goto(served + OURS)
    expect(page.locator("binh-luan[ready]")).to_be_attached()
    walked = []

    def tab(*keys: str) -> None:
        page.keyboard.press("Tab")
        walked.append(page.evaluate(f"{NAMED}.name || {NAMED}.textContent"))
        assert page.evaluate(f"getComputedStyle({NAMED}).outlineStyle") == "solid", walked
        for key in keys:
            page.keyboard.press(key) if key in {"Space", "Enter"} else page.keyboard.insert_text(key)

    tab("Ngọc Ánh")
    tab("0912 345 678")
    tab("Space")
    tab("Cảm ơn")
    tab(BODY)
    expect(page.get_by_role("img", name="Hình có sáu chữ")).to_be_visible()
    tab(known_codes[0])
    tab()
    tab()
    tab("Enter")
    assert walked[:6] == ["name", "phone", "consent", "title", "body", "captcha"]
    assert walked[6:] == ["Lấy lại mã bảo mật", "Nghe mã", "Gửi bình luận"]
    expect(page.get_by_role("heading", name="Bình luận đang chờ duyệt")).to_be_focused()

    del walked[:]
    while not walked or walked[-1] != "Báo cáo":
        tab()
        assert len(walked) < 9, walked
    page.keyboard.press("Enter")
    tab("Space")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    tab("Đường dẫn lạ")
    tab("Enter")
    assert walked[-1] == "Gửi báo cáo"
    expect(page.get_by_text("Tòa soạn sẽ xem lại bình luận này")).to_be_focused()


@pytest.mark.parametrize("size", ["16px", "32px"])
def test_text_twice_as_large_needs_no_sideways_scrolling_on_a_narrow_screen(page, served, add_site, publish, size):
    add_site(challenge="image")
    page.set_viewport_size({"width": 320, "height": 640})
    page.goto(served + OURS)
    page.evaluate(f"document.querySelector('binh-luan').style.setProperty('--bl-size', '{size}')")
    expect(page.locator("binh-luan[ready]")).to_be_attached()
    fill(page, **{"Số điện thoại": "12"})
    send(page)
    assert page.evaluate("document.documentElement.scrollWidth") == 320
    expect(page.get_by_label("Nội dung")).to_have_css("font-size", size)


@pytest.mark.parametrize("zoom", [2, 4])
def test_a_screen_zoomed_in_on_shows_every_field_whole_and_the_one_to_mend(browser, served, add_site, publish, zoom):
    add_site(challenge="image")
    width = 1280 // zoom
    with browser.new_context(viewport={"width": width, "height": 1024 // zoom}, device_scale_factor=zoom) as context:
        page = context.new_page()
        page.goto(served + OURS)
        expect(page.locator("binh-luan[ready]")).to_be_attached()
        send(page)
        wrong = page.get_by_label("Họ tên")
        expect(wrong).to_be_focused()
        expect(wrong).to_be_in_viewport(ratio=1)
        assert page.evaluate("document.documentElement.scrollWidth") == width
        for shown in page.locator("binh-luan :is(label, input, textarea, canvas, button, .wrong):visible").all():
            box = shown.bounding_box()
            # What only machines fill in lies there without being seen.
            assert box["width"] <= 1 or 0 <= box["x"] <= box["x"] + box["width"] <= width, shown.evaluate(
                "one => one.outerHTML"
            )


def test_forced_colours_leave_every_border_and_focus_to_be_seen(browser, served, add_site):
    add_site(challenge="image")
    with browser.new_context(forced_colors="active", color_scheme="dark") as context:
        page = context.new_page()
        page.goto(served + OURS)
        expect(page.locator("binh-luan[ready]")).to_be_attached()
        send(page)
        expect(page.locator(".captcha .wrong")).to_be_visible()
        for part in ("input[name=name]", "textarea", ".send"):
            style, color = page.locator(part).evaluate(
                "(one) => [getComputedStyle(one).borderTopStyle, getComputedStyle(one).borderTopColor]"
            )
            assert style == "solid"
            assert color != page.evaluate("getComputedStyle(document.body).backgroundColor")
        expect(page.get_by_label("Họ tên")).to_have_css("outline-style", "solid")


def test_nothing_moves_by_itself(page, served, add_site, known_codes):
    add_site(challenge="image")
    page.emulate_media(reduced_motion="reduce")
    page.goto(served + OURS)
    expect(page.locator("binh-luan[ready]")).to_be_attached()
    send(page)
    moving = """() => [...document.querySelector('binh-luan').shadowRoot.querySelectorAll('*')]
        .map((one) => getComputedStyle(one))
        .filter((style) => style.animationName != 'none' || style.transitionDuration != '0s')
        .length + document.getAnimations().length"""
    assert page.evaluate(moving) == 0


def test_what_happens_is_announced_in_live_regions(page, served, add_site, known_codes):
    add_site(challenge="image")
    page.goto(served + OURS)
    expect(page.locator("binh-luan[ready]")).to_be_attached()
    send(page)
    expect(page.get_by_role("status")).to_have_text(re.compile("Có chỗ cần sửa"))
    page.get_by_label("Họ tên").fill("Ann")
    expect(page.get_by_label("Họ tên")).to_have_attribute("aria-invalid", "false")
    expect(page.get_by_text("Bạn chưa điền họ tên.")).to_have_count(0)
    page.get_by_role("button", name="Lấy lại mã bảo mật").click()
    expect(page.get_by_role("status")).to_have_text(re.compile("Đã đổi mã mới"))
