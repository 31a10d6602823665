"""Answers as JSON: for one asker alone, or for everybody for a moment; and how a moment is written."""

from collections.abc import Mapping
from datetime import datetime

from flask import Response, json

SHARED_SECONDS = 1
"""How long a cache in front may serve a list without asking; a decision shows within that time."""


def private(document: Mapping[str, object], status: int = 200) -> Response:
    """Return the document for its asker alone."""
    response = Response(json.dumps(document), status, content_type="application/json")
    response.headers["Cache-Control"] = "no-store"
    return response


def shared(body: str | bytes, tag: str, content_type: str = "application/json") -> Response:
    """Return what is the same for everybody, under its tag."""
    return _for_a_moment(Response(body, content_type=content_type), tag)


def unchanged(tag: str) -> Response:
    """Return the answer to somebody who holds what the tag stands for."""
    return _for_a_moment(Response(status=304), tag)


def _for_a_moment(response: Response, tag: str) -> Response:
    response.set_etag(tag)
    response.headers["Cache-Control"] = f"public, max-age=0, s-maxage={SHARED_SECONDS}"
    return response


def moment(when: datetime) -> str:
    """Return a moment as the contract writes it: RFC 3339 in UTC."""
    return when.isoformat(timespec="milliseconds").replace("+00:00", "Z")
