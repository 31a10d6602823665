"""The tables; no behaviour. Who may change `comments.status`, and how, is `service.comments.state`'s to say.

`comments` is the work queue as well: a row with status `pending` waits for the engine, and
`lease_token` is the fence that lets exactly one worker finish it (docs/adr/0002).
"""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    MetaData,
    String,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from service.db import Instant

STATUSES = ("pending", "held", "approved", "rejected", "erased")


class Base(DeclarativeBase):
    """Names every constraint, so that a migration can find it on both databases."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy reads it as a class attribute.
        datetime: Instant(),
        dict[str, Any]: JSON(none_as_null=True),
        list[Any]: JSON(none_as_null=True),
        uuid.UUID: Uuid(),
    }


class Site(Base):
    """A website whose articles are commented on; `policy` is the document that `service.sites` reads."""

    __tablename__ = "sites"
    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(40), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    origins: Mapped[list[Any]]
    policy: Mapped[dict[str, Any]]
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime]


class Article(Base):
    """What is commented on. `version` and `approved` change with every change of what is shown under it."""

    __tablename__ = "articles"
    __table_args__ = (UniqueConstraint("site_id", "key"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("sites.id"))
    key: Mapped[str] = mapped_column(String(512))
    title: Mapped[str] = mapped_column(String(300), default="")
    url: Mapped[str] = mapped_column(String(2000), default="")
    registered: Mapped[bool] = mapped_column(default=False)
    closed_at: Mapped[datetime | None]
    opened_at: Mapped[datetime]
    approved: Mapped[int] = mapped_column(default=0)
    version: Mapped[int] = mapped_column(default=0)
    site: Mapped[Site] = relationship()


class Surge(Base):
    """An article that gets many times more comments than it is used to; gone when it has calmed down."""

    __tablename__ = "surges"
    article_id: Mapped[int] = mapped_column(ForeignKey("articles.id", ondelete="CASCADE"), primary_key=True)
    since: Mapped[datetime]
    recent: Mapped[int]
    usual: Mapped[float]


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
        Index(
            "ix_comments_held",
            "site_id",
            "priority",
            "id",
            postgresql_where=text("status = 'held'"),
            sqlite_where=text("status = 'held'"),
        ),
        Index(
            # The queue of somebody who sees every site, in its order.
            "ix_comments_held_priority",
            "priority",
            "id",
            postgresql_where=text("status = 'held'"),
            sqlite_where=text("status = 'held'"),
        ),
        Index(
            # What waits for a first decision, counted and by age without a look at the rows.
            "ix_comments_waiting",
            "site_id",
            "created_at",
            postgresql_where=text("status = 'held' AND NOT escalated"),
            sqlite_where=text("status = 'held' AND escalated = 0"),
        ),
        Index(
            "ix_comments_escalated",
            "site_id",
            "priority",
            "id",
            postgresql_where=text("status = 'held' AND escalated"),
            sqlite_where=text("status = 'held' AND escalated"),
        ),
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


class Moderator(Base):
    """A person with an account at the desk; `sites` is null where every site is theirs."""

    __tablename__ = "moderators"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(80), unique=True)
    role: Mapped[str] = mapped_column(String(20))
    sites: Mapped[list[Any] | None]
    password: Mapped[str] = mapped_column(String(200))
    totp: Mapped[bytes | None]
    totp_step: Mapped[int] = mapped_column(BigInteger, default=0)
    """The time step of the last code used, since each code is good for one sign-in."""
    session_version: Mapped[int] = mapped_column(default=1)
    disabled_at: Mapped[datetime | None]
    created_at: Mapped[datetime]


class DeskSession(Base):
    """A person signed in on one browser; only the hash of the cookie's token is kept."""

    __tablename__ = "desk_sessions"
    id: Mapped[int] = mapped_column(primary_key=True)
    hash: Mapped[bytes] = mapped_column(unique=True)
    moderator_id: Mapped[int] = mapped_column(ForeignKey("moderators.id"), index=True)
    session_version: Mapped[int]
    agent: Mapped[str] = mapped_column(String(200))
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime] = mapped_column(index=True)


class SavedFilter(Base):
    """A view of the queue that the team shares under a name; `query` are the parts of the list's address."""

    __tablename__ = "saved_filters"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(60), unique=True)
    query: Mapped[dict[str, Any]]
    actor: Mapped[str] = mapped_column(String(100))
    created_at: Mapped[datetime]


class Token(Base):
    """A program's key to the review, rules or ops calls; only its hash is kept."""

    __tablename__ = "tokens"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(80), unique=True)
    hash: Mapped[bytes] = mapped_column(unique=True)
    scope: Mapped[str] = mapped_column(String(20))
    sites: Mapped[list[Any] | None]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


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


