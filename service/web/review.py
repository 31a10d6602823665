"""The moderators' JSON calls: queue, card, decisions, undo, leases, preview; the desk uses the same use cases."""

import uuid
from dataclasses import asdict

from flask import Blueprint, Response, request

from service import moderation, sites
from service.comments import deciding, leasing, queue, reporting, undoing
from service.comments.deciding import DecidedMeanwhile, Ruling
from service.comments.leasing import BeingRead
from service.moderation.vocabulary import Policy, PublishMode, Submission
from service.rules import standing
from service.web import answer, auth, context, payload, records, schemas
from service.web.errors import Problem
from service.web.keeping.audit import audit
from service.web.keeping.blocks import blocks
from service.web.keeping.rules import rules
from service.web.schemas import reviewed

review = Blueprint("review", __name__, url_prefix="/v1/review")
for kept in (rules, blocks, audit):
    review.register_blueprint(kept)


@review.get("/comments")
def comments() -> Response:
    """List comments in the queue's order."""
    viewer = auth.viewer()
    wanted = schemas.parse(schemas.QueueQuery, request.args.to_dict())
    chosen = queue.Filter(
        status=wanted.status,
        site=wanted.site or None,
        article=wanted.article or None,
        reason=wanted.reason or None,
        text=wanted.q or None,
        check=wanted.check or None,
        reported=wanted.reported,
        order=wanted.order,
    )
    with context.runtime().database.reading() as session:
        page = queue.page(session, viewer, chosen, limit=wanted.limit, cursor=wanted.cursor or None)
        reports = reporting.counted(session, [row.id for row in page.comments])
        listed = [records.comment(row, reports=reports.get(row.id, records.NO_REPORTS)) for row in page.comments]
    return answer.private(reviewed.Queue(comments=listed, next=page.next, total=page.total))


@review.get("/comments/<uuid:comment_id>")
def comment(comment_id: uuid.UUID) -> Response:
    """Return one comment with its findings, history, sender and likenesses."""
    viewer = auth.viewer()
    with context.runtime().database.reading() as session:
        card = queue.card(session, viewer, comment_id, now=context.now())
        reports = reporting.counted(session, [card.comment.id])
        document: reviewed.Card = {
            **records.comment(card.comment, reports=reports.get(card.comment.id, records.NO_REPORTS)),
            "complaints": [records.complaint(one) for one in reporting.complaints(session, card.comment.id)],
            "decisions": [records.decision(row) for row in card.decisions],
            "sender": {"address": card.sender["address"], "phone": card.sender["phone"]},
            "similar": [records.comment(row) for row in card.similar],
        }
    return answer.private(document)


@review.post("/comments/<uuid:comment_id>/decision")
def decide(comment_id: uuid.UUID) -> Response:
    """Decide on one comment."""
    viewer = auth.viewer()
    asked = schemas.parse(schemas.DecisionIn, payload.read())
    ruling = Ruling(asked.outcome, asked.reason or None, asked.note or None, asked.escalate, asked.mask)
    try:
        with context.runtime().database.writing() as session:
            row, decision = deciding.decide(
                session, viewer, comment_id, ruling, version=asked.version, now=context.now()
            )
            document: reviewed.Decided = {"comment": records.comment(row), "decision": records.decision(decision)}
    except DecidedMeanwhile as error:
        raise _conflict(error) from error
    context.tell_of([row.article_id])
    return answer.private(document)


@review.post("/decisions")
def decide_many() -> Response:
    """Decide on up to 500 comments at once; each succeeds or fails for itself."""
    viewer = auth.viewer()
    asked = schemas.parse(schemas.DecisionsIn, payload.read())
    ruling = Ruling(asked.outcome, asked.reason or None, asked.note or None)
    items = {item.id: item.version for item in asked.items}
    with context.runtime().database.writing() as session:
        found = deciding.decide_many(session, viewer, items, ruling, now=context.now())
        changed = deciding.articles_of(session, [one for one, result in found.items() if not isinstance(result, int)])
        results: list[reviewed.Result] = [
            {"id": str(one), "status": result}
            if isinstance(result, int)
            else {"id": str(one), "status": 200, "decision": records.decision(result)}
            for one, result in found.items()
        ]
    context.tell_of(changed)
    return answer.private(reviewed.Results(results=results))


