"""What moderators see: the queue in its stored order, and one comment with all that is known about it."""

import base64
import binascii
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Select, func, literal, select, tuple_
from sqlalchemy.orm import Session, joinedload

from service.comments import likeness, reporting, search
from service.comments.deciding import visible
from service.comments.judging import SENDER_WITHIN
from service.ids import lowest_id
from service.models import Article, Comment, Decision, Site
from service.moderators import Viewer

Order = Literal["priority", "oldest", "newest"]
COUNTED_UP_TO = 10_000
FOUND_UP_TO = 1_000
"""What a search finds is counted up to here: who sees a thousand finds adds a word."""
SIMILAR = 50
"""How many of those that look like a comment are shown."""


class BadCursor(Exception):
    """The cursor is not one that this list gave."""


@dataclass(frozen=True, slots=True)
class Filter:
    """Which comments; an empty part does not narrow."""

    status: str = "held"
    site: str | None = None
    article: str | None = None
    reason: str | None = None
    text: str | None = None
    check: str | None = None
    reported: bool = False
    escalated: bool | None = None
    before: datetime | None = None
    """Those that arrived earlier than this."""
    order: Order = "priority"

    @property
    def sorted_by(self) -> Order:
        """Return the order that there is: only what waits for a person is urgent, and what is decided is news."""
        if self.order != "priority" or self.status == "held":
            return self.order
        return "oldest" if self.status == "pending" else "newest"


@dataclass(frozen=True, slots=True)
class Page:
    """Comments in the order asked for; `total` stops at 10,001, since nobody reads that far."""

    comments: list[Comment]
    next: str | None
    total: int


@dataclass(frozen=True, slots=True)
class Counts:
    """What waits for a person beside the held ones, by kind; each stops at 10,001."""

    escalated: int
    reported: int
    pending: int


@dataclass(frozen=True, slots=True)
class Card:
    """One comment, its history, its sender's last 30 days by address and phone, and what looks like it."""

    comment: Comment
    decisions: list[Decision]
    sender: dict[str, dict[str, int]]
    similar: list[Comment]
    cluster: list[likeness.Alike]
    """All that look like it, of which `similar` are the newest."""


def page(
    session: Session, viewer: Viewer, wanted: Filter, *, limit: int, cursor: str | None, count: bool = True
) -> Page:
    """Return a page of the queue, without its total where nobody wants to know; raise `BadCursor`."""
    query = _narrowed(session, select(Comment), viewer, wanted)
    total = _total(session, query.with_only_columns(Comment.id), wanted) if count else 0
    rows = session.scalars(
        _ordered(query, wanted.sorted_by, cursor)
        .limit(limit + 1)
        .options(joinedload(Comment.article), joinedload(Comment.site))
    ).all()
    following = _cursor(rows[limit - 1]) if len(rows) > limit else None
    return Page(list(rows[:limit]), following, total)


def card(session: Session, viewer: Viewer, comment_id: uuid.UUID, *, now: datetime) -> Card:
    """Return all that is known about a comment; raise `UnknownComment`."""
    row = visible(session, viewer, comment_id)
    decisions = session.scalars(select(Decision).where(Decision.comment_id == row.id).order_by(Decision.version))
    sender = {
        "address": _history(session, row, Comment.sender, row.sender, now),
        "phone": _history(session, row, Comment.phone_key, row.phone_key, now),
    }
    cluster = likeness.cluster(session, row)
    newest = [one.id for one in cluster[:SIMILAR]]
    similar = session.scalars(
        select(Comment)
        .where(Comment.id.in_(newest))
        .order_by(Comment.id.desc())
        .options(joinedload(Comment.article), joinedload(Comment.site))
    )
    return Card(row, list(decisions), sender, list(similar) if newest else [], cluster)


def counts(session: Session, viewer: Viewer) -> Counts:
    """Return how much waits, each number from an index that holds nothing else."""
    return Counts(
        escalated=_counted(session, viewer, Filter(status="held", escalated=True)),
        reported=_counted(session, viewer, Filter(status="approved", reported=True)),
        pending=_counted(session, viewer, Filter(status="pending")),
    )


