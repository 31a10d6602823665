"""The life of comments, walked at random: whatever is done in whatever order, counts, lists and history agree."""

import uuid
from datetime import UTC, datetime

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from sqlalchemy import func, select

from service import holds
from service.models import Article, Comment, Decision, Fingerprint, Sighting
from tests.conftest import a_comment

BODIES = (
    "Cảm ơn tòa soạn, bài viết rất bổ ích.",
    "Đề nghị phường sửa sớm con đường trước chợ.",
    "Vay nhanh lãi suất thấp, zalo 0912 345 678",
    "địt mẹ chúng mày",
)
WALKS, STEPS = 25, 40


def machine(client, parts, judge_all, mo):  # noqa: C901 - its rules are one machine.
    """Return the machine whose rules call the real application."""

    class Life(RuleBasedStateMachine):
        comments = Bundle("comments")

        def __init__(self):
            super().__init__()
            self.article = f"bai-{uuid.uuid4().hex[:12]}"
            self.known: dict[str, str] = {}
            self.gone: set[str] = set()
            self.decisions: list[str] = []

        @rule(target=comments, body=st.sampled_from(BODIES), phone=st.booleans())
        def submit(self, body, phone):
            more = {"phone": "0987654321", "consent": True} if phone else {}
            told = client.post("/v1/comments", json=a_comment(article=self.article, body=body, **more))
            assert told.status_code == 202
            self.known[told.json["id"]] = told.json["receipt"]
            return told.json["id"]

        @rule()
        def judge(self):
            judge_all()
            with parts.database.reading() as session:
                changed = session.scalars(select(Article.id).where(Article.key == self.article)).all()
            # In a server the news of a worker's verdicts comes over Redis (tests/web/test_lists.py).
            client.application.extensions["duyet-shelf"].forget(frozenset(changed))

        @rule(comment=comments, outcome=st.sampled_from(["approve", "hold", "reject"]), stale=st.booleans())
        def decide(self, comment, outcome, stale):
            told = client.get(f"/v1/review/comments/{comment}", headers=mo)
            asked = {"outcome": outcome, "version": told.json["version"] + stale if told.status_code == 200 else 1}
            if outcome == "reject":
                asked["reason"] = "spam"
            done = client.post(f"/v1/review/comments/{comment}/decision", json=asked, headers=mo)
            assert done.status_code in {200, 404, 409}
            assert not (comment in self.gone and done.status_code == 200)
            assert not (stale and done.status_code == 200)
            if done.status_code == 200:
                self.decisions.append(done.json["decision"]["id"])

        @rule(data=st.data())
        def undo(self, data):
            if self.decisions:
                which = data.draw(st.sampled_from(self.decisions))
                done = client.post("/v1/review/undo", json={"decision": which}, headers=mo)
                assert done.status_code in {200, 404, 409}

        @rule(comment=comments)
        def hold(self, comment):
            if comment not in self.gone:
                with parts.database.writing() as session:
                    holds.place(session, uuid.UUID(comment), reason="CV 1", actor="operator", now=datetime.now(UTC))

        @rule(comment=comments)
        def withdraw(self, comment):
            assert client.delete(f"/v1/receipts/{self.known[comment]}").status_code == 204
            self.gone.add(comment)

        @invariant()
        def everything_agrees(self):
            with parts.database.reading() as session:
                rows = session.scalars(select(Comment).join(Article).where(Article.key == self.article)).all()
                article = session.scalar(select(Article).where(Article.key == self.article))
                approved = {str(row.id) for row in rows if row.status == "approved"}
                assert {str(row.id) for row in rows} == self.known.keys()
                assert article is None or article.approved == len(approved)
                assert {str(row.id) for row in rows if row.status == "erased"} == self.gone
                for row in rows:
                    versions = session.scalars(
                        select(Decision.version).where(Decision.comment_id == row.id).order_by(Decision.version)
                    ).all()
                    assert versions == list(range(1, row.version + 1)), "one row of history a step, and no gap"
                    if row.status == "erased":
                        kept = (row.name, row.title, row.body, row.folded, row.phone, row.phone_key, row.sender)
                        assert not any(kept)
                        for table in (Fingerprint, Sighting):
                            assert not session.scalar(
                                select(func.count()).select_from(table).where(table.comment_id == row.id)
                            )
            listed = client.get(f"/v1/comments?site=bao&article={self.article}&limit=100").json
            assert {one["id"] for one in listed["comments"]} == approved
            assert listed["count"] == len(approved)

    return Life


def test_whatever_happens_to_comments_counts_lists_and_history_agree(site, client, parts, judge_all, mo):
    run_state_machine_as_test(
        machine(client, parts, judge_all, mo),
        settings=settings(
            max_examples=WALKS,
            stateful_step_count=STEPS,
            deadline=None,
            database=None,
            # A walk that fails is printed as it was: shortening it would take minutes.
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        ),
    )
