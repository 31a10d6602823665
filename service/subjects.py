"""One person's data: found, exported, erased by a phone number, a receipt or a comment's id."""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from service import holds
from service.comments import receipts, search
from service.db import Database
from service.holds import Terms
from service.models import Comment, Decision, Report, Reveal
from service.privacy import InvalidPhone, Vault, parse_phone


class NobodyFound(Exception):
    """No comment belongs to this phone number, receipt or id."""


def find(session: Session, which: str, *, vault: Vault, region: str) -> list[Comment]:
    """Return the person's comments, oldest first; raise `NobodyFound`."""
    query = select(Comment).order_by(Comment.id)
    if receipts.FORM.fullmatch(which):
        query = query.where(Comment.receipt_key == receipts.key(which))
    elif (comment_id := _as_id(which)) is not None:
        query = query.where(Comment.id == comment_id)
    else:
        try:
            query = query.where(Comment.phone_key == vault.phone_key(parse_phone(which[:64], region)))
        except InvalidPhone as error:
            raise NobodyFound from error
    found = list(session.scalars(query))
    if not found:
        raise NobodyFound
    return found


def export(session: Session, rows: list[Comment], *, vault: Vault) -> list[dict[str, Any]]:
    """Return all that is kept about the person's comments, as they may ask for it."""
    return [_exported(session, row, vault) for row in rows]


def erase(session: Session, rows: list[Comment], terms: Terms, *, actor: str, now: datetime) -> set[int]:
    """Erase the person's comments and return the articles whose lists may change."""
    for row in rows:
        receipts.erase(session, row, terms, actor=actor, act="erase", now=now)
    return {row.article_id for row in rows}


def scrub(database: Database) -> bool:
    """Take erased text out of the search's index and the journal, in short transactions; False when one was in use."""
    begin = True
    while True:
        with database.writing() as session:
            more = search.forget(session, begin=begin)
        if not more:
            return database.scrub()
        begin = False


def erased(session: Session) -> list[uuid.UUID]:
    """Return the ids of every erased comment."""
    return list(session.scalars(select(Comment.id).where(Comment.status == "erased").order_by(Comment.id)))


def erase_again(session: Session, ids: list[uuid.UUID], terms: Terms, *, now: datetime) -> int:
    """Erase those of these comments that came back, as from a backup; return how many they were."""
    number = 0
    for start in range(0, len(ids), 500):
        query = select(Comment).where(Comment.id.in_(ids[start : start + 500]), Comment.status != "erased")
        back = list(session.scalars(query))
        erase(session, back, terms, actor="operator", now=now)
        number += len(back)
    return number


def _exported(session: Session, row: Comment, vault: Vault) -> dict[str, Any]:
    decisions = session.scalars(select(Decision).where(Decision.comment_id == row.id).order_by(Decision.version))
    reports = session.scalars(select(Report).where(Report.comment_id == row.id).order_by(Report.id))
    reveals = session.scalars(select(Reveal).where(Reveal.comment_id == row.id).order_by(Reveal.id))
    return {
        "id": str(row.id),
        "site": row.site.key,
        "article": row.article.key,
        "status": row.status,
        "created_at": row.created_at.isoformat(),
        "name": row.name,
        "title": row.title,
        "body": row.body,
        "phone": vault.open(row.phone, row.id) if row.phone else None,
        "consent": row.consent,
        "findings": row.findings,
        "decisions": [
            {"at": one.at.isoformat(), "act": one.act, "status": one.status_after, "reason": one.reason}
            for one in decisions
        ],
        "kept": holds.copy_of(session, row.id, vault),
        "seen_by": [one.at.isoformat() for one in reveals],
        "reports": [{"at": one.created_at.isoformat(), "reason": one.reason} for one in reports],
    }


def _as_id(which: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(which)
    except ValueError:
        return None
