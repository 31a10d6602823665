"""How a page of ours is sent: what it may load, who may frame it, and that nobody keeps it."""

import hashlib
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from flask import Response, current_app, g, render_template, url_for

from service.sites import KnownSite
from service.web import context
from service.web.embed import words

# `no-referrer` would make browsers send `Origin: null` with our own forms.
REFERRERS = "same-origin"


def page(template: str, site: KnownSite | None, status: int = 200, **shown: Any) -> Response:
    """Return a page in the site's language, for the site's own pages to frame, and never to be kept."""
    language = site.policy.language if site else context.language()
    shown = {
        "words": words.of(site),
        "language": language,
        "site": site,
        "file": file_url,
        "local_time": local_time,
        # Our own origin is told in any case.
        "heights": " ".join(site.origins) if site else "",
        **shown,
    }
    response = Response(render_template(template, **shown), status, content_type="text/html; charset=utf-8")
    response.headers["Content-Security-Policy"] = content_policy(site.origins if site else ())
    response.headers["Referrer-Policy"] = REFERRERS
    response.headers["Cache-Control"] = "no-store"
    response.vary.add("Accept-Language")
    g.framed = site is not None
    return response


def content_policy(framed_by: tuple[str, ...]) -> str:
    """Return what a page of ours may do: our own files, our own forms, in frames of these origins."""
    sources = ("script-src", "style-src", "img-src", "media-src", "connect-src", "form-action")
    allowed = "; ".join(f"{source} 'self'" for source in sources)
    ancestors = " ".join(("'self'", *framed_by))
    return f"default-src 'none'; {allowed}; base-uri 'none'; frame-ancestors {ancestors}"


def file_url(name: str) -> str:
    """Return the address of a static file, another one when its content is another."""
    return url_for("static", filename=name, v=_version(Path(current_app.static_folder or "") / name))


def local_time(moment: datetime) -> str:
    """Return a moment as people of the newsroom's zone write it."""
    there = moment.astimezone(ZoneInfo(context.runtime().settings.time_zone))
    return f"{there:%H:%M %d/%m/%Y}"


@cache
def _version(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()[:12]
