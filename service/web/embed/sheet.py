"""The form and the list as a page shows them: read, worded, nothing decided; what is sent goes through `api`."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from flask import current_app
from limits import parse_many
from redis.exceptions import RedisError
from sqlalchemy.orm import Session

from service import articles, challenges
from service.challenges import Issued
from service.comments import reading
from service.comments.reading import Published
from service.metrics import vocabulary
from service.sites import KnownSite, SitePolicy
from service.web import context, limits

PAGE = 20
FIELDS = ("name", "phone", "title", "body", "consent")
"""What a reader types, and gets back with what is wrong in it."""


@dataclass(frozen=True, slots=True)
class Article:
    """The article that a form is for, as the page that embeds it names it."""

    key: str
    url: str = ""
    title: str = ""


@dataclass(frozen=True, slots=True)
class Sheet:
    """A form with its list. `errors` has a sentence for each wrong field, `notice` one for the whole form.

    `reported` is the comment that the reader has just complained of.
    """

    article: Article
    policy: SitePolicy
    closed: bool = False
    count: int = 0
    comments: tuple[Published, ...] = ()
    next: UUID | None = None
    cursor: UUID | None = None
    reported: UUID | None = None
    challenge: Issued | None = None
    token: str = ""
    idempotency_key: str = ""
    values: Mapping[str, str] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)
    notice: str = ""

    @property
    def first_wrong(self) -> str:
        """Return the field that wants the reader's attention first, '' when none does."""
        return next((name for name in (*FIELDS, "captcha") if name in self.errors), "")


def lay(session: Session, site: KnownSite, article: Article, *, cursor: UUID | None = None, **more: Any) -> Sheet:
    """Return the form with the article's approved comments; what is typed and wrong comes as `more`."""
    article = Article(article.key, article.url if articles.lies_within(site, article.url) else "", article.title[:300])
    standing = reading.standing(session, site, article.key)
    listed = reading.published(session, standing.article_id, limit=PAGE, before=cursor) if standing else None
    shut = closed(session, site, article.key)
    issued = None if shut else _challenge(site, article.key)
    return Sheet(
        article=article,
        policy=site.policy,
        closed=shut,
        count=standing.approved if standing else 0,
        comments=tuple(listed.comments) if listed else (),
        next=listed.next if listed else None,
        cursor=cursor,
        challenge=issued,
        # A form that is shown again was opened when it was first shown.
        token=more.pop("token", "") or (issued.token if issued else ""),
        idempotency_key=more.pop("idempotency_key", "") or secrets.token_urlsafe(16),
        **more,
    )


def closed(session: Session, site: KnownSite, key: str) -> bool:
    """Say whether the article takes no comments, because it is closed or because nobody registered it."""
    try:
        articles.open_for_comments(session, site, key, now=context.now())
    except (articles.ArticleClosed, articles.ArticleNotRegistered):
        return True
    return False


def _challenge(site: KnownSite, key: str) -> Issued | None:
    """Return a picture: it works without a script on every rung of the ladder; a script asks for its own."""
    if site.policy.challenge == "none" or not _within_limit(site):
        return None
    runtime = context.runtime()
    issued = challenges.issue(runtime.challenges, site=site.key, article=key, kind="image", now=context.now())
    runtime.tally.add(vocabulary.CHALLENGES, issued.kind, "issued")
    return issued if issued.has_image else None


def _within_limit(site: KnownSite) -> bool:
    """Count a picture like one asked for by script; past the limit the list is still to be read."""
    counter = current_app.extensions["duyet-limiter"].limiter
    settings = context.runtime().settings
    asked = parse_many(settings.limit_crowd if site.policy.challenge == "ladder" else settings.limit_challenges)
    try:
        return all(counter.hit(item, "embed", limits.by_address()) for item in asked)
    except RedisError:
        return True
