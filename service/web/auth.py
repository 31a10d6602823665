"""Who asks, and whether they may: tokens for programs, cookies for people, a right for every guarded route.

A change that comes with a cookie must carry the session's CSRF token and come from a page of ours.
Not here: what a role may do (`service.moderators`), how a session begins (`service.sessions`).
"""

import hmac
from collections.abc import Callable
from functools import wraps
from typing import Any, cast
from urllib.parse import urlsplit

from flask import Flask, Response, g, redirect, request, url_for

from service import sessions, sites, tokens
from service.moderators import Viewer
from service.sessions import SignedIn
from service.web import context, origins, payload
from service.web.errors import Problem

CHALLENGE = {"WWW-Authenticate": 'Bearer realm="duyet"'}
NOBODY = "nobody"
"""No sign-in is needed."""
SIGNED_IN = "signed in"
"""Any account will do."""

GUARDED = ("review", "desk", "operations")
NEEDS: dict[str, str] = {
    "review": "review",
    "review.rules": "rules",
    "review.blocks": "rules",
    "review.audit": "rules",
    "desk.signing": NOBODY,
    "desk.own": SIGNED_IN,
    "desk.queue": "review",
    "desk.queue.home": SIGNED_IN,
    "desk.card": "review",
    "desk.rules": "rules",
    "desk.blocks": "rules",
    "desk.audit": "rules",
    "desk.sites": "admin",
    "desk.accounts": "admin",
    "desk.privacy": "admin",
    "operations": "ops",
}
"""Endpoint, or the first parts of its name for all that follow, to the right that it needs; the longest counts."""

READING = frozenset({"GET", "HEAD", "OPTIONS"})
CSRF_FIELD = "csrf"
CSRF_HEADER = "X-CSRF-Token"


def install(app: Flask) -> None:
    """Guard the finished application; raise `LookupError` for a guarded route without a right."""
    for endpoint, view in list(app.view_functions.items()):
        if endpoint.partition(".")[0] in GUARDED:
            app.view_functions[endpoint] = _guarded(view, needed(endpoint))


def needed(endpoint: str) -> str:
    """Return the right that an endpoint needs; raise `LookupError` when nobody decided."""
    name = endpoint
    while name:
        if name in NEEDS:
            return NEEDS[name]
        name = name.rpartition(".")[0]
    raise LookupError(f"{endpoint} needs a right in service.web.auth.NEEDS")


def viewer() -> Viewer:
    """Return who asks, as the guard found out."""
    return cast(Viewer, g.viewer)


def signed_in() -> SignedIn | None:
    """Return the session that the cookie belongs to, or None."""
    if "signed_in" not in g:
        g.signed_in = _session()
    return cast(SignedIn | None, g.signed_in)


def me() -> SignedIn:
    """Return the session of a page that the guard lets only signed-in people open."""
    found = signed_in()
    if found is None:
        raise Problem("unauthorized")
    return found


def unfinished() -> str | None:
    """Return the page on which the person must first do what is asked of everybody here, None when nothing is left."""
    found, settings = signed_in(), context.runtime().settings
    if found is None:
        return None
    if settings.require_own_password and not found.chosen:
        return "desk.own.page"
    return "desk.own.code" if settings.require_code and not found.coded else None


def may(right: str) -> bool:
    """Say whether the person who is signed in may do what needs this right."""
    found = signed_in()
    if found is None or (right not in {NOBODY, SIGNED_IN} and unfinished() is not None):
        return False
    return right in {NOBODY, SIGNED_IN} or right in found.viewer.rights


def csrf() -> str:
    """Return the token that every change of this session must carry, '' without a session."""
    token = _cookie()
    return _csrf_of(token, context.runtime().settings.secret("csrf")) if token else ""


def remember(response: Response, token: str) -> None:
    """Give the browser the session's token, for this service's own pages alone."""
    response.set_cookie(
        _name(),
        token,
        max_age=int(sessions.LONGEST.total_seconds()),
        secure=context.secure(),
        httponly=True,
        samesite="Lax",
        path="/",
    )


def forget(response: Response) -> None:
    """Take the session's token from the browser."""
    response.delete_cookie(_name(), secure=context.secure(), httponly=True, samesite="Lax", path="/")


def from_ours() -> bool:
    """Say whether the request comes from a page of ours, or from no page."""
    if request.headers.get("Sec-Fetch-Site", "same-origin") not in {"same-origin", "none"}:
        return False
    origin = request.headers.get("Origin")
    # Behind a proxy the address of the request may be an inner one; PUBLIC_URL names the outer.
    return origin is None or origin in {origins.own(), _asked()}


def _guarded(view: Callable[..., Any], right: str) -> Callable[..., Any]:
    @wraps(view)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        if right != NOBODY:
            g.viewer = _asking(right)
            if right != SIGNED_IN and (first := unfinished()) is not None:
                # Until then signing in opens the person's own pages alone.
                if request.path.startswith("/v1/") or request.method not in READING:
                    raise Problem("no-right")
                return redirect(url_for(first), 303)
        elif request.method not in READING and not from_ours():
            raise Problem("forbidden")
        return view(*args, **kwargs)

    return guarded


def _asking(right: str) -> Viewer:
    """Return who asks; raise `Problem` 401 for nobody, 403 for somebody without the right or a forged change."""
    found = _bearer() if request.path.startswith("/v1/") else None
    if found is None:
        session = signed_in()
        if session is None:
            raise Problem("unauthorized", headers=CHALLENGE)
        if request.method not in READING and not (from_ours() and _carries_csrf()):
            raise Problem("forbidden")
        found = session.viewer
    if right != SIGNED_IN and right not in found.rights:
        raise Problem("no-right")
    return found


def _bearer() -> Viewer | None:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        return None
    with context.runtime().database.reading() as session:
        found = tokens.viewer(session, token.strip(), now=context.now())
    if found is None:
        raise Problem("unauthorized", headers=CHALLENGE)
    return found


def _session() -> SignedIn | None:
    token = _cookie()
    if not token:
        return None
    database = context.runtime().database
    with database.reading() as session:
        found = sessions.find(session, token, now=context.now())
    if found is not None and found.due:
        with database.writing() as session:
            sessions.note(session, found.id, now=context.now())
    return found


def _carries_csrf() -> bool:
    sent = request.headers.get(CSRF_HEADER, "")
    if not sent:
        try:
            sent = payload.text_of(payload.read(), CSRF_FIELD)
        except Problem:
            return False
    # A page that was open while SECRET_KEY changed carries the token of the key before.
    keys = context.runtime().settings.secrets("csrf")
    given, cookie = sent.encode("utf-8", "replace"), _cookie()
    return any(hmac.compare_digest(given, _csrf_of(cookie, key).encode()) for key in keys)


def _csrf_of(token: str, key: bytes) -> str:
    return hmac.digest(key, token.encode("utf-8", "replace"), "sha256").hex()


def _cookie() -> str:
    return request.cookies.get(_name(), "")


def _name() -> str:
    # The prefix makes browsers refuse a cookie of this name that a neighbouring host or plain HTTP would plant.
    return "__Host-duyet" if context.runtime().settings.secure_cookies else "duyet"


def _asked() -> str:
    parts = urlsplit(request.url_root)
    try:
        return sites.origin(f"{parts.scheme}://{parts.netloc}")
    except sites.BadSite:
        return ""
