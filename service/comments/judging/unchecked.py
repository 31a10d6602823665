"""Comments that could not be checked: held after so many attempts, and tried again when an operator says so."""

import uuid
from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from service.comments import state
from service.comments.judging.claims import due
from service.comments.judging.verdicts import priority, stored
from service.models import Comment
from service.moderation.vocabulary import Finding, Message

UNCHECKED = ",unchecked,"
"""Stands for every check that did not run among a comment's categories."""
RISK = 0.5
"""Nobody knows how bad such a comment is."""

COULD_NOT_BE_CHECKED = Finding(
    check="engine",
    category=None,
    severity=0,
    spans=(),
    message=Message(
        vi="Không kiểm tra được bình luận này sau nhiều lần thử; xin đọc và quyết định.",
        en="This comment could not be checked after several attempts; please read and decide.",
    ),
    entry="attempts",
    ran=False,
)


def give_up(session: Session, *, attempts: int, lease: timedelta, now: datetime) -> int:
    """Hold what could not be checked in so many attempts; return how many those were."""
    query = due(lease).where(Comment.attempts >= attempts).limit(50).with_for_update(skip_locked=True)
    return len(state.take(session, [_held(row) for row in session.scalars(query)], now=now))


def not_checked(
    session: Session, *, limit: int = 1000, after: uuid.UUID | None = None, only: uuid.UUID | None = None
) -> list[Comment]:
    """Return the held comments that no worker could check, oldest first."""
    query = select(Comment).where(Comment.status == "held", Comment.categories.contains(UNCHECKED))
    if after is not None:
        query = query.where(Comment.id > after)
    if only is not None:
        query = query.where(Comment.id == only)
    return list(session.scalars(query.order_by(Comment.id).limit(limit)))


def replay(session: Session, rows: Iterable[Comment], *, now: datetime) -> int:
    """Let the workers try these comments again from the start; return how many were still held unchecked."""
    steps = [
        state.step(
            row,
            "pending",
            actor="operator",
            act="replay",
            changes={"attempts": 0, "findings": [], "categories": "", "checks": "", "risk": 0.0},
        )
        for row in rows
        if row.status == "held" and UNCHECKED in row.categories
    ]
    return len(state.take(session, steps, now=now))


def _held(row: Comment) -> state.Step:
    findings = [stored(COULD_NOT_BE_CHECKED)]
    return state.step(
        row,
        "held",
        actor="engine",
        act="hold",
        detail={"findings": findings, "attempts": row.attempts},
        changes={
            "findings": findings,
            "categories": UNCHECKED,
            "checks": ",engine,",
            "risk": RISK,
            "priority": priority(row.created_at, RISK),
        },
    )
