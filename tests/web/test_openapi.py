"""The OpenAPI document describes this service: every route, nothing else, and answers as they come."""

import contextlib
import itertools
import os
from collections import Counter

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import CHECKS

from service import config
from service.web import auth, openapi
from tests.conftest import a_comment, with_answers


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
    assert page.index("/v1/comments") < page.index("/v1/review/comments") < page.index("/counts.js")
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'; style-src 'self';")
    assert "<script" not in page
    assert "<style" not in page
    assert "style=" not in page


def keep_rules(client, ed):
    """Use every call of rules, blocks and the audit once."""
    keep, json = "/v1/review/rules", {"site": "bao", "kind": "phrase", "forms": ["hội kín"]}
    client.post(keep, json=json, headers=ed)
    client.get(keep, headers=ed)
    client.put(f"{keep}/1", json={**json, "version": 1}, headers=ed)
    made = client.post(f"{keep}/1/backtests", json={}, headers=ed).get_json()["backtest"]["id"]
    for path in ("/1", "/1/backtests", f"/1/backtests/{made}"):
        client.get(keep + path, headers=ed)
    client.delete(f"{keep}/1/backtests/{made}", headers=ed)
    client.post(f"{keep}/1/state", json={"state": "retired", "version": 3}, headers=ed)
    block = {"site": "bao", "kind": "phrase", "value": "nhà cái", "reason": "spam"}
    client.post("/v1/review/blocks", json=block, headers=ed)
    client.get("/v1/review/blocks", headers=ed)
    client.delete("/v1/review/blocks/1", headers=ed)
    for path in ("audit", "audit.csv"):
        client.get(f"/v1/review/{path}", headers=ed)


def test_a_real_answer_of_every_call_is_as_its_schema_says(
    client, add_site, add_token, ann, publish, judge_all, parts, mo
):
    add_site()
    add_site("hinh", challenge="image", publish="after_review")
    with_answers(parts.challenges)
    image = client.post("/v1/challenges", json={"site": "hinh", "article": "b"}).get_json()
    client.post("/v1/challenges", json={"site": "bao", "article": "bai-1"})
    for address in (image["image_url"], image["audio_url"]):
        client.get(address)
    answer = {"captcha_id": image["id"], "captcha": "KBRTXH"}
    held = ann(site="hinh", article="b", phone="0912345678", consent=True, body="Đồ ngu!", **answer).get_json()
    judge_all()
    shown = publish()
    ann(title=..., body="")
    form = {**a_comment(), "article": "bai-2"}
    client.post("/v1/comments", data=form, headers={"Accept": "text/html"})
    for path in ("comments", "counts", "feed.atom"):
        tag = client.get(f"/v1/{path}?site=bao&article=bai-1").headers["ETag"]
        client.get(f"/v1/{path}?site=bao&article=bai-1", headers={"If-None-Match": tag})
    client.post(f"/v1/comments/{shown['id']}/reports", json={"reason": "spam"})
    client.post(f"/v1/comments/{shown['id']}/reports", data={"reason": "spam"}, headers={"Accept": "text/html"})

    review = f"/v1/review/comments/{held['id']}"
    client.get("/v1/review/comments", headers=mo)
    client.get(review, headers=mo)
    client.get(f"/v1/review/comments/{shown['id']}", headers=mo)
    client.post(f"{review}/lease", headers=mo)
    client.delete(f"{review}/lease", headers=mo)
    client.post(f"{review}/phone", json={"reason": "Gọi lại"}, headers=mo)
    ruling = {"outcome": "approve", "version": 2}
    decision = client.post(f"{review}/decision", json=ruling, headers=mo).get_json()["decision"]["id"]
    client.post(f"{review}/decision", json=ruling, headers=mo)
    client.post("/v1/review/undo", json={"decision": decision}, headers=mo)
    client.post("/v1/review/undo", json={"decision": decision}, headers=mo)
    items = [{"id": held["id"], "version": version} for version in (1, 4)] + [{"id": decision, "version": 1}]
    for item in items:
        client.post("/v1/review/decisions", json={"items": [item], "outcome": "reject", "reason": "insult"}, headers=mo)
    client.post("/v1/review/undo-many", json={"decisions": [decision]}, headers=mo)
    client.post(f"{review}/notes", json={"note": "Đã gọi lại.", "version": 5}, headers=mo)
    client.post(f"{review}/notes", json={"note": "Đã gọi lại.", "version": 4}, headers=mo)
    client.post("/v1/review/preview", json={"body": "Đồ ngu!"}, headers=mo)

    keep_rules(client, add_token("ed", scope="rules"))
    for path in ("", "/embed?site=bao&article=b", "/embed.json?site=bao&article=b", f"/receipts/{shown['receipt']}"):
        client.get(path)
    tag = client.get("/embed.json?site=bao&article=b").headers["ETag"]
    client.get("/embed.json?site=bao&article=b", headers={"If-None-Match": tag})
    client.post("/embed", data=form)
    for script in ("embed.js", "embed.js.sri", "counts.js", "embed.css"):
        client.get(f"/{script}", headers={"If-None-Match": client.get(f"/{script}").headers["ETag"]})
    for path in ("healthz", "readyz", "metrics", "openapi.json", "docs"):
        client.get(f"/{path}")
    client.get(f"/v1/receipts/{shown['receipt']}")
    client.delete(f"/v1/receipts/{shown['receipt']}")
    client.post(f"/receipts/{held['receipt']}")

    expected = {(name, status) for name, call in openapi.CALLS.items() for status in call.answers}
    assert expected - client.seen == {("ops.readyz", 503)}, "test_failures sees that one"
    assert {("public.submit", 422), ("review.decide", 409), ("review.undo", 409)} <= client.seen


