"""People decide: approve, hold, reject, one or many, undo; a lease says who is looking at what."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from service.comments import state
from service.ids import new_id
from service.models import Comment, Decision, Reveal, Site
from service.moderation.vocabulary import Category, Outcome
from service.moderators import Viewer
from service.privacy import Vault

REASONS = (
    "spam",
    "profanity",
    "insult",
    "hate",
    "threat",
    "sexual",
    "personal_data",
    "illegal",
    "off_topic",
    "duplicate",
    "other",
)
LEASE = timedelta(minutes=5)
MASKED = frozenset({Category.CONTACT_INFO, Category.PERSONAL_DATA})
MASK = "•"


class UnknownComment(Exception):
    """There is no such comment among those that the viewer may see."""


class UnknownDecision(Exception):
    """There is no such decision among those that the viewer may see."""


class NotAsked(Exception):
    """The decision asked for does not make sense; `field` and `code` say where."""

    def __init__(self, field: str, code: str) -> None:
        super().__init__(f"{field}: {code}")
        self.field, self.code = field, code


class DecidedMeanwhile(Exception):
    """Somebody was first; `decision` is theirs."""

    def __init__(self, decision: Decision | None) -> None:
        super().__init__("decided meanwhile")
        self.decision = decision


class BeingRead(Exception):
    """Another person has the comment open."""

    def __init__(self, by: str, until: datetime) -> None:
        super().__init__(by)
        self.by, self.until = by, until


@dataclass(frozen=True, slots=True)
class Ruling:
    """What a person asks for: an outcome, why, and whether personal data are hidden when it is shown."""

    outcome: Outcome
    reason: str | None = None
    note: str | None = None
    escalate: bool = False
    mask: bool = False


def decide(
    session: Session, viewer: Viewer, comment_id: uuid.UUID, ruling: Ruling, *, version: int, now: datetime
) -> tuple[Comment, Decision]:
    """Decide on the version that the person saw; raise `UnknownComment`, `NotAsked` or `DecidedMeanwhile`."""
    check(ruling)
    row = visible(session, viewer, comment_id)
    if row.version != version or row.status not in state.DECIDED:
        raise DecidedMeanwhile(_last(session, row.id))
    taken = state.take(session, [_step(row, ruling, viewer)], now=now)
    if row.id not in taken:
        session.expire(row)
        raise DecidedMeanwhile(_last(session, row.id))
    return _fresh(session, row.id), session.get_one(Decision, taken[row.id])


def decide_many(
    session: Session, viewer: Viewer, items: Mapping[uuid.UUID, int], ruling: Ruling, *, now: datetime
) -> dict[uuid.UUID, Decision | int]:
    """Decide on each version that the person saw; return the decision, or 404 or 409, for each."""
    check(ruling)
    rows = {row.id: row for row in session.scalars(_seen_by(viewer).where(Comment.id.in_(items)))}
    steps = [
        _step(row, ruling, viewer)
        for row in rows.values()
        if row.version == items[row.id] and row.status in state.DECIDED
    ]
    taken = state.take(session, steps, now=now)
    decisions = {
        row.comment_id: row for row in session.scalars(select(Decision).where(Decision.id.in_(taken.values())))
    }
    return {one: decisions.get(one, 409 if one in rows else 404) for one in items}


def articles_of(session: Session, comment_ids: Sequence[uuid.UUID]) -> set[int]:
    """Return the articles of these comments."""
    return set(session.scalars(select(Comment.article_id).where(Comment.id.in_(comment_ids))))


def undo(session: Session, viewer: Viewer, decision_id: uuid.UUID, *, now: datetime) -> tuple[Comment, Decision]:
    """Take a person's decision back while it is the comment's last; raise `UnknownDecision` or `DecidedMeanwhile`."""
    decision = session.get(Decision, decision_id)
    if decision is None:
        raise UnknownDecision
    try:
        row = visible(session, viewer, decision.comment_id)
    except UnknownComment as error:
        raise UnknownDecision from error
    before = decision.status_before
    if decision.version != row.version or before not in state.DECIDED or "was" not in decision.detail:
        raise DecidedMeanwhile(_last(session, row.id))
    was = decision.detail["was"]
    step = state.step(
        row,
        before,
        actor=viewer.actor,
        act="undo",
        detail={"was": {"escalated": row.escalated, "shown": row.shown}},
        undoes=decision.id,
        changes={"escalated": was["escalated"], "shown": was["shown"]},
    )
    taken = state.take(session, [step], now=now)
    if row.id not in taken:
        raise DecidedMeanwhile(_last(session, row.id))
    return _fresh(session, row.id), session.get_one(Decision, taken[row.id])


def lease(session: Session, viewer: Viewer, comment_id: uuid.UUID, *, now: datetime) -> datetime:
    """Note that the viewer has the comment open, for five minutes; raise `UnknownComment` or `BeingRead`."""
    row = visible(session, viewer, comment_id)
    until = now + LEASE
    free = or_(Comment.reviewer.is_(None), Comment.reviewer == viewer.actor, Comment.reviewer_until <= now)
    result = session.execute(
        update(Comment)
        .where(Comment.id == row.id, free)
        .values(reviewer=viewer.actor, reviewer_until=until)
        .execution_options(synchronize_session=False)
    )
    if result.rowcount != 1:  # type: ignore[attr-defined]
        session.refresh(row)
        raise BeingRead(row.reviewer or "", row.reviewer_until or now)
    return until


def release(session: Session, viewer: Viewer, comment_id: uuid.UUID) -> None:
    """Note that the viewer closed the comment; nothing happens where it is another's."""
    row = visible(session, viewer, comment_id)
    session.execute(
        update(Comment)
        .where(Comment.id == row.id, Comment.reviewer == viewer.actor)
        .values(reviewer=None, reviewer_until=None)
        .execution_options(synchronize_session=False)
    )


