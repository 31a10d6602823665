"""Which way the database goes to what moderators see: by an index in its order, however many comments are stored."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import event, text

from service import clock
from service.comments import judging, queue
from service.comments.queue import Filter
from service.moderators import Viewer

MO = Viewer("mo", frozenset(), None)
BINH = Viewer("binh", frozenset(), frozenset({"bao"}))


@pytest.fixture
def plans(parts) -> Callable[..., str]:
    """Return the plans of all queries for comments and their likenesses that a call makes.

    The planner may neither scan nor sort where it can be told so.
    """
    engine = parts.database.engine

    def ask(call: Callable[..., Any], *given: Any, **named: Any) -> str:
        asked: list[tuple[str, Any]] = []

        def note(_connection, _cursor, statement, values, *_) -> None:
            if "FROM comments" in statement or "FROM fingerprints" in statement:
                asked.append((statement, values))

        with parts.database.reading() as session:
            event.listen(engine, "before_cursor_execute", note)
            call(session, *given, **named)
            event.remove(engine, "before_cursor_execute", note)
            if engine.dialect.name == "sqlite":
                explain, at = "EXPLAIN QUERY PLAN ", 3
            else:
                explain, at = "EXPLAIN ", 0
                for way in ("seqscan", "bitmapscan", "sort"):
                    session.execute(text(f"SET LOCAL enable_{way} = off"))
            connection = session.connection()
            return "\n".join(
                row[at] for one, values in asked for row in connection.exec_driver_sql(explain + one, values)
            )

    return ask


@pytest.mark.parametrize(
    ("viewer", "wanted", "index"),
    [
        (MO, Filter(), "ix_comments_held_queue"),
        (BINH, Filter(), "ix_comments_held_site"),
        (MO, Filter(site="bao"), "ix_comments_held_site"),
        (BINH, Filter(escalated=True), "ix_comments_held_escalated"),
        (MO, Filter(status="approved"), "ix_comments_status_id"),
        (MO, Filter(status="approved", article="bai-1"), "ix_comments_article_id_status_id"),
    ],
)
def test_a_list_is_read_in_the_order_of_an_index(site, ann, plans, viewer, wanted, index):
    ann(article="bai-1")
    plan = plans(queue.page, viewer, wanted, limit=50, cursor=None, count=False)
    assert "TEMP B-TREE" not in plan
    assert "Sort" not in plan
    # To PostgreSQL's planner, which knows that there is but one row, another index may look as good.
    if "USING INDEX" in plan:
        assert index in plan


def test_what_waits_is_counted_without_a_look_at_the_rows(site, plans):
    plan = plans(queue.counts, MO) + plans(queue.page, MO, Filter(), limit=1, cursor=None)
    plan += plans(clock.standing, [site], ZoneInfo("Asia/Ho_Chi_Minh"), now=datetime.now(UTC))
    if "USING COVERING INDEX" in plan:
        # The clock asks twice, and only PostgreSQL sees that nobody can be late where nobody waits.
        assert plan.count("COVERING INDEX ix_comments_held_") == 4
    else:
        assert plan.count("Index Only Scan using ix_comments_held_") == 3


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_what_is_like_a_batch_is_found_by_an_index_of_each_band(site, ann, parts, plans):
    ann()
    with parts.database.writing() as session:
        claimed = judging.claim(session, batch=1, lease=timedelta(seconds=30), attempts=3)
    plan = plans(judging.gather, claimed, allowance=30, now=datetime.now(UTC), zone=parts.settings.zone)
    assert "fingerprints" in plan
    assert "SCAN fingerprints" not in plan
