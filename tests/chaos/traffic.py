"""Readers and writers: steady requests over HTTP, and a ledger of what was promised and what failed."""

import contextlib
import http.client
import itertools
import json
import random
import threading
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from tests.chaos.parts import WEB_PROCESSES, Town
from tests.conftest import wait_for

ARTICLES = 5
PAUSE = 0.08
TEXTS = (
    "Cảm ơn tòa soạn, bài viết rất bổ ích cho bà con vùng lũ.",
    "Đề nghị thành phố sớm sửa cây cầu ở cuối làng, đi lại khó quá.",
    "Địt mẹ thằng viết bài này, óc chó.",
    "Giá vàng hôm nay cao chưa từng thấy, ai mua cũng phải tính kỹ.",
    "Vay tiền nhanh lãi thấp, liên hệ zalo 0912345678.",
)


PAGES = (
    "/v1/comments?site=bao&article=bai-0",
    "/v1/comments?site=bao&article=bai-1",
    "/v1/counts?site=bao&article=bai-0&article=bai-1",
)


@dataclass
class Ledger:
    """What was asked and what was answered; written by many threads."""

    accepted: dict[str, str] = field(default_factory=dict)
    """Idempotency-Key to the id that the 202 named."""
    receipts: dict[str, str] = field(default_factory=dict)
    """The id of an accepted comment to the receipt that came with it."""
    withdrawn: set[str] = field(default_factory=set)
    """The ids of those whose writers were told that they are taken back."""
    contradictions: list[str] = field(default_factory=list)
    """Keys under which two comments were named."""
    answers: Counter[str] = field(default_factory=Counter)
    unforeseen: list[str] = field(default_factory=list)
    """Answers that no client may get here, whole."""
    failed_faults: list[str] = field(default_factory=list)
    """What did not come true while a fault was done, each a sentence."""
    slowest: float = 0.0
    """The longest time from a reader's first try to the 202."""
    reads: int = 0
    read: Counter[tuple[str, str]] = field(default_factory=Counter)
    """How often each page was read well, by the half of its answer's id that is one process's where it lay ready."""
    failed_reads: list[tuple[float, float, str]] = field(default_factory=list)
    twins: int = 0
    given_up: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)
    taking_back: threading.Lock = field(default_factory=threading.Lock)
    """Held while one writer takes a comment back."""

    def note(self, key: str, identifier: str, receipt: str, began: float) -> None:
        with self.lock:
            if self.accepted.setdefault(key, identifier) != identifier:
                self.contradictions.append(key)
            self.receipts[identifier] = receipt
            self.slowest = max(self.slowest, time.monotonic() - began)

    def count(self, answer: str) -> None:
        with self.lock:
            self.answers[answer] += 1


class Answer(NamedTuple):
    status: int
    document: Any
    request: str
    """Its X-Request-Id."""


def ask(port: int, method: str, path: str, document: Any = None, timeout: float = 8, **headers: str) -> Answer:
    """Send one request on a connection of its own."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
    with contextlib.closing(connection):
        body = json.dumps(document).encode() if document is not None else None
        connection.request(method, path, body, {"Content-Type": "application/json", **headers})
        answer = connection.getresponse()
        raw, request = answer.read(), answer.getheader("X-Request-Id") or ""
        if answer.status == 503 and not (answer.getheader("Retry-After") or "").isdigit():
            return Answer(599, raw, request)
        return Answer(answer.status, json.loads(raw) if raw else None, request)


def post(town: Town, ledger: Ledger, body: str, key: str, until: float) -> str | None:
    """Send a comment until it is accepted, as a patient form does, always under one key; return its id."""
    began = time.monotonic()
    document = {
        "site": "bao",
        "article": f"bai-{int(key[:6], 16) % ARTICLES}",
        "name": f"Ann {key[:6]}",
        "title": "Ý kiến",
        "body": body,
    }
    while True:
        try:
            status, answer, _ = ask(
                random.choice(town.ports), "POST", "/v1/comments", document, **{"Idempotency-Key": key}
            )
        except (OSError, http.client.HTTPException) as error:
            ledger.count(type(error).__name__)
        else:
            if status == 422 and town.unreleased_beside and "idempotency_mismatch" in str(answer):
                ledger.count("422 between versions")
                return None
            ledger.count(str(status))
            if status == 202:
                ledger.note(key, answer["id"], answer["receipt"], began)
                return str(answer["id"])
            if status not in {503, 429, 409}:
                ledger.unforeseen.append(f"{status}: {answer}")
                return None
        if time.monotonic() > until:
            ledger.given_up += 1
            return None
        time.sleep(0.2)


def withdraw(town: Town, ledger: Ledger, identifier: str, until: float) -> None:
    """Take a comment back, whatever a worker is doing with it; try until it is done."""
    while time.monotonic() < until:
        try:
            with ledger.taking_back:
                status, answer, _ = ask(town.port, "DELETE", f"/v1/receipts/{ledger.receipts[identifier]}")
        except (OSError, http.client.HTTPException):
            status, answer = 503, None
        if status == 204:
            with ledger.lock:
                ledger.withdrawn.add(identifier)
            return
        if status not in {503, 429}:
            ledger.unforeseen.append(f"{status} for a receipt: {answer}")
            return
        time.sleep(0.2)
    ledger.given_up += 1


def write(town: Town, ledger: Ledger, stop: threading.Event, until: float, number: int) -> None:
    """Write until told to stop."""
    for n in itertools.count():
        if stop.wait(PAUSE * random.uniform(0.5, 1.5)):
            return
        key = uuid.uuid4().hex
        words = f"{random.choice(TEXTS)} Lần {number}.{n} {key}"
        if n % 7:
            identifier = post(town, ledger, words, key, until)
            if identifier and n % 11 == 0:
                withdraw(town, ledger, identifier, until)
            continue
        # The same key twice at the same moment: one comment, one answer.
        pair = [threading.Thread(target=post, args=(town, ledger, words, key, until)) for _ in range(2)]
        for one in pair:
            one.start()
        for one in pair:
            one.join()
        ledger.twins += 1


def read(town: Town, ledger: Ledger, stop: threading.Event) -> None:
    """Read the same pages over and over, as readers do."""
    for page in itertools.cycle(PAGES):
        if stop.wait(0.02):
            return
        began = time.monotonic()
        request = ""
        try:
            status, _, request = ask(town.port, "GET", page)
            why = "" if status == 200 else str(status)
        except (OSError, http.client.HTTPException) as error:
            why = type(error).__name__
        with ledger.lock:
            ledger.reads += 1
            ledger.read[page, request[:8]] += not why
            if why:
                ledger.failed_reads.append((began, time.monotonic(), why))


def warm(ledger: Ledger) -> None:
    """Wait until both web processes have each page ready: a new one has nothing yet to fall back on."""
    with ledger.lock:
        before = ledger.read.copy()

    def ready(page: str) -> bool:
        with ledger.lock:
            read = ledger.read - before
        return sum(asked == page and times > 1 for (asked, _), times in read.items()) >= WEB_PROCESSES

    wait_for(lambda: all(map(ready, PAGES)), "readers to be served by each web process", 60)


@contextlib.contextmanager
def with_pages_at_hand(ledger: Ledger) -> Iterator[None]:
    """Begin a fault of the database while every page lies ready and nobody takes a comment back.

    What showed a comment that was taken back is shown to nobody again, so at that moment nothing can stand in for it.
    """
    with ledger.taking_back:
        warm(ledger)
        yield
