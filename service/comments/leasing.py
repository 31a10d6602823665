"""Who is looking at what: a lease while a comment is open on somebody's screen. Deciding needs none, and ends it."""

import uuid
from datetime import datetime, timedelta

from sqlalchemy import or_, update
from sqlalchemy.orm import Session

from service.comments.deciding import visible
from service.models import Comment
from service.moderators import Viewer

LEASE = timedelta(minutes=5)


class BeingRead(Exception):
    """Another person has the comment open."""

    def __init__(self, by: str, until: datetime) -> None:
        super().__init__(by)
        self.by, self.until = by, until


def lease(session: Session, viewer: Viewer, comment_id: uuid.UUID, *, now: datetime) -> datetime:
    """Note that the viewer has the comment open, for five minutes; raise `UnknownComment` or `BeingRead`."""
    row = visible(session, viewer, comment_id)
    until = now + LEASE
    free = or_(Comment.reviewer.is_(None), Comment.reviewer == viewer.actor, Comment.reviewer_until <= now)
    result = session.execute(
        update(Comment)
        .where(Comment.id == row.id, free)
        .values(reviewer=viewer.actor, reviewer_until=until)
        .execution_options(synchronize_session=False)
    )
    if result.rowcount != 1:  # type: ignore[attr-defined]
        session.refresh(row)
        raise BeingRead(row.reviewer or "", row.reviewer_until or now)
    return until


def release(session: Session, viewer: Viewer, comment_id: uuid.UUID) -> None:
    """Note that the viewer closed the comment; nothing happens where it is another's."""
    row = visible(session, viewer, comment_id)
    session.execute(
        update(Comment)
        .where(Comment.id == row.id, Comment.reviewer == viewer.actor)
        .values(reviewer=None, reviewer_until=None)
        .execution_options(synchronize_session=False)
    )


def reader(row: Comment, *, now: datetime) -> str | None:
    """Return who has the comment open, None when nobody does."""
    free = row.reviewer is None or row.reviewer_until is None or row.reviewer_until <= now
    return None if free else row.reviewer
