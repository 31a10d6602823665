"""One comment at the desk: its card, and the plain forms by which a person decides without a script."""

import uuid
from dataclasses import replace
from typing import Any

from flask import Blueprint, Response

from service.comments import deciding, undoing
from service.comments import queue as waiting
from service.comments.deciding import DecidedMeanwhile, NotAsked, Ruling, UnknownComment
from service.models import Decision
from service.moderation.vocabulary import Outcome
from service.web import auth, context, payload, schemas
from service.web.desk import asking, frame, queue_words
from service.web.desk import queue as pages
from service.web.desk.asking import Asked
from service.web.errors import Problem

card = Blueprint("card", __name__, url_prefix="/comments/<uuid:comment_id>")

RULINGS = {
    "approve": Ruling(Outcome.APPROVE),
    "mask": Ruling(Outcome.APPROVE, mask=True),
    "hold": Ruling(Outcome.HOLD),
    "escalate": Ruling(Outcome.HOLD, escalate=True),
    **{f"reject:{reason}": Ruling(Outcome.REJECT, reason) for reason in deciding.REASONS},
}
"""What the buttons of a card stand for."""


@card.get("")
def shown(comment_id: uuid.UUID) -> Response:
    """Show one comment by itself."""
    with context.runtime().database.reading() as session:
        found = pages.card_of(session, comment_id)
    said = queue_words.of(context.language())
    return frame.page(
        "desk/comment.html", said=said, card=found, asked=Asked(item=comment_id), reasons=deciding.REASONS
    )


@card.get("/card")
def part(comment_id: uuid.UUID) -> Response:
    """Return the card alone, for the script that has the next one ready."""
    with context.runtime().database.reading() as session:
        found = pages.card_of(session, comment_id)
    said = queue_words.of(context.language())
    return frame.page("desk/card.html", said=said, card=found, asked=Asked(), reasons=deciding.REASONS)


@card.post("/decision")
def decide(comment_id: uuid.UUID) -> Response:
    """Decide, and go on to the next comment of the list."""
    fields = payload.read()
    asked, note = _back(fields), payload.text_of(fields, "note").strip()[:2000]
    ruling = RULINGS.get(payload.text_of(fields, "do"))
    if ruling is None:
        raise Problem("malformed")
    ruling = replace(ruling, note=note or None)
    try:
        with context.runtime().database.writing() as session:
            viewer, now = auth.viewer(), context.now()
            row = deciding.visible(session, viewer, comment_id)
            following = waiting.after(session, viewer, asked.wanted(now), row)
            row, decision = deciding.decide(session, viewer, comment_id, ruling, version=_version(fields), now=now)
            changed, made = row.article_id, str(decision.id)
    except NotAsked:
        return pages.shown(replace(asked, item=comment_id), wrong="wrong_note", status=422)
    except DecidedMeanwhile as error:
        return _conflict(replace(asked, item=comment_id), error.decision, "decided_first")
    context.tell_of([changed])
    item = {"item": str(following)} if following else {}
    return frame.onward("desk.queue.listed", done="decided", undo=made, **asked.kept(), **item)


@card.post("/note")
def note(comment_id: uuid.UUID) -> Response:
    """Leave a note for colleagues."""
    fields = payload.read()
    asked = replace(_back(fields), item=comment_id)
    said = schemas.parse(schemas.NoteIn, {"note": payload.text_of(fields, "note"), "version": _version(fields)})
    try:
        with context.runtime().database.writing() as session:
            deciding.note(session, auth.viewer(), comment_id, said.note, version=said.version, now=context.now())
    except DecidedMeanwhile as error:
        return _conflict(asked, error.decision, "decided_first")
    return frame.onward("desk.queue.listed", done="noted", **asked.kept(), item=str(comment_id))


@card.post("/phone")
def reveal(comment_id: uuid.UUID) -> Response:
    """Show the phone number to somebody who says why."""
    fields = payload.read()
    asked = replace(_back(fields), item=comment_id)
    reason = schemas.parse(schemas.RevealIn, {"reason": payload.text_of(fields, "reason")}).reason
    runtime = context.runtime()
    with runtime.database.writing() as session:
        phone = deciding.reveal(session, auth.viewer(), comment_id, runtime.vault, reason=reason, now=context.now())
    said = queue_words.of(context.language())
    return pages.shown(asked, notice=f"{said['revealed']}: {phone or '–'}")


@card.post("/undo")
def undo(comment_id: uuid.UUID) -> Response:
    """Take a decision back."""
    fields = payload.read()
    asked = replace(_back(fields), item=comment_id)
    try:
        decision = uuid.UUID(payload.text_of(fields, "decision"))
    except ValueError as error:
        raise Problem("malformed") from error
    try:
        with context.runtime().database.writing() as session:
            row, _ = undoing.undo(session, auth.viewer(), decision, now=context.now())
            changed, about = row.article_id, row.id
    except DecidedMeanwhile as error:
        return _conflict(asked, error.decision, "undo_late")
    context.tell_of([changed])
    return frame.onward("desk.queue.listed", done="undone", **asked.kept(), item=str(about))


@card.errorhandler(UnknownComment)
def gone(_error: UnknownComment) -> Response:
    """Say that there is no such comment."""
    return frame.failed(Problem("not-found"))


def _conflict(asked: Asked, first: Decision | None, sentence: str) -> Response:
    said = queue_words.of(context.language())
    who = queue_words.actor(first.actor, said) if first is not None else "?"
    act = said.get(f"act_{first.act}", first.act) if first is not None else ""
    why = f" ({said.get(f'reason_{first.reason}', first.reason)})" if first is not None and first.reason else ""
    text = said[sentence].replace("{who}", who).replace("{act}", act).replace("{why}", why)
    return pages.shown(asked, notice=text, status=409)


def _back(fields: dict[str, Any]) -> Asked:
    """Return the list that the person came from, as the form carries it."""
    pairs = asking.from_address(payload.text_of(fields, "back"))
    return replace(asking.parse(pairs), cursor="", item=None)


def _version(fields: dict[str, Any]) -> int:
    sent = payload.text_of(fields, "version")
    if not (sent.isascii() and sent.isdigit() and len(sent) < 10):
        raise Problem("malformed")
    return int(sent)
