"""Pending comments are claimed under a lease, judged by the engine, and finished behind a fence.

The row is the queue: a worker that dies leaves a lease that runs out, a worker that comes late finds
its token gone. Nothing that this module does is wrong when done twice (docs/adr/0002).
"""

import secrets
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, delete, exists, func, insert, or_, select, update
from sqlalchemy.orm import Session

from service import sites
from service.comments import state
from service.db import database_time
from service.ids import lowest_id
from service.models import Comment, Fingerprint
from service.moderation import Fingerprint as Likeness
from service.moderation import distance, fingerprint, joined, moderate
from service.moderation.vocabulary import Facts, Finding, Message, Outcome, Policy, Submission, Verdict

RISK_BONUS = timedelta(hours=4)
"""How much earlier a comment of risk 1 stands in the moderators' queue than its arrival."""
REPEATS_WITHIN = timedelta(days=7)
SENDER_WITHIN = timedelta(days=30)
FLOOD_WITHIN = timedelta(minutes=10)
UNCHECKED = ",unchecked,"
"""Stands for every check that did not run among a comment's categories."""
NEAR = 6
"""Two simhashes of 64 bits that differ in at most so many are near-duplicates (Manku et al., WWW 2007, use 3 for
web pages; comments are shorter)."""


@dataclass(frozen=True, slots=True)
class Claimed:
    """A pending comment under this worker's lease."""

    id: uuid.UUID
    site_id: int
    article_id: int
    version: int
    created_at: datetime
    name: str
    title: str
    body: str
    sender: bytes | None
    phone_key: bytes | None
    gate: dict[str, Any]
    attempts: int
    token: str


@dataclass(frozen=True, slots=True)
class Case:
    """A claimed comment with all that the engine needs to know about it."""

    claimed: Claimed
    submission: Submission
    policy: Policy
    likeness: Likeness


@dataclass(frozen=True, slots=True)
class Judged:
    """A claimed comment with its verdict and what its text looks like."""

    claimed: Claimed
    verdict: Verdict
    likeness: Likeness


def is_due(session: Session) -> bool:
    """Say whether a pending row waits for a worker that no lease keeps from it."""
    return bool(session.scalar(select(exists(_due().with_only_columns(Comment.id)))))


def claim(session: Session, *, batch: int, lease: timedelta, attempts: int) -> list[Claimed]:
    """Take fresh rows in a batch, or else one row whose lease ran out, so that a killer takes no neighbour along."""
    token = secrets.token_hex(16)
    fresh = _due().where(Comment.attempts == 0).order_by(Comment.id).limit(batch)
    late = _due().where(Comment.attempts > 0, Comment.attempts < attempts).order_by(Comment.id).limit(1)
    return _take(session, fresh, token, lease) or _take(session, late, token, lease)


def give_up(session: Session, *, attempts: int, now: datetime) -> int:
    """Hold what could not be checked in so many attempts; return how many those were."""
    query = _due().where(Comment.attempts >= attempts).limit(50).with_for_update(skip_locked=True)
    steps = []
    for row in session.scalars(query):
        finding = asdict(COULD_NOT_BE_CHECKED)
        steps.append(
            state.Step(
                comment_id=row.id,
                article_id=row.article_id,
                version=row.version,
                before="pending",
                after="held",
                actor="engine",
                act="hold",
                detail={"findings": [finding], "attempts": row.attempts},
                changes={
                    "findings": [finding],
                    "categories": UNCHECKED,
                    "risk": 0.5,
                    "priority": _priority(row.created_at, 0.5),
                },
            )
        )
    return len(state.take(session, steps, now=now))


def not_checked(session: Session, *, limit: int = 1000) -> list[Comment]:
    """Return the held comments that no worker could check, oldest first."""
    query = select(Comment).where(Comment.status == "held", Comment.categories.contains(UNCHECKED))
    return list(session.scalars(query.order_by(Comment.id).limit(limit)))


def replay(session: Session, rows: Iterable[Comment], *, now: datetime) -> int:
    """Let the workers try these comments again from the start; return how many were still held unchecked."""
    steps = [
        state.Step(
            comment_id=row.id,
            article_id=row.article_id,
            version=row.version,
            before="held",
            after="pending",
            actor="operator",
            act="replay",
            changes={"attempts": 0, "findings": [], "categories": "", "risk": 0.0},
        )
        for row in rows
        if row.status == "held" and UNCHECKED in row.categories
    ]
    return len(state.take(session, steps, now=now))


