"""What readers are shown: pages, counts, feeds; who may read them from a browser, and what a cache may keep."""

from urllib.parse import urlsplit
from xml.etree import ElementTree as ET

import pytest

from service.models import Article, Comment
from tests.conftest import wait_for

ATOM = "{http://www.w3.org/2005/Atom}"


def read(answer) -> ET.Element:
    return ET.fromstring(answer.data)  # noqa: S314 - made by us; the test asks whether it can be read.


@pytest.fixture
def listed(client):
    def get(headers=None, **query):
        return client.get("/v1/comments", query_string={"site": "bao", "article": "bai-1", **query}, headers=headers)

    return get


@pytest.fixture
def decide(client, mo):
    """Mo decides on what stands there now."""

    def send(comment_id: str, outcome: str):
        card = client.get(f"/v1/review/comments/{comment_id}", headers=mo).get_json()
        ruling = {"outcome": outcome, "version": card["version"]}
        answer = client.post(f"/v1/review/comments/{comment_id}/decision", json=ruling, headers=mo)
        assert answer.status_code == 200
        return answer.get_json()

    return send


def test_an_approved_comment_is_listed_as_it_was_typed_and_nothing_else_of_it_is(listed, site, publish):
    typed = "Đoạn <b>một</b> & “hai”.\n\nDòng cuối."
    sent = publish(body=typed, phone="0912345678", consent=True)

    page = listed().get_json()

    (shown,) = page["comments"]
    assert shown == {
        "id": sent["id"],
        "name": "Ngọc Ánh",
        "title": "Ý kiến",
        "body": typed,
        "created_at": shown["created_at"],
    }
    assert shown["created_at"].endswith("Z")
    assert page == {"site": "bao", "article": "bai-1", "count": 1, "comments": [shown], "next": None}


@pytest.mark.parametrize("outcome", ["hold", "reject"])
def test_only_approved_comments_are_listed_counted_and_fed(client, listed, site, ann, publish, decide, outcome):
    hidden = publish(body="Bình luận này sẽ được cất đi ngay.")
    ann(body="Bình luận này còn đang chờ duyệt.")
    decide(hidden["id"], outcome)

    assert (listed().get_json()["count"], listed().get_json()["comments"]) == (0, [])
    assert client.get("/v1/counts?site=bao&article=bai-1").get_json() == {"counts": {"bai-1": 0}}
    assert read(client.get("/v1/feed.atom?site=bao")).findall(f"{ATOM}entry") == []


def test_pages_follow_one_another_newest_first_and_each_comment_comes_once(listed, site, publish):
    sent = [publish(body=f"Bình luận thứ {n} về con đường mới.")["id"] for n in range(5)]
    publish(article="bai-2")

    seen, cursor, sizes = [], None, []
    while True:
        page = listed(limit=2, cursor=cursor).get_json() if cursor else listed(limit=2).get_json()
        seen += [one["id"] for one in page["comments"]]
        sizes.append(len(page["comments"]))
        assert page["count"] == 5
        cursor = page["next"]
        if cursor is None:
            break

    assert seen == sent[::-1]
    assert sizes == [2, 2, 1]


def test_a_comment_that_arrives_between_two_pages_moves_nothing(listed, site, publish):
    first, second = (publish(body=f"Bình luận số {n} của tôi.")["id"] for n in (1, 2))
    page = listed(limit=1).get_json()
    publish(body="Bình luận đến sau, khi trang một đã mở.")

    assert [one["id"] for one in page["comments"]] == [second]
    assert [one["id"] for one in listed(limit=1, cursor=page["next"]).get_json()["comments"]] == [first]


@pytest.mark.parametrize(
    "query",
    [
        {"limit": "0"},
        {"limit": "101"},
        {"limit": "-1"},
        {"limit": "2.5"},
        {"limit": "١٠"},
        {"limit": "1_0"},
        {"limit": "9" * 23},
        {"cursor": "x"},
        {"cursor": "9" * 23},
        {"cursor": "' OR 1=1 --"},
        {"cursor": "00000000-0000-0000-0000-00000000000\x00"},
    ],
)
def test_a_limit_or_cursor_that_is_none_is_named(listed, site, query):
    answer = listed(**query)

    assert answer.status_code == 422
    assert [error["field"] for error in answer.get_json()["errors"]] == list(query)


