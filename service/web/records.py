"""A comment, its findings, its history and its complaints as the review calls answer them."""

from datetime import datetime
from typing import Any

from service import privacy
from service.comments.reporting import Complaint, Count
from service.models import Comment, Decision
from service.web import answer, context
from service.web.schemas import reviewed

NO_REPORTS = Count()
OUTCOMES = {"approved": "approve", "held": "hold", "rejected": "reject"}


def comment(row: Comment, *, reports: Count = NO_REPORTS) -> reviewed.Reviewed:
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
        "findings": [finding(one) for one in row.findings],
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


def finding(stored: dict[str, Any]) -> reviewed.Finding:
    """Return a stored finding with its sentence in the moderator's language."""
    return {
        "check": stored["check"],
        "category": stored["category"],
        "severity": stored["severity"],
        "spans": stored["spans"],
        "message": stored["message"][context.language()],
        "entry": stored["entry"],
        "version": stored["version"],
        "ran": stored["ran"],
    }


def complaint(one: Complaint) -> reviewed.Complaint:
    """Return what one reader said; who it was is nobody's to see."""
    return {"reason": one.reason, "text": one.text, "at": answer.moment(one.created_at), "open": one.open}


def decision(row: Decision) -> reviewed.Decision:
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
