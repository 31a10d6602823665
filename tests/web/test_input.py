"""Hostile input: named or cleaned alike on both databases, never a 500, never half a row."""

import contextlib
import http.client
import json
import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.models import Article, Comment
from service.web.cleaning import Unreadable, cleaned, cleaned_line
from tests.conftest import PATIENCE, a_comment

FIELDS = ("article", "name", "title", "body")


def raw(client, data: bytes, media="application/json"):
    return client.post("/v1/comments", data=data, content_type=media)


def named(answer) -> set[tuple[str, str]]:
    assert answer.status_code == 422, answer.get_data(as_text=True)
    return {(one["field"], one["code"]) for one in answer.get_json()["errors"]}


@pytest.mark.parametrize("bad", ["a\x00b", "a\ud800b", "\udfff\ud800", "\ufffd"])
def test_what_no_text_can_hold_is_named_in_every_field_at_once(ann, site, rows, bad):
    answer = ann(**dict.fromkeys((*FIELDS, "phone", "article_url", "article_title", "idempotency_key"), bad))

    assert {field for field, code in named(answer) if code == "invalid_text"} >= {*FIELDS, "phone", "idempotency_key"}
    assert (rows(Comment), rows(Article)) == ([], [])


@pytest.mark.parametrize("wrong", [1, 1.5, True, [], ["a"], {}, {"a": 1}])
def test_a_wrong_type_is_named_in_every_field_at_once(ann, site, rows, wrong):
    answer = ann(**dict.fromkeys((*FIELDS, "phone", "article_url", "article_title"), wrong))

    assert named(answer) == {(f, "invalid_text") for f in (*FIELDS, "phone", "article_url", "article_title")}
    assert rows(Comment) == []


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"[]",
        b'"text"',
        b"null",
        b"[" * 30_000,
        b'{"a":' * 10_000,
        b'{"site":"bao","site":"khac"}',
        b'{"body":NaN}',
        b'{"body":Infinity}',
        b'{"n":' + b"9" * 5000 + b"}",
        '{"site":"bao"}'.encode("utf-16"),
        b'\xef\xbb\xbf{"site":"bao"}',
        b'{"body":"\xff\xfe"}',
        b'{"body":"\xc3"}',
    ],
)
def test_odd_json_is_malformed(client, site, data):
    answer = raw(client, data)

    assert (answer.status_code, answer.content_type) == (400, "application/problem+json")


