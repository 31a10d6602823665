"""Logs: a line for each request and job, static names, and nothing that anybody typed, whatever goes wrong.

What is told to a collector and to Sentry is held to the same, since it is the same.
"""

import gzip
import json
import re
import subprocess
import sys
import urllib.error
import urllib.request
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from rq.registry import FailedJobRegistry
from sqlalchemy import text

from service import jobs, sites
from service.models import Comment
from service.telemetry import sentry
from tests.conftest import ROOT, a_comment, wait_for, written_in

MARK = "Dấuvếtzq"
"""Stands in every text that a stranger or a moderator can send."""
PHONE = "0987 123 456"
ADDRESS = "203.0.113.177"
TRACES = (MARK, MARK.lower(), json.dumps(MARK)[1:-1], "D%E1%BA%A5u", "987123456", "987 123 456", "123 456", ADDRESS)

EVENT = re.compile(r"[a-z_]+")
REQUEST = {"event", "level", "timestamp", "request", "method", "endpoint", "status", "seconds"}
JOB = {"event", "level", "timestamp", "name", "result", "seconds"}


class Receiver:
    """A real receiver of OTLP over HTTP, and of Sentry's envelopes: it keeps what arrives."""

    def __init__(self) -> None:
        self.arrived: list[tuple[str, dict[str, str], bytes]] = []
        arrived = self.arrived

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if self.headers.get("Content-Encoding") == "gzip":
                    body = gzip.decompress(body)
                arrived.append((self.path, dict(self.headers), body))
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]

    def spans(self):
        """Return the spans: name, trace, id, parent, facts, whether failed."""
        for path, _, body in list(self.arrived):
            if path == "/v1/traces":
                for one in ExportTraceServiceRequest.FromString(body).resource_spans:
                    for span in [span for scope in one.scope_spans for span in scope.spans]:
                        facts = {a.key: a.value.string_value or a.value.int_value for a in span.attributes}
                        yield span.name, span.trace_id, span.span_id, span.parent_span_id, facts, span.status.code == 2

    def errors(self):
        """Return Sentry's events."""
        for path, _, body in list(self.arrived):
            if path == "/api/7/envelope/":
                yield from (json.loads(line) for line in body.splitlines() if b'"logentry"' in line)


@pytest.fixture
def receiver():
    found = Receiver()
    thread = Thread(target=found.server.serve_forever, daemon=True)
    thread.start()
    yield found
    found.server.shutdown()
    thread.join()
    found.server.server_close()


@pytest.fixture
def more_settings(receiver):
    """Behind a proxy, told to log all it can, and to tell of itself."""
    here = f"127.0.0.1:{receiver.port}"
    return {
        "TRUSTED_PROXIES": "1",
        "LOG_LEVEL": "debug",
        "OTLP_ENDPOINT": f"http://{here}",
        "OTLP_HEADERS": "x-tenant=bao",
        "SENTRY_DSN": f"http://key@{here}/7",
    }


@pytest.fixture
def call(base_url):
    """Send what a client may send, and return the status with the answer's text."""

    def send(path, body=None, *, method=None, headers=None):
        given = {"X-Forwarded-For": ADDRESS, "User-Agent": MARK.encode().decode("latin-1"), **(headers or {})}
        if isinstance(body, dict):
            body, given = json.dumps(body).encode(), {"Content-Type": "application/json", **given}
        request = urllib.request.Request(base_url + path, body, given, method=method)
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as answer:
            with answer:
                return answer.code, answer.read().decode()

    return send


def marked(**changes):
    named = {name: f"{MARK} {name}" for name in ("name", "title", "article", "article_title")}
    return a_comment(**{**named, "body": f"Cảm ơn tòa soạn, {MARK}.", "phone": PHONE, "consent": True, **changes})


def what_strangers_send(call, mo):
    """What is accepted, what is wrong, what is malformed, what is nowhere; return the first answer."""
    status, accepted = call("/v1/comments", marked(), headers={"Idempotency-Key": "key"})
    assert status == 202
    sent = json.loads(accepted)
    assert call("/v1/comments", marked(body=f"đồ chó chết, mày là thằng ngu {MARK}", phone=...))[0] == 202
    assert call("/v1/comments", marked(phone=f"{PHONE}9999", title="", name=MARK * 50))[0] == 422
    assert call("/v1/comments", marked(site=MARK))[0] == 404
    assert call("/v1/comments", f'{{"body": "{MARK}"'.encode(), headers={"Content-Type": "application/json"})[0] == 400
    assert call("/v1/comments", f"body={MARK}&body={MARK}".encode())[0] == 400
    assert call("/v1/comments", MARK.encode(), headers={"Content-Type": "text/plain"})[0] == 415
    assert call("/v1/comments", MARK.encode() * 10_000)[0] in {400, 413}
    assert call("/D%E1%BA%A5uv%E1%BA%BFtzq?q=D%E1%BA%A5uv%E1%BA%BFtzq")[0] == 404
    assert call("/v1/comments?site=bao&article=D%E1%BA%A5uv%E1%BA%BFtzq")[0] == 200
    assert call("/v1/review/comments?q=D%E1%BA%A5uv%E1%BA%BFtzq", headers=mo)[0] == 200
    return sent


