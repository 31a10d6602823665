"""What the embed costs and how it holds out: bytes, narrow screens, moving content, somebody else's styles."""

import pytest
from playwright.sync_api import expect

from tests.browser.test_embed_whole_way import embedding

pytestmark = [pytest.mark.browser, pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)]


def test_the_script_with_its_styles_takes_8_kb_on_the_wire(page, served, host, add_site):
    add_site(origins=(host.origin,))
    host.html = embedding(served)
    with page.expect_response("**/embed.js") as sent:
        page.goto(host.origin)
    assert sent.value.request.sizes()["responseBodySize"] <= 8192


def test_nothing_is_wider_than_a_narrow_screen(page, served, add_site):
    add_site("demo", challenge="image")
    page.set_viewport_size({"width": 320, "height": 640})
    page.goto(served)
    page.evaluate("document.getElementById('binh-luan').scrollIntoView()")
    expect(page.locator("binh-luan[ready]")).to_be_attached()
    assert page.evaluate("document.documentElement.scrollWidth") == 320


def test_styles_of_the_host_page_do_not_reach_the_form(page, served, host, add_site):
    add_site(origins=(host.origin,))
    host.html = embedding(served) + "<style>* { letter-spacing: 9px !important; color: red !important }</style>"
    page.goto(host.origin)
    expect(page.locator("label").first).to_have_css("letter-spacing", "normal")
    expect(page.locator("label").first).not_to_have_css("color", "rgb(255, 0, 0)")


def test_the_picture_is_shown_as_it_was_drawn_since_a_squeezed_one_is_hard_to_read(browser, page, served, add_site):
    add_site("demo", challenge="image")
    without_script = browser.new_context(java_script_enabled=False).new_page()
    without_script.goto(f"{served}/embed?site=demo&article=x")
    picture = without_script.locator("img.picture")
    drawn = picture.evaluate("i => [i.naturalWidth, i.naturalHeight]")
    shown = picture.bounding_box()
    without_script.context.close()
    assert shown["width"] / shown["height"] == pytest.approx(drawn[0] / drawn[1], rel=0.02)
    page.goto(served)
    page.evaluate("document.getElementById('binh-luan').scrollIntoView()")
    assert page.locator("canvas.picture").evaluate("c => [c.width, c.height]") == drawn
