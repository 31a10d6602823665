"""Comments, their history, and what is kept of a submission beside them; who acts on them is elsewhere."""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from service.models.base import Base
from service.models.sites import Article, Site

STATUSES = ("pending", "held", "approved", "rejected", "erased")


def _held(name: str, *columns: str, escalated: bool | None = None) -> Index:
    """Return an index over what is held, as small as the queue."""
    postgresql = sqlite = "status = 'held'"
    if escalated is None:
        columns = ("status", *columns)
    else:
        columns = ("status", "escalated", *columns)
        postgresql += " AND escalated" if escalated else " AND NOT escalated"
        sqlite += f" AND escalated = {escalated:d}"
    return Index(name, *columns, postgresql_where=text(postgresql), sqlite_where=text(sqlite))


class Comment(Base):
    """One comment, from the form to its end. An erased one keeps its row, its times and nothing personal."""

    __tablename__ = "comments"
    __table_args__ = (
        CheckConstraint(f"status IN {STATUSES}", name="status"),
        Index(
            "ix_comments_pending",
            "attempts",
            "id",
            postgresql_where=text("status = 'pending'"),
            sqlite_where=text("status = 'pending'"),
        ),
        # Each begins with the columns of its own condition: SQLite, without statistics, takes another index that has
        # them, and reads a row for each that its index lacks.
        _held("ix_comments_held_queue", "priority", "id"),
        _held("ix_comments_held_site", "site_id", "priority", "id"),
        # What waits for a first decision, counted and by age without a look at the rows.
        _held("ix_comments_held_waiting", "site_id", "created_at", escalated=False),
        _held("ix_comments_held_escalated", "site_id", "priority", "id", escalated=True),
        Index("ix_comments_article_id_status_id", "article_id", "status", "id"),
        Index("ix_comments_status_id", "status", "id"),
        Index("ix_comments_sender_created_at", "sender", "created_at"),
        Index(
            "ix_comments_phone_key_created_at",
            "phone_key",
            "created_at",
            postgresql_where=text("phone_key IS NOT NULL"),
            sqlite_where=text("phone_key IS NOT NULL"),
        ),
        Index("ix_comments_created_at", "created_at"),
    )
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("sites.id"))
    article_id: Mapped[int] = mapped_column(ForeignKey("articles.id"))
    status: Mapped[str] = mapped_column(String(10))
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]
    receipt_key: Mapped[bytes] = mapped_column(unique=True)

    name: Mapped[str]
    title: Mapped[str]
    body: Mapped[str]
    shown: Mapped[dict[str, Any] | None]
    """Name, title and body as published, where a moderator chose to mask personal data."""

    folded: Mapped[str] = mapped_column(default="")
    """Name, title and body in small letters without accents, for a search that ignores both."""

    phone: Mapped[bytes | None]
    phone_key: Mapped[bytes | None]
    sender: Mapped[bytes | None]
    consent: Mapped[dict[str, Any] | None]
    gate: Mapped[dict[str, Any]]
    """How it came past the gate: honeypot filled, answered by sound, challenge degraded."""

    risk: Mapped[float] = mapped_column(default=0.0)
    priority: Mapped[int] = mapped_column(BigInteger, default=0)
    """Milliseconds: the time of arrival less a bonus for risk, so that the order of a queue never moves."""
    findings: Mapped[list[Any]]
    categories: Mapped[str] = mapped_column(String(300), default="")
    checks: Mapped[str] = mapped_column(String(300), default="")
    """The checks that found something or did not run, for the queue's filter; written like `categories`."""
    policy_version: Mapped[str] = mapped_column(String(40), default="")
    escalated: Mapped[bool] = mapped_column(default=False)

    attempts: Mapped[int] = mapped_column(default=0)
    lease_token: Mapped[str | None] = mapped_column(String(32))
    lease_until: Mapped[datetime | None]
    reviewer: Mapped[str | None] = mapped_column(String(100))
    reviewer_until: Mapped[datetime | None]

    article: Mapped[Article] = relationship()
    site: Mapped[Site] = relationship()


class Fingerprint(Base):
    """What a comment's text looks like, by which repeats are found; swept away after the look-back window."""

    __tablename__ = "fingerprints"
    comment_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("comments.id", ondelete="CASCADE"), primary_key=True)
    exact: Mapped[bytes] = mapped_column(index=True)
    band_0: Mapped[int] = mapped_column(index=True)
    band_1: Mapped[int] = mapped_column(index=True)
    band_2: Mapped[int] = mapped_column(index=True)
    band_3: Mapped[int] = mapped_column(index=True)


class Decision(Base):
    """The history of a comment, append-only: who, what, why, when. The first row says `received`."""

    __tablename__ = "decisions"
    __table_args__ = (
        UniqueConstraint("comment_id", "version"),
        Index("ix_decisions_at", "at"),
    )
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    comment_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("comments.id"))
    version: Mapped[int]
    """The comment's version after it, which makes two decisions on one version impossible."""
    actor: Mapped[str] = mapped_column(String(100))
    act: Mapped[str] = mapped_column(String(20))
    status_before: Mapped[str | None] = mapped_column(String(10))
    status_after: Mapped[str] = mapped_column(String(10))
    reason: Mapped[str | None] = mapped_column(String(40))
    note: Mapped[str | None]
    detail: Mapped[dict[str, Any]]
    policy_version: Mapped[str] = mapped_column(String(40), default="")
    undoes: Mapped[uuid.UUID | None]
    at: Mapped[datetime]


class IdempotencyKey(Base):
    """A client's promise that two requests are one; the row and its comment are committed together."""

    __tablename__ = "idempotency_keys"
    site_id: Mapped[int] = mapped_column(ForeignKey("sites.id"), primary_key=True)
    key: Mapped[bytes] = mapped_column(primary_key=True)
    content: Mapped[bytes]
    comment_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("comments.id"))
    created_at: Mapped[datetime] = mapped_column(index=True)


class SpentProof(Base):
    """The nonce of a proof of work that was accepted once and must not be again."""

    __tablename__ = "spent_proofs"
    nonce: Mapped[str] = mapped_column(String(64), primary_key=True)
    expires_at: Mapped[datetime] = mapped_column(index=True)


class Report(Base):
    """A reader's complaint about a comment that is shown."""

    __tablename__ = "reports"
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    comment_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("comments.id"), index=True)
    reason: Mapped[str] = mapped_column(String(40))
    text: Mapped[str]
    sender: Mapped[bytes | None]
    created_at: Mapped[datetime]


class Reveal(Base):
    """Somebody saw a phone number in the clear, and said why."""

    __tablename__ = "reveals"
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    comment_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("comments.id"), index=True)
    actor: Mapped[str] = mapped_column(String(100))
    reason: Mapped[str]
    at: Mapped[datetime]
