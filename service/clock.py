"""The clock of the review target: when a first decision is due, what waits longest, what is late, by site.

Time counts only while people review: a site's hours, days and public holidays. No decision is taken here.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from datetime import time as clock_time
from functools import cache
from zoneinfo import ZoneInfo

import holidays
from sqlalchemy import and_, false, func, literal, or_, select
from sqlalchemy.orm import Session

from service.models import Comment
from service.sites import KnownSite

DAY = timedelta(days=1)
WAITING = (Comment.status == literal("held", literal_execute=True), ~Comment.escalated)
"""Written out, not bound, so that the index of just these rows serves."""
FARTHEST = 400
"""Days that are looked through; a site that never reviews has no due time."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How a site stands to its target. `due` is when the oldest one that waits must be decided."""

    site: str
    name: str
    target_hours: int
    waiting: int
    late: int
    oldest: datetime | None
    due: datetime | None


def due(arrived: datetime, site: KnownSite, zone: ZoneInfo) -> datetime | None:
    """Return when a comment that arrived then must be decided, None where people never review."""
    zone = _zone(site, zone)
    left = timedelta(hours=site.policy.review_hours)
    day = arrived.astimezone(zone).date()
    for _ in range(FARTHEST):
        begins, ends = _shift(day, site, zone)
        begins = max(begins, arrived)
        if ends - begins >= left:
            return begins + left
        left -= max(ends - begins, timedelta())
        day += DAY
    return None


def late_before(now: datetime, site: KnownSite, zone: ZoneInfo) -> datetime:
    """Return the moment whose arrivals are due just now: what arrived earlier is late."""
    zone = _zone(site, zone)
    left = timedelta(hours=site.policy.review_hours)
    day = now.astimezone(zone).date()
    for _ in range(FARTHEST):
        begins, ends = _shift(day, site, zone)
        ends = min(ends, now)
        if ends - begins >= left:
            return ends - left
        left -= max(ends - begins, timedelta())
        day -= DAY
    return datetime.fromtimestamp(0, UTC)


def standing(session: Session, known: Sequence[KnownSite], zone: ZoneInfo, *, now: datetime) -> list[Standing]:
    """Return how each site stands, in a fixed number of queries; what was escalated has had its first decision."""
    waits = select(Comment.site_id, func.count(), func.min(Comment.created_at)).where(
        *WAITING, Comment.site_id.in_([site.id for site in known])
    )
    waiting = {row[0]: (row[1], row[2]) for row in session.execute(waits.group_by(Comment.site_id))}
    past = [
        and_(Comment.site_id == site.id, Comment.created_at < late_before(now, site, zone))
        for site in known
        if site.id in waiting
    ]
    query = select(Comment.site_id, func.count()).where(*WAITING, or_(false(), *past))
    late = dict(session.execute(query.group_by(Comment.site_id)).all())
    standings = []
    for site in known:
        number, oldest = waiting.get(site.id, (0, None))
        when = due(oldest, site, zone) if oldest is not None else None
        hours = site.policy.review_hours
        standings.append(Standing(site.key, site.name, hours, number, late.get(site.id, 0), oldest, when))
    return standings


def age(standing: Standing, *, now: datetime) -> float:
    """Return the seconds for which the oldest has waited, 0 where nothing waits."""
    return max(0.0, (now - standing.oldest).total_seconds()) if standing.oldest is not None else 0.0


def _zone(site: KnownSite, otherwise: ZoneInfo) -> ZoneInfo:
    """Return the zone whose hours are meant: the site's own where it has one."""
    return ZoneInfo(site.policy.time_zone) if site.policy.time_zone else otherwise


def _shift(day: date, site: KnownSite, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """Return when people begin and end on that day, the same moment twice when they do not review at all."""
    policy = site.policy
    midnight = datetime.combine(day, clock_time(), zone)
    begins = (midnight + timedelta(hours=policy.review_from)).astimezone(UTC)
    free = str(day.isoweekday()) not in policy.review_days
    if free or (policy.review_holidays and day in _holidays(policy.review_holidays)):
        return begins, begins
    return begins, (midnight + timedelta(hours=policy.review_to)).astimezone(UTC)


@cache
def _holidays(country: str) -> holidays.HolidayBase:
    # The library works each year out when it is first asked for.
    return holidays.country_holidays(country)