def what_moderators_write(call, mo, row, receipt):
    """Decisions with notes, a phone shown, what readers complain of, and a comment taken back."""
    ruling = {"outcome": "reject", "reason": "other", "note": f"{MARK} {PHONE}", "version": row.version}
    assert call(f"/v1/review/comments/{row.id}/decision", ruling, headers=mo)[0] == 200
    assert call(f"/v1/review/comments/{row.id}/phone", {"reason": MARK}, headers=mo)[0] == 200
    assert call("/v1/review/preview", {"body": f"{MARK} {PHONE}"}, headers=mo)[0] == 200
    assert call(f"/v1/comments/{row.id}/reports", {"reason": "other", "text": f"{MARK} {PHONE}"})[0] in {202, 404}
    assert call(f"/v1/receipts/{receipt}")[0] == 200
    assert call(f"/v1/receipts/{receipt}", method="DELETE")[0] == 204


def test_nothing_that_anybody_typed_is_in_what_the_parts_write_or_tell(
    call, add_site, start, mo, parts, valkey, rows, tmp_path, client, receiver
):
    add_site(publish="after_review")

    sent = what_strangers_send(call, mo)
    start("workers")
    scheduler = start("workers", "schedule")
    wait_for(lambda: {row.status for row in rows(Comment)} == {"held"}, "both comments on the desk")

    what_moderators_write(call, mo, {str(row.id): row for row in rows(Comment)}[sent["id"]], sent["receipt"])

    # Errors that nobody foresaw, whose messages quote what they complain of: in a job, in a request, in a command.
    assert call("/v1/comments", marked(phone=...), headers={"Idempotency-Key": "last"})[0] == 202
    wait_for(lambda: {row.status for row in rows(Comment)} == {"held", "erased"}, "an empty queue")
    with parts.database.writing() as session:
        policy = session.scalar(text("SELECT policy FROM sites"))
        broken = {**(json.loads(policy) if isinstance(policy, str) else policy), "publish": MARK}
        session.execute(text("UPDATE sites SET policy = :policy"), {"policy": json.dumps(broken, ensure_ascii=False)})
        session.execute(text("UPDATE comments SET status = 'pending', attempts = 0 WHERE status = 'held'"))
    with parts.database.reading() as session, pytest.raises(ValueError, match=MARK):
        sites.find(session, "bao").engine_policy()
    failed = FailedJobRegistry(queue=jobs.queue(valkey))
    wait_for(lambda: failed.count, "the failed job")
    assert call("/v1/review/preview", {"site": "bao", "body": MARK}, headers=mo)[0] == 500

    metrics = client.get("/metrics").get_data(as_text=True)
    stored = written_in(valkey).decode(errors="replace")
    payloads = "".join(str(valkey.hgetall(f"rq:job:{one}")) + str(jobs.failed(valkey)) for one in failed.get_job_ids())
    wait_for(
        lambda: {error["tags"].get("endpoint") for error in receiver.errors()} >= {None, "review.preview"}, "Sentry"
    )
    wait_for(lambda: any(span[4].get("duyet.status") == 500 for span in receiver.spans()), "the last request's span")
    scheduler.stop()
    told = {f"to {path}": f"{headers} {body.decode('utf-8', 'replace')}" for path, headers, body in receiver.arrived}
    logs = {file.name: file.read_text() for file in tmp_path.glob("*.log")}

    for name, written in {**logs, **told, "metrics": metrics, "Valkey": stored, "jobs": payloads}.items():
        assert [trace for trace in TRACES if trace in written] == [], name
        assert sent["receipt"] not in written, name
    assert "ValueError" in payloads

    # And yet they say what happened.
    ours = [json.loads(line) for written in logs.values() for line in written.splitlines() if line.startswith("{")]
    assert [one for one in ours if not EVENT.fullmatch(one["event"]) and "logger" not in one] == []
    requests = [one for one in ours if one["event"] == "request"]
    assert {one["status"] for one in requests} >= {200, 202, 204, 400, 404, 415, 422, 500}
    assert all(set(one) == REQUEST for one in requests)
    assert len({one["request"] for one in requests}) == len(requests)
    done = [one for one in ours if one["event"] == "job" and one["name"] == "judge"]
    assert {one["result"] for one in done} == {"done", "failed"}
    assert all(one["job"] and set(one) >= JOB for one in done)
    [unforeseen] = [one for one in ours if one["event"] == "request_failed"]
    assert unforeseen["trace"][-1] == "builtins.ValueError"
    assert any(place.startswith("service/sites.py:") for place in unforeseen["trace"])
    assert unforeseen["request"] in {one["request"] for one in requests if one["status"] == 500}
    what_was_told(receiver, sent["id"], requests, done, unforeseen)


