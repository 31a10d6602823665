"""A rule is tried on the comments of the last days: how many it would have caught, and what people had decided.

Nothing of a comment changes.

    waiting --a worker--> running --no more comments--> done
    waiting | running --a person--> cancelled;  running --three workers died on one batch--> failed

The row is the job, as with comments: a worker works under a lease, and what it counted and how far it came are
stored together, so that a batch is counted once however often a job runs.
"""

import secrets
import uuid
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, or_, select, update
from sqlalchemy.orm import Session

from service import events, sites
from service.db import database_time
from service.ids import highest_id, lowest_id, new_id
from service.models import Backtest, Comment, Decision, Rule
from service.moderation.checks import site_rules
from service.moderation.policy import makes_a_difference
from service.moderation.reading import read
from service.moderation.vocabulary import Category, Finding, Message, Policy, Rulebook, SiteRule, Span, Submission
from service.moderators import Viewer
from service.rules import keeping
from service.rules.keeping import RuleMoved
from service.rules.people import decided_by_person

GROUPS = ("approved", "rejected", "held", "approved_by_engine", "rejected_by_engine")
"""What became of a comment: what people decided, what nobody decided yet, what the engine did alone."""
ACTIVE = ("waiting", "running")
DAYS = 365
BATCH = 500
SAMPLES = 10
LEASE = timedelta(seconds=30)
ATTEMPTS = 3


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
class Work:
    """A backtest under this worker's lease, from where it stands."""

    id: uuid.UUID
    site_id: int
    rule: SiteRule
    policy: Policy
    cursor: uuid.UUID
    until: uuid.UUID
    token: str


@dataclass(frozen=True, slots=True)
class Past:
    """A comment of the past and what became of it."""

    id: uuid.UUID
    name: str
    title: str
    body: str
    findings: Sequence[dict[str, Any]]
    group: str


@dataclass(slots=True)
class Tally:
    """What a batch adds to the backtest."""

    last: uuid.UUID | None = None
    seen: int = 0
    caught: Counter[str] = field(default_factory=Counter)
    samples: dict[str, list[str]] = field(default_factory=dict)


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
        Comment.site_id == rule.site_id, Comment.id > cursor, Comment.id <= until, Comment.status.in_(_LOOKED_AT)
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


def due(session: Session, *, limit: int = 5) -> list[uuid.UUID]:
    """Return the backtests that wait for a worker or lost theirs, oldest first."""
    query = select(Backtest.id).where(Backtest.state.in_(ACTIVE), _free()).order_by(Backtest.id).limit(limit)
    return list(session.scalars(query))


def claim(session: Session, backtest_id: uuid.UUID, *, now: datetime) -> Work | None:
    """Take a backtest under a lease and return it from where it stands; None when there is nothing to do."""
    row = session.scalar(
        select(Backtest).where(Backtest.id == backtest_id, Backtest.state.in_(ACTIVE), _free()).with_for_update()
    )
    if row is None:
        return None
    rule = session.get_one(Rule, row.rule_id)
    if row.attempts >= ATTEMPTS or rule.revision != row.revision:
        # The rule was changed, or something in the next batch kills workers: either way there is no going on.
        row.state, row.finished_at = "failed" if row.attempts >= ATTEMPTS else "cancelled", now
        return None
    row.state, row.token, row.attempts = "running", secrets.token_hex(16), row.attempts + 1
    session.flush()
    session.execute(
        update(Backtest)
        .where(Backtest.id == row.id)
        .values(lease_until=database_time(LEASE))
        .execution_options(synchronize_session=False)
    )
    site = sites.by_id(session, [rule.site_id])[rule.site_id]
    return Work(
        id=row.id,
        site_id=rule.site_id,
        rule=keeping.for_engine(rule.id, rule.revision, keeping.known(rule, "").draft),
        policy=site.engine_policy(),
        cursor=row.cursor,
        until=row.until,
        token=row.token or "",
    )


def load(session: Session, work: Work, *, batch: int = BATCH) -> list[Past]:
    """Read the next comments and what became of them."""
    query = (
        select(Comment.id, Comment.name, Comment.title, Comment.body, Comment.findings, Comment.status, Decision.actor)
        .outerjoin(Decision, decided_by_person())
        .where(Comment.site_id == work.site_id, Comment.id > work.cursor, Comment.id <= work.until)
        .where(Comment.status.in_(_LOOKED_AT))
        .order_by(Comment.id)
        .limit(batch)
    )
    return [
        Past(row.id, row.name, row.title, row.body, row.findings, _group(row.status, row.actor))
        for row in session.execute(query)
    ]


def tally(work: Work, past: Sequence[Past]) -> Tally:
    """Try the rule on the comments; no session, so that no transaction stays open meanwhile."""
    result = Tally()
    book = site_rules.book_of([work.rule])
    for one in past:
        result.seen += 1
        result.last = one.id
        if not _catches(work, book, one):
            continue
        result.caught[one.group] += 1
        chosen = result.samples.setdefault(one.group, [])
        if len(chosen) < SAMPLES:
            chosen.append(str(one.id))
    return result


def store(session: Session, work: Work, result: Tally, *, now: datetime) -> Work | None:
    """Add a batch to the backtest; return the work that is left, None when it is done, cancelled or another's."""
    row = session.scalar(
        select(Backtest)
        .where(Backtest.id == work.id, Backtest.state == "running", Backtest.token == work.token)
        .with_for_update()
    )
    if row is None or row.cursor != work.cursor:
        return None
    row.attempts = 0
    if result.last is None:
        row.state, row.finished_at, row.token, row.lease_until = "done", now, None, None
        return None
    row.cursor = result.last
    row.seen += result.seen
    row.caught = {group: row.caught.get(group, 0) + result.caught[group] for group in GROUPS}
    row.samples = {
        group: [*row.samples.get(group, []), *result.samples.get(group, [])][:SAMPLES]
        for group in GROUPS
        if group in row.samples or group in result.samples
    }
    session.flush()
    session.execute(
        update(Backtest)
        .where(Backtest.id == row.id)
        .values(lease_until=database_time(LEASE))
        .execution_options(synchronize_session=False)
    )
    return Work(work.id, work.site_id, work.rule, work.policy, result.last, work.until, work.token)


def release(session: Session, work: Work) -> None:
    """Let another job go on with the backtest at once."""
    session.execute(
        update(Backtest)
        .where(Backtest.id == work.id, Backtest.token == work.token)
        .values(token=None, lease_until=None, attempts=0)
        .execution_options(synchronize_session=False)
    )


_LOOKED_AT = ("approved", "rejected", "held")


def _free() -> Any:
    return or_(Backtest.lease_until.is_(None), Backtest.lease_until < database_time())


def _group(status: str, actor: str | None) -> str:
    return status if status == "held" or actor is not None else f"{status}_by_engine"


def _catches(work: Work, book: Rulebook, past: Past) -> bool:
    if work.rule.kind in site_rules.CHANGING:
        return makes_a_difference(_findings(past.findings), work.policy, work.rule)
    sheet = read(Submission(body=past.body, title=past.title, name=past.name))
    return next(site_rules.find(sheet, book), None) is not None


def _findings(stored: Sequence[dict[str, Any]]) -> tuple[Finding, ...]:
    return tuple(
        Finding(
            check=one["check"],
            category=Category(one["category"]) if one["category"] else None,
            severity=one["severity"],
            spans=(),
            message=Message("", ""),
            ran=one["ran"],
        )
        for one in stored
    )


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
