"""What a site rules for itself: rules, how they were tried, what they met, and blocks."""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from service.models.base import Base


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
