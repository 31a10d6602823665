"""For those who run it: is the process alive, can it serve, what does it count."""

from flask import Blueprint, Response, current_app
from redis.exceptions import RedisError

from service import schema
from service.db import AWAY
from service.web import answer, context, limits

ops = Blueprint("ops", __name__)


@ops.get("/healthz")
def healthz() -> Response:
    """Say that the process answers."""
    return answer.private({"status": "ok"})


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
        if limits.degraded(current_app._get_current_object()):  # type: ignore[attr-defined]  # noqa: SLF001 - Flask's way.
            degraded.append("limits")
    except RedisError:
        degraded.append("redis")
    if missing:
        return answer.private({"status": "unavailable", "missing": missing, "degraded": degraded}, 503)
    return answer.private({"status": "ok", "degraded": degraded})
