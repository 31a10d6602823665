"""The contract as a document for programs, and a page to read it."""

from flask import Blueprint, Response, current_app, json, render_template

from service.web import context
from service.web.embed.frame import file_url
from service.web.openapi.calls import CALLS, DOCUMENTED
from service.web.openapi.document import document

__all__ = ["CALLS", "DOCUMENTED", "document", "documents"]

documents = Blueprint("documents", __name__)

POLICY = "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"


@documents.get("/openapi.json")
def openapi_json() -> Response:
    """Return the contract as OpenAPI 3.1."""
    return Response(json.dumps(document(current_app)), content_type="application/json")


@documents.get("/docs")
def docs() -> Response:
    """Show the contract on a page, what programs call first."""
    contract = document(current_app)
    paths = sorted(contract["paths"].items(), key=lambda one: (not one[0].startswith("/v1/"), one[0]))
    page = render_template("docs.html", language=context.language(), contract=contract, paths=paths, file=file_url)
    response = Response(page, content_type="text/html; charset=utf-8")
    response.headers["Vary"] = "Accept-Language"
    response.headers["Content-Security-Policy"] = POLICY
    return response
