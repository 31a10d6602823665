"""A hundred strange comments that came in past the door, as from an old import: what shows them still opens."""

import itertools
import json
import uuid
import xml.etree.ElementTree as ET
from datetime import UTC, datetime

import pytest

from service import moderators
from service.comments import deciding
from service.comments.submission import Draft
from service.models import Comment
from service.moderation.vocabulary import Outcome

PHONE = "+84912345678"
STRANGE = (
    "\u202eđảo chiều\u202c",
    "\u2066\u2067lồng nhau",
    "Z" + "\u0357\u0331" * 60,
    "\u200b" * 50,
    "\ufeff\u00ad\u2060",
    "\x01\x02\x1b[31mđỏ\x7f",
    "\x0b\x0c\x1e\x85",
    "🏳️‍🌈👨‍👩‍👧‍👦" * 30,
    "a" * 10_000,
    "<script>alert(1)</script>",
    "</textarea><img src=x onerror=alert(1)>",
    "]]><!--&lt;&#0;",
    "=cmd|' /C calc'!A0",
    "'; DROP TABLE comments; --",
    "{{7*7}}{%raw%}%s%n",
    "\r\nSet-Cookie: x=1",
    "\u2028\u2029",
    "ﷺ" * 50,
    "\U000e0041\uffff\U0010fffe",
    "e\u0301\u0323 NFD",
)
PLACES = tuple(itertools.product(("name", "title", "body"), STRANGE))


@pytest.fixture
def strange(parts, site, judge_all, past_the_door):
    """Every strange text in every field, and all of it once more in all fields; half of them are shown."""
    plain = {"name": "Ngọc Ánh", "title": "Ý kiến", "body": "Bài viết hay."}
    drafts = [plain | {field: text} for field, text in PLACES]
    drafts += [dict.fromkeys(plain, text) for text in STRANGE * 2]
    past_the_door(site, *[Draft(article="bai-1", phone=PHONE, **draft) for draft in drafts])
    judge_all()
    viewer = moderators.Viewer("moderator:mo", frozenset({"review"}), None)
    with parts.database.writing() as session:
        for row in session.query(Comment).order_by(Comment.id).all()[::2]:
            if row.status != "approved":
                deciding.decide(
                    session,
                    viewer,
                    row.id,
                    deciding.Ruling(Outcome.APPROVE),
                    version=row.version,
                    now=datetime.now(UTC),
                )
    return len(drafts)


def test_list_feed_pages_cards_and_exports_open_all_the_same(strange, client, rows, at_the_desk, mo):
    assert strange == 100
    stored = rows(Comment)
    assert {row.status for row in stored} <= {"approved", "held", "rejected"}
    shown = [str(row.id) for row in stored if row.status == "approved"]

    listed, cursor = [], ""
    while cursor is not None:
        page = client.get(f"/v1/comments?site=bao&article=bai-1&limit=20{cursor and '&cursor=' + cursor}").get_json()
        listed += [one["id"] for one in page["comments"]]
        cursor = page["next"]
    assert sorted(listed) == sorted(shown)
    feed = client.get("/v1/feed.atom?site=bao&article=bai-1").get_data()
    assert ET.fromstring(feed)  # noqa: S314 - it is our own.
    assert client.get("/embed?site=bao&article=bai-1").status_code == 200

    boss = at_the_desk("quan-tri", "admin")
    assert boss.get("/desk/queue").status_code == 200
    for row in stored:
        card = boss.get(f"/desk/comments/{row.id}")
        assert card.status_code == 200
        page = card.get_data(as_text=True)
        assert "<script>alert" not in page
        assert "<img src=x" not in page
        assert client.get(f"/v1/review/comments/{row.id}", headers=mo).status_code == 200
    told = json.loads(boss.post("/desk/privacy/export", which=PHONE).get_data())
    assert {one["id"] for one in told} == {str(uuid.UUID(str(row.id))) for row in stored}
    assert boss.get("/desk/audit").status_code == 200
    assert boss.get("/desk/audit/export").status_code == 200
