"""Readers complain about a comment that is shown; what a moderator makes of it is `deciding`'s.

A complaint is open until a person decides on its comment, be it to leave it as it is; one that took the comment
away and was undone does not count. Nothing is stored for that: the history says it.
"""

import uuid
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session, aliased

from service.comments.deciding import UnknownComment
from service.ids import new_id
from service.models import Comment, Decision, Report


@dataclass(frozen=True, slots=True)
class Complaint:
    """What one reader said, and whether it waits for a person."""

    reason: str
    text: str
    created_at: datetime
    open: bool


@dataclass(frozen=True, slots=True)
class Count:
    """How many readers complained about a comment, and how many of these complaints wait."""

    all: int = 0
    open: int = 0


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


def counted(session: Session, comment_ids: list[uuid.UUID]) -> dict[uuid.UUID, Count]:
    """Return how many readers complained about each; who is not in it has no complaints."""
    if not comment_ids:
        return {}
    query = (
        select(Report.comment_id, func.count(), func.count().filter(_waits()))
        .where(Report.comment_id.in_(comment_ids))
        .group_by(Report.comment_id)
    )
    return {comment_id: Count(every, still) for comment_id, every, still in session.execute(query)}


def complaints(session: Session, comment_id: uuid.UUID) -> list[Complaint]:
    """Return what readers said about a comment, oldest first."""
    query = (
        select(Report.reason, Report.text, Report.created_at, _waits())
        .where(Report.comment_id == comment_id)
        .order_by(Report.id)
    )
    return [Complaint(reason, text, at, bool(still)) for reason, text, at, still in session.execute(query)]


def complained_of() -> ColumnElement[bool]:
    """Return the condition that readers complained about a comment and nobody answered yet."""
    return Comment.id.in_(select(Report.comment_id).where(_waits()))


def _waits() -> ColumnElement[bool]:
    undoing = aliased(Decision)
    undone = select(undoing.id).where(undoing.comment_id == Decision.comment_id, undoing.undoes == Decision.id)
    answered = select(Decision.id).where(
        Decision.comment_id == Report.comment_id,
        Decision.at >= Report.created_at,
        Decision.act.not_in(("undo", "note")),
        ~undone.exists(),
    )
    return ~answered.exists()
