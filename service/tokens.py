"""Programs' tokens for the calls of review, rules and operations: made, revoked, and whom one speaks for."""

import hashlib
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from service import events
from service.events import OPERATOR
from service.models import Token
from service.moderators import BadAccount, UnknownAccount, Viewer, sites_named

SCOPES = ("review", "rules", "ops")
TOKEN_PREFIX = "duyet_"  # noqa: S105 - a prefix by which secret scanners find leaked tokens.
SCOPE_RIGHTS = {
    # A program speaks for the desk as a whole, so it may decide what was escalated.
    "review": frozenset({"review", "escalated"}),
    "rules": frozenset({"rules"}),
    "ops": frozenset({"ops"}),
}


def add(
    session: Session,
    *,
    name: str,
    scope: str,
    sites: Sequence[str],
    days: int | None,
    now: datetime,
    by: str = OPERATOR,
) -> str:
    """Make a token and return it, for the only time; what is stored cannot be used."""
    if scope not in SCOPES:
        raise BadAccount(f"A scope is one of {', '.join(SCOPES)}.")
    if not 1 <= len(name) <= 80:
        raise BadAccount("A token's name has 1 to 80 characters.")
    if session.scalar(select(Token.id).where(Token.name == name)) is not None:
        raise BadAccount(f"There is a token {name} already; revoke it or choose another name.")
    token = TOKEN_PREFIX + secrets.token_urlsafe(32)
    session.add(
        Token(
            name=name,
            hash=_hash(token),
            scope=scope,
            sites=sites_named(session, sites),
            created_at=now,
            expires_at=now + timedelta(days=days) if days else None,
        )
    )
    session.flush()
    detail = {"scope": scope, "sites": list(sites), "days": days}
    events.note(session, actor=by, noun="token", subject=name, act="add", now=now, detail=detail)
    return token


def revoke(session: Session, name: str, *, now: datetime, by: str = OPERATOR) -> None:
    """End a token at once, on every process; raise `UnknownAccount`."""
    row = session.scalar(select(Token).where(Token.name == name))
    if row is None:
        raise UnknownAccount(f"There is no token {name}.")
    row.revoked_at = row.revoked_at or now
    # The name is free again for the token's successor; the row stays for the history.
    row.name = f"{name[:40]}@{now.isoformat()}"
    events.note(session, actor=by, noun="token", subject=name, act="revoke", now=now)


def listed(session: Session) -> list[Token]:
    """Return all tokens, the revoked ones too, by name."""
    return list(session.scalars(select(Token).order_by(Token.name)))


def viewer(session: Session, token: str, *, now: datetime) -> Viewer | None:
    """Return who a token speaks for, or None when it is unknown, revoked or past its time."""
    row = session.scalar(select(Token).where(Token.hash == _hash(token)))
    if row is None or row.revoked_at is not None or (row.expires_at is not None and row.expires_at <= now):
        return None
    return Viewer(f"token:{row.name}", SCOPE_RIGHTS[row.scope], None if row.sites is None else frozenset(row.sites))


def _hash(token: str) -> bytes:
    # A token has 256 random bits, so a plain hash cannot be searched.
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()
