"""Accounts of the desk, their sessions, sign-ins and filters, and the keys of programs; readers have no account."""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from service.models.base import Base


class Moderator(Base):
    """A person with an account at the desk; `sites` is null where every site is theirs."""

    __tablename__ = "moderators"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(80), unique=True)
    role: Mapped[str] = mapped_column(String(20))
    sites: Mapped[list[Any] | None]
    password: Mapped[str] = mapped_column(String(200))
    first_password: Mapped[bool] = mapped_column(default=False)
    """Whether the password is one that was made and told to the person, who chose none yet."""
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


class SignIn(Base):
    """Somebody who came to the desk's door: let in, or refused.

    What one place was refused for one account within an hour is one row; `hour` is null for who was let in.
    """

    __tablename__ = "sign_ins"
    __table_args__ = (UniqueConstraint("account", "act", "sender", "hour"),)
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    account: Mapped[str] = mapped_column(String(80))
    """Empty where there is no such account: what was typed may have been a password."""
    act: Mapped[str] = mapped_column(String(20))
    sender: Mapped[bytes]
    hour: Mapped[int | None]
    tries: Mapped[int]
    last_at: Mapped[datetime]


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
