"""R16: the clocks of two workers are hours apart, and one of them jumps while both work (libfaketime)."""

import pytest
from sqlalchemy import func, select

from service.comments.submission import Draft
from service.models import Comment, Decision
from tests.chaos.parts import clock
from tests.conftest import wait_for


@pytest.mark.chaos
@pytest.mark.parametrize("more_settings", [{"BATCH": "5"}])
def test_two_workers_whose_clocks_are_hours_apart_and_jump_decide_each_comment_once(
    site, parts, start, tmp_path, past_the_door, more_settings
):
    moved = clock(tmp_path)
    if not moved:
        pytest.skip("libfaketime is not installed; .ci/run installs it")
    drafts = [Draft(article="bai-1", name="Ngọc Ánh", title="", body=f"Ý kiến số {n} đây.") for n in range(300)]
    past_the_door(site, *drafts)

    def pending():
        with parts.database.reading() as session:
            return session.scalar(select(func.count()).where(Comment.status == "pending"))

    start("workers")
    start("workers", **moved)
    start("workers", "schedule", **moved)
    for left, offset in ((250, "+3h"), (150, "-3h"), (50, "+0")):
        wait_for(lambda left=left: pending() < left, f"fewer than {left} to wait", 60)
        (tmp_path / "clock").write_text(offset)
    wait_for(lambda: pending() == 0, "an empty queue", 60)
    with parts.database.reading() as session:
        engine = select(Decision.comment_id).where(Decision.actor == "engine")
        decided = session.scalars(engine).all()
        assert session.scalar(select(func.sum(Comment.version))) == 2 * len(drafts)
    assert len(decided) == len(set(decided)) == len(drafts)
