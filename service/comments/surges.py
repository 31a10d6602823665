"""Surges: an article gets many times more comments than it is used to, and is watched more closely until it calms down.

While one lasts, the ladder asks for its next rung, a proof of work costs the most, and nothing under the article is
published before a person approved it (`judging` and the engine's flood check). Nothing is refused here. A periodic
job notices both ends, outside every request, so the first comments of a surge come through as usual.

    calm ── factor times the usual, and at least the floor ──> surging ── half of that ──> calm

What is usual is the article's own: what it got in a window of the last hours and was not rejected. Once it surges
only what was approved counts towards that, or a long enough attack would become the usual.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import case, delete, func, select
from sqlalchemy.orm import Session

from service import sites
from service.ids import lowest_id
from service.models import STATUSES, Article, Comment, Surge
from service.sites import KnownSite

WINDOW = timedelta(minutes=10)
LOOK_BACK = timedelta(hours=6)
CALM = 0.5
"""A surge is over below this share of what began it, so that it does not come and go."""


@dataclass(frozen=True, slots=True)
class Surging:
    """An article in a surge, for the desk: how much it got in the last window, and how much is usual."""

    site_id: int
    article_id: int
    article: str
    title: str
    since: datetime
    recent: int
    usual: float


@dataclass(frozen=True, slots=True)
class Turn:
    """A surge that began or ended."""

    article_id: int
    began: bool
    recent: int


@dataclass(frozen=True, slots=True)
class _Counts:
    recent: int = 0
    kept: int = 0
    approved: int = 0


def watch(session: Session, *, now: datetime) -> list[Turn]:
    """Begin and end surges by what came in until now; safe to run twice, and by two schedulers."""
    known = {site.id: site for site in sites.every(session)}
    on = {row.article_id: row for row in session.scalars(select(Surge).with_for_update())}
    recent = _recent(session, now=now, least=min((site.policy.surge_floor for site in known.values()), default=1))
    suspects = set(recent) | set(on)
    if not suspects:
        return []
    counts = _counts(session, suspects, recent, now=now)
    rows = session.execute(select(Article.id, Article.site_id, Article.opened_at).where(Article.id.in_(suspects)))
    turns = []
    for article_id, site_id, opened_at in rows.all():
        turn = _turn(session, known[site_id], article_id, opened_at, counts[article_id], on.get(article_id), now=now)
        turns += [turn] if turn is not None else []
    session.flush()
    return turns


def current(session: Session, *, site_ids: Collection[int] | None = None) -> list[Surging]:
    """Return the articles in a surge, the longest first; of these sites alone where some are named."""
    query = select(Surge, Article).join(Article, Article.id == Surge.article_id).order_by(Surge.since)
    if site_ids is not None:
        query = query.where(Article.site_id.in_(site_ids))
    return [
        Surging(article.site_id, article.id, article.key, article.title, row.since, row.recent, row.usual)
        for row, article in session.execute(query)
    ]


def number(session: Session) -> int:
    """Return how many articles are in a surge."""
    return session.scalar(select(func.count()).select_from(Surge)) or 0


def is_on(session: Session, site: KnownSite, article: str) -> bool:
    """Say whether the article is in a surge."""
    query = select(Surge.article_id).join(Article, Article.id == Surge.article_id)
    return session.scalar(query.where(Article.site_id == site.id, Article.key == article)) is not None


def among(session: Session, article_ids: Collection[int]) -> frozenset[int]:
    """Return which of these articles are in a surge."""
    return frozenset(session.scalars(select(Surge.article_id).where(Surge.article_id.in_(article_ids))))


def _turn(
    session: Session,
    site: KnownSite,
    article_id: int,
    opened_at: datetime,
    counts: _Counts,
    row: Surge | None,
    *,
    now: datetime,
) -> Turn | None:
    policy = site.policy
    windows = max(1.0, (min(LOOK_BACK, now - opened_at) - WINDOW) / WINDOW)
    usual = counts.kept / windows if row is None else max(row.usual, counts.approved / windows)
    threshold = max(policy.surge_floor, policy.surge_factor * usual)
    if row is None:
        if policy.surge_factor == 0 or counts.recent < threshold:
            return None
        session.add(Surge(article_id=article_id, since=now, recent=counts.recent, usual=usual))
        return Turn(article_id, True, counts.recent)
    if policy.surge_factor == 0 or counts.recent < CALM * threshold:
        session.execute(delete(Surge).where(Surge.article_id == article_id))
        return Turn(article_id, False, counts.recent)
    row.recent = counts.recent
    return None


def _recent(session: Session, *, now: datetime, least: int) -> dict[int, int]:
    came = func.count()
    query = (
        select(Comment.article_id, came)
        .where(Comment.created_at > now - WINDOW, Comment.created_at <= now)
        .group_by(Comment.article_id)
        .having(came >= least)
    )
    return dict(session.execute(query).all())


def _counts(session: Session, suspects: set[int], recent: dict[int, int], *, now: datetime) -> dict[int, _Counts]:
    """Count what the suspects got before the window, and in it where it was too little to be seen above."""
    before, late = lowest_id(now - LOOK_BACK), lowest_id(now - WINDOW)
    kept, approved, in_window = (
        func.sum(case((which, 1), else_=0))
        for which in (
            (Comment.id < late) & (Comment.status != "rejected"),
            (Comment.id < late) & (Comment.status == "approved"),
            Comment.id >= late,
        )
    )
    query = (
        select(Comment.article_id, kept, approved, in_window)
        .where(
            Comment.article_id.in_(suspects),
            Comment.status.in_(STATUSES),
            Comment.id >= before,
            Comment.id <= lowest_id(now),
        )
        .group_by(Comment.article_id)
    )
    found = {
        article_id: _Counts(recent.get(article_id, int(in_it)), int(k), int(a))
        for article_id, k, a, in_it in session.execute(query)
    }
    return {article_id: found.get(article_id, _Counts()) for article_id in suspects}
