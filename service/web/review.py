"""The moderators' JSON calls: queue, card, decisions, undo, leases, preview; the desk uses the same use cases."""

import uuid
from dataclasses import asdict
from datetime import datetime
from typing import Any

from flask import Blueprint, Response, request

from service import moderation, privacy, sites
from service.comments import deciding, leasing, queue, reporting, undoing
from service.comments.deciding import DecidedMeanwhile, Ruling
from service.comments.leasing import BeingRead
from service.comments.reporting import Complaint, Count
from service.models import Comment, Decision
from service.moderation.vocabulary import Policy, PublishMode, Submission
from service.rules import standing
from service.web import answer, auth, context, payload, schemas
from service.web.errors import Problem
from service.web.keeping.audit import audit
from service.web.keeping.blocks import blocks
from service.web.keeping.rules import rules
from service.web.schemas import reviewed

review = Blueprint("review", __name__, url_prefix="/v1/review")
for kept in (rules, blocks, audit):
    review.register_blueprint(kept)

NO_REPORTS = Count()


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
        listed = [comment_as_json(row, reports=reports.get(row.id, NO_REPORTS)) for row in page.comments]
    return answer.private(reviewed.Queue(comments=listed, next=page.next, total=page.total))


@review.get("/comments/<uuid:comment_id>")
def comment(comment_id: uuid.UUID) -> Response:
    """Return one comment with its findings, history, sender and likenesses."""
    viewer = auth.viewer()
    with context.runtime().database.reading() as session:
        card = queue.card(session, viewer, comment_id, now=context.now())
        reports = reporting.counted(session, [card.comment.id])
        document: reviewed.Card = {
            **comment_as_json(card.comment, reports=reports.get(card.comment.id, NO_REPORTS)),
            "complaints": [complaint_as_json(one) for one in reporting.complaints(session, card.comment.id)],
            "decisions": [decision_as_json(row) for row in card.decisions],
            "sender": {"address": card.sender["address"], "phone": card.sender["phone"]},
            "similar": [comment_as_json(row) for row in card.similar],
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
            document: reviewed.Decided = {"comment": comment_as_json(row), "decision": decision_as_json(decision)}
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
            else {"id": str(one), "status": 200, "decision": decision_as_json(result)}
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
            document: reviewed.Decided = {"comment": comment_as_json(row), "decision": decision_as_json(decision)}
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
            else {"decision": str(one), "status": 200, "undone": decision_as_json(result)}
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
            document: reviewed.Decided = {"comment": comment_as_json(row), "decision": decision_as_json(made)}
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
            findings=[finding_as_json(asdict(finding)) for finding in verdict.findings],
        )
    )


def comment_as_json(row: Comment, *, reports: Count = NO_REPORTS) -> reviewed.Reviewed:
    """Return a comment as moderators see it; the phone is masked."""
    now = context.now()
    return {
        "id": str(row.id),
        "site": row.site.key,
        "article": {"id": row.article.key, "title": row.article.title, "url": row.article.url},
        "status": row.status,
        "version": row.version,
        "escalated": row.escalated,
        "risk": row.risk,
        "priority": row.priority,
        "name": row.name,
        "title": row.title,
        "body": row.body,
        "shown": row.shown,
        "phone": _masked_phone(row),
        "findings": [finding_as_json(finding) for finding in row.findings],
        "policy_version": row.policy_version,
        "created_at": answer.moment(row.created_at),
        "age": max(0, int((now - row.created_at).total_seconds())),
        "decided_at": answer.moment(row.decided_at) if row.decided_at else None,
        "attempts": row.attempts,
        "reports": reports.all,
        "open_reports": reports.open,
        "lease": _lease(row, now),
    }


def _lease(row: Comment, now: datetime) -> reviewed.Lease | None:
    if row.reviewer is None or row.reviewer_until is None or row.reviewer_until <= now:
        return None
    return {"by": row.reviewer, "until": answer.moment(row.reviewer_until)}


def _masked_phone(row: Comment) -> str | None:
    if row.phone is None:
        return None
    try:
        return privacy.masked(context.runtime().vault.open(row.phone, row.id))
    except privacy.Unreadable:
        # Its key is gone; the comment can be read and decided all the same.
        return "•"


def finding_as_json(finding: dict[str, Any]) -> reviewed.Finding:
    """Return a stored finding with its sentence in the moderator's language."""
    return {
        "check": finding["check"],
        "category": finding["category"],
        "severity": finding["severity"],
        "spans": finding["spans"],
        "message": finding["message"][context.language()],
        "entry": finding["entry"],
        "version": finding["version"],
        "ran": finding["ran"],
    }


def complaint_as_json(one: Complaint) -> reviewed.Complaint:
    """Return what one reader said; who it was is nobody's to see."""
    return {"reason": one.reason, "text": one.text, "at": answer.moment(one.created_at), "open": one.open}


def decision_as_json(row: Decision) -> reviewed.Decision:
    """Return one row of the history."""
    return {
        "id": str(row.id),
        "comment": str(row.comment_id),
        "version": row.version,
        "actor": row.actor,
        "act": row.act,
        "outcome": OUTCOMES.get(row.status_after),
        "status_before": row.status_before,
        "status_after": row.status_after,
        "reason": row.reason,
        "note": row.note,
        "policy_version": row.policy_version,
        "undoes": str(row.undoes) if row.undoes else None,
        "at": answer.moment(row.at),
    }


OUTCOMES = {"approved": "approve", "held": "hold", "rejected": "reject"}


def _conflict(error: DecidedMeanwhile) -> Problem:
    first = decision_as_json(error.decision) if error.decision is not None else None
    return Problem("conflict", decision=first)
