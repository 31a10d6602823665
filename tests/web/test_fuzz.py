"""Bytes that nobody meant: whatever a parser is given, it answers in order and stores nothing that it did not read."""

import json
import os

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.conftest import a_comment

MEDIA = (
    "application/json",
    "application/json; charset=utf-16",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "multipart/form-data",
    "text/plain",
)
BOUNDED = settings(
    max_examples=int(os.environ.get("EXAMPLES", "200")),  # noqa: TID251 - a setting of the tests alone.
    deadline=None,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
SEEDS = (
    json.dumps(a_comment(phone="0912345678", consent=True)).encode(),
    b"site=bao&article=a&name=n&title=t&body=xin+chao%F0%9F&captcha_id=%00",
    b'--x\r\nContent-Disposition: form-data; name="site"\r\n\r\nbao\r\n--x--\r\n',
)


@st.composite
def broken(draw):
    """Return a good body with a few bytes changed, doubled, moved or cut, or bytes of no kind."""
    body = bytearray(draw(st.sampled_from(SEEDS)))
    for _ in range(draw(st.integers(0, 8))):
        place = draw(st.integers(0, max(0, len(body) - 1)))
        piece = draw(
            st.binary(max_size=6) | st.sampled_from([b"{", b"[" * 500, b"\x00", b"\xff", b'"', b"%", b"--x", b"e9"])
        )
        match draw(st.sampled_from(["put", "insert", "cut", "double"])):
            case "put":
                body[place : place + len(piece)] = piece
            case "insert":
                body[place:place] = piece
            case "cut":
                del body[place : place + 9]
            case _:
                body *= 2 if len(body) < 4000 else 1
    return bytes(body)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_no_body_breaks_the_parsers(client, site, parts):
    @BOUNDED
    @given(body=broken() | st.binary(max_size=300), media=st.sampled_from(MEDIA))
    def send(body, media):
        for path in ("/v1/comments", "/v1/challenges", "/desk/sign-in"):
            assert client.post(path, data=body, content_type=media).status_code < 500, (path, media, body)

    send()


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_no_address_breaks_the_readers(client, site):
    @BOUNDED
    @given(value=st.text(max_size=60) | st.binary(max_size=60), header=st.text('abc,;=/*"0123456789 \t', max_size=60))
    def read(value, header):
        asked = {"site": "bao", "article": value, "cursor": value, "limit": value}
        headers = {"If-None-Match": header, "Accept": header, "Accept-Language": header, "Range": header}
        assert client.get("/v1/comments", query_string=asked, headers=headers).status_code < 500
        assert client.get("/embed", query_string={**asked, "url": value}, headers=headers).status_code < 500

    read()
