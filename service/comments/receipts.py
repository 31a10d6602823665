"""Receipts: the code by which a reader without an account asks after a comment, or takes it back."""

import base64
import hashlib
import hmac
import re
import uuid
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, delete, select
from sqlalchemy.orm import Session

from service import holds
from service.comments import state
from service.holds import Terms
from service.models import Comment, Fingerprint, Report, Sighting

SHOWN_AS = {
    "pending": "received",
    "held": "received",
    "approved": "published",
    "rejected": "not_published",
    "erased": "withdrawn",
}
FORM = re.compile(r"[A-Z2-7]{24}")


class UnknownReceipt(Exception):
    """No comment has this receipt."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a reader may know of their comment."""

    status: str
    created_at: datetime
    site_id: int
    article_key: str
    article_title: str


def code(secret: bytes, comment_id: uuid.UUID) -> str:
    """Return the comment's receipt: 120 bits that need no storing, since they follow from the id and a key."""
    return base64.b32encode(hmac.digest(secret, comment_id.bytes, "sha256")[:15]).decode()


def key(receipt: str) -> bytes:
    """Return what is stored of a receipt; a stolen backup does not open anybody's comment."""
    return hashlib.sha256(receipt.encode()).digest()


def look_up(session: Session, receipt: str) -> Receipt:
    """Return what the receipt's owner may know; raise `UnknownReceipt`."""
    row = session.scalar(_query(receipt))
    if row is None:
        raise UnknownReceipt
    return Receipt(SHOWN_AS[row.status], row.created_at, row.site_id, row.article.key, row.article.title)


def withdraw(session: Session, receipt: str, terms: Terms, *, now: datetime) -> int:
    """Erase the comment on its writer's wish and return its article; again is no error. Raise `UnknownReceipt`."""
    row = session.scalar(_query(receipt).with_for_update(of=Comment))
    if row is None:
        raise UnknownReceipt
    erase(session, row, terms, actor="reader", act="withdraw", now=now)
    return row.article_id


def erase(session: Session, row: Comment, terms: Terms, *, actor: str, act: str, now: datetime) -> None:
    """Empty the comment and remove its traces, whatever a worker is doing; what the law keeps is sealed beside it."""
    if row.status == "erased":
        return
    holds.keep(session, row, terms, now=now)
    step = state.step(
        row,
        "erased",
        actor=actor,
        act=act,
        changes={
            "name": "",
            "title": "",
            "body": "",
            "folded": "",
            "shown": None,
            "phone": None,
            "phone_key": None,
            "sender": None,
            "consent": None,
            "findings": [],
            "categories": "",
            "checks": "",
        },
    )
    if not state.take(session, [step], now=now):
        raise RuntimeError("the row was locked and yet moved")
    session.execute(delete(Fingerprint).where(Fingerprint.comment_id == row.id))
    session.execute(delete(Sighting).where(Sighting.comment_id == row.id))
    session.execute(delete(Report).where(Report.comment_id == row.id))
    state.forget_details(session, row.id)


def _query(receipt: str) -> Select[Comment]:
    if not FORM.fullmatch(receipt):
        raise UnknownReceipt
    return select(Comment).where(Comment.receipt_key == key(receipt))
