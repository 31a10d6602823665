"""What the embed costs and how it holds out: bytes, narrow screens, moving content, somebody else's styles."""

import base64
import gzip
import hashlib

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.test_embed_whole_way import embedding
from tests.conftest import wait_for

pytestmark = [pytest.mark.browser, pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)]


def test_the_script_with_its_styles_takes_8_kb_on_the_wire(page, served, host, add_site):
    add_site(origins=(host.origin,))
    host.html = embedding(served)
    with page.expect_response("**/embed.js") as sent:
        page.goto(host.origin)
    assert sent.value.request.sizes()["responseBodySize"] <= 8192


def test_the_script_that_counts_takes_1_kb_on_the_wire(page, served, host, add_site):
    add_site(origins=(host.origin,))
    host.html = f'<!doctype html><p data-binh-luan="a"></p><script src="{served}/counts.js" data-site="bao"></script>'
    with page.expect_response("**/counts.js") as sent:
        page.goto(host.origin)
    assert sent.value.request.sizes()["responseBodySize"] <= 1024


def test_the_hash_that_is_published_is_the_scripts_and_browsers_hold_it_to_that(page, served, host, add_site, client):
    add_site(origins=(host.origin,))
    published = client.get("/embed.js.sri").text.strip()
    script = client.get("/embed.js", headers={"Accept-Encoding": "gzip"}).data
    assert published == "sha384-" + base64.b64encode(hashlib.sha384(gzip.decompress(script)).digest()).decode()

    host.html = embedding(served, f'integrity="{published}" crossorigin')
    page.goto(host.origin)
    expect(page.get_by_label("Nội dung")).to_be_visible()
    host.html = embedding(served, f'integrity="sha384-{"A" * 64}" crossorigin')
    with page.expect_event("console", lambda message: "integrity" in message.text):
        page.goto(host.origin)
    expect(page.locator("binh-luan")).to_have_count(0)


WATCH = """window.shift = 0;
new PerformanceObserver((seen) => {
  for (const one of seen.getEntries()) if (!one.hadRecentInput) window.shift += one.value;
}).observe({ type: "layout-shift", buffered: true });"""

SETTLED = "() => new Promise((go) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(go))))"


def shift(page: Page) -> float:
    """Return the page's Cumulative Layout Shift once form and list are there, without the reader's own doing."""
    expect(page.locator("binh-luan[ready]")).to_be_attached()
    expect(page.locator(".comment .text").first).to_be_visible()
    page.evaluate(SETTLED)
    return page.evaluate("window.shift")


PLACE = "binh-luan:not([ready]) { display: block; min-height: max(42rem, 100vh) }"
"""What docs/embed.md gives a page whose comments may be in sight at once."""

SCREENS = pytest.mark.parametrize(("width", "height"), [(320, 640), (1000, 900)])


def below(served: str, style: str = "", paragraphs: int = 0) -> str:
    """Return a page of a newspaper whose comments have a footer under them."""
    text = "<p>Nước lên từ đêm, đến sáng thì rút.</p>" * paragraphs
    return embedding(served).replace("<h1>", f"<style>{style}</style><h1>").replace("</h1>", f"</h1>{text}") + (
        "<footer><p>Báo Sông Quê</p><p>Tòa soạn: 12 đường Bờ Đê</p></footer>"
    )


def with_element(page: str, served: str) -> str:
    """Return the page with an element of its own in place of the script's."""
    script = f'<script src="{served}/embed.js" data-site="bao" data-article="bai-1"  defer></script>'
    assert script in page
    return page.replace(
        script,
        f'<script src="{served}/embed.js" defer></script><binh-luan site="bao" article="bai-1"></binh-luan>',
    )


@pytest.fixture
def talked(add_site, host, publish, page):
    """An article with comments, and a page that measures what moves."""
    add_site(origins=(host.origin,))
    for number in range(3):
        publish(body=f"Ý kiến thứ {number} về con đường mới của làng.")
    page.add_init_script(WATCH)
    return page


@SCREENS
def test_nothing_moves_while_a_reader_scrolls_down_to_the_comments(talked, served, host, width, height):
    talked.set_viewport_size({"width": width, "height": height})
    host.html = below(served, paragraphs=60)
    talked.goto(host.origin)
    while not talked.locator(".comment .text").first.is_visible():
        talked.mouse.wheel(0, 200)
        talked.evaluate(SETTLED)
    assert shift(talked) < 0.02


@SCREENS
@pytest.mark.parametrize("paragraphs", [0, 12])
def test_nothing_moves_under_comments_that_are_in_sight_at_once(talked, served, host, width, height, paragraphs):
    talked.set_viewport_size({"width": width, "height": height})
    host.html = with_element(below(served, PLACE, paragraphs), served)
    talked.goto(host.origin)
    talked.evaluate("document.querySelector('binh-luan').scrollIntoView()")
    assert shift(talked) < 0.02


HELD = 'style="display:block;min-height:max(42rem,100vh)"'
"""What the script's own tag says in docs/embed.md."""


