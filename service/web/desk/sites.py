"""The sites' pages: every part of a site's policy, its words, and which of its articles take comments."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response

from service import articles
from service import sites as websites
from service.articles import UnknownArticle
from service.moderation.vocabulary import Category, Outcome, PublishMode
from service.sites import GATES, LANGUAGES, BadSite, KnownSite, SiteChanged, UnknownSite
from service.web import auth, context, payload
from service.web.desk import frame, words
from service.web.desk.sites_words import SITE_RULES, SITES
from service.web.embed import words as form_words
from service.web.errors import Problem

sites = Blueprint("sites", __name__, url_prefix="/sites")


@dataclass(frozen=True, slots=True)
class Part:
    """A field of the policy: how it is shown and read."""

    name: str
    kind: str
    options: tuple[str, ...] = ()


SECTIONS: tuple[tuple[str, tuple[Part, ...]], ...] = (
    (
        "section_publishing",
        (
            Part("publish", "choice", tuple(mode.value for mode in PublishMode)),
            Part("learned_threshold", "decimal"),
            Part("registered_only", "flag"),
            Part("close_after_days", "maybe"),
        ),
    ),
    (
        "section_form",
        (
            Part("challenge", "choice", GATES),
            Part("language", "choice", LANGUAGES),
            Part("time_zone", "text"),
            Part("title_required", "flag"),
            Part("phone_required", "flag"),
            Part("limit_comments", "text"),
            Part("surge_factor", "number"),
            Part("surge_floor", "number"),
            Part("name_length", "number"),
            Part("title_length", "number"),
            Part("body_minimum", "number"),
            Part("body_length", "number"),
        ),
    ),
    (
        "section_consent",
        (
            Part("consent_text", "long"),
            Part("consent_version", "text"),
            Part("phone_days", "number"),
            Part("address_days", "number"),
        ),
    ),
    (
        "section_review",
        (
            Part("review_hours", "number"),
            Part("review_from", "number"),
            Part("review_to", "number"),
            Part("review_days", "text"),
            Part("review_holidays", "text"),
        ),
    ),
)
ELSEWHERE = frozenset({"actions", "thresholds", "strings"})
"""Parts of a policy with a form of their own; a test holds the three together with all that a policy has."""
SEVERITIES = ("1", "2", "3", "4")


class NotANumber(Exception):
    """A field that must be a number is none; the text is its name."""


@sites.get("")
def listed(wrong: str = "", status: int = 200) -> Response:
    """List the sites, and a form for another."""
    with context.runtime().database.reading() as session:
        found = [site for site in websites.every(session) if auth.viewer().sees(site.key)]
    return _page("desk/sites.html", status, sites=found, wrong=wrong, everywhere=auth.viewer().sites is None)


@sites.post("")
def add() -> Response:
    """Add a site with the policy of a newcomer."""
    fields = payload.read()
    if auth.viewer().sites is not None:
        raise Problem("forbidden")
    try:
        with context.runtime().database.writing() as session:
            made = websites.add(
                session,
                key=payload.text_of(fields, "key").strip(),
                name=payload.text_of(fields, "name"),
                origins=payload.text_of(fields, "origins").split(),
                changes={},
                now=context.now(),
                by=auth.viewer().actor,
            )
    except BadSite as error:
        return listed(_said(error), 422)
    return frame.onward("desk.sites.one", key=made.key, done="site_added")


@sites.get("/<key>")
def one(key: str, wrong: str = "", status: int = 200) -> Response:
    """Show a site's policy."""
    site = _site(key)
    return _page(
        "desk/site.html",
        status,
        site=site,
        policy=site.policy,
        sections=SECTIONS,
        categories=list(Category),
        outcomes=list(Outcome),
        severities=SEVERITIES,
        wrong=wrong,
    )


@sites.post("/<key>")
def change(key: str) -> Response:
    """Change the policy, the name and the origins."""
    fields = payload.read()
    try:
        changes = {part.name: _read(part, fields) for _, parts in SECTIONS for part in parts}
    except NotANumber as error:
        name = _words()[f"f_{error}"]
        return one(key, _words()["wrong_number"].replace("{name}", name), 422)
    return _changed(
        key,
        fields,
        changes,
        name=payload.text_of(fields, "name"),
        origins=payload.text_of(fields, "origins").split(),
    )


@sites.post("/<key>/categories")
def categorise(key: str) -> Response:
    """Change what categories lead to."""
    fields = payload.read()
    actions = {one.value: payload.text_of(fields, f"action_{one.value}") for one in Category}
    thresholds = {one.value: payload.text_of(fields, f"threshold_{one.value}") for one in Category}
    changes = {
        "actions": {name: outcome for name, outcome in actions.items() if outcome},
        "thresholds": {name: int(value) for name, value in thresholds.items() if value in SEVERITIES},
    }
    return _changed(key, fields, changes)


