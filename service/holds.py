"""What the law keeps although it is erased: holds that people place, and the floor under every erasure.

An erased comment that is held leaves one sealed copy beside its hold, and nothing anywhere else; the copy goes when
the hold is lifted or its time is over. Not here: the erasing itself (`service.comments.receipts`).
"""

import json
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, or_, select, update
from sqlalchemy.orm import Session

from service import events
from service.models import Comment, Hold
from service.privacy import Unreadable, Vault

FLOOR = "retention floor"
"""The reason of a hold that nobody placed: RETENTION_FLOOR_DAYS."""


class UnknownHold(Exception):
    """There is no such hold, or it was lifted."""


class NotHeld(Exception):
    """There is no such comment to hold, it is erased already, or no reason was given."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What an installation keeps of what is erased, and under which keys."""

    vault: Vault
    floor: timedelta = timedelta()


@dataclass(frozen=True, slots=True)
class Kept:
    """Why a comment's copy is kept, and until when; None until somebody lifts the hold."""

    comment_id: uuid.UUID
    reason: str
    until: datetime | None


def standing(now: datetime) -> ColumnElement[bool]:
    """Return the condition that a hold holds at this moment."""
    return and_(Hold.lifted_at.is_(None), or_(Hold.until.is_(None), Hold.until > now))


def place(session: Session, comment_id: uuid.UUID, *, reason: str, actor: str, now: datetime) -> int:
    """Hold a comment that is not erased yet and return the hold's id; raise `NotHeld`."""
    row = session.get(Comment, comment_id)
    if row is None or row.status == "erased" or not reason.strip():
        raise NotHeld
    hold = Hold(comment_id=comment_id, reason=reason.strip(), created_by=actor, created_at=now)
    session.add(hold)
    session.flush()
    events.note(
        session,
        actor=actor,
        noun="hold",
        subject=str(comment_id),
        act="place",
        now=now,
        site_id=row.site_id,
        detail={"reason": hold.reason},
    )
    return hold.id


def lift(session: Session, hold_id: int, *, actor: str, now: datetime) -> None:
    """End a hold, and with the last one of a comment its sealed copy; raise `UnknownHold`."""
    hold = session.get(Hold, hold_id)
    if hold is None or hold.lifted_at is not None:
        raise UnknownHold
    hold.lifted_by, hold.lifted_at, hold.copy = actor, now, None
    events.note(session, actor=actor, noun="hold", subject=str(hold.comment_id), act="lift", now=now)


def keep(session: Session, row: Comment, terms: Terms, *, now: datetime) -> None:
    """Seal a copy of a comment that is about to be erased beside each hold of it, and one for the floor's time."""
    holds = list(session.scalars(select(Hold).where(Hold.comment_id == row.id, standing(now))))
    until = row.created_at + terms.floor
    if until > now:
        holds.append(Hold(comment_id=row.id, reason=FLOOR, created_by="service", created_at=now, until=until))
        session.add(holds[-1])
    for hold in holds:
        hold.copy = terms.vault.seal_copy(json.dumps(_content(row, terms.vault), ensure_ascii=False), row.id)
    session.flush()


def kept(session: Session, ids: Iterable[uuid.UUID], *, now: datetime) -> list[Kept]:
    """Return why and until when something of these comments is kept."""
    query = select(Hold.comment_id, Hold.reason, Hold.until).where(Hold.comment_id.in_(list(ids)), standing(now))
    return [Kept(*row) for row in session.execute(query.order_by(Hold.id))]


def copy_of(session: Session, comment_id: uuid.UUID, vault: Vault) -> dict[str, Any] | None:
    """Return what is kept of an erased comment, None when nothing is."""
    sealed = session.scalar(select(Hold.copy).where(Hold.comment_id == comment_id, Hold.copy.is_not(None)).limit(1))
    return None if sealed is None else dict(json.loads(vault.open_copy(sealed, comment_id)))


def forget_ended(session: Session, *, now: datetime) -> int:
    """Drop the copies whose time is over and return how many those were."""
    result: Any = session.execute(
        update(Hold)
        .where(Hold.until <= now, Hold.copy.is_not(None))
        .values(copy=None)
        .execution_options(synchronize_session=False)
    )
    return int(result.rowcount)


def listed(session: Session, *, now: datetime) -> list[Hold]:
    """Return the holds that people placed and nobody lifted, newest first."""
    query = select(Hold).where(standing(now), Hold.reason != FLOOR)
    return list(session.scalars(query.order_by(Hold.id.desc()).limit(200)))


def _content(row: Comment, vault: Vault) -> dict[str, Any]:
    return {
        "name": row.name,
        "title": row.title,
        "body": row.body,
        "phone": _phone(row, vault),
        "consent": row.consent,
        "status": row.status,
        "findings": row.findings,
    }


def _phone(row: Comment, vault: Vault) -> str | None:
    try:
        return vault.open(row.phone, row.id) if row.phone else None
    except Unreadable:
        # A number whose key is gone keeps nobody from erasing the rest.
        return None
