"""What docs/embed.md gives to be copied, run as it stands there: a plain page, PHP, WordPress's file."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from playwright.sync_api import expect

from service import sites
from tests.conftest import ROOT, free_port, wait_for

pytestmark = pytest.mark.browser
on_one_database = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

OURS = "https://duyet.example"
GUIDE = (ROOT / "docs" / "embed.md").read_text(encoding="utf-8")


def given(heading: str, language: str) -> list[str]:
    """Return the pieces of code under a heading of the guide."""
    section = GUIDE.split(f"{heading}\n", 1)[1].split("\n##")[0]
    return re.findall(rf"```{language}\n(.*?)```", section, re.DOTALL)


@pytest.fixture
def php() -> str:
    found = shutil.which("php")
    if found is None:
        pytest.skip("There is no PHP here, which the snippet for PHP needs: apt-get install php-cli")
    return found


@on_one_database
def test_both_pieces_for_a_plain_page_bring_the_form(page, served, host, add_site):
    add_site(origins=(host.origin,))
    tag, element = given("## A script (any page)", "html")
    [style] = given("## A script (any page)", "css")
    for piece in (tag, f"<style>{style}</style>{element}"):
        host.html = f"<!doctype html><title>Bài 1</title><main>{piece.replace(OURS, served)}</main>"
        page.goto(host.origin)
        expect(page.locator("binh-luan[ready]")).to_be_attached()
        expect(page.get_by_label("Nội dung")).to_be_visible()


@on_one_database
def test_the_piece_for_php_names_the_article_whatever_its_id(page, served, site, parts, php, tmp_path: Path, now):
    [piece] = given("### PHP", "php")
    article = 'bài "1" & <2>'
    source = f"<!doctype html><title>Bài</title><?php $id = '{article}'; ?><main>{piece.replace(OURS, served)}</main>"
    (tmp_path / "index.php").write_text(source, encoding="utf-8")
    port = free_port()
    address = f"http://localhost:{port}"
    with parts.database.writing() as session:
        sites.change(session, site.key, name=None, origins=(address,), changes={}, now=now)
    with (tmp_path / "php.log").open("wb") as log:
        server = subprocess.Popen([php, "-S", f"localhost:{port}", "-t", tmp_path], stdout=log, stderr=log)
    try:
        wait_for(lambda: b"started" in (tmp_path / "php.log").read_bytes(), "PHP's server")
        page.goto(address)
        expect(page.locator("binh-luan[ready]")).to_have_attribute("article", article)
        expect(page.get_by_label("Nội dung")).to_be_visible()
    finally:
        server.terminate()
        server.wait()


def test_the_file_for_wordpress_is_php_and_puts_the_article_into_the_tag(php, tmp_path: Path):
    [piece] = given("### WordPress", "php")
    file = tmp_path / "binh-luan.php"
    file.write_text(piece, encoding="utf-8")
    checked = subprocess.run([php, "-l", file], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert "esc_attr( get_the_ID() )" in piece
