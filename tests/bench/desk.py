"""What a moderator waits for: list, card, decision, counts over HTTP; in a browser from key press to next item."""

import re
import shutil
import statistics
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, sync_playwright
from sqlalchemy import update

from service import moderators
from service.models import Comment
from service.moderation import moderate
from service.moderation.vocabulary import Policy, Submission
from tests.bench import growth
from tests.bench.comments import ROUGH
from tests.bench.installation import Installation, installed, until
from tests.bench.report import Row, Table

STORED = 100_000
THINKING_MS = 150
"""How long a quick moderator looks at a comment before the next key."""
WATCH = """
  window.took = [];
  let begun = null;
  addEventListener("keydown", (event) => { begun = event.timeStamp; }, true);
  const pane = document.querySelector("[data-pane]");
  new MutationObserver(() => {
    if (begun === null || !pane.querySelector("[data-card]")) return;
    const from = begun;
    begun = null;
    // The frame after the next has been painted when its callback runs.
    requestAnimationFrame(() => requestAnimationFrame(() => window.took.push(performance.now() - from)));
  }).observe(pane, {childList: true});
"""


def measure(folder: Path, *, quick: bool) -> Table:
    """Fill both databases with 100,000 comments, 5,000 of them held, and work through the queue."""
    stored, rounds = (10_000, 10) if quick else (STORED, 60)
    rows: list[Row] = []
    for database in ("sqlite", "postgresql"):
        for name, times in _measured(folder, database, stored, rounds).items():
            goal = "≤ 100" if name.startswith("key") else ""
            rows.append(Row(f"{database}: {name}", "ms", (statistics.median(times),), goal))
            if name.startswith("key"):
                rows.append(Row(f"{database}: {name}, slowest of 20", "ms", (_slow(times),)))
    return Table("desk", f"The desk, {stored:,} stored, {stored // 20:,} held", tuple(rows))


def _measured(folder: Path, database: str, stored: int, rounds: int) -> dict[str, list[float]]:
    with installed(folder / f"desk-{database}", database) as stand:
        site = stand.add_site(challenge="none", publish="after_review")
        held = growth.fill(stand, site, stored)
        _found(stand)
        with stand.parts.database.writing() as session:
            password = moderators.add_moderator(session, name="mo", role="admin", sites=[], now=datetime.now(UTC))
        stand.serve()
        with sync_playwright() as playwright:
            chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
            browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
            page = browser.new_page(viewport={"width": 1280, "height": 800})
            page.goto(f"{stand.url}/desk")
            page.fill("[name=name]", "mo")
            page.fill("[name=password]", password)
            page.click("main button")
            page.wait_for_selector("[data-queue][data-ready]")
            times = _over_http(page, stand.url, held, rounds)
            times["key press to next item on screen (approve)"] = _by_key(page, "a", rounds)
            times["key press to next item on screen (reject)"] = _by_key(page, "r1", rounds)
            browser.close()
        return times


def _found(stand: Installation) -> None:
    """Give what is held the findings of real verdicts, so that cards are as long as they are."""
    for at, body in enumerate(ROUGH):
        verdict = moderate(Submission(body=body), Policy())
        findings: list[Any] = [
            {
                "check": one.check,
                "category": one.category,
                "severity": one.severity,
                "spans": [{"field": "body", "start": span.start, "end": span.end, "text": ""} for span in one.spans],
                "message": {"vi": one.message.vi, "en": one.message.en},
                "entry": one.entry,
                "version": one.version,
                "ran": one.ran,
            }
            for one in verdict.findings
        ]
        which = (Comment.status == "held", Comment.priority % len(ROUGH) == at)
        with stand.parts.database.writing() as session:
            session.execute(update(Comment).where(*which).values(findings=findings, categories=",insult,"))


def _over_http(page: Page, url: str, held: list[object], rounds: int) -> dict[str, list[float]]:
    csrf = page.get_attribute("body", "data-csrf") or ""
    asked = page.context.request
    calls = {
        "list with counts and the first card": lambda _: asked.get(f"{url}/desk/queue"),
        "list, filtered by words": lambda _: asked.get(f"{url}/desk/queue?q=thanh+pho"),
        "list, the page after": lambda _: asked.get(f"{url}/desk/queue/lines?order=newest"),
        "card": lambda at: asked.get(f"{url}/desk/comments/{held[-1 - at]}/card"),
        "what waits, asked every ten seconds": lambda _: asked.get(f"{url}/desk/queue/waiting"),
        "decide": lambda at: asked.post(
            f"{url}/v1/review/comments/{held[-1 - at]}/decision",
            headers={"X-CSRF-Token": csrf},
            data={"outcome": "reject", "reason": "spam", "version": 2},
        ),
    }
    times: dict[str, list[float]] = {}
    for name, call in calls.items():
        times[name] = []
        for at in range(rounds + 1):
            begun = time.perf_counter()
            answer = call(at)
            took = (time.perf_counter() - begun) * 1000
            assert answer.ok, (name, answer.status, answer.text())
            # The first of each kind connects and compiles.
            times[name] += [took] if at else []
    return times


def _by_key(page: Page, keys: str, rounds: int) -> list[float]:
    page.goto(re.sub(r"\?.*", "", page.url))
    page.wait_for_selector("[data-queue][data-ready]")
    page.evaluate(WATCH)
    for at in range(rounds):
        page.wait_for_timeout(THINKING_MS)
        for key in keys:
            page.keyboard.press(key)
        until(lambda shown=at + 1: page.evaluate("window.took.length") >= shown, "the next item")  # type: ignore[misc]
    times: list[float] = page.evaluate("window.took")
    return times


def _slow(times: list[float]) -> float:
    return sorted(times)[-max(1, len(times) // 20)]
