"""The contract as a document for programs, and a page to read it."""

from flask import Blueprint, Response, current_app, json, render_template

from service.web import context
from service.web.openapi.calls import CALLS, DOCUMENTED
from service.web.openapi.document import document

__all__ = ["CALLS", "DOCUMENTED", "document", "documents"]

documents = Blueprint("documents", __name__)


@documents.get("/openapi.json")
def openapi_json() -> Response:
    """Return the contract as OpenAPI 3.1."""
    return Response(json.dumps(document(current_app)), content_type="application/json")


@documents.get("/docs")
def docs() -> Response:
    """Show the contract on a page."""
    page = render_template("docs.html", language=context.language(), contract=document(current_app))
    response = Response(page, content_type="text/html; charset=utf-8")
    response.headers["Vary"] = "Accept-Language"
    return response
