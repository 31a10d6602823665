"""On a telephone every page of the desk and of the operators fits the screen, whatever was written into it."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update

from service.comments import judging
from service.models import Comment
from tests.browser.test_desk_rules import enter

pytestmark = [pytest.mark.browser, pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)]

LONG = "Nghiêng" * 11
"""A word that nothing breaks, as a pasted address or a made-up name."""
WIDTH = 390
NO_PAGES = {"desk.signing.language", "desk.queue.lines", "desk.queue.pulse", "desk.card.part", "desk.audit.exported"}


@pytest.fixture
def full(add_site, ann, parts, judge_all, at_the_desk):
    """Fill every table of the desk; return an admin and a comment's id."""
    add_site(publish="after_review")
    admin = at_the_desk("ad", "admin")
    told = ann(body=f"Đồ ngu! {LONG * 5} https://{LONG}.example/{LONG}", title=LONG, name=LONG, article=LONG)
    judge_all()
    ann(article="bai-2")
    with parts.database.writing() as session:
        session.execute(update(Comment).where(Comment.status == "pending").values(attempts=3))
        judging.give_up(session, attempts=3, lease=timedelta(seconds=1), now=datetime.now(UTC))
    for path, fields in {
        "sites": {"key": "dai", "name": LONG, "origins": f"https://{'a' * 60}.example"},
        "rules/new": {
            "site": "bao",
            "kind": "phrase",
            "forms": f"hội kín {LONG[:50]}",
            "outcome": "hold",
            "note": LONG,
        },
        "rules/1/backtests": {"days": "7"},
        "blocks": {"site": "bao", "kind": "phrase", "value": LONG, "reason": LONG, "days": ""},
        "accounts": {"name": "moderator-of-a-long-name-" * 3, "role": "moderator"},
        "accounts/tokens": {"name": "token-of-a-long-name-" * 3, "scope": "review", "days": "90"},
        "privacy/holds": {"comment": told.get_json()["id"], "reason": LONG},
        "privacy/requests": {"kind": "takedown", "reference": LONG},
    }.items():
        assert admin.post(f"/desk/{path}", **fields).status_code < 400, path
    return admin, told.get_json()["id"]


def wide_ones(page, addresses):
    """Open each page; return those that are wider than the screen or can be pushed."""
    found = {}
    for address in addresses:
        assert page.goto(address).status == 200, address
        page.evaluate("window.scrollTo(1000, 0)")
        width = page.evaluate("document.documentElement.scrollWidth")
        if width > WIDTH or page.evaluate("window.scrollX"):
            found[address] = width
    return found


@pytest.mark.parametrize("language", ["vi", "en"])
def test_no_page_of_the_desk_can_be_pushed_sideways(app, page, served, full, language):
    admin, comment = full
    known = {"comment_id": comment, "rule_id": 1, "key": "bao"}
    site = app.url_map.bind("")
    pages = [
        served + site.build(rule.endpoint, {name: known[name] for name in rule.arguments})
        for rule in app.url_map.iter_rules()
        if rule.endpoint.startswith(("desk.", "operations."))
        and "GET" in rule.methods
        and rule.endpoint not in NO_PAGES
    ]
    assert len(pages) > 16
    page.set_viewport_size({"width": WIDTH, "height": 800})
    page.goto(f"{served}/desk/language/{language}")
    assert wide_ones(page, [f"{served}/desk/sign-in"]) == {}
    page.goto(f"{served}/desk/language/vi")
    enter(page, served, admin)
    page.goto(f"{served}/desk/language/{language}")
    assert wide_ones(page, pages) == {}
