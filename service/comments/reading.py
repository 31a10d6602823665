"""What readers are shown: the approved comments of an article, their number, the newest of them."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from service.models import Article, Comment
from service.sites import KnownSite


@dataclass(frozen=True, slots=True)
class Published:
    """An approved comment as readers see it."""

    id: uuid.UUID
    name: str
    title: str
    body: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Page:
    """Some approved comments, newest first; `next` is the cursor of the following page."""

    comments: list[Published]
    next: uuid.UUID | None


@dataclass(frozen=True, slots=True)
class Standing:
    """What changes when the list of an article changes, and the article's state."""

    article_id: int
    approved: int
    version: int
    title: str
    url: str
    closed_at: datetime | None
    opened_at: datetime


def standing(session: Session, site: KnownSite, key: str) -> Standing | None:
    """Return the article's state, or None while nobody commented on it."""
    row = session.execute(
        select(
            Article.id,
            Article.approved,
            Article.version,
            Article.title,
            Article.url,
            Article.closed_at,
            Article.opened_at,
        ).where(Article.site_id == site.id, Article.key == key)
    ).first()
    return Standing(*row) if row is not None else None


def published(session: Session, article_id: int, *, limit: int, before: uuid.UUID | None = None) -> Page:
    """Return approved comments of an article older than `before`, newest first, a page at a time."""
    query = (
        select(Comment.id, Comment.name, Comment.title, Comment.body, Comment.created_at, Comment.shown)
        .where(Comment.article_id == article_id, Comment.status == "approved")
        .order_by(Comment.id.desc())
        .limit(limit + 1)
    )
    if before is not None:
        query = query.where(Comment.id < before)
    rows = session.execute(query).all()
    comments = [_shown(*row) for row in rows[:limit]]
    return Page(comments, comments[-1].id if len(rows) > limit else None)


def latest(session: Session, site: KnownSite, key: str | None, *, limit: int) -> list[tuple[Published, str, str, str]]:
    """Return the newest approved comments of a site or article, with article key, title and address."""
    query = (
        select(
            Comment.id,
            Comment.name,
            Comment.title,
            Comment.body,
            Comment.created_at,
            Comment.shown,
            Article.key,
            Article.title,
            Article.url,
        )
        .join(Article, Article.id == Comment.article_id)
        .where(Comment.site_id == site.id, Comment.status == "approved")
        .order_by(Comment.id.desc())
        .limit(limit)
    )
    if key is not None:
        query = query.where(Article.key == key)
    return [(_shown(*row[:6]), row[6], row[7], row[8]) for row in session.execute(query)]


def counts(session: Session, site: KnownSite, keys: Sequence[str]) -> tuple[list[int], dict[str, int]]:
    """Return the articles' row numbers, and how many approved comments each key has, 0 for an unknown one."""
    query = select(Article.id, Article.key, Article.approved).where(Article.site_id == site.id, Article.key.in_(keys))
    rows = session.execute(query).all()
    return [row[0] for row in rows], {**dict.fromkeys(keys, 0), **{row[1]: row[2] for row in rows}}


def _shown(
    comment_id: uuid.UUID,
    name: str,
    title: str,
    body: str,
    created_at: datetime,
    shown: dict[str, Any] | None,
) -> Published:
    text = shown or {"name": name, "title": title, "body": body}
    return Published(comment_id, text["name"], text["title"], text["body"], created_at)
