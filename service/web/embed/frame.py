"""How things are sent: a page of ours, what it may load and who may frame it; a file, and how long it may be kept."""

import gzip
import hashlib
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from flask import Response, current_app, g, render_template, request, url_for

from service.sites import KnownSite
from service.web import context
from service.web.embed import words

# `no-referrer` would make browsers send `Origin: null` with our own forms.
REFERRERS = "same-origin"


def page(template: str, site: KnownSite | None, status: int = 200, **shown: Any) -> Response:
    """Return a page in the site's language, for the site's own pages to frame, and never to be kept."""
    language = site.policy.language if site else context.language()
    shown = {
        "words": words.of(site, language),
        "language": language,
        "site": site,
        "reasons": words.REASONS,
        "file": file_url,
        "local_time": lambda moment: local_time(moment, zone(site)),
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


def parcel(text: bytes, kind: str, *, seconds: int, packed: bytes = b"") -> Response:
    """Return a file or document that caches may keep for so long, packed for those who can unpack it."""
    packs = request.accept_encodings["gzip"] > 0
    body = (packed or gzip.compress(text, 6, mtime=0)) if packs else text
    response = Response(body, content_type=f"{kind}; charset=utf-8")
    if packs:
        response.headers["Content-Encoding"] = "gzip"
    response.headers["Cache-Control"] = f"public, max-age={seconds}"
    response.vary.add("Accept-Encoding")
    response.set_etag(hashlib.sha256(text).hexdigest()[:32], weak=True)
    response.make_conditional(request)
    return response


def zone(site: KnownSite | None) -> str:
    """Return the name of the zone in which the site's readers live."""
    return (site.policy.time_zone if site else "") or context.runtime().settings.time_zone


def local_time(moment: datetime, zone_name: str = "") -> str:
    """Return a moment as people of that zone write it, or of the newsroom's where none is named."""
    there = moment.astimezone(ZoneInfo(zone_name or zone(None)))
    return f"{there:%H:%M %d/%m/%Y}"


@cache
def _version(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()[:12]
