"""Backtests as workers see them: taken under a lease, batch after batch tried and counted once."""

import secrets
import uuid
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from service import sites
from service.db import database_time
from service.models import Backtest, Comment, Decision, Rule
from service.moderation.checks import site_rules
from service.moderation.policy import makes_a_difference
from service.moderation.reading import read
from service.moderation.vocabulary import Category, Finding, Message, Policy, Rulebook, SiteRule, Submission
from service.rules import keeping
from service.rules.backtests.asking import ACTIVE, GROUPS, LOOKED_AT
from service.rules.people import decided_by_person

BATCH = 500
SAMPLES = 10
LEASE = timedelta(seconds=30)
ATTEMPTS = 3


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
    _lease(session, row.id)
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
        .where(Comment.status.in_(LOOKED_AT))
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
    _lease(session, row.id)
    return Work(work.id, work.site_id, work.rule, work.policy, result.last, work.until, work.token)


def release(session: Session, work: Work) -> None:
    """Let another job go on with the backtest at once."""
    session.execute(
        update(Backtest)
        .where(Backtest.id == work.id, Backtest.token == work.token)
        .values(token=None, lease_until=None, attempts=0)
        .execution_options(synchronize_session=False)
    )


def _lease(session: Session, backtest_id: uuid.UUID) -> None:
    session.execute(
        update(Backtest)
        .where(Backtest.id == backtest_id)
        .values(lease_until=database_time(LEASE))
        .execution_options(synchronize_session=False)
    )


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
