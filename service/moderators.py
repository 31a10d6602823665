"""Who may work at the desk: people's accounts, their roles and sites. Programs have tokens (`service.tokens`)."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import select
from sqlalchemy.orm import Session

from service import events
from service.breached import is_breached
from service.events import OPERATOR
from service.models import Moderator, Site

ROLES = ("moderator", "editor", "admin", "ops")
HASHER = PasswordHasher()
SEEN_OF_PASSWORD = 72
STRONG_PASSWORD = 3
"""At least 10^8 guesses (Wheeler, zxcvbn: Low-Budget Password Strength Estimation, USENIX Security 2016)."""


class BadAccount(Exception):
    """What was asked of an account or token makes no sense; the text says why."""


class EasilyGuessed(BadAccount):
    """The password is on a list of known ones, or made of a few common words, names, dates or keys."""


class Breached(BadAccount):
    """The password is known from a breach."""


class UnknownAccount(Exception):
    """There is no such account or token."""


class SignInRefused(Exception):
    """Name and password do not belong together, or the account is disabled."""


@dataclass(frozen=True, slots=True)
class Viewer:
    """A person or program that asks for something at the desk; `sites` is None where every site is theirs."""

    actor: str
    rights: frozenset[str]
    sites: frozenset[str] | None

    def sees(self, site_key: str) -> bool:
        """Say whether the site is one of the viewer's."""
        return self.sites is None or site_key in self.sites


RIGHTS = {
    "moderator": frozenset({"review"}),
    "editor": frozenset({"review", "escalated", "rules"}),
    "admin": frozenset({"review", "escalated", "rules", "ops", "admin"}),
    "ops": frozenset({"ops"}),
}


@dataclass(frozen=True, slots=True)
class Account:
    """What signing in needs to know of an account; the secrets in it never leave this process."""

    id: int
    name: str
    password: str
    totp: bytes | None
    session_version: int


def add_moderator(
    session: Session, *, name: str, role: str, sites: Sequence[str], now: datetime, by: str = OPERATOR
) -> str:
    """Make an account and return its first password, for the only time."""
    if role not in ROLES:
        raise BadAccount(f"A role is one of {', '.join(ROLES)}.")
    if not 1 <= len(name) <= 80 or not name.isprintable():
        raise BadAccount("A name has 1 to 80 characters.")
    if session.scalar(select(Moderator.id).where(Moderator.name == name)) is not None:
        raise BadAccount(f"There is an account {name} already.")
    password = new_password()
    session.add(
        Moderator(
            name=name,
            role=role,
            sites=sites_named(session, sites),
            password=HASHER.hash(password),
            first_password=True,
            created_at=now,
        )
    )
    session.flush()
    _note(session, by, name, "add", now, {"role": role, "sites": list(sites)})
    return password


def change(session: Session, name: str, *, role: str, sites: Sequence[str], now: datetime, by: str = OPERATOR) -> None:
    """Give the account another role or other sites, and end its sessions; raise `UnknownAccount` or `BadAccount`."""
    if role not in ROLES:
        raise BadAccount(f"A role is one of {', '.join(ROLES)}.")
    row = _account(session, name)
    before = {"role": row.role, "sites": row.sites}
    row.role, row.sites = role, sites_named(session, sites)
    row.session_version += 1
    _note(session, by, name, "change", now, events.differences(before, {"role": row.role, "sites": row.sites}))


def reset_password(session: Session, name: str, *, now: datetime, by: str = OPERATOR) -> str:
    """Give the account a new password, return it, and end its sessions; raise `UnknownAccount`."""
    row = _account(session, name)
    password = new_password()
    row.password, row.first_password = HASHER.hash(password), True
    row.session_version += 1
    _note(session, by, name, "reset_password", now)
    return password


def disable(session: Session, name: str, *, now: datetime, by: str = OPERATOR) -> None:
    """Close the account and end its sessions; raise `UnknownAccount`."""
    row = _account(session, name)
    row.disabled_at = row.disabled_at or now
    row.session_version += 1
    _note(session, by, name, "disable", now)


