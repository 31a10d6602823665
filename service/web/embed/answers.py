"""The form shown once more: with what was typed, what is wrong, another picture; or a page where there is no form."""

from collections.abc import Mapping
from typing import Any

from flask import Response

from service import articles, sites
from service.db import AWAY
from service.sites import KnownSite, SitePolicy
from service.web import context, payload, wording
from service.web.embed import frame, sheet, words
from service.web.embed.sheet import Article, Sheet
from service.web.errors import FieldErrors, Problem

AGAIN = frozenset({"invalid", "closed", "conflict", "too-many", "unavailable", "internal", "forbidden"})
"""Problems after which the form is shown again with what was typed; others leave nothing to show."""


LONG = 100
"""From so many seconds on, a wait is told in minutes."""


def shown(site: KnownSite | None, laid: Sheet, status: int = 200) -> Response:
    """Return the page of a form with its list; without its site, which only an outage brings about, no script helps."""
    return frame.page("embed.html", site, status, sheet=laid, enhanced=site is not None)


def again(fields: Mapping[str, Any], problem: Problem) -> Response:
    """Return the form with what was typed and what is wrong."""
    if problem.kind not in AGAIN:
        return failed(problem)
    response = shown(*_laid_again(fields, problem), problem.status)
    response.headers.update(problem.headers)
    return response


def renewed(fields: Mapping[str, Any]) -> Response:
    """Return the form with what was typed and a new picture; raise `UnknownSite`."""
    with context.runtime().database.reading() as session:
        site = sites.find(session, payload.text_of(fields, "site"))
        typed = {**_kept(fields), "notice": words.of(site)["refreshed"]}
        return shown(site, sheet.lay(session, site, _article(fields), **typed))


def failed(problem: Problem) -> Response:
    """Return a page that says what went wrong, where there is no form to show again."""
    title = wording.problem_title(problem.kind, context.language())
    note = words.of(None, context.language())["page_not_found" if problem.kind == "not-found" else "page_failed"]
    response = frame.page("problem.html", None, problem.status, title=title, detail=problem.detail or note)
    response.headers.update(problem.headers)
    return response


def _laid_again(fields: Mapping[str, Any], problem: Problem) -> tuple[KnownSite | None, Sheet]:
    try:
        with context.runtime().database.reading() as session:
            site = sites.find(session, payload.text_of(fields, "site"))
            typed = _typed(fields, problem, site.policy.language, words.of(site))
            return site, sheet.lay(session, site, _article(fields), **typed)
    except (sites.UnknownSite, *AWAY):
        # Without its site the form keeps the text at least, for another try.
        typed = _typed(fields, problem, context.language(), words.of(None, context.language()))
        return None, Sheet(_article(fields), SitePolicy(), **typed)


def _article(fields: Mapping[str, Any]) -> Article:
    key, url, title = (payload.text_of(fields, name) for name in ("article", "article_url", "article_title"))
    return Article(key[: articles.KEY_LENGTH], url, title)


def _kept(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "values": {name: payload.text_of(fields, name) for name in sheet.FIELDS},
        "token": payload.text_of(fields, "token"),
        "idempotency_key": payload.text_of(fields, "idempotency_key"),
    }


def _typed(fields: Mapping[str, Any], problem: Problem, language: str, said: dict[str, str]) -> dict[str, Any]:
    errors = problem.errors if isinstance(problem, FieldErrors) else ()
    wrong = {error.field: error.as_json(language, said)["message"] for error in errors}
    # What is wrong with a field that nobody sees is told above the form.
    unseen = [wrong.pop(name) for name in list(wrong) if name not in {*sheet.FIELDS, "captcha"}]
    typed = {**_kept(fields), "errors": wrong, "notice": " ".join(unseen) or _notice(problem, language, said)}
    codes = {error.code for error in errors}
    if codes & {"token_required", "token_invalid"}:
        typed["token"] = ""
    if "idempotency_mismatch" in codes:
        typed["idempotency_key"] = ""
    return typed


def _notice(problem: Problem, language: str, said: dict[str, str]) -> str:
    if problem.kind == "too-many":
        seconds = int(problem.headers.get("Retry-After", "60"))
        kind, unit = ("limited_long", -(-seconds // 60)) if seconds >= LONG else ("limited", seconds)
        return said[kind].replace("{seconds}", str(unit)).replace("{minutes}", str(unit))
    by_kind = {"invalid": "fix", "conflict": "busy", "unavailable": "failed", "internal": "failed", "closed": "closed"}
    known = by_kind.get(problem.kind)
    return said[known] if known else wording.problem_title(problem.kind, language, said)
