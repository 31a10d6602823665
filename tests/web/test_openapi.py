"""The OpenAPI document describes this service: every route, nothing else, and answers as they come."""

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import CHECKS

from service.web import openapi


def test_every_route_is_documented_and_every_documented_path_exists(app, client):
    made = client.get("/openapi.json").get_json()
    documented = {operation["operationId"] for methods in made["paths"].values() for operation in methods.values()}
    routes = {rule.endpoint for rule in app.url_map.iter_rules() if rule.endpoint.split(".")[0] in openapi.DOCUMENTED}

    assert made["openapi"] == "3.1.0"
    assert "/v1/comments/{comment_id}/reports" in made["paths"]
    assert documented == routes == set(openapi.CALLS)


@pytest.mark.parametrize(("language", "title"), [("vi", "Giao diện HTTP"), ("en", "The HTTP contract")])
def test_the_contract_can_be_read_on_a_page_without_any_script(client, language, title):
    answer = client.get("/docs", headers={"Accept-Language": language})

    page = answer.get_data(as_text=True)
    assert answer.content_type == "text/html; charset=utf-8"
    assert title in page
    assert "/v1/comments" in page
    assert "<script" not in page
    assert "style" not in page


def test_schemathesis_finds_no_5xx_and_no_answer_beside_the_contract(app, add_site, mo):
    add_site("demo")
    schema = schemathesis.openapi.from_wsgi("/openapi.json", app)
    checks = [
        CHECKS.get_one(name)
        for name in (
            "not_a_server_error",
            "status_code_conformance",
            "content_type_conformance",
            "response_schema_conformance",
        )
    ]
    for operation in schema.get_all_operations():
        strategy = operation.ok().as_strategy()

        @settings(max_examples=15, deadline=None, database=None, suppress_health_check=list(HealthCheck))
        @given(case=strategy)
        def run(case):
            case.call_and_validate(checks=checks, headers=mo)

        run()
