"""What must be kept or answered: the history of what is no comment, legal holds, requests of people."""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from service.models.base import Base


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
