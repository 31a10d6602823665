"""Logs: a line for each request and job, static names, and nothing that anybody typed, whatever goes wrong."""

import json
import re
import subprocess
import sys
import urllib.error
import urllib.request

import pytest
from rq.registry import FailedJobRegistry
from sqlalchemy import text

from service import jobs, sites
from service.models import Comment
from tests.conftest import ROOT, a_comment, wait_for

MARK = "Dấuvếtzq"
"""Stands in every text that a stranger or a moderator can send."""
PHONE = "0987 123 456"
ADDRESS = "203.0.113.177"
TRACES = (MARK, MARK.lower(), json.dumps(MARK)[1:-1], "D%E1%BA%A5u", "987123456", "987 123 456", "123 456", ADDRESS)

EVENT = re.compile(r"[a-z_]+")
REQUEST = {"event", "level", "timestamp", "request", "method", "endpoint", "status", "seconds"}
JOB = {"event", "level", "timestamp", "name", "result", "seconds"}


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


@pytest.mark.parametrize("more_settings", [{"TRUSTED_PROXIES": "1", "LOG_LEVEL": "debug"}], ids=["behind a proxy"])
def test_nothing_that_anybody_typed_is_in_what_the_parts_write(
    call, add_site, start, mo, parts, valkey, rows, tmp_path, client
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
    stored = "".join(f"{key} {valkey.dump(key)}" for key in valkey.scan_iter())
    payloads = "".join(str(valkey.hgetall(f"rq:job:{one}")) + str(jobs.failed(valkey)) for one in failed.get_job_ids())
    scheduler.stop()
    logs = {file.name: file.read_text() for file in tmp_path.glob("*.log")}

    for name, written in {**logs, "metrics": metrics, "Valkey": stored, "jobs": payloads}.items():
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
