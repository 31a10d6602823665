"""Backtests as people see them: asked for, listed, cancelled, and the comments that one caught."""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from service import events
from service.ids import highest_id, lowest_id, new_id
from service.models import Backtest, Comment, Rule
from service.moderation.checks import site_rules
from service.moderation.reading import read
from service.moderation.vocabulary import SiteRule, Span, Submission
from service.moderators import Viewer
from service.rules import keeping
from service.rules.keeping import RuleMoved

GROUPS = ("approved", "rejected", "held", "approved_by_engine", "rejected_by_engine")
"""What became of a comment: what people decided, what nobody decided yet, what the engine did alone."""
ACTIVE = ("waiting", "running")
LOOKED_AT = ("approved", "rejected", "held")
DAYS = 365


class UnknownBacktest(Exception):
    """There is no such backtest among those that the viewer may see."""


@dataclass(frozen=True, slots=True)
class KnownBacktest:
    """A backtest as the other rooms see it; `caught` and `samples` by the names in `GROUPS`."""

    id: uuid.UUID
    rule_id: int
    revision: int
    days: int
    state: str
    asked_by: str
    created_at: datetime
    finished_at: datetime | None
    seen: int
    total: int
    caught: dict[str, int]
    samples: dict[str, list[str]]

    @property
    def progress(self) -> float:
        """Return how much of it is done, from 0 to 1."""
        return 1.0 if self.state == "done" else min(1.0, self.seen / self.total) if self.total else 0.0


@dataclass(frozen=True, slots=True)
class Sample:
    """A comment that the rule catches, and where."""

    comment: uuid.UUID
    group: str
    title: str
    body: str
    spans: tuple[Span, ...]


def begin(session: Session, viewer: Viewer, rule_id: int, *, days: int, now: datetime) -> KnownBacktest:
    """Ask for a backtest; one of the same rule that still runs is cancelled. Raise `UnknownRule` or `RuleMoved`."""
    rule = keeping.begin_backtest(session, viewer, rule_id, now=now)
    session.execute(
        update(Backtest)
        .where(Backtest.rule_id == rule.id, Backtest.state.in_(ACTIVE))
        .values(state="cancelled", finished_at=now, token=None, lease_until=None)
        .execution_options(synchronize_session=False)
    )
    cursor, until = lowest_id(now - timedelta(days=days)), highest_id(now)
    total = select(func.count()).where(
        Comment.site_id == rule.site_id, Comment.id > cursor, Comment.id <= until, Comment.status.in_(LOOKED_AT)
    )
    row = Backtest(
        id=new_id(now),
        rule_id=rule.id,
        revision=rule.revision,
        days=days,
        state="waiting",
        asked_by=viewer.actor,
        created_at=now,
        cursor=cursor,
        until=until,
        seen=0,
        total=session.scalar(total) or 0,
        caught=dict.fromkeys(GROUPS, 0),
        samples={},
        attempts=0,
    )
    session.add(row)
    session.flush()
    events.note(
        session,
        actor=viewer.actor,
        noun="rule",
        subject=rule.id,
        act="backtest",
        now=now,
        site_id=rule.site_id,
        detail={"days": days, "revision": rule.revision},
    )
    return _known(row)


def of_rule(session: Session, viewer: Viewer, rule_id: int, *, limit: int = 20) -> list[KnownBacktest]:
    """Return a rule's backtests, newest first; raise `UnknownRule`."""
    keeping.find(session, viewer, rule_id)
    query = select(Backtest).where(Backtest.rule_id == rule_id).order_by(Backtest.id.desc()).limit(limit)
    return [_known(row) for row in session.scalars(query)]


def find(session: Session, viewer: Viewer, rule_id: int, backtest_id: uuid.UUID) -> KnownBacktest:
    """Return a backtest; raise `UnknownRule` or `UnknownBacktest`."""
    return _known(_visible(session, viewer, rule_id, backtest_id))


def cancel(session: Session, viewer: Viewer, rule_id: int, backtest_id: uuid.UUID, *, now: datetime) -> KnownBacktest:
    """End a backtest where it stands; raise `RuleMoved` when it is over already."""
    row = _visible(session, viewer, rule_id, backtest_id, lock=True)
    if row.state not in ACTIVE:
        raise RuleMoved
    row.state, row.finished_at, row.token, row.lease_until = "cancelled", now, None, None
    session.flush()
    events.note(session, actor=viewer.actor, noun="rule", subject=rule_id, act="cancel_backtest", now=now)
    return _known(row)


def samples(session: Session, backtest: KnownBacktest) -> list[Sample]:
    """Return the sample comments that are still there, with the places that the rule as it was tried finds."""
    group_of = {uuid.UUID(one): group for group, ids in backtest.samples.items() for one in ids}
    row = session.get_one(Rule, backtest.rule_id)
    rule = keeping.for_engine(row.id, row.revision, keeping.known(row, "").draft)
    query = select(Comment).where(Comment.id.in_(group_of), Comment.status != "erased").order_by(Comment.id.desc())
    shown = []
    for comment in session.scalars(query) if group_of else ():
        spans = _spans(rule, comment) if row.revision == backtest.revision else ()
        shown.append(Sample(comment.id, group_of[comment.id], comment.title, comment.body, spans))
    return shown


def _spans(rule: SiteRule, row: Comment) -> tuple[Span, ...]:
    if rule.kind in site_rules.CHANGING:
        return ()
    sheet = read(Submission(body=row.body, title=row.title, name=row.name))
    return tuple(span for one in site_rules.find(sheet, site_rules.book_of([rule])) for span in one.spans)


def _visible(session: Session, viewer: Viewer, rule_id: int, backtest_id: uuid.UUID, *, lock: bool = False) -> Backtest:
    keeping.find(session, viewer, rule_id)
    query = select(Backtest).where(Backtest.id == backtest_id, Backtest.rule_id == rule_id)
    row = session.scalar(query.with_for_update() if lock else query)
    if row is None:
        raise UnknownBacktest
    return row


def _known(row: Backtest) -> KnownBacktest:
    return KnownBacktest(
        row.id,
        row.rule_id,
        row.revision,
        row.days,
        row.state,
        row.asked_by,
        row.created_at,
        row.finished_at,
        row.seen,
        row.total,
        dict(row.caught),
        {group: list(ids) for group, ids in row.samples.items()},
    )
