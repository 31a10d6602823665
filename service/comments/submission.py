"""A comment is submitted: stored as pending, once, with everything that makes it so; nothing is judged here."""

import hashlib
import hmac
import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import Table, delete, insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from service import articles
from service.comments import receipts, search
from service.db import violated
from service.ids import new_id
from service.models import Comment, Decision, IdempotencyKey, SpentProof
from service.privacy import Vault
from service.sites import KnownSite

KEY_LIFETIME = timedelta(days=1)


class ProofSpent(Exception):
    """The proof of work paid for another comment already."""


class KeyMismatch(Exception):
    """The Idempotency-Key came with other content before."""


class SentMeanwhile(Exception):
    """A request with the same Idempotency-Key was committed a moment ago; look it up again."""


@dataclass(frozen=True, slots=True)
class Draft:
    """What the reader typed, cleaned and checked: NFC, within the site's lengths, the phone in E.164."""

    article: str
    name: str
    title: str
    body: str
    phone: str | None = None
    consent: bool = False
    consent_text: str = ""
    """The sentence that stood beside the box."""
    article_url: str = ""
    article_title: str = ""

    def content(self, secret: bytes) -> bytes:
        """Return a keyed hash of all that makes two requests the same; the challenge is no part of it.

        Without a key the number in it could be guessed at.
        """
        typed = json.dumps([self.article, self.name, self.title, self.body, self.phone]).encode()
        return hmac.digest(secret, b"content of a submission " + typed, "sha256")


@dataclass(frozen=True, slots=True)
class Gate:
    """How the submission came past the challenge."""

    honeypot: bool = False
    sound: bool = False
    degraded: bool = False
    proof: str | None = None
    proof_expires: datetime | None = None


@dataclass(frozen=True, slots=True)
class Accepted:
    """What the reader is told: an id and a receipt."""

    id: uuid.UUID
    receipt: str


def sent_before(
    session: Session, site: KnownSite, key: str, draft: Draft, *, secrets: Sequence[bytes], now: datetime
) -> Accepted | None:
    """Return the first answer to this Idempotency-Key, or None; raise `KeyMismatch` when the content differs.

    `secrets` are the key of today, and those before it under which the first answer may have been given.
    """
    row = session.get(IdempotencyKey, (site.id, _hashed(key)))
    if row is None or row.created_at < now - KEY_LIFETIME:
        return None
    for secret in secrets:
        if hmac.compare_digest(row.content, draft.content(secret)):
            return Accepted(row.comment_id, receipts.code(secret, row.comment_id))
    raise KeyMismatch


@dataclass(frozen=True, slots=True)
class Arrival:
    """A comment with all that can be known of it before the transaction that stores it."""

    site: KnownSite
    draft: Draft
    gate: Gate
    key: str | None
    accepted: Accepted
    row: dict[str, Any]
    """The columns of `comments` but for the article."""
    content: bytes
    now: datetime


def ready(
    site: KnownSite,
    draft: Draft,
    gate: Gate,
    *,
    vault: Vault,
    secret: bytes,
    sender: bytes,
    key: str | None,
    now: datetime,
) -> Arrival:
    """Give the comment an id and a receipt, and make its row."""
    comment_id = new_id(now)
    receipt = receipts.code(secret, comment_id)
    row = _row(site, draft, gate, comment_id, receipt, vault, sender, now)
    return Arrival(site, draft, gate, key, Accepted(comment_id, receipt), row, draft.content(secret), now)


def store(session: Session, arrivals: Sequence[Arrival]) -> None:
    """Store the comments as pending, each with its first history row, its proof and its key.

    Raise `articles.ArticleClosed` or `ArticleNotRegistered`, `ProofSpent`, `SentMeanwhile`; which of several is at
    fault is not said, and nothing may be committed then.
    """
    places: dict[tuple[int, str], int] = {}
    for one in arrivals:
        place = (one.site.id, one.draft.article)
        if place not in places:
            places[place] = _article(session, one)
    proofs = [
        {"nonce": one.gate.proof, "expires_at": one.gate.proof_expires or one.now}
        for one in arrivals
        if one.gate.proof is not None
    ]
    try:
        if proofs:
            session.execute(insert(SpentProof), proofs)
        rows = session.connection()
        rows.execute(_COMMENT, [{**one.row, "article_id": places[one.site.id, one.draft.article]} for one in arrivals])
        rows.execute(_RECEIVED, [_first(one.accepted.id, one.now) for one in arrivals])
        for one in arrivals:
            if one.key is not None:
                _keep_key(session, one, one.key)
    except IntegrityError as error:
        if "spent_proofs" in violated(error):
            raise ProofSpent from error
        if "idempotency_keys" in violated(error):
            raise SentMeanwhile from error
        raise


def _article(session: Session, arrival: Arrival) -> int:
    site, draft, now = arrival.site, arrival.draft, arrival.now
    known = articles.open_for_comments(session, site, draft.article, now=now)
    if known is not None and (known.url or known.title or not draft.article_url):
        return known.id
    return articles.ensure(session, site, draft.article, title=draft.article_title, url=draft.article_url, now=now)


def _keep_key(session: Session, arrival: Arrival, key: str) -> None:
    site, now = arrival.site, arrival.now
    session.execute(
        delete(IdempotencyKey).where(
            IdempotencyKey.site_id == site.id,
            IdempotencyKey.key == _hashed(key),
            IdempotencyKey.created_at < now - KEY_LIFETIME,
        )
    )
    session.execute(
        insert(IdempotencyKey).values(
            site_id=site.id,
            key=_hashed(key),
            content=arrival.content,
            comment_id=arrival.accepted.id,
            created_at=now,
        )
    )


# Into the tables, past the classes and the session: what they do costs more than the row itself.
_COMMENT = insert(cast(Table, Comment.__table__))
_RECEIVED = insert(cast(Table, Decision.__table__))


def _row(
    site: KnownSite,
    draft: Draft,
    gate: Gate,
    comment_id: uuid.UUID,
    receipt: str,
    vault: Vault,
    sender: bytes,
    now: datetime,
) -> dict[str, Any]:
    consent = None
    if draft.consent:
        consent = {"text": draft.consent_text, "version": site.policy.consent_version, "at": now.isoformat()}
    return {
        "id": comment_id,
        "site_id": site.id,
        "status": "pending",
        "version": 1,
        "created_at": now,
        "receipt_key": receipts.key(receipt),
        "name": draft.name,
        "title": draft.title,
        "body": draft.body,
        "folded": search.folded(draft.name, draft.title, draft.body),
        "phone": vault.seal(draft.phone, comment_id) if draft.phone else None,
        "phone_key": vault.phone_key(draft.phone) if draft.phone else None,
        "sender": sender,
        "consent": consent,
        "gate": {"honeypot": gate.honeypot, "sound": gate.sound, "degraded": gate.degraded},
        "priority": int(now.timestamp() * 1000),
        "findings": [],
    }


def _first(comment_id: uuid.UUID, now: datetime) -> dict[str, Any]:
    return {
        "id": new_id(now),
        "comment_id": comment_id,
        "version": 1,
        "actor": "reader",
        "act": "received",
        "status_before": None,
        "status_after": "pending",
        "detail": {},
        "at": now,
    }


def _hashed(key: str) -> bytes:
    return hashlib.sha256(key.encode()).digest()


def forget_spent(session: Session, *, now: datetime) -> None:
    """Sweep away proofs and keys that cannot come again."""
    session.execute(delete(SpentProof).where(SpentProof.expires_at < now))
    session.execute(delete(IdempotencyKey).where(IdempotencyKey.created_at < now - KEY_LIFETIME))
