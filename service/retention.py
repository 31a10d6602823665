"""Personal data is erased when a site's time for it is over; the comment itself stays (Law 91/2025/QH15, article 14).

Each run erases a bounded number of rows and commits nothing itself, so that it can be stopped and goes on later.
"""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Select, func, select, update
from sqlalchemy.orm import Session

from service import holds
from service.ids import lowest_id
from service.models import Comment, Hold
from service.sites import KnownSite

AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class Due:
    """How many comments of a site still hold what should be gone."""

    phones: int
    addresses: int
    held: int = 0
    """How many phones are past their time and kept by a legal hold."""


def due(session: Session, site: KnownSite, *, now: datetime) -> Due:
    """Count what a run would erase."""
    count = select(func.count()).where(Comment.site_id == site.id)
    return Due(
        phones=session.scalar(count.where(*_with_phone(site, now))) or 0,
        addresses=session.scalar(count.where(*_with_address(site, now))) or 0,
        held=session.scalar(count.where(*_old_phone(site, now), Comment.id.in_(_held(now)))) or 0,
    )


def erase(session: Session, site: KnownSite, *, now: datetime, most: int = AT_ONCE) -> Due:
    """Erase up to so many of each and return how many those were; a pending comment keeps what its checks need."""
    phones = select(Comment.id).where(Comment.site_id == site.id, *_with_phone(site, now)).limit(most)
    addresses = select(Comment.id).where(Comment.site_id == site.id, *_with_address(site, now)).limit(most)
    return Due(
        phones=_empty(session, list(session.scalars(phones)), phone=None, phone_key=None, consent=None),
        addresses=_empty(session, list(session.scalars(addresses)), sender=None),
    )


def _with_phone(site: KnownSite, now: datetime) -> tuple[ColumnElement[bool], ...]:
    return *_old_phone(site, now), Comment.id.not_in(_held(now))


def _held(now: datetime) -> Select[uuid.UUID]:
    return select(Hold.comment_id).where(holds.standing(now))


def _old_phone(site: KnownSite, now: datetime) -> tuple[ColumnElement[bool], ...]:
    before = lowest_id(now - timedelta(days=site.policy.phone_days))
    return Comment.phone_key.is_not(None), Comment.id < before, Comment.status != "pending"


def _with_address(site: KnownSite, now: datetime) -> tuple[ColumnElement[bool], ...]:
    before = lowest_id(now - timedelta(days=site.policy.address_days))
    return Comment.sender.is_not(None), Comment.id < before, Comment.status != "pending", Comment.id.not_in(_held(now))


def _empty(session: Session, ids: list[uuid.UUID], **columns: None) -> int:
    if ids:
        session.execute(
            update(Comment).where(Comment.id.in_(ids)).values(**columns).execution_options(synchronize_session=False)
        )
    return len(ids)
