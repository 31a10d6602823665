import http.server
import threading
import urllib.error
import urllib.request

import pytest

from tests.supervision.stand_in import wait_until_true


class Backend(http.server.BaseHTTPRequestHandler):
    """Stands for the web server: it remembers what it was asked and answers as the contract says."""

    def do_GET(self):
        self.server.asked.append((self.path, self.headers["X-Forwarded-For"]))
        if self.server.status == 200 and self.headers["If-None-Match"] == '"1"':
            self.answer(304, b"")
        else:
            self.answer(self.server.status, b"{}")

    do_POST = do_GET  # noqa: N815 - the name that http.server asks for.

    def answer(self, status, body):
        public = self.command == "GET" and not self.path.startswith("/v1/receipts") and status < 400
        self.send_response(status)
        self.send_header("Cache-Control", f"public, max-age=0, s-maxage={self.server.age}" if public else "no-store")
        self.send_header("ETag", '"1"')
        self.send_header("Vary", "Origin")
        if status != 304:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments):
        pass


@pytest.fixture
def backend():
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Backend) as server:
        server.asked, server.status, server.age = [], 200, 60
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def proxy(backend, proxy_before):
    return f"http://127.0.0.1:{proxy_before(backend.server_port)}"


def get(address, method="GET", **headers):
    request = urllib.request.Request(address, headers=headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, answer.headers.get("X-Cache")
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.headers.get("X-Cache")


@pytest.mark.parametrize(
    "read",
    [
        "/v1/comments?site=demo&article=a",
        "/v1/counts?site=demo&article=a",
        "/v1/feed.atom?site=demo&article=a",
        "/embed.js",
    ],
)
def test_a_public_read_is_asked_once_and_answered_often(proxy, backend, read):
    assert [get(proxy + read) for _ in range(3)] == [(200, "MISS"), (200, "HIT"), (200, "HIT")]
    assert len(backend.asked) == 1


@pytest.mark.parametrize("path", ["/v1/receipts/r", "/v1/review/comments", "/v1/challenges/c/image", "/desk", "/embed"])
def test_everything_else_passes_through_uncached(proxy, backend, path):
    assert [get(proxy + path) for _ in range(2)] == [(200, None), (200, None)]
    assert len(backend.asked) == 2


def test_a_comment_is_never_answered_from_the_cache(proxy, backend):
    for _ in range(2):
        assert get(f"{proxy}/v1/comments", method="POST")[0] == 200
    assert len(backend.asked) == 2


def test_an_error_is_not_kept(proxy, backend):
    backend.status = 404
    assert get(f"{proxy}/v1/comments?site=nobody&article=a")[0] == 404
    backend.status = 200
    assert get(f"{proxy}/v1/comments?site=nobody&article=a") == (200, "MISS")


def test_a_list_that_ran_out_is_asked_for_by_its_etag(proxy, backend):
    backend.age = 1
    assert get(f"{proxy}/v1/comments?site=demo&article=a") == (200, "MISS")
    wait_until_true(lambda: get(f"{proxy}/v1/comments?site=demo&article=a") == (200, "REVALIDATED"))


def test_readers_keep_reading_while_the_service_is_away(proxy, backend):
    backend.age = 1
    assert get(f"{proxy}/v1/comments?site=demo&article=a") == (200, "MISS")
    backend.status = 503
    wait_until_true(lambda: get(f"{proxy}/v1/comments?site=demo&article=a") == (200, "STALE"))


def test_two_origins_do_not_share_an_answer(proxy, backend):
    for origin in ("https://one.example", "https://two.example"):
        assert get(f"{proxy}/v1/comments?site=demo&article=a", Origin=origin) == (200, "MISS")


def test_what_a_client_says_of_its_address_does_not_get_through(proxy, backend):
    get(f"{proxy}/v1/comments?site=demo&article=a", **{"X-Forwarded-For": "203.0.113.9"})
    assert backend.asked == [("/v1/comments?site=demo&article=a", "127.0.0.1")]


def test_the_metrics_stay_inside(proxy, backend):
    assert get(f"{proxy}/metrics")[0] == 404
    assert backend.asked == []
