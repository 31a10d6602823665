"""Articles: known by the first comment or by the command line, open or closed; no comment is touched here."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import Row, bindparam, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from service import events
from service.events import OPERATOR
from service.models import Article
from service.sites import BadSite, KnownSite, origin

KEY_LENGTH = 512
TITLE_LENGTH = 300
URL_LENGTH = 2000


class UnknownArticle(Exception):
    """The site has no such article."""


class ArticleClosed(Exception):
    """Comments on the article are closed, by hand or by its age."""


class ArticleNotRegistered(Exception):
    """The site takes comments on registered articles alone."""


@dataclass(frozen=True, slots=True)
class KnownArticle:
    """An article as the other rooms see it."""

    id: int
    key: str
    title: str
    url: str
    closed_at: datetime | None
    opened_at: datetime
    approved: int
    version: int


def find(session: Session, site: KnownSite, key: str) -> KnownArticle:
    """Return the article; raise `UnknownArticle` when nobody commented on it or registered it."""
    row = session.scalar(select(Article).where(Article.site_id == site.id, Article.key == key))
    if row is None:
        raise UnknownArticle
    return _known(row)


def listed(session: Session, site: KnownSite | None, limit: int = 100) -> list[tuple[str, KnownArticle]]:
    """Return the newest articles with their sites' keys."""
    query = select(Article).order_by(Article.id.desc()).limit(limit)
    if site is not None:
        query = query.where(Article.site_id == site.id)
    return [(row.site.key, _known(row)) for row in session.scalars(query)]


@dataclass(frozen=True, slots=True)
class Openness:
    """What says whether an article takes comments."""

    closed_at: datetime | None
    opened_at: datetime
    registered: bool


def openness(session: Session, site: KnownSite, key: str) -> Openness | None:
    """Return what says whether the article takes comments, or None for one that is new."""
    row = session.execute(_OPENNESS, {"site": site.id, "key": key}).first()
    return _openness(row)


def demand_open(site: KnownSite, known: Openness | None, *, now: datetime) -> None:
    """Raise `ArticleClosed` or `ArticleNotRegistered`; None stands for a new article."""
    if known is not None and is_closed(site, known.closed_at, known.opened_at, now=now):
        raise ArticleClosed
    if site.policy.registered_only and (known is None or not known.registered):
        raise ArticleNotRegistered


def open_for_comments(session: Session, site: KnownSite, key: str, *, now: datetime) -> KnownArticle | None:
    """Return the article, or None for one that is new; raise `ArticleClosed` or `ArticleNotRegistered`."""
    row = session.connection().execute(_OPENNESS, {"site": site.id, "key": key}).first()
    demand_open(site, _openness(row), now=now)
    return None if row is None else _known(row)


# Asked for each comment that is accepted: written once, for what it takes, and past the object mapper.
_ARTICLES = Article.__table__.c
_OPENNESS = select(
    *(_ARTICLES.id, _ARTICLES.key, _ARTICLES.title, _ARTICLES.url, _ARTICLES.closed_at, _ARTICLES.opened_at),
    *(_ARTICLES.approved, _ARTICLES.version, _ARTICLES.registered),
).where(_ARTICLES.site_id == bindparam("site"), _ARTICLES.key == bindparam("key"))


def is_closed(site: KnownSite, closed_at: datetime | None, opened_at: datetime, *, now: datetime) -> bool:
    """Say whether comments are closed now, by hand or because the article is older than the site allows."""
    days = site.policy.close_after_days
    return (closed_at is not None and closed_at <= now) or (
        days is not None and opened_at + timedelta(days=days) <= now
    )


def ensure(session: Session, site: KnownSite, key: str, *, title: str, url: str, now: datetime) -> int:
    """Return the article's row number, making the row for the first comment.

    Title and address come from a submission only while the article has no address, and only when that
    address lies within the site's origins: anything else is a stranger's word.
    """
    query = select(Article).where(Article.site_id == site.id, Article.key == key)
    row = session.scalar(query)
    if row is None:
        row = Article(site_id=site.id, key=key, opened_at=now)
        try:
            with session.begin_nested():
                session.add(row)
        except IntegrityError:
            # Another reader was first by a moment.
            row = session.scalars(query).one()
    if not row.url and not row.title and lies_within(site, url):
        row.url, row.title = url[:URL_LENGTH], title[:TITLE_LENGTH]
    return row.id


def register(
    session: Session,
    site: KnownSite,
    key: str,
    *,
    title: str | None,
    url: str | None,
    now: datetime,
    by: str = OPERATOR,
) -> KnownArticle:
    """Register an article, with a title and address that a person of the site vouches for."""
    if not 1 <= len(key) <= KEY_LENGTH:
        raise BadSite("An article's id has 1 to 512 characters.")
    row = session.get(Article, ensure(session, site, key, title="", url="", now=now), with_for_update=True)
    if row is None:
        raise UnknownArticle
    row.registered = True
    row.title = title[:TITLE_LENGTH] if title is not None else row.title
    row.url = url[:URL_LENGTH] if url is not None else row.url
    session.flush()
    _note(session, site, key, "register", by, now)
    return _known(row)


def close(session: Session, site: KnownSite, key: str, *, now: datetime, by: str = OPERATOR) -> KnownArticle:
    """Close an article for new comments, whether or not anybody commented yet."""
    row = session.get(Article, ensure(session, site, key, title="", url="", now=now), with_for_update=True)
    if row is None:
        raise UnknownArticle
    row.closed_at = row.closed_at or now
    session.flush()
    _note(session, site, key, "close", by, now)
    return _known(row)


def reopen(session: Session, site: KnownSite, key: str, *, now: datetime, by: str = OPERATOR) -> KnownArticle:
    """Open an article again; its age counts from now."""
    row = session.scalar(select(Article).where(Article.site_id == site.id, Article.key == key).with_for_update())
    if row is None:
        raise UnknownArticle
    row.closed_at, row.opened_at = None, now
    session.flush()
    _note(session, site, key, "open", by, now)
    return _known(row)


def lies_within(site: KnownSite, url: str) -> bool:
    """Say whether the address is a page of one of the site's origins."""
    if len(url) > URL_LENGTH or not url.isprintable():
        return False
    try:
        parts = urlsplit(url)
        return "@" not in parts.netloc and origin(f"{parts.scheme}://{parts.netloc}") in site.origins
    except (BadSite, ValueError):
        return False


def _note(session: Session, site: KnownSite, key: str, act: str, by: str, now: datetime) -> None:
    events.note(session, actor=by, noun="article", subject=key, act=act, now=now, site_id=site.id)


def _openness(row: Row[*tuple[Any, ...]] | None) -> Openness | None:
    return None if row is None else Openness(row.closed_at, row.opened_at, row.registered)


def _known(row: Article | Row[*tuple[Any, ...]]) -> KnownArticle:
    return KnownArticle(row.id, row.key, row.title, row.url, row.closed_at, row.opened_at, row.approved, row.version)
