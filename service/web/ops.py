"""For those who run it: is the process alive, can it serve, what does it count."""

import hmac
import ipaddress

from flask import Blueprint, Response, current_app, request
from redis.exceptions import RedisError

from service import exposition, health, schema
from service.db import AWAY
from service.web import answer, auth, context
from service.web.errors import RETRY_SECONDS, Problem
from service.web.schemas import answers

ops = Blueprint("ops", __name__)


@ops.get("/healthz")
def healthz() -> Response:
    """Say that the process answers."""
    return answer.private(answers.Alive(status="ok"))


@ops.get("/readyz")
def readyz() -> Response:
    """Say whether comments can be taken, and what works with less for the moment."""
    runtime = context.runtime()
    missing, degraded = [], []
    try:
        with runtime.database.reading() as session:
            if not schema.is_current(session):
                missing.append("migrations")
    except AWAY:
        missing.append("database")
    try:
        runtime.redis.ping()
        if health.eviction(runtime.redis) not in {health.KEEPS, None}:
            # It would drop bells and open challenges without a word when it is full.
            degraded.append("redis-memory")
        if current_app.extensions["duyet-limiter"].degraded:
            degraded.append("limits")
    except RedisError:
        degraded.append("redis")
    if missing:
        unready = answer.private(answers.Unready(status="unavailable", missing=missing, degraded=degraded), 503)
        unready.headers["Retry-After"] = str(RETRY_SECONDS)
        return unready
    return answer.private(answers.Ready(status="ok", degraded=degraded))


@ops.get("/metrics")
def metrics() -> Response:
    """Return the counts of all processes of this host, and what database and Redis hold, for Prometheus."""
    _demand_scraper(context.runtime().settings.metrics_token)
    page = current_app.extensions["duyet-exposition"].page()
    return Response(page, 200, {"Cache-Control": "no-store"}, content_type=exposition.CONTENT_TYPE)


def _demand_scraper(token: str) -> None:
    if token:
        given = request.headers.get("Authorization", "").encode("utf-8", "replace")
        if not hmac.compare_digest(given, b"Bearer " + token.encode()):
            raise Problem("unauthorized", headers=auth.CHALLENGE)
    elif not _comes_from_this_machine():
        # Without a token nobody elsewhere learns that there is anything to ask for.
        raise Problem("not-found")


def _comes_from_this_machine() -> bool:
    forwarded = any(name in request.headers for name in ("X-Forwarded-For", "Forwarded", "Via", "X-Real-IP"))
    try:
        return not forwarded and ipaddress.ip_address(context.address()).is_loopback
    except ValueError:
        return False