@review.post("/undo")
def undo() -> Response:
    """Take back a decision that is still the comment's last."""
    viewer = auth.viewer()
    asked = schemas.parse(schemas.UndoIn, payload.read())
    try:
        with context.runtime().database.writing() as session:
            row, decision = undoing.undo(session, viewer, asked.decision, now=context.now())
            document: reviewed.Decided = {"comment": records.comment(row), "decision": records.decision(decision)}
    except DecidedMeanwhile as error:
        raise _conflict(error) from error
    context.tell_of([row.article_id])
    return answer.private(document)


@review.post("/undo-many")
def undo_many() -> Response:
    """Take back up to 500 decisions; each succeeds or fails for itself."""
    viewer = auth.viewer()
    asked = schemas.parse(schemas.UndoManyIn, payload.read())
    with context.runtime().database.writing() as session:
        found = undoing.undo_many(session, viewer, list(dict.fromkeys(asked.decisions)), now=context.now())
        undone = [row for row in found.values() if not isinstance(row, int)]
        changed = deciding.articles_of(session, [row.comment_id for row in undone])
        results: list[reviewed.Undoing] = [
            {"decision": str(one), "status": result}
            if isinstance(result, int)
            else {"decision": str(one), "status": 200, "undone": records.decision(result)}
            for one, result in found.items()
        ]
    context.tell_of(changed)
    return answer.private(reviewed.Undone(results=results))


@review.post("/comments/<uuid:comment_id>/notes")
def note(comment_id: uuid.UUID) -> Response:
    """Leave a note for colleagues; nothing else about the comment changes but its version."""
    viewer = auth.viewer()
    asked = schemas.parse(schemas.NoteIn, payload.read())
    try:
        with context.runtime().database.writing() as session:
            row, made = deciding.note(session, viewer, comment_id, asked.note, version=asked.version, now=context.now())
            document: reviewed.Decided = {"comment": records.comment(row), "decision": records.decision(made)}
    except DecidedMeanwhile as error:
        raise _conflict(error) from error
    return answer.private(document)


@review.post("/comments/<uuid:comment_id>/lease")
def lease(comment_id: uuid.UUID) -> Response:
    """Note that the comment is open on somebody's screen."""
    viewer = auth.viewer()
    try:
        with context.runtime().database.writing() as session:
            until = leasing.lease(session, viewer, comment_id, now=context.now())
    except BeingRead as error:
        raise Problem("conflict", lease={"by": error.by, "until": answer.moment(error.until)}) from error
    return answer.private(reviewed.Leased(lease={"by": viewer.actor, "until": answer.moment(until)}))


@review.delete("/comments/<uuid:comment_id>/lease")
def release(comment_id: uuid.UUID) -> Response:
    """Note that the comment was closed."""
    viewer = auth.viewer()
    with context.runtime().database.writing() as session:
        leasing.release(session, viewer, comment_id)
    return Response(status=204)


@review.post("/comments/<uuid:comment_id>/phone")
def reveal(comment_id: uuid.UUID) -> Response:
    """Show a phone number to somebody who says why; the history keeps both."""
    viewer = auth.viewer()
    asked = schemas.parse(schemas.RevealIn, payload.read())
    runtime = context.runtime()
    with runtime.database.writing() as session:
        phone = deciding.reveal(session, viewer, comment_id, runtime.vault, reason=asked.reason, now=context.now())
    return answer.private(reviewed.Phone(phone=phone))


@review.post("/preview")
def preview() -> Response:
    """Show what the engine would say; nothing is stored."""
    viewer = auth.viewer()
    asked = schemas.parse(schemas.PreviewIn, payload.read())
    policy = Policy(mode=PublishMode.WHEN_CLEAN)
    if asked.site:
        if not viewer.sees(asked.site):
            raise Problem("not-found")
        runtime = context.runtime()
        with runtime.database.reading() as session:
            site = sites.find(session, asked.site)
            policy = standing.policy_of(session, site, now=context.now(), zone=runtime.settings.zone)
    verdict = moderation.moderate(Submission(body=asked.body, title=asked.title, name=asked.name), policy)
    return answer.private(
        reviewed.Verdict(
            outcome=verdict.outcome,
            risk=verdict.risk,
            policy_version=verdict.policy_version,
            findings=[records.finding(asdict(finding)) for finding in verdict.findings],
        )
    )


def _conflict(error: DecidedMeanwhile) -> Problem:
    first = records.decision(error.decision) if error.decision is not None else None
    return Problem("conflict", decision=first)