def enable(session: Session, name: str, *, now: datetime, by: str = OPERATOR) -> None:
    """Open a closed account again, with the password that it had; raise `UnknownAccount`."""
    row = _account(session, name)
    row.disabled_at = None
    _note(session, by, name, "enable", now)


def listed(session: Session) -> list[Moderator]:
    """Return all accounts by name."""
    return list(session.scalars(select(Moderator).order_by(Moderator.name)))


def reset_totp(session: Session, name: str, *, now: datetime, by: str = OPERATOR) -> None:
    """Let the account sign in by its password alone, and end its sessions; raise `UnknownAccount`."""
    row = _account(session, name)
    row.totp, row.totp_step = None, 0
    row.session_version += 1
    _note(session, by, name, "reset_totp", now)


def known(session: Session, name: str) -> Account | None:
    """Return what signing in needs to know of an account, or None for an unknown or disabled one."""
    row = session.scalar(select(Moderator).where(Moderator.name == name, Moderator.disabled_at.is_(None)))
    return None if row is None else Account(row.id, row.name, row.password, row.totp, row.session_version)


def verify(account: Account | None, password: str) -> Account:
    """Return the account whose password this is; raise `SignInRefused`, after the same time for all."""
    try:
        HASHER.verify(account.password if account is not None else _nobody(), password)
    except (VerificationError, InvalidHashError) as error:
        raise SignInRefused from error
    if account is None:
        raise SignInRefused
    return account


def hashed(password: str, *, about: Sequence[str] = (), listed: Path | None = None) -> str:
    """Return what is stored of a password that a person chose; raise `BadAccount`, `EasilyGuessed` or `Breached`.

    `about` are words that somebody who wants to get in would try first, `listed` is a list of breached passwords.
    """
    if not 12 <= len(password) <= 200:
        raise BadAccount("A password has 12 to 200 characters.")
    # Fourteen megabytes of lists of known passwords and words, needed when somebody chooses one and never else.
    from zxcvbn import zxcvbn  # noqa: PLC0415

    # It looks at so much of one in a moment; what is longer is not weaker for its end.
    if zxcvbn(password[:SEEN_OF_PASSWORD], user_inputs=list(about))["score"] < STRONG_PASSWORD:
        raise EasilyGuessed
    if listed is not None and is_breached(password, listed):
        raise Breached
    return HASHER.hash(password)


def change_password(session: Session, account: Account, password_hash: str, *, now: datetime) -> int:
    """Set a new password, end every session, and return the session version that one of them may go on with."""
    row = session.get_one(Moderator, account.id)
    row.password, row.first_password = password_hash, False
    row.session_version += 1
    _note(session, f"moderator:{row.name}", row.name, "change_password", now)
    return row.session_version


def viewer_of(row: Moderator) -> Viewer:
    """Return who an account speaks for."""
    return Viewer(f"moderator:{row.name}", RIGHTS[row.role], None if row.sites is None else frozenset(row.sites))


def new_password() -> str:
    """Return 20 characters that can be read out: 100 bits."""
    alphabet = "abcdefghjkmnpqrstuvwxyz23456789-"  # pragma: allowlist secret - an alphabet.
    return "".join(secrets.choice(alphabet) for _ in range(20))


@cache
def _nobody() -> str:
    # Checked when a name is unknown, so that an answer takes as long as for a known one.
    return HASHER.hash("the password of an account that does not exist")


def _note(
    session: Session, by: str, name: str, act: str, now: datetime, detail: Mapping[str, object] | None = None
) -> None:
    events.note(session, actor=by, noun="account", subject=name, act=act, now=now, detail=detail)


def _account(session: Session, name: str) -> Moderator:
    row = session.scalar(select(Moderator).where(Moderator.name == name))
    if row is None:
        raise UnknownAccount(f"There is no account {name}.")
    return row


def sites_named(session: Session, keys: Sequence[str]) -> list[str] | None:
    """Return the keys in order, None for every site; raise `BadAccount` for one that there is not."""
    if not keys:
        return None
    known = set(session.scalars(select(Site.key).where(Site.key.in_(keys))))
    missing = sorted(set(keys) - known)
    if missing:
        raise BadAccount(f"There is no site {', '.join(missing)}.")
    return sorted(known)
