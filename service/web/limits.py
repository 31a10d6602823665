"""Limits: which call may come how often, in one table; every endpoint is in it or exempt for a reason.

Many people may stand behind one address: a carrier gives thousands of phones the same. A site on the ladder meets
them with a dearer challenge before a refusal, so there `crowd` lifts what one address may do, and each form is
counted for itself.

Not here: what a block or a challenge does against abuse.
"""

import hashlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from flask import Flask, Response, current_app, g
from flask_limiter import Limit
from limits import RateLimitItem, parse_many
from redis.exceptions import RedisError
from werkzeug.exceptions import HTTPException

from service.config import Settings
from service.db import AWAY
from service.sites import KnownSite
from service.web import auth, context, familiar, ladders, payload, schemas
from service.web.errors import Problem
from service.web.limiter import OneCall


@dataclass(frozen=True, slots=True)
class Limited:
    """A setting's limit, what it counts by, and when it does not hold."""

    setting: str
    by: Callable[[], str]
    unless: Callable[[], bool] | None = None


def by_address() -> str:
    """Return the keyed hash of the client's address prefix, never empty."""
    return context.sender().hex()


def by_account() -> str:
    """Return what stands for the account that somebody wants to sign in to, known or not.

    A browser from which its owner signed in before counts for itself, so that strangers cannot keep the owner out.
    """
    name = payload.text_of(_fields(), "name").strip().lower()
    return f"account:{_hashed(name)}{familiar.browser(name)}"


def by_asker() -> str:
    """Return what stands for the person who is signed in, so that a newsroom behind one address shares no limit."""
    try:
        found = auth.signed_in()
    except AWAY:
        found = None
    return by_address() if found is None else f"account:{found.account}"


def by_phone() -> str:
    """Return the keyed hash of the phone number sent; '' when there is none, which `no_phone` exempts."""
    if "phone_key" not in g:
        g.phone_key = _phone_key()
    return str(g.phone_key)


def no_phone() -> bool:
    """Say whether the request carries no phone number that can be read; the address still counts."""
    return not by_phone()


def by_form() -> str:
    """Return what stands for the form that was filled in: its token, as long as whoever sent it likes.

    Without one it is the address: those who send none share nothing but that.
    """
    token = payload.text_of(_fields(), "token")
    return f"form:{_hashed(token)}" if token else by_address()


def by_article() -> str:
    """Return what stands for the client's address under the article that is commented on."""
    fields = _fields()
    article = f"{payload.text_of(fields, 'site')} {payload.text_of(fields, 'article')}"
    return f"article:{_hashed(article)}:{by_address()}"


def crowd() -> bool:
    """Say whether the request is for a site on the ladder, where an address stands for many people."""
    if "crowd" not in g:
        g.crowd = ladders.asked_for()
    return bool(g.crowd)


def no_crowd() -> bool:
    """Say whether one address stands for one sender."""
    return not crowd()


ATTEMPTS = "attempts:"


def by_attempts() -> str:
    """Return what stands for the address whose answers to challenges are counted."""
    return ATTEMPTS + by_address()


def no_answer() -> bool:
    """Say whether the request answers no challenge."""
    fields = _fields()
    return not any(payload.text_of(fields, name) for name in ("captcha", "pow", "token"))


def missed() -> None:
    """Note that this request's answer to a challenge was wrong, so that it stays counted."""
    g.missed = True


def _fields() -> dict[str, Any]:
    """Return the fields of the request; none where no body can be read, which the view itself refuses."""
    try:
        return payload.read()
    except (Problem, HTTPException):
        return {}