def test_an_article_that_nobody_commented_is_an_empty_list_and_an_unknown_site_is_not_found(client, listed, site):
    assert listed(article="không có").get_json() == {
        "site": "bao",
        "article": "không có",
        "count": 0,
        "comments": [],
        "next": None,
    }
    for path in ("/v1/comments", "/v1/counts", "/v1/feed.atom"):
        answer = client.get(path, query_string={"site": "khac", "article": "bai-1"})
        assert (answer.status_code, answer.content_type) == (404, "application/problem+json"), path
        assert answer.headers["Cache-Control"] == "no-store", path


def test_what_is_missing_in_a_query_is_named(client, site):
    for path, missing in (
        ("/v1/comments", {"site", "article"}),
        ("/v1/comments?site=bao", {"article"}),
        ("/v1/counts?site=bao", {"article"}),
        ("/v1/feed.atom", {"site"}),
    ):
        answer = client.get(path)
        assert answer.status_code == 422, path
        assert {error["field"] for error in answer.get_json()["errors"]} == missing, path


@pytest.mark.parametrize("path", ["/v1/comments", "/v1/counts", "/v1/feed.atom"])
def test_a_list_has_not_changed_until_a_decision_changes_it(client, site, publish, decide, path):
    def get(tag=None):
        query = {"site": "bao", "article": "bai-1"}
        return client.get(path, query_string=query, headers={"If-None-Match": tag} if tag else None)

    before = get().headers["ETag"]
    sent = publish()
    wait_for(lambda: get().headers["ETag"] != before, "the list made anew")
    fresh = get()
    tag = fresh.headers["ETag"]
    same = get(tag)

    assert tag != before
    assert fresh.headers["Cache-Control"].startswith("public, max-age=0, s-maxage=")
    assert (same.status_code, same.data) == (304, b"")
    assert same.headers["ETag"] == tag
    assert same.headers["Cache-Control"] == fresh.headers["Cache-Control"]
    assert get(f'"other", W/{tag}').status_code == 304
    decide(sent["id"], "reject")
    assert (get(tag).status_code, get(tag).headers["ETag"] == tag) == (200, False)


def test_pages_of_one_list_have_tags_of_their_own(listed, site, publish):
    for n in range(3):
        publish(body=f"Bình luận thứ {n} về con đường mới.")
    following = listed(limit=1).get_json()["next"]

    assert len({listed(**one).headers["ETag"] for one in ({}, {"limit": 1}, {"limit": 1, "cursor": following})}) == 3


def test_counts_come_for_up_to_a_hundred_articles_by_the_ids_asked_for(client, site, publish):
    publish()
    publish(body="Thêm một ý kiến nữa về bài này.")
    publish(article="https://bao.example/?a=1&b=2#ü")
    ids = ["bai-1", "https://bao.example/?a=1&b=2#ü", "không có"]

    answer = client.get("/v1/counts", query_string={"site": "bao", "article": ids})

    assert answer.get_json() == {"counts": {ids[0]: 2, ids[1]: 1, ids[2]: 0}}
    many = {"site": "bao", "article": [f"bai-{n}" for n in range(100)]}
    assert len(client.get("/v1/counts", query_string=many).get_json()["counts"]) == 100
    many["article"].append("bai-100")
    assert client.get("/v1/counts", query_string=many).status_code == 422


OPAQUE = [
    "https://bao.example/tin?a=1&b=2#ü",
    "../../etc/passwd",
    "%2e%2e%2f",
    "a",
    "A",
    "a  b",
    "a b",
    " a",
    "a ",
    "1",
    "01",
    "1.0",
    "hòa",
    "ho\u0300a",
    "null",
    "' OR '1'='1",
    "<script>alert(1)</script>",
    "=1+1",
    "dòng\nmới",
    "\u202ecba",
    "😀" * 512,
]


def test_ids_of_articles_are_opaque_and_each_is_one_of_its_own(client, listed, site, ann, publish, rows):
    sent = {key: publish(article=key, body=f"Ý kiến số {n} của tôi.")["id"] for n, key in enumerate(OPAQUE)}

    assert sorted(row.key for row in rows(Article)) == sorted(OPAQUE)
    for key, comment_id in sent.items():
        page = listed(article=key).get_json()
        assert (page["article"], [one["id"] for one in page["comments"]]) == (key, [comment_id])
        feed = read(client.get("/v1/feed.atom", query_string={"site": "bao", "article": key}))
        assert [entry.findtext(f"{ATOM}id") for entry in feed.iter(f"{ATOM}entry")] == [f"urn:uuid:{comment_id}"]
    counted = client.get("/v1/counts", query_string={"site": "bao", "article": OPAQUE}).get_json()["counts"]
    assert counted == dict.fromkeys(OPAQUE, 1)
    assert ann(article="x" * 513).status_code == 422