def after(session: Session, viewer: Viewer, wanted: Filter, row: Comment) -> uuid.UUID | None:
    """Return which comment of the list follows this one, whether or not this one still belongs to it."""
    query = _ordered(_narrowed(session, select(Comment.id), viewer, wanted), wanted.sorted_by, _cursor(row))
    found: uuid.UUID | None = session.scalar(query.where(Comment.id != row.id).limit(1))
    return found


def _counted(session: Session, viewer: Viewer, wanted: Filter) -> int:
    return _total(session, _narrowed(session, select(Comment.id), viewer, wanted), wanted)


def _total(session: Session, narrowed: Select[Any], wanted: Filter) -> int:
    most = FOUND_UP_TO if wanted.text else COUNTED_UP_TO
    return session.scalar(select(func.count()).select_from(narrowed.limit(most + 1).subquery())) or 0


def _narrowed(session: Session, query: Select[Any], viewer: Viewer, wanted: Filter) -> Select[Any]:
    query = query.where(Comment.status == literal(wanted.status, literal_execute=True))
    # Numbers and no subqueries: a planner does not know how few these find, and walks the list of all sites instead.
    if viewer.sites is not None or wanted.site:
        query = query.where(Comment.site_id.in_(_sites(session, viewer, wanted)))
    if wanted.article:
        articles = select(Article.id).where(Article.key == wanted.article)
        query = query.where(Comment.article_id.in_(session.scalars(articles).all()))
    if wanted.reason:
        query = query.where(Comment.categories.contains(f",{wanted.reason},", autoescape=True))
    if wanted.check:
        query = query.where(Comment.checks.contains(f",{wanted.check},", autoescape=True))
    if wanted.escalated is not None:
        query = query.where(Comment.escalated if wanted.escalated else ~Comment.escalated)
    if wanted.before is not None:
        query = query.where(Comment.id < lowest_id(wanted.before))
    if wanted.reported:
        query = query.where(reporting.complained_of())
    if wanted.text:
        query = query.where(search.matches(session, wanted.text, status=wanted.status))
    return query


def _sites(session: Session, viewer: Viewer, wanted: Filter) -> Sequence[int]:
    query = select(Site.id)
    if viewer.sites is not None:
        query = query.where(Site.key.in_(viewer.sites))
    if wanted.site:
        query = query.where(Site.key == wanted.site)
    return session.scalars(query).all()


def _ordered(query: Select[Any], order: Order, cursor: str | None) -> Select[Any]:
    at = _position(cursor) if cursor else None
    if order == "priority":
        query = query.order_by(Comment.priority, Comment.id)
        return query.where(tuple_(Comment.priority, Comment.id) > tuple_(*at)) if at else query
    if order == "oldest":
        query = query.order_by(Comment.id)
        return query.where(Comment.id > at[1]) if at else query
    query = query.order_by(Comment.id.desc())
    return query.where(Comment.id < at[1]) if at else query


def _cursor(row: Comment) -> str:
    return base64.urlsafe_b64encode(f"{row.priority}.{row.id.hex}".encode()).decode()


def _position(cursor: str) -> tuple[int, uuid.UUID]:
    try:
        priority, _, identifier = base64.b64decode(cursor, altchars=b"-_", validate=True).decode("ascii").partition(".")
        number = int(priority)
        position = uuid.UUID(identifier)
    except (ValueError, binascii.Error) as error:
        raise BadCursor from error
    if abs(number) >= 1 << 63:
        raise BadCursor
    return number, position


def _history(session: Session, row: Comment, column: Any, value: bytes | None, now: datetime) -> dict[str, int]:
    if value is None:
        return {}
    query = (
        select(Comment.status, func.count())
        .where(column == value, Comment.site_id == row.site_id, Comment.created_at > now - SENDER_WITHIN)
        .where(Comment.id != row.id)
        .group_by(Comment.status)
    )
    return dict(session.execute(query).all())
