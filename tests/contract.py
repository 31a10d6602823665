"""Every answer that a test sees, held to the published contract: its status, its headers, its type, its every field."""

from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from jsonschema import Draft202012Validator
from werkzeug.exceptions import HTTPException

from service.web.openapi import CALLS, document

VALIDATORS: dict[str, Draft202012Validator] = {}
CONTRACT: dict[str, Any] = {}
"""The document, made once: it depends on the routes alone, and those are the same in every test."""


class HeldToTheContract(FlaskClient):
    """The test client, which fails on an answer that the OpenAPI document does not describe."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.seen: set[tuple[str, int]] = set()

    def open(self, *args: Any, **kwargs: Any) -> Any:
        """Send the request and look at the answer before the test does."""
        answer = super().open(*args, **kwargs)
        endpoint = endpoint_of(self.application, answer.request)
        if endpoint in CALLS:
            hold(self.application, endpoint, answer)
            self.seen.add((endpoint, answer.status_code))
        return answer


def endpoint_of(app: Flask, request: Any) -> str:
    """Return the call that a request was for, '' where it was for none."""
    try:
        rule, _ = app.url_map.bind("localhost").match(request.path, request.method)
    except HTTPException:
        return ""
    return rule if request.method not in {"HEAD", "OPTIONS"} else ""


def hold(app: Flask, endpoint: str, answer: Any) -> None:
    """Fail where the answer is not as the contract says."""
    if not CONTRACT:
        CONTRACT.update(document(app))
    operations = [one for methods in CONTRACT["paths"].values() for one in methods.values()]
    (operation,) = [one for one in operations if one["operationId"] == endpoint]
    responses = operation["responses"]
    assert str(answer.status_code) in responses, f"{endpoint} answered {answer.status_code}, not one of {[*responses]}"
    described = responses[str(answer.status_code)]
    missing = [name for name in described["headers"] if name not in answer.headers]
    assert not missing, f"{endpoint} answered {answer.status_code} without {missing}"
    content = described.get("content", {})
    if not content:
        return
    assert answer.mimetype in content, f"{endpoint} answered {answer.status_code} as {answer.content_type}"
    schema = content[answer.mimetype]["schema"]
    if schema:
        validate(schema, CONTRACT["components"], answer.get_json())


def validate(schema: dict[str, Any], components: dict[str, Any], instance: Any) -> None:
    """Fail where a document is not as its schema says."""
    key = repr(schema)
    if key not in VALIDATORS:
        VALIDATORS[key] = Draft202012Validator(
            {**schema, "components": components}, format_checker=Draft202012Validator.FORMAT_CHECKER
        )
    VALIDATORS[key].validate(instance)