def test_the_feed_is_atom_with_text_as_text(client, add_site, publish):
    add_site(origins=("https://bao.example",))
    older = publish(
        body="Bình luận cũ hơn về con đường mới.", article_url="https://bao.example/tin-1", article_title="Tin"
    )
    newer = publish(title="<script>", name="]]>&amp;", body="a < b && c > d")

    answer = client.get("/v1/feed.atom", query_string={"site": "bao", "article": "bai-1"})

    assert answer.content_type == "application/atom+xml; charset=utf-8"
    feed = read(answer)
    assert feed.tag == f"{ATOM}feed"
    assert feed.findtext(f"{ATOM}id")
    assert feed.findtext(f"{ATOM}title") == "Bình luận – Báo Sông Quê"
    first, second = feed.findall(f"{ATOM}entry")
    assert [one.findtext(f"{ATOM}id") for one in (first, second)] == [f"urn:uuid:{one['id']}" for one in (newer, older)]
    assert (first.findtext(f"{ATOM}title"), first.findtext(f"{ATOM}author/{ATOM}name")) == ("<script>", "]]>&amp;")
    content = first.find(f"{ATOM}content")
    assert (content.get("type"), content.text) == ("text", "a < b && c > d")
    assert first.find(f"{ATOM}link").attrib == {"rel": "alternate", "href": "https://bao.example/tin-1"}
    assert feed.findtext(f"{ATOM}updated") == first.findtext(f"{ATOM}updated")