class Rule(Base):
    """A site's own rule; `version` moves with every change, `revision` when what it looks for or leads to changes."""

    __tablename__ = "rules"
    __table_args__ = (Index("ix_rules_site_id_state", "site_id", "state"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("sites.id"))
    kind: Mapped[str] = mapped_column(String(20))
    forms: Mapped[list[Any]]
    category: Mapped[str] = mapped_column(String(20))
    outcome: Mapped[str] = mapped_column(String(10))
    threshold: Mapped[int]
    daily_cap: Mapped[int | None]
    note: Mapped[str]
    state: Mapped[str] = mapped_column(String(10))
    version: Mapped[int] = mapped_column(default=1)
    revision: Mapped[int] = mapped_column(default=1)
    created_by: Mapped[str] = mapped_column(String(100))
    created_at: Mapped[datetime]
    changed_at: Mapped[datetime]


class Backtest(Base):
    """A rule tried on the comments of the last days; the row is the job, and `cursor` how far it came."""

    __tablename__ = "backtests"
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    rule_id: Mapped[int] = mapped_column(ForeignKey("rules.id"), index=True)
    revision: Mapped[int]
    days: Mapped[int]
    state: Mapped[str] = mapped_column(String(10), index=True)
    asked_by: Mapped[str] = mapped_column(String(100))
    created_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    cursor: Mapped[uuid.UUID]
    until: Mapped[uuid.UUID]
    seen: Mapped[int] = mapped_column(default=0)
    total: Mapped[int]
    caught: Mapped[dict[str, Any]]
    samples: Mapped[dict[str, Any]]
    attempts: Mapped[int] = mapped_column(default=0)
    token: Mapped[str | None] = mapped_column(String(32))
    lease_until: Mapped[datetime | None]


class Sighting(Base):
    """An entry of a list, or a site's rule, saw something in a comment; `acted` is false where it only counted."""

    __tablename__ = "sightings"
    __table_args__ = (Index("ix_sightings_entry_site_id_at", "entry", "site_id", "at"),)
    comment_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("comments.id", ondelete="CASCADE"), primary_key=True)
    entry: Mapped[str] = mapped_column(String(100), primary_key=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("sites.id"))
    acted: Mapped[bool]
    at: Mapped[datetime] = mapped_column(index=True)


class Block(Base):
    """A sender or a phrase that a site does not want for a while; a lifted one stays for the history."""

    __tablename__ = "blocks"
    __table_args__ = (Index("ix_blocks_site_id_kind_key", "site_id", "kind", "key"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("sites.id"))
    kind: Mapped[str] = mapped_column(String(10))
    key: Mapped[bytes | None]
    """The keyed hash of a phone number or an address's prefix, as comments hold it."""
    phrase: Mapped[str | None] = mapped_column(String(200))
    hint: Mapped[str] = mapped_column(String(80))
    """What people may know of a blocked number: its last digits."""
    reason: Mapped[str]
    created_by: Mapped[str] = mapped_column(String(100))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    lifted_by: Mapped[str | None] = mapped_column(String(100))
    lifted_at: Mapped[datetime | None]


class Event(Base):
    """The history of what is no comment, append-only: who changed which rule, block, account, token, site, and how."""

    __tablename__ = "events"
    __table_args__ = (Index("ix_events_noun_subject_id", "noun", "subject", "id"),)
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    actor: Mapped[str] = mapped_column(String(100), index=True)
    noun: Mapped[str] = mapped_column(String(20))
    subject: Mapped[str] = mapped_column(String(512))
    act: Mapped[str] = mapped_column(String(40))
    site_id: Mapped[int | None] = mapped_column(ForeignKey("sites.id"))
    detail: Mapped[dict[str, Any]]


class Hold(Base):
    """A comment that the law keeps: erasing it leaves a sealed copy here until the hold is lifted or its time is over.

    `until` is null for a hold that a person placed and a person lifts.
    """

    __tablename__ = "holds"
    id: Mapped[int] = mapped_column(primary_key=True)
    comment_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("comments.id"), index=True)
    reason: Mapped[str]
    created_by: Mapped[str] = mapped_column(String(100))
    created_at: Mapped[datetime]
    until: Mapped[datetime | None] = mapped_column(index=True)
    lifted_by: Mapped[str | None] = mapped_column(String(100))
    lifted_at: Mapped[datetime | None]
    copy: Mapped[bytes | None]


class Request(Base):
    """What a person or an authority asked for, and the times by which it must be answered and done."""

    __tablename__ = "requests"
    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    reference: Mapped[str] = mapped_column(String(200))
    """Where the letter lies in the newsroom's own files; no personal data."""
    received_at: Mapped[datetime]
    answer_by: Mapped[datetime]
    finish_by: Mapped[datetime]
    answered_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    outcome: Mapped[str] = mapped_column(String(500), default="")
    created_by: Mapped[str] = mapped_column(String(100))
