"""Pages for people whose browser sent a plain form: the form again with its text, or the way to the receipt."""

from typing import Any

from flask import Response, redirect, request

from service.web.errors import Problem, response


def wanted() -> bool:
    """Say whether the client prefers a page to JSON."""
    best = request.accept_mimetypes.best_match(["application/json", "text/html"], default="application/json")
    return best == "text/html" and "text/html" in request.headers.get("Accept", "")


def again(fields: dict[str, Any], problem: Problem) -> Response:
    """Return the form with what was typed and what is wrong."""
    del fields
    return response(problem)


def received(receipt: str) -> Response:
    """Send the browser to the page of the receipt, so that a reload sends nothing twice."""
    return redirect(f"/receipts/{receipt}", 303)  # type: ignore[return-value]
