"""The accounts' page, for an admin of all sites: people's accounts and programs' tokens; secrets are shown once."""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response
from sqlalchemy.orm import Session

from service import moderators, tokens
from service import sites as websites
from service.moderators import BadAccount, UnknownAccount
from service.web import auth, context, payload
from service.web.desk import frame, words
from service.web.desk.sites_words import ACCOUNT_RULES, ACCOUNTS
from service.web.errors import Problem

accounts = Blueprint("accounts", __name__, url_prefix="/accounts")


@accounts.before_request
def everywhere() -> None:
    """Keep out an admin of some sites: an account may be of any."""
    signed_in = auth.signed_in()
    if signed_in is not None and "admin" in signed_in.viewer.rights and signed_in.viewer.sites is not None:
        raise Problem("forbidden")


@accounts.get("")
def listed(wrong: str = "", status: int = 200, *, secret: tuple[str, str, str] | None = None) -> Response:
    """List accounts and tokens; a secret just made is shown this one time."""
    with context.runtime().database.reading() as session:
        return frame.page(
            "desk/accounts.html",
            status,
            said=_words(),
            accounts=moderators.listed(session),
            tokens=[row for row in tokens.listed(session) if row.revoked_at is None],
            sites=[site.key for site in websites.every(session)],
            roles=moderators.ROLES,
            scopes=tokens.SCOPES,
            wrong=wrong,
            secret=secret,
            now=context.now(),
        )


@accounts.post("")
def add() -> Response:
    """Make an account and show its first password."""
    fields = payload.read()
    name = payload.text_of(fields, "name").strip()

    def make(session: Session) -> str:
        return moderators.add_moderator(
            session, name=name, role=payload.text_of(fields, "role"), sites=_sites(fields), **_now()
        )

    return _secret("secret_password", name, make)


@accounts.post("/change")
def change() -> Response:
    """Give an account another role and other sites."""
    fields = payload.read()
    role, sites = payload.text_of(fields, "role"), _sites(fields)
    return _done(fields, lambda session, name: moderators.change(session, name, role=role, sites=sites, **_now()))


@accounts.post("/disable")
def disable() -> Response:
    """Close an account."""
    return _done(payload.read(), lambda session, name: moderators.disable(session, name, **_now()))


@accounts.post("/enable")
def enable() -> Response:
    """Open a closed account again."""
    return _done(payload.read(), lambda session, name: moderators.enable(session, name, **_now()))


@accounts.post("/code")
def reset_code() -> Response:
    """Let an account enrol its code anew."""
    return _done(payload.read(), lambda session, name: moderators.reset_totp(session, name, **_now()))


@accounts.post("/password")
def reset_password() -> Response:
    """Give an account a new password and show it."""
    name = _other(payload.read())
    return _secret("secret_password", name, lambda session: moderators.reset_password(session, name, **_now()))


@accounts.post("/tokens")
def add_token() -> Response:
    """Make a token and show it."""
    fields = payload.read()
    name, days = payload.text_of(fields, "name").strip(), payload.text_of(fields, "days").strip()
    if days and not (days.isascii() and days.isdigit() and 1 <= int(days[:6]) <= 3660):
        return listed(_words()["wrong_account"].replace("{said}", _words()["token_days"]), 422)

    def make(session: Session) -> str:
        return tokens.add(
            session,
            name=name,
            scope=payload.text_of(fields, "scope"),
            sites=_sites(fields),
            days=int(days) if days else None,
            **_now(),
        )

    return _secret("secret_token", name, make)


@accounts.post("/tokens/revoke")
def revoke_token() -> Response:
    """End a token at once."""
    name = payload.text_of(payload.read(), "name")
    try:
        with context.runtime().database.writing() as session:
            tokens.revoke(session, name, **_now())
    except UnknownAccount as error:
        raise Problem("not-found") from error
    return frame.onward("desk.accounts.listed", done="token_revoked")


def _secret(word: str, name: str, make: Callable[[Session], str]) -> Response:
    try:
        with context.runtime().database.writing() as session:
            made = make(session)
    except BadAccount as error:
        return listed(_words()["wrong_account"].replace("{said}", _said(error)), 422)
    except UnknownAccount as error:
        raise Problem("not-found") from error
    return listed(secret=(word, name, made))


def _done(fields: dict[str, Any], act: Callable[[Session, str], None]) -> Response:
    name = _other(fields)
    try:
        with context.runtime().database.writing() as session:
            act(session, name)
    except BadAccount as error:
        return listed(_words()["wrong_account"].replace("{said}", _said(error)), 422)
    except UnknownAccount as error:
        raise Problem("not-found") from error
    return frame.onward("desk.accounts.listed", done="account_changed")


def _other(fields: dict[str, Any]) -> str:
    """Return whose account is meant; nobody locks themselves out."""
    name = payload.text_of(fields, "name")
    if name == auth.me().name:
        raise Problem("forbidden", _words()["account_own"])
    return name


def _said(error: BadAccount) -> str:
    said = str(error)
    return said if context.language() == "en" else next((vi for part, vi in ACCOUNT_RULES if part in said), said)


def _sites(fields: dict[str, Any]) -> list[str]:
    return [name.partition(":")[2] for name in fields if name.startswith("site:")]


def _now() -> dict[str, Any]:
    return {"now": context.now(), "by": auth.viewer().actor}


def _words() -> dict[str, str]:
    return words.spoken(ACCOUNTS, context.language())
