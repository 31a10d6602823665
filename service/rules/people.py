"""What people made of what was seen: a comment's last decision by a person, and how often they agreed with an entry."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import Session

from service.models import Comment, Decision, Sighting, Site
from service.moderators import Viewer

LOOKED_AT = 1000
"""So many of an entry's newest sightings are looked at, so that a figure costs the same in every year."""
COUNTED = 20_000
LATELY = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Agreement:
    """Of the newest comments in which an entry saw something and on which a person decided: rejected and approved."""

    rejected: int = 0
    approved: int = 0

    @property
    def precision(self) -> float | None:
        """Return the share that people rejected, None where nobody decided yet."""
        decided = self.rejected + self.approved
        return self.rejected / decided if decided else None


@dataclass(frozen=True, slots=True)
class Seen:
    """An entry of a list, how many comments it saw something in lately, and what people made of them."""

    entry: str
    comments: int
    agreement: Agreement


def decided_by_person() -> ColumnElement[bool]:
    """Return the condition that a comment's last decision, joined to it, is a person's own and not one taken back."""
    return and_(
        Decision.comment_id == Comment.id,
        Decision.version == Comment.version,
        or_(Decision.actor.startswith("moderator:"), Decision.actor.startswith("token:")),
        Decision.act.in_(("approve", "reject")),
    )


def agreement(session: Session, viewer: Viewer, entries: Collection[str]) -> dict[str, Agreement]:
    """Return how people decided on what each entry saw, at the viewer's sites."""
    found = {}
    for entry in entries:
        newest = (
            _seen_by(viewer, select(Sighting.comment_id))
            .where(Sighting.entry == entry)
            .order_by(Sighting.at.desc())
            .limit(LOOKED_AT)
            .subquery()
        )
        query = (
            select(Comment.status, func.count())
            .join(newest, newest.c.comment_id == Comment.id)
            .join(Decision, decided_by_person())
            .group_by(Comment.status)
        )
        counts = dict(session.execute(query).all())
        found[entry] = Agreement(counts.get("rejected", 0), counts.get("approved", 0))
    return found


def seen_lately(session: Session, viewer: Viewer, *, site: str = "", now: datetime, limit: int = 100) -> list[Seen]:
    """Return the entries that saw most in the last days, from the newest sightings."""
    query = _seen_by(viewer, select(Sighting.entry)).where(Sighting.at > now - LATELY)
    if site:
        query = query.where(Sighting.site_id.in_(select(Site.id).where(Site.key == site)))
    newest = query.order_by(Sighting.at.desc()).limit(COUNTED).subquery()
    number = func.count()
    rows: Sequence[Any] = session.execute(
        select(newest.c.entry, number).group_by(newest.c.entry).order_by(number.desc(), newest.c.entry).limit(limit)
    ).all()
    agreements = agreement(session, viewer, [entry for entry, _ in rows])
    return [Seen(entry, count, agreements[entry]) for entry, count in rows]


def _seen_by(viewer: Viewer, query: Select[Any]) -> Select[Any]:
    if viewer.sites is None:
        return query
    return query.where(Sighting.site_id.in_(select(Site.id).where(Site.key.in_(viewer.sites))))
