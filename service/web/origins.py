"""Which web pages may call from a browser: a site's own origins and this service's, exactly (the Fetch standard)."""

from http import HTTPStatus
from typing import cast

from flask import Response, current_app, g, request

from service import sites
from service.sites import KnownSite
from service.web import context
from service.web.errors import Problem

PREFLIGHT_SECONDS = 600
EXPOSED = "ETag, Location, Retry-After, X-Request-Id, RateLimit, RateLimit-Policy"
ALLOWED_HEADERS = "Content-Type, Idempotency-Key, Accept, Accept-Language, If-None-Match"


def own() -> str:
    """Return this service's own origin, as the browser sees it."""
    return sites.origin(context.public_url())


def allow(site: KnownSite) -> None:
    """Let pages of this site read the answer to this request, which is in the site's words."""
    context.speak_for(site)
    g.allowed_origins = site.origins
    _met().update(site.origins)


def demand(site: KnownSite) -> None:
    """Raise `Problem` 403 when a page of another origin asks; a client without an Origin is no browser page."""
    allow(site)
    origin = request.headers.get("Origin")
    if origin is not None and origin not in site.origins and origin != own():
        raise Problem("forbidden")


def mark(response: Response) -> Response:
    """Name the origin on an answer that its pages may read; vary by it in any case.

    A refusal from before the site is known (429, 413, malformed) says nothing about any site; the pages of
    all sites that this process has met may read it, so that a form can tell its reader what happened.
    """
    origin = request.headers.get("Origin")
    response.vary.add("Origin")
    refused = response.status_code >= HTTPStatus.BAD_REQUEST
    allowed = g.get("allowed_origins", _met() if refused else ())
    if allowed:
        # Told to every origin alike, so that one stored answer serves them all.
        response.headers["Access-Control-Expose-Headers"] = EXPOSED
    if origin and origin in allowed:
        response.headers["Access-Control-Allow-Origin"] = origin
    return response


def preflight(known: list[KnownSite]) -> Response:
    """Answer a browser that asks before it sends: yes to an origin of any site, since no site is named yet."""
    origin = request.headers.get("Origin", "")
    response = Response(status=204)
    response.headers["Vary"] = "Origin, Access-Control-Request-Method, Access-Control-Request-Headers"
    if any(origin in site.origins for site in known):
        _met().add(origin)
        response.headers["Access-Control-Allow-Origin"] = origin
        response.headers["Access-Control-Allow-Methods"] = "GET, POST, DELETE"
        response.headers["Access-Control-Allow-Headers"] = ALLOWED_HEADERS
        response.headers["Access-Control-Max-Age"] = str(PREFLIGHT_SECONDS)
    return response


def _met() -> set[str]:
    return cast(set[str], current_app.extensions.setdefault("duyet-origins", set()))
