"""People decide: approve, hold, reject, one or many; they leave notes, and see a phone when they say why."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
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


class NotYours(Exception):
    """The comment was escalated, and an editor decides."""


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
    """Decide on the version that the person saw; raise `UnknownComment`, `NotAsked`, `NotYours`, `DecidedMeanwhile`."""
    check(ruling)
    row = visible(session, viewer, comment_id)
    if row.version != version or row.status not in state.DECIDED:
        raise DecidedMeanwhile(last(session, row.id))
    theirs(viewer, row)
    taken = state.take(session, [_step(row, ruling, viewer)], now=now)
    if row.id not in taken:
        session.expire(row)
        raise DecidedMeanwhile(last(session, row.id))
    return fresh(session, row.id), session.get_one(Decision, taken[row.id])


def decide_many(
    session: Session, viewer: Viewer, items: Mapping[uuid.UUID, int], ruling: Ruling, *, now: datetime
) -> dict[uuid.UUID, Decision | int]:
    """Decide on each version that the person saw; return the decision, or 403, 404 or 409, for each."""
    check(ruling)
    rows = {row.id: row for row in session.scalars(seen_by(viewer).where(Comment.id.in_(items)))}
    current = [row for row in rows.values() if row.version == items[row.id] and row.status in state.DECIDED]
    ours = [row for row in current if not row.escalated or "escalated" in viewer.rights]
    kept = {row.id for row in current} - {row.id for row in ours}
    steps = [_step(row, ruling, viewer) for row in ours]
    taken = state.take(session, steps, now=now)
    decisions = {
        row.comment_id: row for row in session.scalars(select(Decision).where(Decision.id.in_(taken.values())))
    }
    refused = {one: 403 if one in kept else 409 if one in rows else 404 for one in items}
    return {one: decisions.get(one, refused[one]) for one in items}


def articles_of(session: Session, comment_ids: Sequence[uuid.UUID]) -> set[int]:
    """Return the articles of these comments."""
    return set(session.scalars(select(Comment.article_id).where(Comment.id.in_(comment_ids))))


def note(
    session: Session, viewer: Viewer, comment_id: uuid.UUID, text: str, *, version: int, now: datetime
) -> tuple[Comment, Decision]:
    """Add a note to the history; raise `UnknownComment`, or `DecidedMeanwhile` for who has not seen the latest."""
    row = visible(session, viewer, comment_id)
    if row.version != version or row.status not in state.DECIDED:
        raise DecidedMeanwhile(last(session, row.id))
    made = state.remark(session, row.id, version=version, status=row.status, actor=viewer.actor, note=text, now=now)
    if made is None:
        raise DecidedMeanwhile(last(session, row.id))
    return fresh(session, row.id), session.get_one(Decision, made)


def theirs(viewer: Viewer, row: Comment) -> None:
    """Raise `NotYours` when the comment waits for somebody with more rights than the viewer has."""
    if row.escalated and "escalated" not in viewer.rights:
        raise NotYours


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
        detail={"was": state.what_was(row), "mask": ruling.mask},
        changes={"escalated": ruling.escalate, "shown": masked(row) if ruling.mask else None},
    )


def seen_by(viewer: Viewer) -> Any:
    """Return the query for the comments of the viewer's sites."""
    query = select(Comment)
    if viewer.sites is not None:
        query = query.where(Comment.site_id.in_(select(Site.id).where(Site.key.in_(viewer.sites))))
    return query


def visible(session: Session, viewer: Viewer, comment_id: uuid.UUID) -> Comment:
    """Return the comment if the viewer may see it; raise `UnknownComment`."""
    row: Comment | None = session.scalar(seen_by(viewer).where(Comment.id == comment_id))
    if row is None:
        raise UnknownComment
    return row


def fresh(session: Session, comment_id: uuid.UUID) -> Comment:
    """Return the comment as the database holds it now."""
    return session.get_one(Comment, comment_id, populate_existing=True)


def last(session: Session, comment_id: uuid.UUID) -> Decision | None:
    """Return the last row of the comment's history, to be told after a roll-back."""
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