EXAMPLES = int(os.environ.get("EXAMPLES", "6"))  # noqa: TID251 - a setting of the tests alone.
"""Requests of each call in each mode, the same in every run; EXAMPLES=500 for a night of others."""
NOT_ASKED = {
    "ignored_auth": "it would need the token in a place that the other checks do not; test_structure asks every route",
    "positive_data_acceptance": "no schema says that a text shows nothing, or that a code is the wrong one",
}


FORMS = {"application/x-www-form-urlencoded", "multipart/form-data"}
PLAIN = {"Accept-Encoding": "identity"}
"""What is packed the test's transport does not unpack."""


def _token_for(case, tokens):
    name = case.operation.definition.raw["operationId"]
    return tokens[auth.needed(name) if name.startswith("review.") else "review"]


REFUSED = ["400", "401", "403", "404", "405", "406", "409", "413", "415", "422", "423", "429", "503"]
CONFIG = {
    "checks": {"negative_data_rejection": {"expected-statuses": REFUSED}},
    # A name that the document does not know is ignored in an address, as it says.
    "generation": {"allow-extra-parameters": False},
}


@pytest.fixture
def tokens(add_token, mo):
    """Tokens by the right that they give."""
    return {"rules": add_token("ed", scope="rules"), "review": mo}


@pytest.fixture
def known(client, site, tokens, ann, publish):
    """What there is, by the names that the document has for it."""
    rule = {"site": site.key, "kind": "phrase", "forms": ["hội kín"]}
    made = client.post("/v1/review/rules", json=rule, headers=tokens["rules"]).get_json()["rule"]["id"]
    tried = client.post(f"/v1/review/rules/{made}/backtests", json={}, headers=tokens["rules"]).get_json()["backtest"]
    block = {"site": site.key, "kind": "phrase", "value": "nhà cái", "reason": "spam"}
    client.post("/v1/review/blocks", json=block, headers=tokens["rules"])
    return {
        "site": site.key,
        "article": "bai-1",
        "comment_id": publish()["id"],
        "receipt": ann(title="Ý kiến khác").get_json()["receipt"],
        "rule_id": made,
        "backtest_id": tried["id"],
        "block_id": 1,
    }


def ask(schema, tokens, known, examples):
    """Send what schemathesis thinks of, good and bad, to every call; print and return how often which status came."""
    checks = {name: CHECKS.get_one(name) for name in CHECKS.get_all_names() if name not in NOT_ASKED}
    answered = Counter()
    for operation, mode in itertools.product(schema.get_all_operations(), GenerationMode):
        with contextlib.suppress(Unsatisfiable):  # Nothing about a call without any parameter can be wrong.

            @settings(
                max_examples=examples,
                deadline=None,
                database=None,
                derandomize="EXAMPLES" not in os.environ,  # noqa: TID251 - the same as above.
                suppress_health_check=list(HealthCheck),
            )
            @given(
                case=operation.ok().as_strategy(generation_mode=mode),
                of_ours=st.booleans() if mode is GenerationMode.POSITIVE else st.just(False),
            )
            def run(case, of_ours):
                for part in (case.path_parameters, case.query, case.body) if of_ours else ():
                    if isinstance(part, dict):
                        part.update({name: value for name, value in known.items() if name in part})
                # What a form sends is text: what was meant for no text, `null` or a number, is a text there.
                left_out = {"negative_data_rejection"} if case.media_type in FORMS else set()
                asked = [check for name, check in checks.items() if name not in left_out]
                answer = case.call_and_validate(checks=asked, headers={**_token_for(case, tokens), **PLAIN})
                answered[answer.status_code] += 1

            run()
    print(answered.total(), "requests:", dict(sorted(answered.items())))  # noqa: T201 - for docs/security.md.
    return answered


def test_schemathesis_finds_nothing_beside_the_contract(app, tokens, known):
    schema = schemathesis.openapi.from_wsgi("/openapi.json", app, config=schemathesis.Config.from_dict(CONFIG))
    assert ask(schema, tokens, known, EXAMPLES).total() > 50


UNLIMITED = {name: "1000000/minute" for name in config.DEFAULTS if name.startswith("LIMIT_")}


@pytest.mark.parametrize("more_settings", [UNLIMITED], ids=["unlimited"])
def test_schemathesis_finds_nothing_in_a_running_service_either(base_url, tokens, known):
    schema = schemathesis.openapi.from_url(f"{base_url}/openapi.json", config=schemathesis.Config.from_dict(CONFIG))
    assert ask(schema, tokens, known, max(2, EXAMPLES // 3)).total() > 50