def gather(session: Session, claimed: Sequence[Claimed], *, allowance: int) -> list[Case]:
    """Gather the facts of the whole batch in a fixed number of queries.

    `allowance` is how many comments the limits let one sender send within `FLOOD_WITHIN`.
    """
    known = sites.by_id(session, sorted({one.site_id for one in claimed}))
    likenesses = [fingerprint(Submission(body=one.body, title=one.title, name=one.name)) for one in claimed]
    facts = _facts(session, claimed, likenesses, allowance)
    return [
        Case(
            one,
            Submission(body=one.body, title=one.title, name=one.name, facts=fact),
            known[one.site_id].engine_policy(),
            likeness,
        )
        for one, fact, likeness in zip(claimed, facts, likenesses, strict=True)
    ]


def judge(cases: Sequence[Case], *, clock: Callable[[], float] = time.monotonic) -> list[Judged]:
    """Let the engine look at each case; no session, so that no transaction stays open meanwhile."""
    return [Judged(case.claimed, moderate(case.submission, case.policy, clock=clock), case.likeness) for case in cases]


def finish(session: Session, judged: Sequence[Judged], *, now: datetime) -> int:
    """Write the verdicts of those comments that are still pending under our lease; return how many were."""
    tokens = {one.claimed.token for one in judged}
    ids = [one.claimed.id for one in judged]
    ours = set(
        session.scalars(
            select(Comment.id)
            .where(Comment.id.in_(ids), Comment.status == "pending", Comment.lease_token.in_(tokens))
            .order_by(Comment.id)
            .with_for_update()
        )
    )
    mine = [one for one in judged if one.claimed.id in ours]
    taken = state.take(session, [_step(one) for one in mine], now=now)
    session.execute(delete(Fingerprint).where(Fingerprint.comment_id.in_(list(taken))))
    rows = [_fingerprint_row(one) for one in mine if one.claimed.id in taken and one.likeness.usable]
    if rows:
        session.execute(insert(Fingerprint), rows)
    return len(taken)


def shown_anew(judged: Iterable[Judged]) -> set[int]:
    """Return the articles under which a verdict changes what is shown."""
    return {one.claimed.article_id for one in judged if one.verdict.outcome is Outcome.APPROVE}


def forget_repeats(session: Session, *, now: datetime) -> int:
    """Sweep away what is older than the look-back window of the duplicate check."""
    result = session.execute(delete(Fingerprint).where(Fingerprint.comment_id < lowest_id(now - REPEATS_WITHIN)))
    return int(result.rowcount)  # type: ignore[attr-defined]


COULD_NOT_BE_CHECKED = Finding(
    check="engine",
    category=None,
    severity=0,
    spans=(),
    message=Message(
        vi="Không kiểm tra được bình luận này sau nhiều lần thử; xin đọc và quyết định.",
        en="This comment could not be checked after several attempts; please read and decide.",
    ),
    entry="attempts",
    ran=False,
)


def _due() -> Select[Comment]:
    return select(Comment).where(
        Comment.status == "pending",
        or_(Comment.lease_until.is_(None), Comment.lease_until < database_time()),
    )


def _take(session: Session, which: Select[Comment], token: str, lease: timedelta) -> list[Claimed]:
    ids = which.with_only_columns(Comment.id).with_for_update(skip_locked=True).scalar_subquery()
    rows = session.execute(
        update(Comment)
        .where(Comment.id.in_(ids))
        .values(lease_token=token, lease_until=database_time(lease), attempts=Comment.attempts + 1)
        .returning(
            Comment.id,
            Comment.site_id,
            Comment.article_id,
            Comment.version,
            Comment.created_at,
            Comment.name,
            Comment.title,
            Comment.body,
            Comment.sender,
            Comment.phone_key,
            Comment.gate,
            Comment.attempts,
        )
        .execution_options(synchronize_session=False)
    )
    return sorted((Claimed(**row, token=token) for row in rows.mappings()), key=lambda one: one.id)


