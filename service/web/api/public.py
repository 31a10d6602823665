"""The blueprint of the public calls, and what holds for all of them: whose pages may read an answer."""

from flask import Blueprint, Response, request

from service import sites
from service.web import context, origins

public = Blueprint("public", __name__)


@public.after_request
def readable_by_the_site(response: Response) -> Response:
    """Let the site's own pages read the answer."""
    return origins.mark(response)


@public.before_request
def preflight() -> Response | None:
    """Answer a browser that asks before it sends; a route of its own would hide those that it is asked about."""
    if request.method != "OPTIONS" or "Access-Control-Request-Method" not in request.headers:
        return None
    with context.runtime().database.reading() as session:
        return origins.preflight(sites.every(session))
