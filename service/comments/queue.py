"""What moderators see: the queue in its stored order, and one comment with all that is known about it."""

import base64
import binascii
import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Select, func, or_, select, tuple_
from sqlalchemy.orm import Session, joinedload

from service.comments import reporting, search
from service.comments.deciding import visible
from service.comments.judging import NEAR, SENDER_WITHIN
from service.models import Article, Comment, Decision, Fingerprint, Site
from service.moderation import distance, joined
from service.moderators import Viewer

Order = Literal["priority", "oldest", "newest"]
COUNTED_UP_TO = 10_000


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
    reported: bool = False
    order: Order = "priority"


@dataclass(frozen=True, slots=True)
class Page:
    """Comments in the order asked for; `total` stops at 10,001, since nobody reads that far."""

    comments: list[Comment]
    next: str | None
    total: int


@dataclass(frozen=True, slots=True)
class Card:
    """One comment, its history, its sender's last 30 days by address and phone, and what looks like it."""

    comment: Comment
    decisions: list[Decision]
    sender: dict[str, dict[str, int]]
    similar: list[Comment]


def page(session: Session, viewer: Viewer, wanted: Filter, *, limit: int, cursor: str | None) -> Page:
    """Return a page of the queue; raise `BadCursor`."""
    query = _narrowed(select(Comment), viewer, wanted)
    counted = _narrowed(select(Comment.id), viewer, wanted).limit(COUNTED_UP_TO + 1).subquery()
    total = session.scalar(select(func.count()).select_from(counted)) or 0
    rows = session.scalars(
        _ordered(query, wanted.order, cursor)
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
    return Card(row, list(decisions), sender, _similar(session, row))


def _narrowed(query: Select[Any], viewer: Viewer, wanted: Filter) -> Select[Any]:
    query = query.where(Comment.status == wanted.status)
    if viewer.sites is not None:
        query = query.where(Comment.site_id.in_(select(Site.id).where(Site.key.in_(viewer.sites))))
    if wanted.site:
        query = query.where(Comment.site_id.in_(select(Site.id).where(Site.key == wanted.site)))
    if wanted.article:
        query = query.where(Comment.article_id.in_(select(Article.id).where(Article.key == wanted.article)))
    if wanted.reason:
        query = query.where(Comment.categories.contains(f",{wanted.reason},", autoescape=True))
    if wanted.reported:
        query = query.where(reporting.complained_of())
    if wanted.text:
        query = query.where(search.matches(wanted.text))
    return query


def _ordered(query: Select[Comment], order: Order, cursor: str | None) -> Select[Comment]:
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


def _similar(session: Session, row: Comment) -> list[Comment]:
    own = session.get(Fingerprint, row.id)
    if own is None:
        return []
    candidates = session.scalars(
        select(Fingerprint)
        .where(
            or_(
                Fingerprint.exact == own.exact,
                Fingerprint.band_0 == own.band_0,
                Fingerprint.band_1 == own.band_1,
                Fingerprint.band_2 == own.band_2,
                Fingerprint.band_3 == own.band_3,
            ),
            Fingerprint.comment_id != row.id,
        )
        .order_by(Fingerprint.comment_id.desc())
        .limit(1000)
    )
    bands = joined((own.band_0, own.band_1, own.band_2, own.band_3))
    ids = [
        one.comment_id
        for one in candidates
        if one.exact == own.exact or distance(bands, joined((one.band_0, one.band_1, one.band_2, one.band_3))) <= NEAR
    ][:50]
    query = select(Comment).where(Comment.id.in_(ids), Comment.site_id == row.site_id).order_by(Comment.id.desc())
    return list(session.scalars(query)) if ids else []