@sites.get("/<key>/words")
def spoken(key: str) -> Response:
    """List the words of the form, ours and the site's."""
    site = _site(key)
    ours = form_words.of(None, site.policy.language)
    return _page("desk/site_words.html", site=site, ours=ours, own=site.policy.strings, keys=sorted(form_words.KEYS))


@sites.post("/<key>/words")
def speak(key: str) -> Response:
    """Say one thing otherwise, or as we do where nothing is written."""
    fields = payload.read()
    word, text = payload.text_of(fields, "word"), payload.text_of(fields, "text").strip()
    if word not in form_words.KEYS:
        raise Problem("not-found")
    strings = {name: said for name, said in _site(key).policy.strings.items() if name != word}
    if text:
        strings[word] = text
    return _changed(key, fields, {"strings": strings}, to="desk.sites.spoken")


@sites.get("/<key>/articles")
def articles_of(key: str, wrong: str = "", status: int = 200) -> Response:
    """List the newest articles of a site."""
    site, now = _site(key), context.now()
    with context.runtime().database.reading() as session:
        found = [article for _, article in articles.listed(session, site, 200)]
    closed = {one.id for one in found if articles.is_closed(site, one.closed_at, one.opened_at, now=now)}
    return _page("desk/articles.html", status, site=site, articles=found, closed=closed, wrong=wrong)


@sites.post("/<key>/articles")
def change_article(key: str) -> Response:
    """Open, close or register an article; its id may be an address, so it is a field and no part of the path."""
    fields, site, by, now = payload.read(), _site(key), auth.viewer().actor, context.now()
    article, act = payload.text_of(fields, "article").strip(), payload.text_of(fields, "act")
    try:
        with context.runtime().database.writing() as session:
            if act == "close":
                articles.close(session, site, article, now=now, by=by)
            elif act == "open":
                articles.reopen(session, site, article, now=now, by=by)
            elif act == "register":
                title, url = payload.text_of(fields, "title").strip(), payload.text_of(fields, "url").strip()
                articles.register(session, site, article, title=title or None, url=url or None, now=now, by=by)
            else:
                raise Problem("malformed")
    except BadSite as error:
        return articles_of(key, _said(error), 422)
    except UnknownArticle as error:
        raise Problem("not-found") from error
    return frame.onward("desk.sites.articles_of", key=key, done="article_saved")


def _changed(
    key: str,
    fields: Mapping[str, Any],
    changes: Mapping[str, Any],
    *,
    name: str | None = None,
    origins: list[str] | None = None,
    to: str = "desk.sites.one",
) -> Response:
    _site(key)
    version = payload.text_of(fields, "version")
    try:
        with context.runtime().database.writing() as session:
            websites.change(
                session,
                key,
                name=name,
                origins=origins,
                changes=changes,
                now=context.now(),
                by=auth.viewer().actor,
                version=int(version) if version.isascii() and version.isdigit() else 0,
            )
    except BadSite as error:
        return one(key, _said(error), 422)
    except SiteChanged:
        return one(key, _words()["changed_meanwhile"], 409)
    return frame.onward(to, key=key, done="site_saved")


def _read(part: Part, fields: Mapping[str, Any]) -> Any:
    text = payload.text_of(fields, part.name).strip()
    if part.kind == "flag":
        return text == "1"
    if part.kind == "maybe" and text in {"", "0"}:
        return None
    if part.kind in {"number", "maybe"}:
        if not (text.isascii() and text.isdigit() and len(text) <= 6):
            raise NotANumber(part.name)
        return int(text)
    if part.kind == "decimal":
        try:
            return float(text.replace(",", "."))
        except ValueError as error:
            raise NotANumber(part.name) from error
    return text


def _site(key: str) -> KnownSite:
    try:
        with context.runtime().database.reading() as session:
            site = websites.find(session, key)
    except UnknownSite as error:
        raise Problem("not-found") from error
    if not auth.viewer().sees(key):
        raise Problem("not-found")
    return site


def _said(error: BadSite) -> str:
    said = str(error)
    if context.language() == "vi":
        said = "; ".join(SITE_RULES.get(rule, rule) for rule in said.split("; "))
    return _words()["wrong_site"].replace("{said}", said.rstrip("."))


def _words() -> dict[str, str]:
    return words.spoken(SITES, context.language())


def _page(template: str, status: int = 200, **shown: Any) -> Response:
    return frame.page(template, status, said=_words(), **shown)


def shown_parts() -> set[str]:
    """Return the names of all parts of a policy that have a place on these pages."""
    return {part.name for _, parts in SECTIONS for part in parts} | ELSEWHERE
