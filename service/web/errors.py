"""Errors to HTTP: every failure becomes one problem document (RFC 9457).

Problem                        raised by views, with a kind of `wording.PROBLEMS`
├── FieldErrors                422 with every wrong field
use cases' own errors          mapped to a Problem in TRANSLATED
db.AWAY                        503 with Retry-After: nothing is promised that was not stored
anything else                  500 that tells nothing
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import structlog
from flask import Flask, Response, json, request
from werkzeug.exceptions import HTTPException

from service import articles, blocks, privacy, sites
from service.challenges import ChallengesAway
from service.comments import deciding, queue, receipts
from service.db import AWAY
from service.metrics import vocabulary
from service.rules import backtests, drafts, keeping
from service.web import context, wording

RETRY_SECONDS = 5

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class FieldError:
    """One wrong field; `limit` is the length that was exceeded or not reached."""

    field: str
    code: str
    limit: int | None = None
    said: str = ""
    """What was refused, or the reason that a library gave; quoted in the sentence."""

    def as_json(self, language: str, own: Mapping[str, str]) -> dict[str, str]:
        """Return the error as clients get it; `own` are the site's sentences."""
        message = wording.field_error(self.field, self.code, language, limit=self.limit, said=self.said, own=own)
        return {"field": self.field, "code": self.code, "message": message}


class Problem(Exception):
    """Something that a client is told; `detail` is a sentence in the client's language or None."""

    def __init__(
        self,
        kind: str,
        detail: str | None = None,
        *,
        headers: dict[str, str] | None = None,
        **extra: Any,
    ) -> None:
        super().__init__(kind)
        self.kind, self.detail, self.headers, self.extra = kind, detail, headers or {}, extra

    @property
    def status(self) -> int:
        """Return the HTTP status."""
        return wording.PROBLEMS[self.kind][0]


class FieldErrors(Problem):
    """All the wrong fields of a request."""

    def __init__(self, errors: Sequence[FieldError]) -> None:
        super().__init__("invalid")
        self.errors = tuple(errors)


def document(problem: Problem) -> dict[str, Any]:
    """Return the problem as a document in the client's language."""
    language = context.language()
    own = context.own_words(language)
    title = wording.problem_title(problem.kind, language, own)
    body: dict[str, Any] = {
        "type": f"urn:duyet:problem:{problem.kind}",
        "title": title,
        "status": problem.status,
        "detail": problem.detail or title,
        **problem.extra,
    }
    if isinstance(problem, FieldErrors):
        body["errors"] = [error.as_json(language, own) for error in problem.errors]
        body["detail"] = " ".join(dict.fromkeys(error["message"] for error in body["errors"]))
    return body


def response(problem: Problem) -> Response:
    """Return the answer for a problem; never to be cached."""
    answer = Response(json.dumps(document(problem)), problem.status, content_type="application/problem+json")
    answer.headers.update(problem.headers)
    answer.headers["Cache-Control"] = "no-store"
    answer.headers["Vary"] = "Accept-Language, Origin"
    return answer


def translate(error: Exception) -> Problem | None:
    """Return the problem that stands for an error of a use case, or None for one that nobody foresaw."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, AWAY):
        return Problem("unavailable", headers={"Retry-After": str(RETRY_SECONDS)})
    for kind, make in TRANSLATED.items():
        if isinstance(error, kind):
            return make(error)
    return None


TRANSLATED: dict[type[Exception], Callable[[Any], Problem]] = {
    ChallengesAway: lambda _: Problem("unavailable", headers={"Retry-After": str(RETRY_SECONDS)}),
    sites.UnknownSite: lambda _: Problem("not-found"),
    articles.UnknownArticle: lambda _: Problem("not-found"),
    articles.ArticleNotRegistered: lambda _: Problem("not-found"),
    articles.ArticleClosed: lambda _: Problem("closed"),
    receipts.UnknownReceipt: lambda _: Problem("not-found"),
    deciding.UnknownComment: lambda _: Problem("not-found"),
    deciding.UnknownDecision: lambda _: Problem("not-found"),
    deciding.NotYours: lambda _: Problem("forbidden"),
    deciding.NotAsked: lambda error: FieldErrors([FieldError(error.field, error.code)]),
    privacy.Unreadable: lambda _: Problem("gone"),
    blocks.SenderBlocked: lambda _: Problem("forbidden"),
    blocks.UnknownBlock: lambda _: Problem("not-found"),
    blocks.BadBlock: lambda error: FieldErrors([FieldError(error.field, error.code)]),
    keeping.UnknownRule: lambda _: Problem("not-found"),
    keeping.RuleMoved: lambda _: Problem("conflict"),
    drafts.BadRule: lambda error: FieldErrors([FieldError(error.field, error.code, said=error.said)]),
    backtests.UnknownBacktest: lambda _: Problem("not-found"),
    queue.BadCursor: lambda _: FieldErrors([FieldError("cursor", "invalid")]),
}

KINDS = {status: kind for kind, (status, _, _) in wording.PROBLEMS.items()}


def install(app: Flask) -> None:
    """Answer every error of this application with a problem document."""

    @app.errorhandler(Exception)
    def on_error(error: Exception) -> Response | HTTPException:
        problem = translate(error)
        if problem is None and isinstance(error, HTTPException):
            if error.code is None or error.code < HTTPStatus.BAD_REQUEST:
                return error  # A redirect, such as Flask's own for a missing slash.
            problem = Problem(KINDS.get(error.code, "malformed" if error.code < 500 else "internal"))
            problem.headers |= {name: value for name, value in error.get_headers() if name == "Allow"}
            if error.code == HTTPStatus.TOO_MANY_REQUESTS:
                problem.headers |= app.extensions["duyet-limits"](error)
        if problem is None:
            log.error("request_failed", endpoint=request.endpoint, error=type(error).__name__, exc_info=error)
            problem = Problem("internal")
        elif problem.kind == "unavailable":
            if isinstance(error, AWAY):
                context.runtime().tally.add(vocabulary.DATABASE_AWAY)
            log.warning("unavailable", endpoint=request.endpoint, error=type(error).__name__)
        return app.extensions["duyet-answer"](problem) or response(problem)
