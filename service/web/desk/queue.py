"""The queue's pages: what waits, in the order of urgency."""

from flask import Blueprint, Response, redirect, url_for

from service.comments import queue as waiting
from service.comments.queue import Filter
from service.web import auth, context
from service.web.desk import frame

queue = Blueprint("queue", __name__)


@queue.get("")
def home() -> Response:
    """Go to where this person works."""
    return redirect(url_for("desk.queue.listed"), 303)  # type: ignore[return-value]


@queue.get("/queue")
def listed() -> Response:
    """Show the list."""
    with context.runtime().database.reading() as session:
        page = waiting.page(session, auth.viewer(), Filter(), limit=50, cursor=None)
        return frame.page("desk/queue.html", comments=page.comments, total=page.total)
