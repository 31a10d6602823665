"""Every page that we serve is valid HTML, in the eyes of the W3C's own checker."""

from datetime import UTC, datetime

import pytest

from service import articles
from tests.web.test_embed_form import PAGE, hidden

on_one_database = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def test_the_checker_sees_a_fault(faults_of):
    page = "<!doctype html><html lang=vi><title>Bài</title><p id=a>Một<p id=a>Hai<ul><p>Ba</ul>"
    assert [one.partition(" ")[0] for one in faults_of({"broken": page})] == ["broken:"] * 2


@on_one_database
def test_every_page_for_readers_is_valid_in_each_of_its_states(
    client, add_site, publish, known_codes, parts, faults_of
):
    add_site("anh", language="en")
    add_site("demo", challenge="image")
    site = add_site()
    where = "/embed?site=bao&article=bai-1"
    comment = publish(body="Ý kiến <b>một</b> & hai, \u201cba\u201d.")["id"]
    form = hidden(client.get(where).text)
    typed = {"name": "Ngọc Ánh", "title": "Cảm ơn", "body": "Bài viết rất hay & bổ ích, 3 < 5."}
    slip = client.post("/v1/comments", data={**form, **typed}, headers=PAGE).headers["Location"]
    pages = {
        "list": client.get(where).text,
        "reported": client.get(f"{where}&reported={comment}").text,
        "english": client.get("/embed?site=anh&article=x").text,
        "picture": client.get("/embed?site=demo&article=x").text,
        "another code": client.post("/embed", data={**form, **typed, "site": "demo"}).text,
        "errors": client.post("/v1/comments", data={**form, "phone": "12"}, headers=PAGE).text,
        "receipt": client.get(slip, headers=PAGE).text,
        "not found": client.get("/receipts/AAAAAAAAAAAAAAAAAAAAAAAA", headers=PAGE).text,
        "demo": client.get("/").text,
        "contract": client.get("/docs").text,
    }
    client.post(slip)
    pages["withdrawn"] = client.get(slip, headers=PAGE).text
    with parts.database.writing() as session:
        articles.close(session, site, "bai-1", now=datetime.now(UTC))
    pages["closed"] = client.get(where).text
    pages["closed meanwhile"] = client.post(
        "/v1/comments", data={**form, **typed, "idempotency_key": "2"}, headers=PAGE
    ).text
    assert [name for name, page in pages.items() if not page.lstrip().lower().startswith("<!doctype html>")] == []
    assert faults_of(pages) == []


@on_one_database
def test_every_page_of_the_desk_is_valid(app, client, add_site, ann, judge_all, at_the_desk, faults_of):
    add_site(publish="after_review")
    ann(phone="0912 345 678", consent=True)
    judge_all()
    admin = at_the_desk("quan-tri", "admin")
    pages = {"door": client.get("/desk/sign-in", headers=PAGE).text}
    for rule in app.url_map.iter_rules():
        if rule.endpoint.startswith("desk.") and "GET" in rule.methods and not rule.arguments:
            answer = admin.get(rule.rule)
            # Pieces that a script puts into a page are no pages.
            if answer.status_code == 200 and answer.text.lstrip().lower().startswith("<!doctype html>"):
                pages[rule.rule] = answer.text
    assert len(pages) > 2
    assert faults_of(pages) == []
