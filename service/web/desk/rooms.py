"""The desk's blueprint: every room of the desk is registered here, under `/desk`, and needs a right in `auth.NEEDS`."""

from flask import Blueprint, Response, g, request

from service.web.desk import frame
from service.web.desk.accounts import accounts
from service.web.desk.audit import audit
from service.web.desk.blocks import blocks
from service.web.desk.card import card
from service.web.desk.own import own
from service.web.desk.privacy import privacy
from service.web.desk.queue import queue
from service.web.desk.rules import rules
from service.web.desk.signing import signing
from service.web.desk.sites import sites

desk = Blueprint("desk", __name__, url_prefix="/desk")
for room in (signing, own, queue, card, rules, blocks, audit, sites, accounts, privacy):
    desk.register_blueprint(room)


@desk.before_request
def begin() -> None:
    """Speak the language that the person chose; Vietnamese until then, whatever the browser says."""
    g.language = frame.chosen_language()


@desk.after_request
def protect(response: Response) -> Response:
    """Keep the desk to itself: no cache, no frame, no window of another site that holds on to it."""
    response.headers.setdefault("Cache-Control", "no-store")
    response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    response.headers["Cross-Origin-Opener-Policy"] = "same-origin"
    if request.method != "GET":
        response.headers["Cache-Control"] = "no-store"
    return response
