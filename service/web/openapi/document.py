"""The contract as OpenAPI 3.1, made from the routes, the table of calls, and the schemas of what comes and goes."""

import re
from functools import cache
from typing import Any

from flask import Flask
from pydantic import TypeAdapter
from werkzeug.routing import Rule

from service.web.openapi.calls import CALLS, PAGE, Call, Raw
from service.web.schemas import answers
from service.web.wording import PROBLEMS

REF = "#/components/schemas/{model}"
FORMS = ("application/json", "application/x-www-form-urlencoded", "multipart/form-data")
TITLES = {status: english for status, _, english in PROBLEMS.values()}
EVERYWHERE: dict[int, Any] = {422: answers.Invalid}
"""Problems that say more than others wherever they come."""

HEADERS: dict[str, tuple[str, dict[str, Any]]] = {
    "X-Request-Id": ("Names this answer in the service's log.", {"type": "string"}),
    "Retry-After": ("Seconds.", {"type": "integer", "minimum": 1}),
    "RateLimit": ("What is left, and when there is more (draft-ietf-httpapi-ratelimit-headers).", {"type": "string"}),
    "RateLimit-Policy": ("The limit that was met.", {"type": "string"}),
    "WWW-Authenticate": ("How to say who asks.", {"type": "string"}),
    "Location": ("Where to ask on.", {"type": "string"}),
    "ETag": ("What `If-None-Match` may name.", {"type": "string"}),
    "Cache-Control": ("Who may keep the answer, and how long.", {"type": "string"}),
}
KEPT = ("ETag", "Cache-Control")
WITH_STATUS = {
    303: ("Location",),
    401: ("WWW-Authenticate",),
    429: ("Retry-After", "RateLimit", "RateLimit-Policy"),
    503: ("Retry-After",),
}


def document(app: Flask) -> dict[str, Any]:
    """Return the OpenAPI document of this application."""
    schemas, components = _schemas()
    paths: dict[str, dict[str, Any]] = {}
    for rule in sorted(app.url_map.iter_rules(), key=lambda rule: rule.rule):
        call = CALLS.get(rule.endpoint)
        if call is None:
            continue
        path = re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule)
        summary = (app.view_functions[rule.endpoint].__doc__ or "").strip().split("\n")[0]
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
            paths.setdefault(path, {})[method.lower()] = {
                "operationId": rule.endpoint,
                "summary": summary,
                **({"security": [{"token": []}]} if rule.endpoint.startswith("review.") else {}),
                "parameters": _parameters(rule, call, components),
                **({"requestBody": _body(call, schemas)} if call.body else {}),
                "responses": _responses(call, schemas),
            }
    return {
        "openapi": "3.1.0",
        "info": {"title": "Duyệt", "version": "1"},
        "paths": paths,
        "components": {
            "schemas": components,
            "headers": {name: _header(said, schema) for name, (said, schema) in HEADERS.items()},
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


@cache
def _schemas() -> tuple[dict[Any, dict[str, Any]], dict[str, Any]]:
    """Return a reference for each kind of thing sent or answered, and what the references point at."""
    taken = {one for call in CALLS.values() for one in (call.body, call.query) if one is not None}
    given = {one for call in CALLS.values() for one in (*call.answers.values(), *call.told.values())}
    given = {one for one in given if not isinstance(one, Raw)} | {answers.Problem, *EVERYWHERE.values()}
    adapters = [(one, "validation", TypeAdapter(one)) for one in taken]
    adapters += [(one, "serialization", TypeAdapter(one)) for one in given]
    adapters.sort(key=lambda entry: str(entry[0]))
    found, defined = TypeAdapter.json_schemas(adapters, ref_template=REF)  # type: ignore[arg-type]
    return {kind: schema for (kind, _), schema in found.items()}, defined["$defs"]


def _parameters(rule: Rule, call: Call, components: dict[str, Any]) -> list[dict[str, Any]]:
    parts = [
        {"name": name, "in": "path", "required": True, "schema": _part(rule, name)} for name in sorted(rule.arguments)
    ]
    if call.query is None:
        return parts
    model = components[call.query.__name__]
    return parts + [
        {"name": name, "in": "query", "required": name in model.get("required", ()), "schema": schema}
        for name, schema in model["properties"].items()
    ]


def _part(rule: Rule, name: str) -> dict[str, Any]:
    if f"<int:{name}>" in rule.rule:
        return {"type": "integer", "minimum": 0}
    return {"type": "string", "format": "uuid"} if f"<uuid:{name}>" in rule.rule else {"type": "string"}


def _body(call: Call, schemas: dict[Any, dict[str, Any]]) -> dict[str, Any]:
    return {"required": True, "content": {media: {"schema": schemas[call.body]} for media in FORMS}}


def _responses(call: Call, schemas: dict[Any, dict[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for status, what in call.answers.items():
        described = "" if status != 303 else "The page where a person goes on."
        media = what.media if isinstance(what, Raw) else "application/json"
        content = {media: {"schema": {} if isinstance(what, Raw) else schemas[what]}} if media else {}
        names = KEPT if 304 in call.answers else ("Location",) if what is answers.Accepted else ()
        found[str(status)] = _response(status, described, content, names)
    # An address with a name in it twice is malformed whatever is called.
    for status in dict.fromkeys((400, *call.problems)):
        told = call.told.get(status, EVERYWHERE.get(status, answers.Problem))
        content = {"application/problem+json": {"schema": schemas[told]}}
        content |= {PAGE.media: {"schema": {}}} if call.pages else {}
        found[str(status)] = _response(status, TITLES[status], content)
    return dict(sorted(found.items()))


def _response(status: int, description: str, content: dict[str, Any], names: tuple[str, ...] = ()) -> dict[str, Any]:
    names = ("X-Request-Id", *WITH_STATUS.get(status, ()), *names)
    headers = {name: {"$ref": f"#/components/headers/{name}"} for name in names}
    return {"description": description, "headers": headers, **({"content": content} if content else {})}


def _header(description: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"description": description, "required": True, "schema": schema}
