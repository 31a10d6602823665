"""create_app: the only module that knows every blueprint."""

import threading
import time
from functools import partial
from http import HTTPStatus

import structlog
from flask import Flask, Response, g, request
from werkzeug.middleware.proxy_fix import ProxyFix

from service import news
from service.comments import judging
from service.comments.inflight import InFlight
from service.comments.together import Together
from service.exposition import Exposition
from service.jobs import ring
from service.metrics import vocabulary
from service.runtime import Runtime
from service.telemetry import Span
from service.web import auth, context, errors, form, limits, payload
from service.web.api import public
from service.web.demo import demo
from service.web.desk.rooms import desk
from service.web.door import Door
from service.web.embed.pages import embed
from service.web.embed.scripts import scripts
from service.web.ladders import Ladders
from service.web.openapi import documents
from service.web.operations.pages import operations
from service.web.ops import ops
from service.web.review import review
from service.web.shelf import Shelf
from service.web.valve import Valve

log = structlog.get_logger(__name__)

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
"""What a request's method is counted as; anything else that a client makes up is `other`."""

SECURITY_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "Content-Security-Policy": "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "cross-origin",
}


def create_app(runtime: Runtime) -> Flask:
    """Put the web side together around a runtime."""
    app = Flask("service", static_folder="web/static", template_folder="web/templates")
    app.config.update(
        SECRET_KEY=runtime.settings.secret("sessions"),
        SECRET_KEY_FALLBACKS=list(runtime.settings.secrets("sessions")[1:]),
        MAX_CONTENT_LENGTH=payload.MAXIMUM + 1,
        MAX_FORM_MEMORY_SIZE=payload.MAXIMUM,
        MAX_FORM_PARTS=payload.FIELDS,
    )
    # A redirect to a tidier path would name the host that the client named; such a path is not found.
    app.url_map.merge_slashes = False
    app.json.ensure_ascii = False  # type: ignore[attr-defined]
    app.json.sort_keys = False  # type: ignore[attr-defined]
    context.attach(app, runtime)
    app.extensions["duyet-door"] = Door(runtime.database)
    app.extensions["duyet-valve"] = _valve(runtime)
    app.extensions["duyet-together"] = Together(runtime.database, partial(ring, runtime.redis, runtime.tally))
    app.extensions["duyet-inflight"] = InFlight(runtime.redis)
    app.extensions["duyet-exposition"] = Exposition(runtime)
    form.install(app)
    if runtime.settings.trusted_proxies:
        hops = runtime.settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]
    payload.install(app)
    errors.install(app)
    for blueprint in (public, review, desk, operations, embed, scripts, demo, ops, documents):
        app.register_blueprint(blueprint)
    auth.install(app)
    app.extensions["duyet-ladders"] = Ladders(runtime.database)
    limits.install(app, runtime.settings)
    _watch(app, runtime)
    app.wsgi_app = _shelved(app, runtime)  # type: ignore[method-assign]
    return app


def _valve(runtime: Runtime) -> Valve:
    most = runtime.settings.shed_pending

    def count() -> int:
        with runtime.database.reading() as session:
            return judging.backlog(session, up_to=most)

    return Valve(count, most_pending=most, slow_seconds=runtime.settings.shed_seconds)


def _shelved(app: Flask, runtime: Runtime) -> Shelf:
    shelf = Shelf(app.wsgi_app, runtime.tally)
    app.extensions["duyet-shelf"] = shelf
    return shelf


def listen(app: Flask, runtime: Runtime) -> threading.Event:
    """Hear of changed lists in a thread of this process until the event is set; a server's entry calls it."""
    stop = threading.Event()
    shelf = app.extensions["duyet-shelf"]
    threading.Thread(target=news.listen, args=(runtime.redis, shelf.forget, stop), name="news", daemon=True).start()
    return stop


def _watch(app: Flask, runtime: Runtime) -> None:
    tally = runtime.tally

    @app.before_request
    def begin() -> None:
        g.started = time.perf_counter()
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request=context.request_id())

    @app.after_request
    def end(response: Response) -> Response:
        response.headers["X-Request-Id"] = context.request_id()
        own = {name.lower() for name in response.headers.keys()}  # noqa: SIM118 - iterating yields pairs.
        response.headers.extend([one for one in SECURITY_HEADERS.items() if one[0].lower() not in own])
        if runtime.settings.secure_cookies:
            response.headers["Strict-Transport-Security"] = "max-age=31536000"
        if g.get("framed"):
            # Its policy names who may frame the page; this older header knows only everybody or nobody.
            del response.headers["X-Frame-Options"]
        if response.status_code == HTTPStatus.NO_CONTENT or request.method == "OPTIONS":
            # Flask names a type in any case; there is nothing that it would be the type of.
            response.headers.pop("Content-Type", None)
        seconds = time.perf_counter() - g.get("started", time.perf_counter())
        endpoint = request.endpoint or "none"
        method = request.method if request.method in METHODS else "other"
        tally.add(vocabulary.REQUESTS, endpoint, method, str(response.status_code))
        tally.observe(vocabulary.REQUEST_SECONDS, seconds, endpoint)
        # The path would name articles and receipts; the endpoint says what was done.
        log.info(
            "request",
            method=method,
            endpoint=request.endpoint,
            status=response.status_code,
            seconds=round(seconds, 4),
        )
        facts: dict[str, str | int] = {
            "request": context.request_id(),
            "endpoint": endpoint,
            "method": method,
            "status": response.status_code,
        }
        stored = g.get("stored")
        failed = response.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR
        runtime.telemetry.tell(
            Span(f"{method} {endpoint}", seconds, facts, comment=stored, first=stored is not None, failed=failed)
        )
        return response
