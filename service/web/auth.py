"""Who asks: a bearer token's or a session's viewer, and whether that viewer may ask for this."""

from flask import request

from service import moderators
from service.moderators import Viewer
from service.web import context
from service.web.errors import Problem

CHALLENGE = {"WWW-Authenticate": 'Bearer realm="duyet"'}


def require(right: str) -> Viewer:
    """Return who asks; raise `Problem` 401 for nobody and 403 for somebody without the right."""
    viewer = _bearer()
    if viewer is None:
        raise Problem("unauthorized", headers=CHALLENGE)
    if right not in viewer.rights:
        raise Problem("forbidden")
    return viewer


def _bearer() -> Viewer | None:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        return None
    with context.runtime().database.reading() as session:
        return moderators.token_viewer(session, token.strip(), now=context.now())
