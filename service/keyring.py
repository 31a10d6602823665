"""A rotation of DATA_KEYS: what an older key sealed is sealed anew with the newest, so that the older can be dropped.

Each batch is a transaction of the caller's and safe to run twice; the look-ups stay as they are (LOOKUP_KEY).
"""

import uuid
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from service.models import Comment, Hold, Moderator
from service.privacy import Unreadable, Vault

AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Resealed:
    """One batch: how many were sealed anew, how many no key opens, and where the next begins, None at the end."""

    anew: int
    unreadable: int
    following: uuid.UUID | None


def phones(session: Session, vault: Vault, after: uuid.UUID | None) -> Resealed:
    """Seal the next few hundred phone numbers anew, in the order of their comments' ids."""
    query = select(Comment.id, Comment.phone).where(Comment.phone.is_not(None)).order_by(Comment.id).limit(AT_ONCE)
    if after is not None:
        query = query.where(Comment.id > after)
    rows = [(row.id, row.phone) for row in session.execute(query) if row.phone is not None]
    anew = unreadable = 0
    for comment_id, sealed in rows:
        try:
            fresh = vault.reseal(sealed, comment_id)
        except Unreadable:
            unreadable += 1
            continue
        if fresh is not None:
            # Who was erased in the meantime stays erased.
            anew += _changed(
                session,
                update(Comment).where(Comment.id == comment_id, Comment.phone == sealed).values(phone=fresh),
            )
    return Resealed(anew, unreadable, rows[-1][0] if len(rows) == AT_ONCE else None)


def second_factors(session: Session, vault: Vault) -> Resealed:
    """Seal the secrets of every account's second factor anew."""
    rows = session.execute(select(Moderator.name, Moderator.totp).where(Moderator.totp.is_not(None)))
    anew = unreadable = 0
    for name, sealed in [(row.name, row.totp) for row in rows if row.totp is not None]:
        try:
            fresh = vault.reseal_secret(sealed, name)
        except Unreadable:
            unreadable += 1
            continue
        if fresh is not None:
            anew += _changed(
                session, update(Moderator).where(Moderator.name == name, Moderator.totp == sealed).values(totp=fresh)
            )
    return Resealed(anew, unreadable, None)


def copies(session: Session, vault: Vault) -> Resealed:
    """Seal what the law keeps of erased comments anew."""
    rows = session.execute(select(Hold.id, Hold.comment_id, Hold.copy).where(Hold.copy.is_not(None)))
    anew = unreadable = 0
    for hold_id, comment_id, sealed in [(row.id, row.comment_id, row.copy) for row in rows]:
        if sealed is None:
            continue
        try:
            fresh = vault.reseal_copy(sealed, comment_id)
        except Unreadable:
            unreadable += 1
            continue
        if fresh is not None:
            anew += _changed(session, update(Hold).where(Hold.id == hold_id, Hold.copy == sealed).values(copy=fresh))
    return Resealed(anew, unreadable, None)


def _changed(session: Session, statement: Any) -> int:
    result: Any = session.execute(statement.execution_options(synchronize_session=False))
    return int(result.rowcount)
