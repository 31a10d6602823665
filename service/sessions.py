"""Sessions of the desk: a person signs in with password and code, is known by a cookie, signs out. No HTTP here.

Every request asks the database, so a session that was revoked is over at once, on every process.
"""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

import pyotp
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from service import events, moderators
from service.models import DeskSession, Moderator
from service.moderators import Account, SignInRefused, Viewer
from service.privacy import Vault

IDLE = timedelta(hours=12)
"""A session that nobody used for so long is over: a shift ends, the browser stays open."""
LONGEST = timedelta(days=7)
NOTED_EVERY = timedelta(minutes=5)
"""How exact the time of last use is; noting it with every request would make each read a write."""
STEP_SECONDS = 30
DRIFT = 1
"""Codes of so many steps before and after count, since telephones' clocks differ (RFC 6238, section 5.2)."""


class UnknownSession(Exception):
    """The account has no such session."""


class WrongCode(Exception):
    """The code does not belong to the secret."""


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A session and whose it is.

    `coded` when a code is asked at sign-in, `chosen` when the password is the person's own, `due` when the last use
    wants to be noted.
    """

    id: int
    account: int
    name: str
    role: str
    viewer: Viewer
    coded: bool
    chosen: bool
    due: bool


@dataclass(frozen=True, slots=True)
class Listed:
    """A session as its owner sees it."""

    id: int
    agent: str
    created_at: datetime
    seen_at: datetime


def begin(session: Session, account: Account, code: str, *, vault: Vault, agent: str, now: datetime) -> str:
    """Begin a session for an account whose password was verified and return its token, which is not kept.

    Raise `SignInRefused` when the code is wrong or used, or the account was changed meanwhile.
    """
    if account.totp is not None:
        step = step_of(vault.open_secret(account.totp, account.name), code, now=now)
        if step is None or not _use(session, account, step):
            raise SignInRefused
    row = session.get(Moderator, account.id)
    if row is None or row.disabled_at is not None or row.session_version != account.session_version:
        raise SignInRefused
    token = secrets.token_urlsafe(32)
    session.add(
        DeskSession(
            hash=_hashed(token),
            moderator_id=account.id,
            session_version=account.session_version,
            agent=agent[:200],
            created_at=now,
            seen_at=now,
        )
    )
    return token


def find(session: Session, token: str, *, now: datetime) -> SignedIn | None:
    """Return the session of a token, or None when it is unknown, ended, idle for too long or too old."""
    found = session.execute(
        select(DeskSession, Moderator)
        .join(Moderator, Moderator.id == DeskSession.moderator_id)
        .where(
            DeskSession.hash == _hashed(token),
            DeskSession.session_version == Moderator.session_version,
            DeskSession.seen_at > now - IDLE,
            DeskSession.created_at > now - LONGEST,
            Moderator.disabled_at.is_(None),
        )
    ).first()
    if found is None:
        return None
    row, owner = found
    viewer = moderators.viewer_of(owner)
    due = row.seen_at <= now - NOTED_EVERY
    coded, chosen = owner.totp is not None, not owner.first_password
    return SignedIn(row.id, owner.id, owner.name, owner.role, viewer, coded, chosen, due)


def note(session: Session, session_id: int, *, now: datetime) -> None:
    """Note that the session is used."""
    session.execute(update(DeskSession).where(DeskSession.id == session_id).values(seen_at=now))


def listed(session: Session, account: int, *, now: datetime) -> list[Listed]:
    """Return the sessions of an account that are not over, the last used first."""
    query = (
        select(DeskSession)
        .join(Moderator, Moderator.id == DeskSession.moderator_id)
        .where(
            DeskSession.moderator_id == account,
            DeskSession.session_version == Moderator.session_version,
            DeskSession.seen_at > now - IDLE,
            DeskSession.created_at > now - LONGEST,
        )
        .order_by(DeskSession.seen_at.desc(), DeskSession.id.desc())
    )
    return [Listed(row.id, row.agent, row.created_at, row.seen_at) for row in session.scalars(query)]


def revoke(session: Session, account: int, session_id: int) -> None:
    """End one session of the account at once; raise `UnknownSession`."""
    which = delete(DeskSession).where(DeskSession.id == session_id, DeskSession.moderator_id == account)
    if session.execute(which).rowcount != 1:  # type: ignore[attr-defined]
        raise UnknownSession


def revoke_all(session: Session, account: int, *, but: int | None = None) -> None:
    """End the account's sessions, all or all but one."""
    which = delete(DeskSession).where(DeskSession.moderator_id == account)
    session.execute(which if but is None else which.where(DeskSession.id != but))


def carry_on(session: Session, session_id: int, session_version: int) -> None:
    """Let one session outlive a change of the account that ended the others."""
    session.execute(update(DeskSession).where(DeskSession.id == session_id).values(session_version=session_version))


def enrol(session: Session, account: Account, secret: str, code: str, *, vault: Vault, now: datetime) -> None:
    """Ask for a code at every sign-in from now on; raise `WrongCode` unless the person has the secret already."""
    step = step_of(secret, code, now=now)
    if step is None:
        raise WrongCode
    row = session.get_one(Moderator, account.id)
    row.totp, row.totp_step = vault.seal_secret(secret, account.name), step
    events.note(session, actor=f"moderator:{row.name}", noun="account", subject=row.name, act="enrol_totp", now=now)


def step_of(secret: str, code: str, *, now: datetime) -> int | None:
    """Return the time step whose code this is, or None; every candidate is compared, in constant time."""
    typed = "".join(code.split())
    totp = pyotp.TOTP(secret, interval=STEP_SECONDS)
    current = int(now.timestamp()) // STEP_SECONDS
    found = None
    for step in range(current - DRIFT, current + DRIFT + 1):
        if secrets.compare_digest(totp.generate_otp(step).encode(), typed.encode("utf-8", "replace")):
            found = step
    return found


def forget_old(session: Session, *, now: datetime) -> None:
    """Sweep away sessions that are over."""
    session.execute(delete(DeskSession).where(DeskSession.seen_at <= now - IDLE))


def _use(session: Session, account: Account, step: int) -> bool:
    result = session.execute(
        update(Moderator)
        .where(Moderator.id == account.id, Moderator.totp_step < step)
        .values(totp_step=step)
        .execution_options(synchronize_session=False)
    )
    return bool(result.rowcount == 1)  # type: ignore[attr-defined]


def _hashed(token: str) -> bytes:
    # A token has 256 random bits, so a plain hash cannot be searched.
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()