def masked(row: Comment) -> dict[str, str]:
    """Return the comment's texts with the places of personal data hidden, as its findings name them."""
    texts = {"name": list(row.name), "title": list(row.title), "body": list(row.body)}
    for finding in row.findings:
        if finding["category"] in MASKED:
            for span in finding["spans"]:
                length = span["end"] - span["start"]
                texts[span["field"]][span["start"] : span["end"]] = MASK * length
    return {name: "".join(text) for name, text in texts.items()}


def check(ruling: Ruling) -> None:
    """Raise `NotAsked` when the parts of a ruling do not go together."""
    if ruling.reason is not None and ruling.reason not in REASONS:
        raise NotAsked("reason", "unknown")
    if ruling.reason is not None and ruling.outcome is Outcome.APPROVE:
        raise NotAsked("reason", "not_with_approve")
    if ruling.reason == "other" and not (ruling.note or "").strip():
        raise NotAsked("note", "required")
    if ruling.escalate and ruling.outcome is not Outcome.HOLD:
        raise NotAsked("escalate", "only_with_hold")
    if ruling.mask and ruling.outcome is not Outcome.APPROVE:
        raise NotAsked("mask", "only_with_approve")


def _step(row: Comment, ruling: Ruling, viewer: Viewer) -> state.Step:
    return state.step(
        row,
        state.STATUS_AFTER[ruling.outcome],
        actor=viewer.actor,
        act="escalate" if ruling.escalate else ruling.outcome.value,
        reason=ruling.reason,
        note=ruling.note,
        detail=_detail(row, ruling),
        changes={"escalated": ruling.escalate, "shown": masked(row) if ruling.mask else None},
    )


def _detail(row: Comment, ruling: Ruling) -> dict[str, Any]:
    return {"was": {"escalated": row.escalated, "shown": row.shown}, "mask": ruling.mask}


def _seen_by(viewer: Viewer) -> Any:
    query = select(Comment)
    if viewer.sites is not None:
        query = query.where(Comment.site_id.in_(select(Site.id).where(Site.key.in_(viewer.sites))))
    return query


def visible(session: Session, viewer: Viewer, comment_id: uuid.UUID) -> Comment:
    """Return the comment if the viewer may see it; raise `UnknownComment`."""
    row: Comment | None = session.scalar(_seen_by(viewer).where(Comment.id == comment_id))
    if row is None:
        raise UnknownComment
    return row


def _fresh(session: Session, comment_id: uuid.UUID) -> Comment:
    return session.get_one(Comment, comment_id, populate_existing=True)


def _last(session: Session, comment_id: uuid.UUID) -> Decision | None:
    query = select(Decision).where(Decision.comment_id == comment_id).order_by(Decision.version.desc()).limit(1)
    found = session.scalar(query)
    if found is not None:
        # It is told after the transaction was rolled back, which empties what the session still holds.
        session.expunge(found)
    return found


def reveal(
    session: Session, viewer: Viewer, comment_id: uuid.UUID, vault: Vault, *, reason: str, now: datetime
) -> str | None:
    """Return the phone number in the clear and write down who saw it and why; raise `UnknownComment`."""
    row = visible(session, viewer, comment_id)
    session.add(Reveal(id=new_id(now), comment_id=row.id, actor=viewer.actor, reason=reason, at=now))
    return vault.open(row.phone, row.id) if row.phone is not None else None