def _facts(session: Session, claimed: Sequence[Claimed], likenesses: Sequence[Likeness], allowance: int) -> list[Facts]:
    window = lowest_id(min(one.created_at for one in claimed) - REPEATS_WITHIN)
    own = [one.id for one in claimed]
    usable = [likeness for likeness in likenesses if likeness.usable]
    identical: Counter[bytes] = Counter()
    stored: list[int] = []
    if usable:
        identical.update(
            dict(
                session.execute(
                    select(Fingerprint.exact, func.count())
                    .where(
                        Fingerprint.exact.in_({likeness.exact for likeness in usable}),
                        Fingerprint.comment_id > window,
                        Fingerprint.comment_id.not_in(own),
                    )
                    .group_by(Fingerprint.exact)
                ).all()
            )
        )
        stored = [
            joined((row[0], row[1], row[2], row[3]))
            for row in session.execute(
                select(Fingerprint.band_0, Fingerprint.band_1, Fingerprint.band_2, Fingerprint.band_3)
                .where(
                    or_(
                        Fingerprint.band_0.in_({likeness.bands[0] for likeness in usable}),
                        Fingerprint.band_1.in_({likeness.bands[1] for likeness in usable}),
                        Fingerprint.band_2.in_({likeness.bands[2] for likeness in usable}),
                        Fingerprint.band_3.in_({likeness.bands[3] for likeness in usable}),
                    ),
                    Fingerprint.comment_id > window,
                    Fingerprint.comment_id.not_in(own),
                )
                .limit(5000)
            )
        ]
    lately = _sent_lately(session, claimed)
    rejected = _rejected_lately(session, claimed)
    facts = []
    for one, likeness in zip(claimed, likenesses, strict=True):
        near = sum(distance(likeness.simhash, other) <= NEAR for other in stored) if likeness.usable else 0
        facts.append(
            Facts(
                honeypot_filled=bool(one.gate.get("honeypot")),
                answered_by_sound=bool(one.gate.get("sound")),
                challenge_degraded=bool(one.gate.get("degraded")),
                identical_elsewhere=identical[likeness.exact] if likeness.usable else 0,
                similar_elsewhere=max(0, near - identical[likeness.exact]),
                sent_lately=max(0, lately[one.sender, one.name] - 1) if one.sender else 0,
                sent_allowance=allowance,
                rejected_lately=rejected[one.sender] if one.sender else 0,
            )
        )
        if likeness.usable:
            # Within one batch the first of several repeats is the original.
            identical[likeness.exact] += 1
            stored.append(likeness.simhash)
    return facts


def _sent_lately(session: Session, claimed: Sequence[Claimed]) -> Counter[tuple[bytes | None, str]]:
    # An address alone is no sender: a whole office, or a carrier's customers, may stand behind it.
    senders = {one.sender for one in claimed if one.sender}
    since = min(one.created_at for one in claimed) - FLOOD_WITHIN
    query = (
        select(Comment.sender, Comment.name, func.count())
        .where(Comment.sender.in_(senders), Comment.created_at > since)
        .where(Comment.name.in_({one.name for one in claimed}))
        .group_by(Comment.sender, Comment.name)
    )
    rows = session.execute(query).all() if senders else []
    return Counter({(sender, name): number for sender, name, number in rows})


def _rejected_lately(session: Session, claimed: Sequence[Claimed]) -> Counter[bytes | None]:
    senders = {one.sender for one in claimed if one.sender}
    since = min(one.created_at for one in claimed) - SENDER_WITHIN
    query = (
        select(Comment.sender, func.count())
        .where(Comment.sender.in_(senders), Comment.created_at > since, Comment.status == "rejected")
        .group_by(Comment.sender)
    )
    rows = session.execute(query).all() if senders else []
    return Counter(dict(rows))


def _step(one: Judged) -> state.Step:
    verdict = one.verdict
    findings = [asdict(finding) for finding in verdict.findings]
    kinds = sorted({finding.category or "unchecked" for finding in verdict.findings})
    return state.Step(
        comment_id=one.claimed.id,
        article_id=one.claimed.article_id,
        version=one.claimed.version,
        before="pending",
        after=state.STATUS_AFTER[verdict.outcome],
        actor="engine",
        act=verdict.outcome,
        detail={"findings": findings, "risk": verdict.risk},
        policy_version=verdict.policy_version,
        changes={
            "findings": findings,
            "categories": f",{','.join(kinds)}," if kinds else "",
            "risk": verdict.risk,
            "priority": _priority(one.claimed.created_at, verdict.risk),
            "policy_version": verdict.policy_version,
        },
    )


def _priority(created_at: datetime, risk: float) -> int:
    return int(created_at.timestamp() * 1000 - RISK_BONUS.total_seconds() * 1000 * risk)


def _fingerprint_row(one: Judged) -> dict[str, Any]:
    bands = one.likeness.bands
    return {
        "comment_id": one.claimed.id,
        "exact": one.likeness.exact,
        "band_0": bands[0],
        "band_1": bands[1],
        "band_2": bands[2],
        "band_3": bands[3],
    }