@pytest.mark.parametrize(
    "media", ["application/json", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"]
)
def test_ten_megabytes_are_too_large_in_every_form(client, site, media):
    answer = raw(client, b"a" * 10_000_000, media)

    assert (answer.status_code, answer.content_type) == (413, "application/problem+json")
    page = client.post("/v1/comments", data=b"a" * 70_000, content_type=media, headers={"Accept": "text/html"})
    assert (page.status_code, page.mimetype) == (413, "text/html")


@pytest.mark.parametrize(
    ("media", "head"),
    [
        ("application/json", b'{"body":"'),
        ("application/x-www-form-urlencoded", b"site=bao&article=b&name=A&title=T&body=Hay&more="),
        ("multipart/form-data; boundary=x", b'--x\r\nContent-Disposition: form-data; name="body"\r\n\r\n'),
    ],
)
def test_a_body_in_chunks_is_read_whole_or_not_at_all(base_url, site, rows, media, head):
    def send(*chunks: bytes) -> int:
        host, _, port = base_url.removeprefix("http://").partition(":")
        lines = ["POST /v1/comments HTTP/1.1", f"Host: {host}", f"Content-Type: {media}", "Transfer-Encoding: chunked"]
        framed = b"".join(b"%x\r\n%b\r\n" % (len(chunk), chunk) for chunk in (*chunks, b""))
        with socket.create_connection((host, int(port)), PATIENCE) as connection:
            # Who is refused half-way hears so while still speaking.
            with contextlib.suppress(ConnectionError):
                connection.sendall("\r\n".join([*lines, "", ""]).encode() + framed)
            answer = http.client.HTTPResponse(connection)
            answer.begin()
            answer.close()
            return answer.status

    assert send(head, *[b"a" * 20_000] * 5) == 413
    assert rows(Comment) == []
    if media.endswith("urlencoded"):
        assert send(head, b"a") == 202
        assert len(rows(Comment)) == 1


def test_one_byte_more_than_the_limit_is_too_large_and_the_limit_is_not(client, site):
    most = b'{"a":"' + b"a" * (64 * 1024 - 8) + b'"}'

    assert raw(client, most).status_code == 422
    assert raw(client, most + b" ").status_code == 413


def test_a_multipart_body_without_its_boundary_is_malformed(client, site):
    assert raw(client, b"abc", "multipart/form-data").status_code == 400


def test_broken_utf8_in_a_form_is_named(client, site, rows):
    plain = "site=bao&article=b&name=A&title=T&body="
    assert named(raw(client, (plain + "%FF%FE").encode(), "application/x-www-form-urlencoded")) == {
        ("body", "invalid_text")
    }
    part = b'--x\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n'
    fields = {b"site": b"bao", b"article": b"b", b"name": b"A", b"title": b"T", b"body": b"a\xff\xfeb"}
    data = b"".join(part % pair for pair in fields.items()) + b"--x--\r\n"
    assert named(raw(client, data, "multipart/form-data; boundary=x")) == {("body", "invalid_text")}
    assert rows(Comment) == []


@pytest.mark.parametrize("media", ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x"])
def test_a_field_sent_twice_is_malformed(client, site, media):
    twice = {
        "application/x-www-form-urlencoded": b"site=bao&site=khac",
        "multipart/form-data; boundary=x": b'--x\r\nContent-Disposition: form-data; name="site"\r\n\r\nbao\r\n' * 2
        + b"--x--",
    }[media]

    assert raw(client, twice, media).status_code == 400


@pytest.mark.parametrize("path", ["/v1/comments", "/v1/feed.atom", "/embed", "/embed.json", "/desk/sign-in"])
def test_a_name_sent_twice_in_an_address_is_malformed_and_kept_by_no_cache(client, site, path):
    for twice in ("site=bao&article=a&site=khac", "site=bao&article=a&site=bao", "site=bao&article=a&%73ite=khac"):
        answer = client.get(f"{path}?{twice}", headers={"Accept-Language": "en"})
        assert (answer.status_code, answer.headers["Cache-Control"]) == (400, "no-store")
        assert "sent twice" in answer.get_data(as_text=True)
    assert client.get("/v1/counts?site=bao&article=a&article=b").status_code == 200
    assert client.get("/v1/counts?site=bao&article=a&site=khac").status_code == 400


def test_marks_bidi_and_controls_are_cleaned_and_what_was_counted_is_what_is_stored(ann, site, rows):
    typed = "a" + "\u0300" * 50 + " \u202eđảo\u202c \x07chuông\x1b[31m\r\ndòng"
    assert ann(name="Ho\u0300a\n\tB", body=typed).status_code == 202

    (row,) = rows(Comment)
    assert row.name == "Hòa B"
    assert row.body == "à" + "\u0300" * 4 + " đảo chuông[31m\ndòng"


def test_lengths_are_counted_after_nfc(client, ann, site, rows):
    longest = a_comment(name="e\u0302\u0301" * 80, body="o\u031b\u0301" * 5000)
    assert client.post("/v1/comments", json=longest).status_code == 202
    assert named(ann(name="e\u0302\u0301" * 81)) == {("name", "too_long")}
    (row,) = rows(Comment)
    assert (len(row.name), len(row.body)) == (80, 5000)


@pytest.mark.parametrize(
    "nothing", ["", " ", "\u200b\u200d", "\u3164", "\u2800", "\u00a0\u3000", "\u0301", "\ufeff", None]
)
def test_what_shows_nothing_is_empty(ann, site, nothing):
    assert named(ann(name=nothing, title=nothing, body=nothing)) == {(f, "required") for f in ("name", "title", "body")}


SCRIPTS = [
    "<script>alert(1)</script>",
    "' OR 1=1; DROP TABLE comments; --",
    "=cmd|' /C calc'!A0",
    "{{7*7}}",
    "a%00b",
    "$(id)",
]


@pytest.mark.parametrize("text", SCRIPTS)
def test_code_of_any_kind_is_text_in_every_field_and_stays_as_it_is(client, site, publish, text):
    sent = publish(article=text, name=text, title=text, body=text)

    page = client.get("/v1/comments", query_string={"site": "bao", "article": text})
    assert page.content_type == "application/json"
    (shown,) = page.get_json()["comments"]
    assert (shown["id"], shown["name"], shown["title"], shown["body"]) == (sent["id"], text, text, text)


@pytest.mark.parametrize("text", [*SCRIPTS, "%", "_", "\\", "\x00", "\ud800", "9" * 23, "x" * 5000, "\r\nX-Eve: 1"])
def test_anything_in_any_parameter_is_answered_in_order(client, site, mo, publish, text):
    publish()
    text = text.encode("utf-8", "surrogatepass").decode("latin-1") if text == "\ud800" else text
    for path, names in (
        ("/v1/comments", ("site", "article", "limit", "cursor")),
        ("/v1/counts", ("site", "article")),
        ("/v1/feed.atom", ("site", "article")),
        ("/v1/review/comments", ("status", "site", "article", "reason", "q", "order", "limit", "cursor")),
    ):
        for name in names:
            query = {"site": "bao", "article": "bai-1", name: text}
            answer = client.get(path, query_string=query, headers=mo)
            assert answer.status_code in {200, 404, 422}, (path, name)
            assert "X-Eve" not in answer.headers
            if name in {"q", "reason"} and answer.status_code == 200:
                assert answer.get_json()["comments"] == []


def test_phone_forms_are_one_number(ann, site, rows):
    for phone in ("0912345678", "+84912345678", "0912.345.678", "(091) 234 5678", "٠٩١٢٣٤٥٦٧٨", "0084912345678"):
        assert ann(phone=phone, consent=True).status_code == 202, phone
    assert len({row.phone_key for row in rows(Comment)}) == 1
    for phone in ("12345", "0912345678 ext 5", "091234567890123", "abc", "+84"):
        assert named(ann(phone=phone, consent=True)) == {("phone", "invalid_phone")}, phone


@given(st.text(st.characters(codec=None, categories=None)))
def test_cleaning_twice_is_cleaning_once(typed):
    for clean in (cleaned, cleaned_line):
        try:
            once = clean(typed)
        except Unreadable:
            continue
        assert clean(once) == once
        assert json.loads(json.dumps(once)) == once
        assert "\x00" not in once


def test_a_header_cannot_be_put_into_an_answer(ann, site):
    answer = ann({"Accept-Language": "en", "Idempotency-Key": "k"}, **a_comment(name="a\r\nSet-Cookie: x=1"))

    assert answer.status_code == 202
    assert "Set-Cookie" not in answer.headers


def test_bodies_that_never_end_leave_a_thread_for_readers(base_url, site):
    host, port = base_url.removeprefix("http://").split(":")
    slow = (
        f"POST /v1/comments HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n{{"
    )
    with contextlib.ExitStack() as stack:
        for _ in range(24):
            stack.enter_context(socket.create_connection((host, int(port)))).sendall(slow.encode())
        for number in range(12):
            reader = http.client.HTTPConnection(host, int(port), timeout=PATIENCE)
            reader.request("GET", f"/v1/comments?site=bao&article={number}")
            assert reader.getresponse().status == 200
            reader.close()
