"""R14: web servers are told to stop while readers and writers come and go, one alone and two behind the proxy."""

import http.client
import itertools
import json
import threading
from collections import Counter

import pytest

from service.models import Comment
from tests.conftest import PATIENCE, Process, a_comment, free_port, wait_for

WRITERS, READERS = 6, 2
JSON = {"Content-Type": "application/json"}


class Crowd:
    """Readers and writers, each on a connection for each request or on one that is kept; until told, or turned away."""

    def __init__(self, port, *, keeps=False, pause=0.0):
        self.port, self.keeps, self.pause = port, keeps, pause
        self.accepted, self.answers, self.stop = [], Counter(), threading.Event()
        self.threads = [threading.Thread(target=self.write, args=(n,)) for n in range(WRITERS)]
        self.threads += [threading.Thread(target=self.read) for _ in range(READERS)]

    def __enter__(self):
        for one in self.threads:
            one.start()
        return self

    def __exit__(self, *_):
        self.stop.set()
        for one in self.threads:
            one.join()

    def write(self, number):
        def requests():
            for n in itertools.count():
                key = f"{number}.{n}"
                comment = a_comment(article=f"bai-{number}", body=f"Ý kiến số {key} đây.")
                yield "POST", "/v1/comments", json.dumps(comment), {**JSON, "Idempotency-Key": key}

        for answer in self.ask(requests()):
            self.accepted.append(json.loads(answer)["id"])

    def read(self):
        # Each another article, so that no proxy has the answer.
        for _ in self.ask(("GET", f"/v1/comments?site=bao&article=doc-{n}") for n in itertools.count()):
            pass

    def ask(self, requests):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        again = ()
        while not self.stop.wait(self.pause):
            # Whoever is told to come back does so, as the form.
            method, *request = again or next(requests)
            again = ()
            try:
                connection.request(method, *request)
                answer = connection.getresponse()
                body = answer.read()
            except ConnectionRefusedError:
                break
            except (OSError, http.client.HTTPException) as error:
                self.answers[type(error).__name__] += 1
                connection.close()
                continue
            self.answers[answer.status] += 1
            if answer.status in {200, 202}:
                yield body
            elif answer.status == 409:
                again = (method, *request)
            if not self.keeps:
                connection.close()
        connection.close()


@pytest.fixture
def serve(start):
    """Start the web part as the supervisor does, wait until all of it answers, and return it."""

    def begin(port, *, workers=1, **more):
        web = start(
            *("granian", "--interface", "wsgi", "--http", "1", "--no-ws", "--port", str(port)),
            *("--workers", str(workers), "--blocking-threads", "4", "--workers-kill-timeout", "10"),
            "service.wsgi:application",
            **more,
        )
        wait_for(lambda: web.log.read_bytes().count(b"Started worker-") == workers, "the web server", 60)
        return web

    return begin


@pytest.mark.chaos
@pytest.mark.usefixtures("site")
@pytest.mark.parametrize("keeps", [False, True], ids=["a connection for each", "kept connections"])
def test_a_server_told_to_stop_answers_whatever_it_has_begun(serve, rows, keeps):
    port = free_port()
    web = serve(port, workers=2)
    with Crowd(port, keeps=keeps) as crowd:
        wait_for(lambda: len(crowd.accepted) > 200, "comments to be accepted")
        assert web.stop() == 0
    assert {str(row.id) for row in rows(Comment)} == set(crowd.accepted), crowd.answers


@pytest.mark.chaos
@pytest.mark.usefixtures("site", "database_url")
@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
@pytest.mark.parametrize("more_settings", [{"LIMIT_COMMENTS": "100000/minute"}])
@pytest.mark.parametrize("end", [Process.stop, Process.kill], ids=["told to stop", "killed"])
def test_two_servers_behind_the_proxy_end_and_begin_again_one_after_the_other_and_nobody_notices(
    serve, rows, proxy_before, tmp_path, more_settings, end
):
    ports = free_port(), free_port()
    hosts = {port: {"VAR_DIR": str(tmp_path / str(port)), "TRUSTED_PROXIES": "1"} for port in ports}
    running = {port: serve(port, **more) for port, more in hosts.items()}
    # Steady, and little enough that a new server is not kept from its start.
    with Crowd(proxy_before(*ports), pause=0.05) as crowd:

        def more_are_accepted():
            before = len(crowd.accepted)
            wait_for(lambda: len(crowd.accepted) > before + 100, "comments to be accepted")

        more_are_accepted()
        for port in ports:
            end(running[port])
            again = running[port] = serve(port, **hosts[port])
            wait_for(lambda again=again: b'"event": "request"' in again.log.read_bytes(), "the proxy to ask it again")
            more_are_accepted()
    # A host that was killed holds the keys of what it had begun for three seconds: come back, says the other (409).
    assert set(crowd.answers) - ({409} if end is Process.kill else set()) == {200, 202}, crowd.answers
    assert {str(row.id) for row in rows(Comment)} == set(crowd.accepted)