def _hashed(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()


def _phone_key() -> str:
    vault, region = context.runtime().vault, context.runtime().settings.phone_region
    try:
        number = schemas.phone_number(payload.text_of(payload.read(), "phone"), region)
        return vault.phone_key(number).hex() if number else ""
    except (Problem, HTTPException, schemas.Wrong):
        # A limiter that sees an exception takes its storage for dead; the view will name what is wrong.
        return ""


LIMITS: dict[str, tuple[Limited, ...]] = {
    "public.submit": (
        Limited("limit_comments", by_address, unless=crowd),
        Limited("limit_crowd", by_address, unless=no_crowd),
        Limited("limit_article", by_article, unless=no_crowd),
        Limited("limit_comments", by_form, unless=no_crowd),
        Limited("limit_phone", by_phone, unless=no_phone),
        Limited("limit_attempts", by_attempts, unless=no_answer),
    ),
    "public.challenge": (
        Limited("limit_challenges", by_address, unless=crowd),
        Limited("limit_crowd", by_address, unless=no_crowd),
    ),
    "public.challenge_image": (Limited("limit_crowd", by_address),),
    "public.challenge_audio": (Limited("limit_sounds", by_address),),
    "public.receipt": (Limited("limit_receipts", by_address),),
    "public.withdraw": (Limited("limit_receipts", by_address),),
    "public.report": (Limited("limit_reports", by_address),),
    "embed.receipt": (Limited("limit_receipts", by_address),),
    "embed.withdraw": (Limited("limit_receipts", by_address),),
    "desk.signing.sign_in": (Limited("limit_sign_in", by_address), Limited("limit_sign_in", by_account)),
    "desk.own.change_password": (Limited("limit_sign_in", by_address),),
    "desk.own.enrol": (Limited("limit_sign_in", by_address),),
    "desk.own.leave_code": (Limited("limit_sign_in", by_address),),
    "review": (Limited("limit_review", by_asker),),
    "desk": (Limited("limit_review", by_asker),),
    "operations": (Limited("limit_review", by_asker),),
}
"""Endpoint, or the name of a blueprint for all of its endpoints, to its limits."""

EXEMPT: dict[str, str] = {
    "public.comments": "a cacheable read; a limiter's round trip costs more than the read",
    "public.counts": "a cacheable read",
    "public.feed_atom": "a cacheable read",
    "ops": "asked by the machines that run the service; metrics have a token of their own",
    "static": "files",
    "scripts": "files made once",
    "embed.page": "a read; the picture in it is counted by the page itself, so that the list stays readable",
    "embed.another_code": "the same page with another picture, counted as there",
    "embed.described": "a cacheable read",
    "demo": "the same page around an article",
    "documents": "the contract, the same for everybody",
}

FALLBACK_SHARE = 2
"""While Redis is away each process counts alone, so each allows this part of a limit."""


def install(app: Flask, settings: Settings) -> None:
    """Limit the endpoints of a finished application by the table."""
    limiter = OneCall(
        by_address,
        app=app,
        storage_uri="redis://",
        storage_options={"connection_pool": context_pool(app)},
        strategy="sliding-window-counter",
        key_prefix="duyet",
    )
    for endpoint, view in list(app.view_functions.items()):
        if held := _limits_of(endpoint):
            limits = [_limit(one, getattr(settings, one.setting)) for one in held]
            app.view_functions[endpoint] = limiter.behind(view, limits, partial(_lower, held, settings))
    app.after_request(lambda response: _give_back(limiter, response))
    app.extensions["duyet-limits"] = lambda error: headers(limiter, error)
    app.extensions["duyet-limiter"] = limiter


def _limit(one: Limited, text: str) -> Limit:
    return Limit(text, key_function=one.by, exempt_when=one.unless)


def _give_back(limiter: OneCall, response: Response) -> Response:
    """Forget the attempt of a request whose answer was not wrong.

    Every answer is counted before anybody looks at it: of many at once no more are looked at than the limit allows.
    """
    for one in () if g.get("missed", False) else limiter.current_limits:
        if not one.breached and any(part.startswith(ATTEMPTS) for part in one.request_args):
            limiter.give_back(one)
    return response


def headers(limiter: OneCall, error: Any) -> dict[str, str]:
    """Return Retry-After and the RateLimit fields (draft-ietf-httpapi-ratelimit-headers) of a 429."""
    limit = limiter.current_limit
    item = error.limit.limit
    try:
        seconds = max(1, int(limit.reset_at - time.time()) + 1) if limit is not None else item.get_expiry()
    except RedisError:
        seconds = item.get_expiry()
    return _told(item, seconds)


def demand(site: KnownSite) -> None:
    """Count a comment against the site's own limit, where it has one; raise `Problem` 429.

    It comes on top of the installation's, so it can only be the stricter of the two; while Redis is away that one
    counts alone.
    """
    strategy = current_app.extensions["duyet-limiter"].limiter
    for item in parse_many(site.policy.limit_comments) if site.policy.limit_comments else ():
        counted = ("site", site.key, by_address())
        try:
            if strategy.hit(item, *counted):
                continue
            until = strategy.get_window_stats(item, *counted).reset_time
        except RedisError:
            return
        raise Problem("too-many", headers=_told(item, max(1, int(until - time.time()) + 1)))


def _told(item: RateLimitItem, seconds: int) -> dict[str, str]:
    return {
        "Retry-After": str(seconds),
        "RateLimit-Limit": str(item.amount),
        "RateLimit-Remaining": "0",
        "RateLimit-Reset": str(seconds),
        "RateLimit-Policy": f'"default";q={item.amount};w={item.get_expiry()}',
        "RateLimit": f'"default";r=0;t={seconds}',
    }


def context_pool(app: Flask) -> Any:
    """Return the runtime's connections, so that limits obey the same time-outs as everything else."""
    return app.extensions["duyet"].redis.connection_pool


def _lower(held: Sequence[Limited], settings: Settings) -> list[Limit]:
    limited = next(one for one in held if one.unless is None or not one.unless())
    items = parse_many(getattr(settings, limited.setting))
    text = ";".join(
        f"{max(1, item.amount // FALLBACK_SHARE)} per {item.multiples} {item.GRANULARITY.name}" for item in items
    )
    return [Limit(text, key_function=by_address)]


def _limits_of(endpoint: str) -> tuple[Limited, ...]:
    return LIMITS.get(endpoint) or LIMITS.get(endpoint.partition(".")[0]) or ()
