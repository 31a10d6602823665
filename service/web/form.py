"""What a browser's plain form gets: the form again with its text, or the way to the receipt; and pages for errors."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask import Flask, Response, redirect, request, url_for

from service.sites import KnownSite
from service.web import payload
from service.web.desk import frame as desk_frame
from service.web.embed import answers
from service.web.embed.answers import again
from service.web.errors import Problem

__all__ = ["again", "install", "received", "reported", "wanted"]


def wanted() -> bool:
    """Say whether the client prefers a page to JSON."""
    best = request.accept_mimetypes.best_match(["application/json", "text/html"], default="application/json")
    return best == "text/html" and "text/html" in request.headers.get("Accept", "")


def received(receipt: str) -> Response:
    """Send the browser to the page of the receipt, so that a reload sends nothing twice."""
    return redirect(url_for("embed.receipt", receipt=receipt), 303)  # type: ignore[return-value]


def reported(fields: Mapping[str, Any], site: KnownSite, comment_id: UUID) -> Response:
    """Send the browser back to the list, where a word of thanks stands at the comment."""
    where: dict[str, Any] = {
        name: payload.text_of(fields, name) or None for name in ("article", "url", "title", "cursor")
    }
    place = url_for("embed.page", site=site.key, reported=comment_id, **where, _anchor=f"c-{comment_id}")
    return redirect(place, 303)  # type: ignore[return-value]


def install(app: Flask) -> None:
    """Answer people's browsers with pages where the API answers with problem documents."""

    def answer(problem: Problem) -> Response | None:
        if request.endpoint == "public.submit" and wanted():
            return again(_sent(), problem)
        if not wanted() or request.endpoint == "embed.described":
            return None
        if request.path.startswith("/v1/") and request.endpoint != "public.report":
            return None
        if desk_frame.is_page(request.path):
            return desk_frame.failed(problem)
        return answers.failed(problem)

    app.extensions["duyet-answer"] = answer


def _sent() -> dict[str, Any]:
    try:
        return payload.read()
    except Problem:
        return {}
