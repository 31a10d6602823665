"""The body of a request as a flat mapping, whatever its media type; strict where parsers are lenient."""

import json
import threading
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from flask import Flask, g, request
from werkzeug.exceptions import RequestEntityTooLarge

from service.web import context
from service.web.errors import Problem

MAXIMUM = 64 * 1024
"""Bytes in a request's body."""
FIELDS = 64
"""More fields than any form of ours has."""


REPEATED = {"public.counts": {"article"}}
"""Which names may come more than once in an address."""


def install(app: Flask) -> None:
    """Refuse addresses in which a name comes twice: two readers of one address could take either value."""

    @app.before_request
    def once() -> None:
        for name, values in request.args.lists():
            if len(values) > 1 and name not in REPEATED.get(request.endpoint or "", ()):
                raise Problem("malformed", TWICE[context.language()])


TWICE = {
    "vi": "Một tham số của địa chỉ được gửi hai lần.",
    "en": "A parameter of the address was sent twice.",
}


def read() -> dict[str, Any]:
    """Return the fields sent, read once; raise `Problem` for what is no JSON object or form, or is too large."""
    if "payload" not in g:
        # A body that never ends keeps its thread; one thread of a web process is always left for readers.
        if "too_busy" in g or not _READING.acquire(timeout=PATIENCE_SECONDS):
            # Whoever asks again within this request, such as each limit, waits no second time.
            g.too_busy = True
            raise Problem("unavailable", headers={"Retry-After": "1"})
        try:
            g.payload = _read()
        except RequestEntityTooLarge as error:
            # Whoever answers a browser's form asks for its fields again, where nobody waits for the library's error.
            raise Problem("too-large") from error
        finally:
            _READING.release()
    return dict(g.payload)


AT_ONCE, PATIENCE_SECONDS = 7, 0.05
"""So many bodies are taken in at once by a process (it has eight threads), and how long another waits for its turn."""

_READING = threading.BoundedSemaphore(AT_ONCE)


def _read() -> dict[str, Any]:
    kind = request.mimetype
    if kind == "application/json" or (not kind and not request.content_length):
        return from_json(_bytes())
    if kind == "application/x-www-form-urlencoded":
        return _from_form(_bytes())
    if kind == "multipart/form-data":
        if "boundary" not in request.mimetype_params:
            raise Problem("malformed")
        return _single(request.form.items(multi=True))
    raise Problem("unsupported-media")


def _bytes() -> bytes:
    raw = request.get_data()
    # A body in chunks names no length; the library cuts it off at its limit, which is one byte beyond ours.
    if len(raw) > MAXIMUM:
        raise Problem("too-large")
    return raw


def from_json(raw: bytes) -> dict[str, Any]:
    """Return a JSON object; raise `Problem` for anything else (RFC 8259, and no duplicate names as in RFC 7493)."""
    try:
        value = json.loads(raw.decode("utf-8"), object_pairs_hook=_unique, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise Problem("malformed") from error
    if not isinstance(value, dict):
        raise Problem("malformed")
    return value


def _from_form(raw: bytes) -> dict[str, Any]:
    try:
        text = raw.decode("ascii")
        # Percent-decoding to bytes first keeps a field with broken UTF-8 apart from its neighbours.
        pairs = parse_qsl(text, keep_blank_values=True, encoding="latin-1", max_num_fields=FIELDS)
    except ValueError as error:
        raise Problem("malformed") from error
    return _single((_text(name), _text(value)) for name, value in pairs)


def _text(latin: str) -> str:
    return latin.encode("latin-1").decode("utf-8", "replace")


def _single(pairs: Any) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for name, value in pairs:
        if name in fields:
            raise Problem("malformed")
        fields[name] = value
    return fields


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    return _single(pairs)


def _no_constant(name: str) -> None:
    raise ValueError(name)


def text_of(fields: Mapping[str, Any], name: str) -> str:
    """Return a field as text, '' when it is absent or no text; for what must be known before the rest is parsed."""
    value = fields.get(name)
    return value if isinstance(value, str) else ""