@pytest.mark.parametrize("more_settings", [{}, {"TRUSTED_PROXIES": "1"}], ids=["alone", "behind a proxy"])
def test_nothing_that_a_cache_may_keep_repeats_a_header_of_the_client(client, site, publish):
    publish()
    poison = {"Host": "evil.example", "X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "gopher"}
    for path in ("/v1/comments", "/v1/counts", "/v1/feed.atom", "/embed.json", "/embed.js", "/embed.css"):
        answer = client.get(path, query_string={"site": "bao", "article": "bai-1"}, headers=poison)
        assert answer.status_code == 200
        assert "evil.example" not in answer.get_data(as_text=True) + str(answer.headers), path


def test_redirects_never_leave_this_service(client, site):
    for path in ("//evil.example/v1/comments", "/v1//comments", "/v1/comments/", "/\\evil.example", "/v1/%2f/evil"):
        answer = client.get("/", headers={"Host": "evil.example"}, environ_overrides={"PATH_INFO": path})
        assert urlsplit(answer.headers.get("Location", "")).netloc == "", path
        assert answer.status_code == 404, path


# Who may read it from a browser

READS = ["/v1/comments", "/v1/counts", "/v1/feed.atom"]


@pytest.mark.parametrize("path", READS)
def test_a_page_of_the_site_may_read_and_any_other_may_not(client, add_site, path):
    add_site(origins=("https://bao.example", "http://bao.example:8000"))
    add_site("khac", origins=("https://khac.example",))

    def allowed(origin):
        headers = {"Origin": origin} if origin is not None else {}
        answer = client.get(path, query_string={"site": "bao", "article": "bai-1"}, headers=headers)
        assert answer.status_code == 200
        assert "Origin" in answer.headers["Vary"].split(", ")
        assert "Access-Control-Allow-Credentials" not in answer.headers
        assert "Set-Cookie" not in answer.headers
        return answer.headers.get("Access-Control-Allow-Origin")

    for own in ("https://bao.example", "http://bao.example:8000"):
        assert allowed(own) == own
    for other in (
        None,
        "null",
        "https://khac.example",
        "http://bao.example",
        "https://bao.example:444",
        "https://bao.example.evil.example",
        "https://evil-bao.example",
        "https://BAO.example",
        "https://bao.example/",
        "*",
    ):
        assert allowed(other) is None, other


def test_a_not_modified_answer_may_be_read_by_the_same_pages(client, add_site):
    add_site(origins=("https://bao.example",))
    url, own = "/v1/comments?site=bao&article=bai-1", {"Origin": "https://bao.example"}
    tag = client.get(url, headers=own).headers["ETag"]

    answer = client.get(url, headers={**own, "If-None-Match": tag})

    assert (answer.status_code, answer.headers["Access-Control-Allow-Origin"]) == (304, "https://bao.example")
    assert "Origin" in answer.headers["Vary"]


@pytest.mark.parametrize(
    ("path", "method"),
    [
        ("/v1/comments", "POST"),
        ("/v1/comments", "GET"),
        ("/v1/challenges", "POST"),
        ("/v1/receipts/ABC", "DELETE"),
        ("/v1/comments/00000000-0000-7000-8000-000000000000/reports", "POST"),
    ],
)
def test_a_browser_that_asks_first_is_told_yes_for_the_origins_of_sites_alone(client, add_site, path, method):
    add_site(origins=("https://bao.example",))

    def ask(origin):
        return client.options(
            path,
            headers={
                "Origin": origin,
                "Access-Control-Request-Method": method,
                "Access-Control-Request-Headers": "content-type,idempotency-key",
            },
        )

    yes, no = ask("https://bao.example"), ask("https://evil.example")
    assert yes.status_code == 204
    assert yes.headers["Access-Control-Allow-Origin"] == "https://bao.example"
    assert method in yes.headers["Access-Control-Allow-Methods"].split(", ")
    assert {"content-type", "idempotency-key"} <= set(yes.headers["Access-Control-Allow-Headers"].lower().split(", "))
    assert "Origin" in yes.headers["Vary"]
    assert "Access-Control-Allow-Origin" not in no.headers
    assert "Access-Control-Allow-Methods" not in no.headers


def test_the_review_calls_are_for_no_page_of_another_origin(client, add_site, mo):
    add_site(origins=("https://bao.example",))
    own = {"Origin": "https://bao.example", "Access-Control-Request-Method": "GET"}

    assert "Authorization" not in client.options("/v1/review/comments", headers=own).headers.get(
        "Access-Control-Allow-Headers", ""
    )
    answer = client.get("/v1/review/comments", headers={**mo, **own})
    assert "Access-Control-Allow-Origin" not in answer.headers


def test_a_page_of_the_site_may_read_why_it_was_refused(client, add_site, ann):
    add_site(origins=("https://bao.example",))
    own = {"Origin": "https://bao.example"}

    refused = ann(own, body="")
    assert (refused.status_code, refused.headers["Access-Control-Allow-Origin"]) == (422, "https://bao.example")
    # What is refused before the site is known can still be read by a page that this service has answered before.
    malformed = client.post("/v1/comments", data="{", content_type="application/json", headers=own)
    assert (malformed.status_code, malformed.headers["Access-Control-Allow-Origin"]) == (400, "https://bao.example")
    foreign = client.post(
        "/v1/comments", data="{", content_type="application/json", headers={"Origin": "https://evil.example"}
    )
    assert "Access-Control-Allow-Origin" not in foreign.headers


# Complaints


def test_a_complaint_about_an_approved_comment_reaches_the_moderators_once_for_each_reader(client, site, publish, mo):
    sent = publish()
    for _ in range(2):
        answer = client.post(f"/v1/comments/{sent['id']}/reports", json={"reason": "insult", "text": "Xúc phạm tôi."})
        assert answer.status_code == 202

    card = client.get(f"/v1/review/comments/{sent['id']}", headers=mo).get_json()
    assert card["reports"] == 1


def test_a_complaint_needs_a_reason_of_the_list_and_a_comment_that_is_shown(client, site, ann, publish, rows):
    waiting, shown = ann().get_json(), publish(article="bai-2", body="Bình luận đã được duyệt và đang hiện.")
    everything = {one.id: one.version for one in rows(Comment)}

    def report(comment_id, **fields):
        return client.post(f"/v1/comments/{comment_id}/reports", json=fields)

    assert report(shown["id"], reason="boring").get_json()["errors"][0]["code"] == "unknown"
    assert report(shown["id"]).get_json()["errors"][0]["code"] == "required"
    assert report(ann(article="bai-3").get_json()["id"], reason="spam").status_code == 404
    assert report("00000000-0000-7000-8000-000000000000", reason="spam").status_code == 404
    assert report("x", reason="spam").status_code == 404
    assert {one.id: one.version for one in rows(Comment) if one.id in everything} == everything
    assert waiting["status"] == "pending"