def what_was_told(receiver, comment, requests, done, unforeseen):
    """The same to the collector and to Sentry: from the request over the row to the worker, and what went wrong."""
    spans = list(receiver.spans())
    assert all(headers["x-tenant"] == "bao" for path, headers, _ in receiver.arrived if path == "/v1/traces")
    trace = [span for span in spans if span[1] == uuid.UUID(comment).bytes]
    [(first, parent, request)] = [(name, span, facts) for name, _, span, above, facts, _ in trace if not above]
    assert first == "POST public.submit"
    assert request["duyet.request"] in {one["request"] for one in requests if one["status"] == 202}
    judged = [facts for name, _, _, above, facts, _ in trace if name == "judge" and above == parent]
    assert {facts["duyet.job"] for facts in judged} <= {one["job"] for one in done}
    assert judged
    assert {one["job"] for one in done} <= {facts.get("duyet.job") for name, _, _, _, facts, _ in spans}
    assert {facts["duyet.request"] for _, _, _, _, facts, failed in spans if failed and "duyet.request" in facts} == {
        unforeseen["request"]
    }
    assert {name for span in spans for name in span[4]} <= {
        f"duyet.{name}" for name in ("request", "endpoint", "method", "status", "job", "name", "result", "outcome")
    }

    errors = list(receiver.errors())
    [of_the_request] = [one for one in errors if "request" in one["tags"]]
    assert of_the_request["tags"]["request"] == unforeseen["request"]
    raised = of_the_request["exception"]["values"][-1]
    assert (raised["type"], raised["value"]) == ("ValueError", "")
    assert any(frame["filename"] == "service/sites.py" for frame in raised["stacktrace"]["frames"])
    failed_jobs = {one["job"] for one in done if one["result"] == "failed"}
    assert {one["tags"]["job"] for one in errors if "job" in one["tags"]} == failed_jobs
    assert {name for one in errors for name in one} <= sentry.KEPT


def test_where_nothing_is_to_be_told_nothing_for_it_is_loaded():
    code = (
        "import sys; from service import config, telemetry, wsgi; from workers import tasks, schedule; "
        # redis looks for OpenTelemetry's metrics by itself, and does nothing with them.
        "print([name for name in sys.modules if name.startswith(('opentelemetry.exporter', 'opentelemetry.sdk.trace', "
        "'sentry_sdk', 'requests', 'service.telemetry.'))])"
    )
    environment = {"SECRET_KEY": "a secret of the tests, and of nobody else", "VAR_DIR": "/nonexistent"}
    told = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, check=True)
    assert told.stdout.strip() == b"[]"


@pytest.mark.parametrize("setting", ["OTLP_ENDPOINT", "SENTRY_DSN"])
def test_a_package_that_is_missing_is_named_with_what_to_do(setting):
    code = (
        "import sys; sys.modules['sentry_sdk'] = sys.modules['opentelemetry'] = None; "
        "from service import config; config.load()"
    )
    environment = {"SECRET_KEY": "a secret of the tests, and of nobody else", setting: "http://key@localhost:4318/7"}
    ended = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert f"{setting} is set, and the package that it needs is not installed: give `make telemetry`" in ended.stderr


@pytest.mark.parametrize(
    "ending",
    [
        f"raise ValueError('{MARK}')",
        f"import threading; t = threading.Thread(target=lambda: int('{MARK}')); t.start(); t.join()",
        f"import logging; logging.getLogger('some.library').error('could not read %s', '{MARK}')",
        f"import logging\ntry: int('{MARK}')\nexcept ValueError: logging.getLogger('a.library').exception('no number')",
    ],
    ids=["a process that ends", "a thread that ends", "a library's word", "a library's error"],
)
def test_the_last_words_of_a_process_quote_nobody(ending):
    code = f"from service import logs; logs.configure('info')\n{ending}"
    ended = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)

    said = json.loads(ended.stderr)
    assert MARK not in ended.stderr
    assert json.dumps(MARK)[1:-1] not in ended.stderr
    assert said["event"]
    assert ("trace" in said) == ("could not" not in ending)