def on_a_slow_line(page: Page, address: str) -> None:
    """Open a page that has been painted before our script arrives."""
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/embed.js", hold)
    page.goto(address, wait_until="commit")
    page.wait_for_function("performance.getEntriesByName('first-contentful-paint').length")
    wait_for(lambda: page.evaluate("document.readyState") and held, "the page to ask for the script")
    page.evaluate(SETTLED)
    held[0].continue_()


@pytest.mark.parametrize(("width", "height"), [(320, 640), (1000, 900), (1000, 1600)])
def test_nothing_moves_where_the_tag_of_a_late_script_holds_its_own_place(talked, served, host, width, height):
    talked.set_viewport_size({"width": width, "height": height})
    host.html = below(served).replace("data-site", f"{HELD} data-site")
    on_a_slow_line(talked, host.origin)
    assert shift(talked) < 0.02
    expect(talked.locator("script[data-site]")).to_be_hidden()


def test_nothing_moves_under_a_bare_tag_that_the_page_waits_for(talked, served, host):
    host.html = below(served).replace(" defer", "")
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    talked.route("**/embed.js", hold)
    talked.goto(host.origin, wait_until="commit")
    wait_for(lambda: talked.evaluate("document.readyState") and held, "the page to ask for the script")
    talked.wait_for_function("performance.getEntriesByName('first-contentful-paint').length")
    held[0].continue_()
    assert shift(talked) < 0.02


@SCREENS
def test_nothing_moves_for_a_reader_who_is_further_down_already(talked, served, host, width, height):
    talked.set_viewport_size({"width": width, "height": height})
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    talked.route("**/embed.json?*", hold)
    host.html = with_element(below(served, PLACE, 12), served)
    talked.goto(host.origin)
    foot = talked.locator("footer")
    foot.scroll_into_view_if_needed()
    wait_for(lambda: talked.evaluate("innerHeight") and held, "the script to ask for the form")
    before = foot.bounding_box()
    held[0].continue_()
    assert shift(talked) < 0.02
    assert foot.bounding_box()["y"] == pytest.approx(before["y"], abs=1)


def test_without_the_place_held_for_it_the_form_would_push_and_the_measure_would_say_so(
    page, served, host, add_site, publish
):
    add_site(origins=(host.origin,))
    publish()
    page.add_init_script(WATCH)
    host.html = with_element(below(served, "binh-luan { --bl-reserve: 0 }"), served)
    on_a_slow_line(page, host.origin)
    assert shift(page) > 0.02


@pytest.mark.parametrize("path", ["/", "/embed?site=demo&article=nuoc-ve-tren-song-que"])
def test_on_our_pages_the_scripts_form_takes_the_place_of_the_plain_one(page, served, add_site, publish, path):
    add_site("demo", challenge="none")
    publish(site="demo", article="nuoc-ve-tren-song-que")
    page.add_init_script(WATCH)
    page.goto(served + path)
    page.evaluate("document.querySelector('binh-luan').scrollIntoView()")
    assert shift(page) < 0.02


def test_the_form_is_loaded_near_the_viewport_alone(page, served, host, add_site):
    add_site(origins=(host.origin,))
    host.html = below(served, "h1 { margin-bottom: 4000px }")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(host.origin)
    page.evaluate(SETTLED)
    assert not any("/embed.json" in url or "/v1/" in url for url in asked)
    with page.expect_response("**/embed.json?*"):
        page.mouse.wheel(0, 3300)
    expect(page.get_by_label("Nội dung")).to_be_attached()


def test_a_site_gives_the_form_its_own_look_by_variables_and_parts(page, served, host, add_site):
    add_site(origins=(host.origin,))
    look = "binh-luan { --bl-accent: rgb(120, 0, 60); --bl-radius: 11px; --bl-font: Georgia }"
    host.html = below(served, look + "binh-luan::part(button) { text-transform: uppercase }")
    page.goto(host.origin)
    send = page.get_by_role("button", name="Gửi bình luận")
    expect(send).to_have_css("background-color", "rgb(120, 0, 60)")
    expect(send).to_have_css("border-radius", "11px")
    expect(send).to_have_css("font-family", "Georgia")
    expect(send).to_have_css("text-transform", "uppercase")


DARK, LIGHT = "rgb(29, 28, 26)", "rgb(255, 255, 255)"


@pytest.mark.parametrize(
    ("theme", "scheme", "background"), [("dark", "light", DARK), ("auto", "dark", DARK), ("", "dark", LIGHT)]
)
def test_the_form_is_dark_where_its_page_is(page, served, host, add_site, theme, scheme, background):
    add_site(origins=(host.origin,))
    page.emulate_media(color_scheme=scheme)
    host.html = embedding(served, f'data-theme="{theme}"')
    page.goto(host.origin)
    expect(page.get_by_label("Nội dung")).to_have_css("background-color", background)


def test_an_unchanged_list_costs_a_304(page, served, host, add_site, publish):
    add_site(origins=(host.origin,))
    publish()
    host.html = embedding(served)
    page.goto(host.origin)
    expect(page.locator(".comment")).to_be_visible()
    with page.expect_response("**/v1/comments?*") as asked:
        page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    sizes = asked.value.request.sizes()
    assert asked.value.request.all_headers()["if-none-match"]
    assert sizes["responseBodySize"] == 0


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
