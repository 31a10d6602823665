"""Who is affected when data got out: counts for the authority, and the comments of those who must be told.

A query over what is stored; what happened, and what to do about it, is in docs/privacy.md.
"""

from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from service.ids import lowest_id
from service.models import Comment, Moderator, Report, Reveal, Site


@dataclass(frozen=True, slots=True)
class Affected:
    """What is stored of the comments that arrived within a time; erased ones hold nothing."""

    comments: int
    names: int
    phones: int
    people_by_phone: int
    senders_by_address: int
    complaints: int
    reveals: int
    accounts: int

    def lines(self) -> list[str]:
        """Return name and number, a line each."""
        return [f"{name}\t{number}" for name, number in asdict(self).items()]


def affected(session: Session, *, since: datetime, until: datetime, site: str | None = None) -> Affected:
    """Count what is stored of comments that arrived from `since` until before `until`."""
    within = [Comment.id >= lowest_id(since), Comment.id < lowest_id(until), Comment.status != "erased"]
    if site is not None:
        within.append(Comment.site_id.in_(select(Site.id).where(Site.key == site)))
    row = session.execute(
        select(
            func.count(),
            func.count(func.nullif(Comment.name, "")),
            func.count(Comment.phone),
            func.count(Comment.phone_key.distinct()),
            func.count(Comment.sender.distinct()),
        ).where(*within)
    ).one()
    ids = select(Comment.id).where(*within)
    return Affected(
        comments=row[0],
        names=row[1],
        phones=row[2],
        people_by_phone=row[3],
        senders_by_address=row[4],
        complaints=session.scalar(select(func.count()).where(Report.comment_id.in_(ids))) or 0,
        reveals=session.scalar(select(func.count()).where(Reveal.at >= since, Reveal.at < until)) or 0,
        accounts=session.scalar(
            select(func.count()).where(or_(Moderator.disabled_at.is_(None), Moderator.disabled_at >= since))
        )
        or 0,
    )
