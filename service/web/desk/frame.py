"""How a page of the desk is made: layout, words, navigation, what it may load; the answer after a change."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from flask import Response, current_app, redirect, render_template, request, url_for

from service.web import auth, context, wording
from service.web.context import LANGUAGES
from service.web.desk import queue_words, words
from service.web.embed.frame import file_url, local_time, zone
from service.web.errors import Problem

LANGUAGE_COOKIE = "duyet-language"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
NAVIGATION = (
    ("nav_queue", "desk.queue.listed"),
    ("nav_rules", "desk.rules.listed"),
    ("nav_blocks", "desk.blocks.listed"),
    ("nav_audit", "desk.audit.listed"),
    ("nav_sites", "desk.sites.listed"),
    ("nav_accounts", "desk.accounts.listed"),
    ("nav_privacy", "desk.privacy.listed"),
    ("nav_operations", "operations.board"),
)
"""The word and the first page of each room; a room shows to those who may enter it."""


@dataclass(frozen=True, slots=True)
class Door:
    """An entry of the navigation."""

    label: str
    url: str
    here: bool


def page(template: str, status: int = 200, *, said: Mapping[str, str] | None = None, **shown: Any) -> Response:
    """Return a page in the person's language; `said` are a room's own words in that language, beside the desk's."""
    language = context.language()
    known = {**words.of(language), **(said or {})}
    shown = {
        "w": known,
        "language": language,
        "me": auth.signed_in(),
        "may": auth.may,
        "csrf": auth.csrf(),
        "doors": _doors(known),
        "file": file_url,
        "called": lambda actor: queue_words.actor(actor, queue_words.of(language)),
        "local_time": lambda moment: local_time(moment, zone(None)),
        "done": known.get("done_" + request.args.get("done", "")),
        **shown,
    }
    response = Response(render_template(template, **shown), status, content_type="text/html; charset=utf-8")
    response.headers["Content-Security-Policy"] = POLICY
    # `no-referrer` would make browsers send `Origin: null` with our own forms.
    response.headers["Referrer-Policy"] = "same-origin"
    response.headers["Cache-Control"] = "no-store"
    return response


def onward(endpoint: str, *, done: str = "", **values: Any) -> Response:
    """Send the browser on after a change, so that a reload changes nothing; `done` names what the next page says."""
    query: dict[str, Any] = {**values, "done": done} if done else values
    return redirect(url_for(endpoint, **query), 303)  # type: ignore[return-value]


def failed(problem: Problem) -> Response:
    """Return the page for a problem; who is not signed in is sent to the door and comes back afterwards."""
    if problem.kind == "unauthorized":
        wanted = request.full_path.rstrip("?") if request.method == "GET" else ""
        return onward("desk.signing.page", next=wanted or None)
    language = chosen_language()
    title = words.of(language).get(f"problem_{problem.kind}") or wording.problem_title(problem.kind, language)
    detail = problem.detail
    if problem.kind == "too-many":
        detail = words.of(language)["limited"].replace("{seconds}", problem.headers.get("Retry-After", "60"))
    response = page("desk/problem.html", problem.status, title=title, detail=detail)
    response.headers.update(problem.headers)
    return response


def inside(address: str) -> str:
    """Return the address if it is a page of the desk, else the desk's first page."""
    parts = urlsplit(address)
    safe = not parts.scheme and not parts.netloc and "\\" not in address and address.isprintable()
    return address if safe and is_page(parts.path) else url_for("desk.queue.home")


def is_page(path: str) -> bool:
    """Say whether the path is one of the desk's or of the operators' pages."""
    return path in {"/desk", "/ops"} or path.startswith(("/desk/", "/ops/"))


def chosen_language() -> str:
    """Return the language that the person chose, Vietnamese until then."""
    chosen = request.cookies.get(LANGUAGE_COOKIE)
    return chosen if chosen in LANGUAGES else LANGUAGES[0]


def _doors(known: Mapping[str, str]) -> list[Door]:
    here = (request.endpoint or "").rpartition(".")[0]
    return [
        Door(known[word], url_for(endpoint), endpoint.rpartition(".")[0] == here)
        for word, endpoint in NAVIGATION
        if endpoint in current_app.view_functions and auth.may(auth.needed(endpoint))
    ]
