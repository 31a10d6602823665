"""A person's own account: password, the code at sign-in, the places where they are signed in."""

import io

import pyotp
import segno
from flask import Blueprint, Response
from markupsafe import Markup

from service import moderators, sessions
from service.moderators import Account, BadAccount, Breached, EasilyGuessed, SignInRefused
from service.sessions import UnknownSession, WrongCode
from service.web import auth, context, payload
from service.web.desk import frame
from service.web.errors import Problem

own = Blueprint("own", __name__, url_prefix="/own")

ISSUER = "Duyệt"
KEY_LENGTH = 32


@own.get("")
def page(wrong: str = "", status: int = 200) -> Response:
    """Show the account."""
    me = auth.me()
    with context.runtime().database.reading() as session:
        listed = sessions.listed(session, me.account, now=context.now())
        coded = _account(moderators.known(session, me.name)).totp is not None
    settings = context.runtime().settings
    return frame.page(
        "desk/own.html",
        status,
        sessions=listed,
        coded=coded,
        required=settings.require_code,
        choose=settings.require_own_password and not me.chosen,
        wrong=wrong,
    )


@own.post("/password")
def change_password() -> Response:
    """Set another password; every other session is over."""
    me, fields = auth.me(), payload.read()
    old, new = payload.text_of(fields, "password"), payload.text_of(fields, "new")
    try:
        account = _proved(old)
    except SignInRefused:
        return page("password_wrong", 422)
    if new == old:
        return page("password_same", 422)
    try:
        # Hashing takes long on purpose; no transaction waits for it.
        listed = context.runtime().settings.breached_passwords
        password_hash = moderators.hashed(new, about=(me.name, ISSUER, "duyet"), listed=listed)
    except EasilyGuessed:
        return page("password_guessed", 422)
    except Breached:
        return page("password_breached", 422)
    except BadAccount:
        return page("password_bad", 422)
    with context.runtime().database.writing() as session:
        sessions.carry_on(
            session, me.id, moderators.change_password(session, account, password_hash, now=context.now())
        )
    return frame.onward("desk.own.page", done="password_changed")


@own.get("/code")
def code() -> Response:
    """Show a new secret to enrol."""
    return _enrolling(pyotp.random_base32(KEY_LENGTH))


@own.post("/code")
def enrol() -> Response:
    """Turn the code on, for somebody who knows the password and whose app shows the right one."""
    fields = payload.read()
    secret = payload.text_of(fields, "secret")
    if len(secret) != KEY_LENGTH or not set(secret) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"):
        raise Problem("malformed")
    runtime = context.runtime()
    try:
        account = _proved(payload.text_of(fields, "password"))
        with runtime.database.writing() as session:
            code_shown = payload.text_of(fields, "code")
            sessions.enrol(session, account, secret, code_shown, vault=runtime.vault, now=context.now())
    except SignInRefused:
        return _enrolling(secret, "password_wrong", 422)
    except WrongCode:
        return _enrolling(secret, "totp_wrong", 422)
    return frame.onward("desk.own.page", done="totp_on")


@own.post("/code/off")
def leave_code() -> Response:
    """Turn the code off, for somebody who knows the password; every other session is over."""
    me = auth.me()
    if context.runtime().settings.require_code:
        return page("totp_required", 422)
    try:
        account = _proved(payload.text_of(payload.read(), "password"))
    except SignInRefused:
        return page("password_wrong", 422)
    with context.runtime().database.writing() as session:
        moderators.reset_totp(session, account.name, now=context.now(), by=auth.viewer().actor)
        sessions.carry_on(session, me.id, account.session_version + 1)
    return frame.onward("desk.own.page", done="totp_off")


@own.post("/sessions/<int:session_id>/end")
def end_session(session_id: int) -> Response:
    """End one session."""
    try:
        with context.runtime().database.writing() as session:
            sessions.revoke(session, auth.me().account, session_id)
    except UnknownSession as error:
        raise Problem("not-found") from error
    return frame.onward("desk.own.page", done="session_ended")


@own.post("/sessions/end-others")
def end_others() -> Response:
    """End all sessions but this one."""
    me = auth.me()
    with context.runtime().database.writing() as session:
        sessions.revoke_all(session, me.account, but=me.id)
    return frame.onward("desk.own.page", done="session_ended")


def _proved(password: str) -> Account:
    me = auth.me()
    with context.runtime().database.reading() as session:
        account = moderators.known(session, me.name)
    return moderators.verify(account, password[:1000])


def _account(found: Account | None) -> Account:
    if found is None:
        raise Problem("unauthorized")
    return found


def _enrolling(secret: str, wrong: str = "", status: int = 200) -> Response:
    address = pyotp.TOTP(secret).provisioning_uri(name=auth.me().name, issuer_name=ISSUER)
    drawn = io.BytesIO()
    segno.make(address, error="m").save(
        drawn, kind="svg", xmldecl=False, svgns=False, scale=5, border=3, dark="#000", light="#fff", omitsize=True
    )
    # The library draws it; nothing of it was typed by anybody.
    picture = Markup(drawn.getvalue().decode())  # noqa: S704
    spaced = " ".join(secret[at : at + 4] for at in range(0, len(secret), 4))
    required = context.runtime().settings.require_code and not auth.me().coded
    return frame.page(
        "desk/code.html", status, secret=secret, spaced=spaced, picture=picture, required=required, wrong=wrong
    )
