"""The state machine of a comment, and the only code that changes a status.

    (new) --received--> pending --engine--> approved | held | rejected
    approved | held | rejected --a person: approve, hold, reject, undo--> approved | held | rejected
    held, since it could not be checked --an operator: replay--> pending
    pending | held | approved | rejected --withdraw, erase--> erased

Each step is one fenced UPDATE (on the comment's version, and for the engine on the lease) and one row
of `decisions` in the same transaction; the article's count and version move with it. A note is a row of
the history that changes nothing but the version, so that who decides has read it.
Not here: who may take which step.
"""

import uuid
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any, cast

from sqlalchemy import Table, Update, bindparam, insert, update
from sqlalchemy.orm import Session

from service.ids import new_id
from service.models import Article, Comment, Decision
from service.moderation.vocabulary import Outcome

STATUS_AFTER = {Outcome.APPROVE: "approved", Outcome.HOLD: "held", Outcome.REJECT: "rejected"}
NOTE = "note"
"""The act of a row in the history that decides nothing."""
DECIDED = frozenset({"approved", "held", "rejected"})
ALLOWED: dict[str, frozenset[str]] = {
    "pending": DECIDED | {"erased"},
    "approved": DECIDED | {"erased"},
    "held": DECIDED | {"erased", "pending"},
    "rejected": DECIDED | {"erased"},
    "erased": frozenset(),
}

TAKEN = "steps taken"
"""Where a session notes the steps of its transaction, for those who ask after the commit (`service.runtime`)."""


class NotAllowed(Exception):
    """The state machine knows no such step."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step of one comment: from the version that the actor saw to the next one."""

    comment_id: uuid.UUID
    article_id: int
    version: int
    before: str
    after: str
    actor: str
    act: str
    reason: str | None = None
    note: str | None = None
    detail: dict[str, Any] = field(default_factory=dict)
    policy_version: str = ""
    undoes: uuid.UUID | None = None
    changes: dict[str, Any] = field(default_factory=dict)
    """Further columns of the comment that change with the step."""


def step(row: Comment, after: str, *, actor: str, act: str, **more: Any) -> Step:
    """Return the step of this row, as it was read, to the status `after`; `more` are further parts of the step."""
    return Step(row.id, row.article_id, row.version, row.status, after, actor, act, **more)


def take(session: Session, steps: Iterable[Step], *, now: datetime) -> dict[uuid.UUID, uuid.UUID]:
    """Take the steps whose comments still stand at the version given; return comment to decision for those taken.

    Raise `NotAllowed` before anything is written when a step is not in the machine.
    """
    # One order of locks for everybody, so that two bulk decisions cannot wait for each other.
    ordered = sorted(steps, key=lambda step: step.comment_id)
    for step in ordered:
        if step.after not in ALLOWED[step.before]:
            raise NotAllowed(f"{step.before} to {step.after}")
    taken = _move(session, ordered, now)
    decisions = [_history(step, now) for step in taken]
    if decisions:
        session.connection().execute(_HISTORY, decisions)
    _count(session, taken)
    session.info.setdefault(TAKEN, []).extend(taken)
    return {row["comment_id"]: row["id"] for row in decisions}


def what_was(row: Comment) -> dict[str, Any]:
    """Return what undoing a step from here must restore beside the status."""
    return {
        "escalated": row.escalated,
        "shown": row.shown,
        "decided_at": row.decided_at.isoformat() if row.decided_at else None,
    }


def remark(
    session: Session, comment_id: uuid.UUID, *, version: int, status: str, actor: str, note: str, now: datetime
) -> uuid.UUID | None:
    """Add a note to the history of a comment that still stands at the version given; nothing else about it changes.

    Return the row's id, None when somebody was first.
    """
    result = session.execute(
        update(Comment)
        .where(Comment.id == comment_id, Comment.version == version, Comment.status == status)
        .values(version=Comment.version + 1)
        .execution_options(synchronize_session=False)
    )
    if result.rowcount != 1:  # type: ignore[attr-defined]
        return None
    step = Step(comment_id, 0, version, status, status, actor, NOTE, note=note)
    row = _history(step, now)
    session.connection().execute(_HISTORY, [row])
    return uuid.UUID(str(row["id"]))


def _move(session: Session, steps: list[Step], now: datetime) -> list[Step]:
    """Move the comments that still stand where the steps begin: all at once, or one by one if somebody was first."""
    if len(steps) > 1 and len({frozenset(step.changes) for step in steps}) == 1:
        together = session.begin_nested()
        moved = _fenced(session, steps, now)
        if moved == len(steps):
            together.commit()
            return steps
        together.rollback()
    return [step for step in steps if _fenced(session, [step], now) == 1]


def _fenced(session: Session, steps: list[Step], now: datetime) -> int:
    """Write steps that change the same columns, and return how many of them met their comment's version."""
    rows = [
        {
            "comment": step.comment_id,
            "seen": step.version,
            "before": step.before,
            "after": step.after,
            "now": now,
            **{f"new_{name}": value for name, value in step.changes.items()},
        }
        for step in steps
    ]
    return session.connection().execute(_update(tuple(sorted(steps[0].changes))), rows).rowcount


@cache
def _update(changed: tuple[str, ...]) -> Update:
    """Return the statement for steps that change these further columns, written once."""
    table = cast(Table, Comment.__table__)
    return (
        update(table)
        .where(
            table.c.id == bindparam("comment"),
            table.c.version == bindparam("seen"),
            table.c.status == bindparam("before"),
        )
        .values(
            {
                "status": bindparam("after"),
                "version": table.c.version + 1,
                "decided_at": bindparam("now"),
                "lease_token": None,
                "lease_until": None,
                "reviewer": None,
                "reviewer_until": None,
                **{name: bindparam(f"new_{name}") for name in changed},
            }
        )
    )


def _history(step: Step, now: datetime) -> dict[str, Any]:
    return {
        "id": new_id(now),
        "comment_id": step.comment_id,
        "version": step.version + 1,
        "actor": step.actor,
        "act": step.act,
        "status_before": step.before,
        "status_after": step.after,
        "reason": step.reason,
        "note": step.note,
        "detail": step.detail,
        "policy_version": step.policy_version,
        "undoes": step.undoes,
        "at": now,
    }


def _count(session: Session, taken: Iterable[Step]) -> None:
    change: dict[int, int] = defaultdict(int)
    for step in taken:
        if "approved" in {step.before, step.after}:
            change[step.article_id] += (step.after == "approved") - (step.before == "approved")
    if change:
        rows = [{"article": article_id, "difference": difference} for article_id, difference in sorted(change.items())]
        session.connection().execute(_RECOUNT, rows)


# Rows go past the object mapper.
_HISTORY = insert(cast(Table, Decision.__table__))
_ARTICLES = cast(Table, Article.__table__)
_RECOUNT = (
    update(_ARTICLES)
    .where(_ARTICLES.c.id == bindparam("article"))
    .values(approved=_ARTICLES.c.approved + bindparam("difference"), version=_ARTICLES.c.version + 1)
)


def forget_details(session: Session, comment_id: uuid.UUID) -> None:
    """Empty what the history quotes of an erased comment; who did what and when stays."""
    session.execute(
        update(Decision)
        .where(Decision.comment_id == comment_id)
        .values(detail={}, note=None)
        .execution_options(synchronize_session=False)
    )
