"""A decision is taken back: status, what is shown, escalation, the count of the article and times are as before."""

import uuid
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from service.comments import state
from service.comments.deciding import DecidedMeanwhile, UnknownDecision, fresh, last, seen_by, theirs
from service.models import Comment, Decision
from service.moderators import Viewer


def undo(session: Session, viewer: Viewer, decision_id: uuid.UUID, *, now: datetime) -> tuple[Comment, Decision]:
    """Take a person's decision back while it is the comment's last.

    Raise `UnknownDecision`, `NotYours` or `DecidedMeanwhile`; a note that was added since is no obstacle.
    """
    found = undo_many(session, viewer, [decision_id], now=now)[decision_id]
    if isinstance(found, Decision):
        return fresh(session, found.comment_id), found
    if found == 404:
        raise UnknownDecision
    decision = session.get_one(Decision, decision_id)
    raise DecidedMeanwhile(last(session, decision.comment_id))


def undo_many(
    session: Session, viewer: Viewer, decision_ids: Sequence[uuid.UUID], *, now: datetime
) -> dict[uuid.UUID, Decision | int]:
    """Take back each decision that is still its comment's last; return the undoing, or 404 or 409, for each."""
    decisions = {row.id: row for row in session.scalars(select(Decision).where(Decision.id.in_(decision_ids)))}
    comments = [row.comment_id for row in decisions.values()]
    rows = {row.id: row for row in session.scalars(seen_by(viewer).where(Comment.id.in_(comments)))}
    latest = _latest(session, list(rows))
    results: dict[uuid.UUID, Decision | int] = {}
    steps: dict[uuid.UUID, state.Step] = {}
    for one in decision_ids:
        decision = decisions.get(one)
        row = rows.get(decision.comment_id) if decision is not None else None
        if decision is None or row is None:
            results[one] = 404
        elif not _can_be_undone(row, decision, latest) or row.id in {step.comment_id for step in steps.values()}:
            results[one] = 409
        else:
            if decision.actor != viewer.actor:
                theirs(viewer, row)
            steps[one] = _step(row, decision, viewer)
    taken = state.take(session, steps.values(), now=now)
    made = {row.id: row for row in session.scalars(select(Decision).where(Decision.id.in_(taken.values())))}
    for one, step in steps.items():
        results[one] = made[taken[step.comment_id]] if step.comment_id in taken else 409
    return {one: results[one] for one in decision_ids}


def _latest(session: Session, comment_ids: list[uuid.UUID]) -> dict[uuid.UUID, int]:
    query = (
        select(Decision.comment_id, func.max(Decision.version))
        .where(Decision.comment_id.in_(comment_ids), Decision.act != state.NOTE)
        .group_by(Decision.comment_id)
    )
    return dict(session.execute(query).all())


def _can_be_undone(row: Comment, decision: Decision, latest: dict[uuid.UUID, int]) -> bool:
    return (
        decision.version == latest.get(row.id)
        and decision.act != state.NOTE
        and decision.status_before in state.DECIDED
        and "was" in decision.detail
        and row.status in state.DECIDED
    )


def _step(row: Comment, decision: Decision, viewer: Viewer) -> state.Step:
    was = decision.detail["was"]
    decided_at = was.get("decided_at")
    return state.step(
        row,
        decision.status_before or "held",
        actor=viewer.actor,
        act="undo",
        detail={"was": state.what_was(row)},
        undoes=decision.id,
        changes={
            "escalated": was["escalated"],
            "shown": was["shown"],
            **({"decided_at": datetime.fromisoformat(decided_at)} if decided_at else {}),
        },
    )
