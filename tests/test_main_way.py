"""The main job, over HTTP, with a real web server, a real Valkey and a real RQ worker."""

import json
import urllib.request
from typing import Any

import psutil
from sqlalchemy import func, select

from service.models import Comment, Decision
from tests.conftest import wait_for

CLEAN = "Cảm ơn tòa soạn, bài viết rất bổ ích cho bà con vùng lũ."
ABUSIVE = "Địt mẹ thằng viết bài này, óc chó."


def call(url: str, document: dict[str, Any] | None = None, **headers: str) -> Any:
    """Return the JSON answer to a GET, or to a POST of a document."""
    data = json.dumps(document).encode() if document is not None else None
    request = urllib.request.Request(url, data, {"Content-Type": "application/json", **headers})
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.load(answer)


def comment(body: str, article: str = "bai-1") -> dict[str, Any]:
    return {"site": "bao", "article": article, "name": "Ngọc Ánh", "title": "Ý kiến", "body": body}


def test_a_clean_comment_is_published_and_an_abusive_one_waits_for_a_moderator(base_url, start, site, mo):
    start("workers")
    clean = call(f"{base_url}/v1/comments", comment(CLEAN))
    abusive = call(f"{base_url}/v1/comments", comment(ABUSIVE))
    assert (clean["status"], abusive["status"]) == ("pending", "pending")

    listed = f"{base_url}/v1/comments?site=bao&article=bai-1"
    page = wait_for(lambda: (answer := call(listed))["count"] == 1 and answer, "the clean comment in the list")
    assert [(one["id"], one["body"]) for one in page["comments"]] == [(clean["id"], CLEAN)]

    queue = f"{base_url}/v1/review/comments"
    held = wait_for(lambda: call(queue, **mo)["comments"], "the abusive comment in the queue")
    assert [one["id"] for one in held] == [abusive["id"]]
    assert "profanity" in {finding["category"] for finding in held[0]["findings"]}
    assert all(
        held[0][span["field"]][span["start"] : span["end"]] == span["text"]
        for finding in held[0]["findings"]
        for span in finding["spans"]
    )

    decided = call(
        f"{queue}/{abusive['id']}/decision",
        {"outcome": "reject", "reason": "profanity", "version": held[0]["version"]},
        **mo,
    )
    assert decided["comment"]["status"] == "rejected"
    assert call(f"{base_url}/v1/receipts/{abusive['receipt']}") == {"status": "not_published"}
    assert call(f"{base_url}/v1/receipts/{clean['receipt']}") == {"status": "published"}
    assert call(listed)["count"] == 1


def test_a_worker_killed_half_way_leaves_nothing_undecided_and_nothing_decided_twice(base_url, start, site, parts):
    # Enough comments that the worker is in the middle of them when it dies.
    sent = {
        call(f"{base_url}/v1/comments", comment(f"Ý kiến số {n} của tôi về con đường mới."))["id"] for n in range(60)
    }
    worker = start("workers")
    horse = wait_for(lambda: psutil.Process(worker.running.pid).children(), "a work horse")[0]
    worker.kill()
    wait_for(lambda: not horse.is_running() or horse.status() == psutil.STATUS_ZOMBIE, "the horse's end too")

    start("workers")
    start("workers", "schedule")
    pending = select(func.count()).where(Comment.status == "pending")
    wait_for(lambda: _count(parts, pending) == 0, "an end of every pending comment")
    decided = select(Decision.comment_id, func.count()).where(Decision.version > 1).group_by(Decision.comment_id)
    with parts.database.reading() as session:
        assert {str(one): number for one, number in session.execute(decided).all()} == dict.fromkeys(sent, 1)


def _count(parts, query) -> int:
    with parts.database.reading() as session:
        return session.scalar(query)
