"""Pending rows are taken under a lease: which of them are due, and what a worker carries away of one."""

import secrets
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, exists, func, or_, select, update
from sqlalchemy.orm import Session

from service.db import database_time
from service.models import Comment


@dataclass(frozen=True, slots=True)
class Claimed:
    """A pending comment under this worker's lease: columns of its row."""

    id: uuid.UUID
    site_id: int
    article_id: int
    version: int
    created_at: datetime
    name: str
    title: str
    body: str
    sender: bytes | None
    phone_key: bytes | None
    gate: dict[str, Any]
    attempts: int
    lease_token: str


_CARRIED: list[Any] = [getattr(Comment, one.name) for one in fields(Claimed)]


def is_due(session: Session, *, lease: timedelta) -> bool:
    """Say whether a pending row waits for a worker that no lease keeps from it."""
    return bool(session.scalar(select(exists(due(lease).with_only_columns(Comment.id)))))


def backlog(session: Session, *, up_to: int) -> int:
    """Return how many comments are pending, and never count further than one more than asked."""
    some = select(Comment.id).where(Comment.status == "pending").limit(up_to + 1).subquery()
    return session.scalar(select(func.count()).select_from(some)) or 0


def claim(session: Session, *, batch: int, lease: timedelta, attempts: int, late_first: bool = False) -> list[Claimed]:
    """Take fresh rows in a batch, or else one row whose lease ran out, so that a killer takes no neighbour along.

    With `late_first` the other way round: a worker takes turns, so that a stream of fresh rows cannot keep a late
    one waiting for ever.
    """
    token = secrets.token_hex(16)
    fresh = due(lease).where(Comment.attempts == 0).order_by(Comment.id).limit(batch)
    late = due(lease).where(Comment.attempts > 0, Comment.attempts < attempts).order_by(Comment.id).limit(1)
    first, second = (late, fresh) if late_first else (fresh, late)
    return _take(session, first, token, lease) or _take(session, second, token, lease)


def give_back(session: Session, claimed: Sequence[Claimed]) -> None:
    """Let go of rows that this worker did not come to look at: they are fresh again, as if nobody had taken them."""
    if claimed:
        session.execute(
            update(Comment)
            .where(
                Comment.id.in_([one.id for one in claimed]),
                Comment.status == "pending",
                Comment.lease_token == claimed[0].lease_token,
            )
            .values(lease_token=None, lease_until=None, attempts=Comment.attempts - 1)
            .execution_options(synchronize_session=False)
        )


def due(lease: timedelta) -> Select[Comment]:
    """Return the pending rows that no lease keeps from a worker.

    A lease that runs for longer than leases do was written before the database's clock was set back.
    """
    return select(Comment).where(
        Comment.status == "pending",
        or_(
            Comment.lease_until.is_(None),
            Comment.lease_until < database_time(),
            Comment.lease_until > database_time(2 * lease),
        ),
    )


def _take(session: Session, which: Select[Comment], token: str, lease: timedelta) -> list[Claimed]:
    ids = which.with_only_columns(Comment.id).with_for_update(skip_locked=True).scalar_subquery()
    rows = session.execute(
        update(Comment)
        .where(Comment.id.in_(ids))
        .values(lease_token=token, lease_until=database_time(lease), attempts=Comment.attempts + 1)
        .returning(*_CARRIED)
        .execution_options(synchronize_session=False)
    )
    return sorted((Claimed(*row) for row in rows), key=lambda one: one.id)
