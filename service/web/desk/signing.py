"""The door of the desk: sign in, sign out, switch the language."""

from flask import Blueprint, Response, redirect, request, url_for

from service import moderators, sessions, sign_ins
from service.moderators import Account, SignInRefused
from service.sign_ins import Refusal
from service.web import auth, context, familiar, payload
from service.web.context import LANGUAGES
from service.web.desk import frame
from service.web.errors import Problem

signing = Blueprint("signing", __name__)

YEAR_SECONDS = 365 * 24 * 3600


@signing.get("/sign-in")
def page() -> Response:
    """Show the door, or let somebody who is inside go on."""
    if auth.signed_in() is not None:
        return redirect(frame.inside(request.args.get("next", "")), 303)  # type: ignore[return-value]
    return _door(request.args.get("next", ""))


@signing.post("/sign-in")
def sign_in() -> Response:
    """Begin a session: a fresh token, whatever cookie the browser came with."""
    fields = payload.read()
    name, password, code, wanted = (payload.text_of(fields, key) for key in ("name", "password", "code", "next"))
    runtime, now = context.runtime(), context.now()
    with runtime.database.reading() as session:
        found = moderators.known(session, name.strip())
    why: Refusal = "refused"
    try:
        # Hashing takes long on purpose; no transaction waits for it.
        account = moderators.verify(found, password[:1000])
        why = "code_refused"
        with runtime.database.writing() as session:
            agent = request.headers.get("User-Agent", "")
            token = sessions.begin(session, account, code, vault=runtime.vault, agent=agent, now=now)
            sign_ins.let_in(session, account.name, sender=context.sender(), now=now)
    except SignInRefused:
        _note(found, why)
        return _door(wanted, name=name, wrong="sign_in_refused", status=422)
    response: Response = redirect(frame.inside(wanted), 303)  # type: ignore[assignment]
    auth.remember(response, token)
    familiar.remember(response, account.name)
    return response


@signing.post("/sign-out")
def sign_out() -> Response:
    """End this session, here and in the database."""
    found = auth.signed_in()
    if found is not None:
        with context.runtime().database.writing() as session:
            sessions.revoke(session, found.account, found.id)
    response = frame.onward("desk.signing.page", done="signed_out")
    auth.forget(response)
    # The pages that were seen are of no concern to whoever uses this browser next.
    response.headers["Clear-Site-Data"] = '"cache", "storage"'
    return response


@signing.get("/language/<language>")
def language(language: str) -> Response:
    """Speak another language from now on, on this browser."""
    if language not in LANGUAGES:
        raise Problem("not-found")
    response: Response = redirect(frame.inside(request.args.get("next", "")), 303)  # type: ignore[assignment]
    response.set_cookie(
        frame.LANGUAGE_COOKIE, language, max_age=YEAR_SECONDS, secure=context.secure(), httponly=True, samesite="Lax"
    )
    return response


def _note(found: Account | None, why: Refusal) -> None:
    """Write down that somebody was refused; for a name that nobody has as well, so that it takes as long."""
    name = found.name if found is not None else ""
    with context.runtime().database.writing() as session:
        sign_ins.refused(session, name, why, sender=context.sender(), now=context.now())


def _door(wanted: str, *, name: str = "", wrong: str = "", status: int = 200) -> Response:
    return frame.page("desk/sign_in.html", status, next=wanted, name=name, wrong=wrong, here=url_for(".page"))
