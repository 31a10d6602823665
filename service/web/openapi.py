"""The contract as OpenAPI 3.1, made from the routes and the schemas that parse requests, and a page to read it.

Every route of the blueprints in `DOCUMENTED` has an entry in `CALLS`; a test holds the two together.
"""

from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response, current_app, json
from markupsafe import escape
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from service.web import context, schemas
from service.web.wording import PROBLEMS

documents = Blueprint("documents", __name__)

DOCUMENTED = ("public", "review", "ops", "documents")
REF = "#/components/schemas/{model}"


@dataclass(frozen=True, slots=True)
class Call:
    """What is said of a route beside its path and its docstring."""

    answers: tuple[int, ...]
    problems: tuple[int, ...] = ()
    body: type[BaseModel] | None = None
    query: type[BaseModel] | None = None
    media: str = "application/json"


_REVIEW = (401, 403, 429, 503)
_BODY = (400, 413, 415, 422)
CALLS: dict[str, Call] = {
    "public.challenge": Call((201, 204), (*_BODY, 403, 404, 429, 503), schemas.ChallengeIn),
    "public.challenge_image": Call((200,), (404, 429, 503), media="image/webp"),
    "public.challenge_audio": Call((200,), (404, 429, 503), media="audio/wav"),
    "public.submit": Call((202, 303), (*_BODY, 403, 404, 409, 423, 429, 503), schemas.CommentIn),
    "public.comments": Call((200, 304), (404, 422, 503), query=schemas.ListQuery),
    "public.counts": Call((200, 304), (404, 422, 503), query=schemas.CountsQuery),
    "public.feed_atom": Call((200, 304), (404, 422, 503), query=schemas.FeedQuery, media="application/atom+xml"),
    "public.receipt": Call((200,), (404, 429, 503)),
    "public.withdraw": Call((204,), (403, 404, 429, 503)),
    "public.report": Call((202,), (*_BODY, 403, 404, 429, 503), schemas.ReportIn),
    "review.comments": Call((200,), (422, *_REVIEW), query=schemas.QueueQuery),
    "review.comment": Call((200,), (404, *_REVIEW)),
    "review.decide": Call((200,), (*_BODY, 404, 409, *_REVIEW), schemas.DecisionIn),
    "review.decide_many": Call((200,), (*_BODY, *_REVIEW), schemas.DecisionsIn),
    "review.undo": Call((200,), (*_BODY, 404, 409, *_REVIEW), schemas.UndoIn),
    "review.lease": Call((200,), (404, 409, *_REVIEW)),
    "review.release": Call((204,), (404, *_REVIEW)),
    "review.reveal": Call((200,), (*_BODY, 404, *_REVIEW), schemas.RevealIn),
    "review.preview": Call((200,), (*_BODY, 404, *_REVIEW), schemas.PreviewIn),
    "ops.healthz": Call((200,)),
    "ops.readyz": Call((200, 503)),
    "ops.metrics": Call((200,), (401, 404), media="text/plain"),
    "documents.openapi_json": Call((200,)),
    "documents.docs": Call((200,), media="text/html"),
}

PROBLEM: dict[str, Any] = {
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["field", "code", "message"],
                "properties": {name: {"type": "string"} for name in ("field", "code", "message")},
            },
        },
    },
}


@documents.get("/openapi.json")
def openapi_json() -> Response:
    """Return the contract as OpenAPI 3.1."""
    return Response(json.dumps(document()), content_type="application/json")


@documents.get("/docs")
def docs() -> Response:
    """Show the contract on a page."""
    made = document()
    vietnamese = context.language() == "vi"
    title = "Giao diện HTTP của Duyệt" if vietnamese else "The HTTP contract of Duyệt"
    answers = "Trả lời" if vietnamese else "Answers"
    sent = "Nội dung gửi" if vietnamese else "Body"
    parts = [f'<!doctype html><html lang="{context.language()}"><meta charset="utf-8">']
    parts += ['<meta name="viewport" content="width=device-width, initial-scale=1">']
    parts += [f"<title>{title}</title><h1>{title}</h1>", '<p><a href="/openapi.json">OpenAPI 3.1</a></p>']
    for path, methods in made["paths"].items():
        for method, call in methods.items():
            parts.append(f"<h2><code>{method.upper()} {escape(path)}</code></h2><p>{escape(call['summary'])}</p>")
            parts.append(f"<p>{answers}: {', '.join(call['responses'])}</p>")
            fields = [f"<li><code>{escape(one['name'])}</code></li>" for one in call.get("parameters", [])]
            for content in list(call.get("requestBody", {}).get("content", {}).values())[:1]:
                model = made["components"]["schemas"][content["schema"]["$ref"].rpartition("/")[2]]
                parts.append(f"<p>{sent}:</p>")
                fields += [f"<li><code>{escape(name)}</code></li>" for name in model["properties"]]
            parts.append(f"<ul>{''.join(fields)}</ul>" if fields else "")
    response = Response("".join(parts), content_type="text/html; charset=utf-8")
    response.headers["Vary"] = "Accept-Language"
    return response


def document() -> dict[str, Any]:
    """Return the OpenAPI document of the application that serves this request."""
    models = sorted(
        {one for call in CALLS.values() for one in (call.body, call.query) if one}, key=lambda m: m.__name__
    )
    _, defined = models_json_schema([(model, "validation") for model in models], ref_template=REF)
    components = {**defined.get("$defs", {}), "Problem": PROBLEM}
    paths: dict[str, dict[str, Any]] = {}
    for rule in sorted(current_app.url_map.iter_rules(), key=lambda rule: rule.rule):
        call = CALLS.get(rule.endpoint)
        if call is None:
            continue
        path = "".join(f"{{{part}}}" if dynamic else part for dynamic, part in rule._trace if part != "|")  # noqa: SLF001 - the parsed rule has no public name.
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
            paths.setdefault(path, {})[method.lower()] = _operation(rule, call, components)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Duyệt", "version": "1"},
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def _operation(rule: Any, call: Call, components: dict[str, Any]) -> dict[str, Any]:
    view = current_app.view_functions[rule.endpoint]
    operation: dict[str, Any] = {
        "operationId": rule.endpoint,
        "summary": (view.__doc__ or "").strip().split("\n")[0],
        "parameters": [
            {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
            for name in sorted(rule.arguments)
        ],
        "responses": {},
    }
    if call.query is not None:
        model = components[call.query.__name__]
        operation["parameters"] += [
            {"name": name, "in": "query", "required": name in model.get("required", ()), "schema": schema}
            for name, schema in model["properties"].items()
        ]
    if call.body is not None:
        schema = {"schema": {"$ref": REF.format(model=call.body.__name__)}}
        kinds = ("application/json", "application/x-www-form-urlencoded", "multipart/form-data")
        operation["requestBody"] = {"required": True, "content": dict.fromkeys(kinds, schema)}
    if rule.endpoint.startswith("review."):
        operation["security"] = [{"token": []}]
    for status in call.answers:
        found: dict[str, Any] = {"description": "" if status != 303 else "The page of the receipt."}
        if status in {200, 201, 202} or (status, rule.endpoint) == (503, "ops.readyz"):
            found["content"] = {call.media: {"schema": {} if call.media != "application/json" else {"type": "object"}}}
        operation["responses"][str(status)] = found
    titles = {status: english for status, _, english in PROBLEMS.values()}
    for status in call.problems:
        operation["responses"][str(status)] = {
            "description": titles[status],
            "content": {"application/problem+json": {"schema": {"$ref": REF.format(model="Problem")}}},
        }
    return operation
