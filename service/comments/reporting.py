"""Readers complain about a comment that is shown; what a moderator makes of it is `deciding`'s."""

import uuid
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from service.comments.deciding import UnknownComment
from service.ids import new_id
from service.models import Comment, Report


def report(session: Session, comment_id: uuid.UUID, *, reason: str, text: str, sender: bytes, now: datetime) -> int:
    """Store the complaint once for each sender and return the site's row number; raise `UnknownComment`."""
    site_id = session.scalar(select(Comment.site_id).where(Comment.id == comment_id, Comment.status == "approved"))
    if site_id is None:
        raise UnknownComment
    twice = select(Report.id).where(Report.comment_id == comment_id, Report.sender == sender)
    if session.scalar(twice) is None:
        session.add(
            Report(id=new_id(now), comment_id=comment_id, reason=reason, text=text, sender=sender, created_at=now)
        )
    return site_id


def counted(session: Session, comment_ids: list[uuid.UUID]) -> dict[uuid.UUID, int]:
    """Return how many readers complained about each."""
    query = (
        select(Report.comment_id, func.count()).where(Report.comment_id.in_(comment_ids)).group_by(Report.comment_id)
    )
    return dict(session.execute(query).all()) if comment_ids else {}
