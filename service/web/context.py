"""What a request knows about itself: the runtime, the time, the client's address and language, the request's id."""

import secrets
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import cast

from flask import Flask, current_app, g, request

from service import news
from service.runtime import Runtime
from service.sites import KnownSite

LANGUAGES = ("vi", "en")


def attach(app: Flask, runtime: Runtime) -> None:
    """Make the runtime known to the requests of this application."""
    app.extensions["duyet"] = runtime


def runtime() -> Runtime:
    """Return the runtime of the application that serves this request."""
    return cast(Runtime, current_app.extensions["duyet"])


def now() -> datetime:
    """Return the moment at which this request is handled, one and the same throughout."""
    if "now" not in g:
        g.now = datetime.now(UTC)
    return cast(datetime, g.now)


def address() -> str:
    """Return the client's address; a proxy's word counts as far as TRUSTED_PROXIES says."""
    return request.remote_addr or ""


def sender() -> bytes:
    """Return the keyed hash of the client's address prefix."""
    if "sender" not in g:
        g.sender = runtime().vault.sender(address())
    return cast(bytes, g.sender)


def language() -> str:
    """Return `vi` or `en`, as the client prefers; Vietnamese by default."""
    if "language" in g:
        return cast(str, g.language)
    return request.accept_languages.best_match(LANGUAGES, default="vi") or "vi"


def speak_for(site: KnownSite) -> None:
    """Note whose words the rest of this request is answered in."""
    g.site_policy = site.policy


def own_words(language: str) -> Mapping[str, str]:
    """Return what the request's site says otherwise than we do, in this language."""
    policy = g.get("site_policy")
    return policy.strings if policy is not None and policy.language == language else {}


def request_id() -> str:
    """Return this request's id, which is ours and not the client's to choose."""
    if "request_id" not in g:
        g.request_id = secrets.token_hex(8)
    return cast(str, g.request_id)


def tell_of(article_ids: Iterable[int]) -> None:
    """Say, after a commit, that what is shown under these articles changed: here at once, elsewhere by a message."""
    changed = frozenset(article_ids)
    current_app.extensions["duyet-shelf"].forget(changed)
    news.tell(runtime().redis, changed)


def secure() -> bool:
    """Say whether a cookie of this answer may travel over TLS alone."""
    return runtime().settings.secure_cookies or request.is_secure


def public_url() -> str:
    """Return the service's own address, without a slash at the end."""
    return runtime().settings.public_url or request.url_root.rstrip("/")
