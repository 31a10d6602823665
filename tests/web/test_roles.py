"""Every route of the desk and of the review calls needs the right role; the whole map is walked, new ones too."""

import re

import pytest
from flask import Blueprint, Flask

from service import moderators
from service.web import auth

ID = "00000000-0000-7000-8000-000000000000"
TURNED_AWAY = 403


def guarded(app):
    """Yield endpoint, method and path of every guarded route."""
    for rule in app.url_map.iter_rules():
        if rule.endpoint.partition(".")[0] in auth.GUARDED:
            path = re.sub("<uuid:[^>]+>", ID, rule.rule)
            path = re.sub("<int:[^>]+>", "999999", path)
            path = re.sub("<[^>]+>", "vi", path)
            for method in sorted(rule.methods - {"HEAD", "OPTIONS"}):
                yield rule.endpoint, method, path


@pytest.mark.parametrize("role", moderators.ROLES)
def test_a_role_opens_what_it_has_the_right_to_and_nothing_else(app, at_the_desk, role):
    person = at_the_desk("mo", role)
    for endpoint, method, path in guarded(app):
        right = auth.needed(endpoint)
        if endpoint.startswith("desk.signing.") or right == auth.SIGNED_IN:
            continue
        answer = person.client.open(path, method=method, json={}, headers={auth.CSRF_HEADER: person.csrf})
        allowed = right in moderators.RIGHTS[role]
        assert (answer.status_code != TURNED_AWAY) == allowed, (method, path, answer.status_code)


def test_nobody_opens_anything_but_the_door(app, client):
    for endpoint, method, path in guarded(app):
        if auth.needed(endpoint) == auth.NOBODY:
            continue
        assert client.open(path, method=method, json={}).status_code == 401, (method, path)
        page = client.open(path, method=method, headers={"Accept": "text/html"})
        if path.startswith("/desk"):
            assert (page.status_code, page.location.partition("?")[0]) == (303, "/desk/sign-in"), (method, path)


def test_every_change_by_a_session_needs_the_pages_token_and_a_page_of_ours(app, at_the_desk):
    person = at_the_desk("mo", "admin")
    good = {auth.CSRF_HEADER: person.csrf}
    forged = (
        {},
        {auth.CSRF_HEADER: "0" * 64},
        {**good, "Origin": "https://eve.example"},
        {**good, "Origin": "null"},
        {**good, "Sec-Fetch-Site": "cross-site"},
        {**good, "Sec-Fetch-Site": "same-site"},
    )
    for endpoint, method, path in guarded(app):
        if method == "GET" or auth.needed(endpoint) == auth.NOBODY:
            continue
        for headers in forged:
            answer = person.client.open(path, method=method, json={}, headers=headers)
            assert answer.status_code == 403, (method, path, headers)


def test_a_tokens_scope_opens_review_calls_and_no_page_of_the_desk(app, client, add_token):
    ops, review = add_token("ops", scope="ops"), add_token("mo", scope="review")
    for endpoint, method, path in guarded(app):
        if auth.needed(endpoint) == auth.NOBODY:
            continue
        if endpoint.startswith("desk."):
            assert client.open(path, method=method, json={}, headers=review).status_code == 401, path
        elif auth.needed(endpoint) == "review":
            assert client.open(path, method=method, json={}, headers=ops).status_code == 403, path
            assert client.open(path, method=method, json={}, headers=review).status_code != 403, path


def test_a_guarded_route_that_nobody_decided_about_keeps_the_application_from_starting():
    app = Flask("house")
    room = Blueprint("desk", "room")
    room.add_url_rule("/desk/secrets", "secrets", lambda: "")
    app.register_blueprint(room)
    with pytest.raises(LookupError, match=r"desk\.secrets"):
        auth.install(app)
