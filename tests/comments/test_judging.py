"""How pending comments are claimed, judged and finished: leases, fences, attempts, and what is never lost."""

import itertools
import json
import threading
from dataclasses import asdict
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import event, func, select, update

from service.comments import judging, receipts, state
from service.comments.submission import Draft, Gate
from service.db import database_time
from service.models import Article, Comment, Decision, Fingerprint, Sighting
from service.moderation.vocabulary import Outcome
from workers import tasks

LEASE = timedelta(seconds=30)


@pytest.fixture
def send(past_the_door, site):
    """Ann sends a comment; return its id."""

    def ann(body="Cảm ơn tòa soạn đã phản ánh kịp thời.", *, article="bai-1", address="203.0.113.7", now=None, **gate):
        draft = Draft(article, "Ann", "Ý kiến", body)
        (accepted,) = past_the_door(site, draft, gate=Gate(**gate), address=address, now=now)
        return accepted

    return ann


def claim(parts, batch=50, attempts=3):
    with parts.database.writing() as session:
        return judging.claim(session, batch=batch, lease=LEASE, attempts=attempts)


def finish(parts, claimed):
    with parts.database.reading() as session:
        cases = judging.gather(session, claimed, allowance=30, now=datetime.now(UTC), zone=parts.settings.zone)
    with parts.database.writing() as session:
        return judging.finish(session, judging.judge(cases), now=datetime.now(UTC))


def end_leases(parts):
    """Let every lease run out, as if its time had passed."""
    with parts.database.writing() as session:
        session.execute(update(Comment).values(lease_until=database_time(timedelta(seconds=-1))))


def never():
    return False


def status(parts, accepted):
    with parts.database.reading() as session:
        return session.get_one(Comment, accepted.id).status


def history(parts, accepted):
    with parts.database.reading() as session:
        rows = session.scalars(select(Decision).where(Decision.comment_id == accepted.id).order_by(Decision.version))
        return [(row.actor, row.act, row.status_before, row.status_after) for row in rows]


def test_a_claimed_comment_is_claimed_by_nobody_else(parts, send):
    send()
    assert len(claim(parts)) == 1
    assert claim(parts) == []


def test_fresh_comments_come_in_batches_in_the_order_of_their_arrival(parts, send):
    begin = datetime.now(UTC)
    moments = [begin + timedelta(milliseconds=n) for n in range(5)]
    sent = [send(f"Ý kiến thứ {n} về tuyến đường mới mở.", now=now).id for n, now in enumerate(moments)]
    assert [one.id for one in claim(parts, batch=3)] == sent[:3]
    assert [one.id for one in claim(parts, batch=3)] == sent[3:]


def test_what_there_was_no_time_for_is_handed_back_and_no_attempt_is_counted(parts, send):
    # Of two that arrive in one millisecond either may be first.
    moments = [datetime.now(UTC) + timedelta(milliseconds=n) for n in range(4)]
    sent = [send(f"Ý kiến thứ {n} của tôi.", now=now).id for n, now in enumerate(moments)]
    claimed = claim(parts)
    with parts.database.reading() as session:
        cases = judging.gather(session, claimed, allowance=30, now=datetime.now(UTC), zone=parts.settings.zone)
    ticks = itertools.count()
    judged = judging.judge(cases, clock=lambda: float(next(ticks)), seconds=0.5)
    assert [one.claimed.id for one in judged] == sent[:1]
    with parts.database.writing() as session:
        judging.finish(session, judged, now=datetime.now(UTC))
        judging.give_back(session, claimed[len(judged) :])
    again = claim(parts)
    assert [(one.id, one.attempts) for one in again] == [(one, 1) for one in sent[1:]]
    with parts.database.writing() as session:
        judging.give_back(session, claimed[1:])
    assert claim(parts) == [], "who lost the lease lets go of nothing"


def test_a_comment_whose_lease_ran_out_is_claimed_alone(parts, send):
    for n in range(3):
        send(f"Ý kiến thứ {n} về tuyến đường mới mở.")
    claim(parts)
    end_leases(parts)
    assert [len(claim(parts)) for _ in range(4)] == [1, 1, 1, 0]


def test_a_stream_of_fresh_comments_keeps_no_late_one_waiting(parts, send):
    late, lost = send("Lần đầu."), send("Lần cuối.")
    for one, attempts in ((late, 1), (lost, 3)):
        with parts.database.writing() as session:
            session.execute(update(Comment).where(Comment.id == one.id).values(attempts=attempts))
    for n in range(5):
        send(f"Ý kiến thứ {n} về tuyến đường mới mở.")
    assert tasks.drain(parts, go_on=never, late_first=True) == 2
    assert (status(parts, late), status(parts, lost)) == ("approved", "held")
    assert tasks.drain(parts, go_on=never) == 5


@pytest.mark.parametrize("more_settings", [{"BATCH": "2"}])
def test_a_batch_is_finished_and_the_next_one_claimed_by_one_commit(parts, send):
    for n in range(6):
        send(f"Ý kiến thứ {n} về tuyến đường mới mở.")
    commits = []

    def note(connection):
        if not connection.get_execution_options().get("sqlite_reading"):
            commits.append(connection)

    event.listen(parts.database.engine, "commit", note)
    assert tasks.drain(parts) == 6
    event.remove(parts.database.engine, "commit", note)
    assert len(commits) == 1 + 3, "the first claim, and one for each batch"


def test_who_goes_on_no_longer_has_nothing_in_hand(parts, send):
    for n in range(3):
        send(f"Ý kiến thứ {n} về tuyến đường mới mở.")
    late = send("Thử rồi.")
    with parts.database.writing() as session:
        session.execute(update(Comment).where(Comment.id == late.id).values(attempts=1))
    assert tasks.drain(parts, go_on=never) == 3
    with parts.database.reading() as session:
        assert session.get_one(Comment, late.id).lease_token is None


def test_a_late_worker_changes_nothing(parts, send):
    accepted = send()
    late = claim(parts)
    end_leases(parts)
    second = claim(parts)
    assert finish(parts, second) == 1
    assert finish(parts, late) == 0
    assert history(parts, accepted) == [
        ("reader", "received", None, "pending"),
        ("engine", "approve", "pending", "approved"),
    ]


def test_the_late_one_of_two_workers_changes_nothing_even_when_it_is_first_to_finish(parts, send):
    accepted = send()
    late = claim(parts)
    end_leases(parts)
    second = claim(parts)
    assert finish(parts, late) == 0
    assert status(parts, accepted) == "pending"
    assert finish(parts, second) == 1


def test_what_could_not_be_checked_in_three_attempts_is_held_and_says_so(parts, send):
    accepted = send()
    for _ in range(3):
        assert len(claim(parts)) == 1
        end_leases(parts)
    assert tasks.drain(parts, go_on=never) == 1
    assert status(parts, accepted) == "held"
    with parts.database.reading() as session:
        (finding,) = session.get_one(Comment, accepted.id).findings
    assert (finding["ran"], finding["category"]) == (False, None)
    assert history(parts, accepted)[-1] == ("engine", "hold", "pending", "held")


def test_a_comment_that_kills_its_worker_takes_no_neighbour_along(parts, send):
    killer, *neighbours = [send(f"Ý kiến thứ {n} về tuyến đường mới mở.") for n in range(4)]
    claim(parts)  # The worker dies with the whole batch in its hands.
    end_leases(parts)
    for _ in range(10):
        claimed = claim(parts)
        if claimed and claimed[0].id != killer.id:
            finish(parts, claimed)
        else:
            end_leases(parts)
    tasks.drain(parts, go_on=never)
    assert status(parts, killer) == "held"
    assert {status(parts, one) for one in neighbours} == {"approved"}


def test_two_workers_at_once_judge_every_comment_once(parts, send):
    sent = [send(f"Ý kiến thứ {n} về tuyến đường mới mở.", address=f"203.0.113.{n}") for n in range(40)]
    failures = []

    def work():
        try:
            while claimed := claim(parts, batch=7):
                finish(parts, claimed)
        except Exception as error:  # noqa: BLE001 - a thread's failure must reach the test.
            failures.append(error)

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    with parts.database.reading() as session:
        counted = select(Decision.comment_id, func.count()).where(Decision.actor == "engine")
        decided = dict(session.execute(counted.group_by(Decision.comment_id)).all())
    assert decided == {one.id: 1 for one in sent}


def test_a_comment_withdrawn_under_a_lease_stays_withdrawn(parts, send):
    accepted = send()
    claimed = claim(parts)
    with parts.database.writing() as session:
        receipts.withdraw(session, accepted.receipt, parts.terms, now=datetime.now(UTC))
    assert finish(parts, claimed) == 0
    with parts.database.reading() as session:
        row = session.get_one(Comment, accepted.id)
        assert (row.status, row.name, row.title, row.body, row.folded, row.sender) == ("erased", "", "", "", "", None)


def test_a_filled_honeypot_is_held_with_its_finding(parts, send, judge_all):
    accepted = send(honeypot=True)
    judge_all()
    with parts.database.reading() as session:
        row = session.get_one(Comment, accepted.id)
        assert (row.status, ",honeypot," in row.categories) == ("held", True)


def test_the_second_of_two_equal_comments_is_held_as_a_repeat(parts, send, judge_all):
    text = "Đề nghị thành phố sớm sửa cây cầu ở cuối làng, bà con đi lại rất khó khăn mỗi mùa nước nổi."
    first = send(text, address="203.0.113.1")
    second = send(text, address="203.0.113.2")
    judge_all()
    third = send(text, address="203.0.113.3")
    judge_all()
    assert [status(parts, one) for one in (first, second, third)] == ["approved", "held", "held"]


def test_a_finding_is_stored_with_every_part(parts, send):
    accepted = send("Thằng ngu, vay nhanh zalo 0912 345 678")
    claimed = claim(parts)
    with parts.database.reading() as session:
        cases = judging.gather(session, claimed, allowance=30, now=datetime.now(UTC), zone=parts.settings.zone)
    (judged,) = judging.judge(cases)
    with parts.database.writing() as session:
        assert judging.finish(session, [judged], now=datetime.now(UTC)) == 1
    with parts.database.reading() as session:
        stored = session.get_one(Comment, accepted.id).findings
    assert judged.verdict.findings
    assert stored == json.loads(json.dumps([asdict(finding) for finding in judged.verdict.findings]))


def test_riskier_comments_stand_earlier_in_the_queue_and_the_order_never_moves(parts, send, judge_all):
    mild = send("Gọi cho tôi theo số 0912 345 678 để biết thêm chi tiết nhé.")
    wild = send("Địt mẹ thằng viết bài này, óc chó.")
    judge_all()
    with parts.database.reading() as session:
        before = session.scalars(select(Comment.id).where(Comment.status == "held").order_by(Comment.priority)).all()
    assert before == [wild.id, mild.id]


def test_an_articles_count_follows_every_step(parts, send, judge_all):
    for n in range(6):
        send(f"Ý kiến thứ {n} về tuyến đường mới mở.", address=f"203.0.113.{n}")
    judge_all()
    with parts.database.writing() as session:
        rows = session.scalars(select(Comment).order_by(Comment.id)).all()
        steps = [
            state.Step(row.id, row.article_id, row.version, row.status, after, "moderator:mo", act)
            for row, (after, act) in zip(rows, [("rejected", "reject"), ("held", "hold")], strict=False)
        ]
        assert len(state.take(session, steps, now=datetime.now(UTC))) == 2
    with parts.database.reading() as session:
        article = session.scalars(select(Article)).one()
        stored = session.scalar(select(func.count()).where(Comment.status == "approved"))
        assert (article.approved, stored) == (4, 4)


def test_a_step_that_the_machine_does_not_know_is_refused(parts, send):
    accepted = send()
    with parts.database.writing() as session:
        row = session.get_one(Comment, accepted.id)
        step = state.Step(row.id, row.article_id, row.version, "erased", "approved", "moderator:mo", "approve")
        with pytest.raises(state.NotAllowed):
            state.take(session, [step], now=datetime.now(UTC))


def test_two_steps_from_one_version_are_one(parts, send, judge_all):
    accepted = send()
    judge_all()
    with parts.database.reading() as session:
        row = session.get_one(Comment, accepted.id)
        step = state.Step(row.id, row.article_id, row.version, "approved", "rejected", "moderator:mo", "reject")
    taken = []
    for _ in range(2):
        with parts.database.writing() as session:
            taken.append(len(state.take(session, [step], now=datetime.now(UTC))))
    assert taken == [1, 0]


def test_nothing_is_due_while_a_lease_runs_and_something_is_when_it_ended(parts, send):
    def due():
        with parts.database.reading() as session:
            return judging.is_due(session, lease=LEASE)

    assert not due()
    send()
    assert due()
    claim(parts)
    assert not due()
    end_leases(parts)
    assert due()


def test_a_lease_from_before_the_clock_was_set_back_holds_nobody_up(parts, send):
    """R16: by a clock that was an hour ahead, a lease would run for an hour; none runs longer than a lease."""
    send()
    claim(parts)
    with parts.database.writing() as session:
        session.execute(update(Comment).values(lease_until=database_time(timedelta(hours=1))))
    assert len(claim(parts)) == 1


def test_an_after_review_site_publishes_nothing_by_itself(parts, add_site, judge_all, past_the_door):
    careful = add_site("can-than", publish="after_review")
    (accepted,) = past_the_door(careful, Draft("bai-1", "Ann", "Ý kiến", "Bài viết rất hay."))
    judge_all()
    assert status(parts, accepted) == "held"
    assert history(parts, accepted)[-1][1] == Outcome.HOLD


def test_what_could_not_be_checked_can_be_replayed(parts, send, judge_all):
    accepted = send()
    for _ in range(3):
        claim(parts)
        end_leases(parts)
    tasks.drain(parts, go_on=never)
    with parts.database.writing() as session:
        assert judging.replay(session, judging.not_checked(session), now=datetime.now(UTC)) == 1
    judge_all()
    assert status(parts, accepted) == "approved"
    assert [act for _, act, _, _ in history(parts, accepted)] == ["received", "hold", "replay", "approve"]


def test_what_is_judged_again_is_remembered_once(parts, send, judge_all):
    accepted = send("Gọi cho tôi theo số 0912 345 678 để biết thêm chi tiết nhé.")
    judge_all()
    with parts.database.writing() as session:
        row = session.get_one(Comment, accepted.id)
        step = state.Step(row.id, row.article_id, row.version, "held", "pending", "operator", "replay")
        assert (row.status, len(state.take(session, [step], now=datetime.now(UTC)))) == ("held", 1)
    judge_all()
    with parts.database.reading() as session:
        mine = [kind.comment_id == accepted.id for kind in (Fingerprint, Sighting)]
        prints, seen = (session.scalar(select(func.count()).where(one)) for one in mine)
        entries = session.scalar(select(func.count(Sighting.entry.distinct())).where(mine[1]))
    assert prints == 1
    assert seen == entries > 0


def test_a_comment_held_for_a_reason_is_not_replayed(parts, send, judge_all):
    send("Địt mẹ thằng viết bài này, óc chó.")
    judge_all()
    with parts.database.writing() as session:
        held = session.scalars(select(Comment).where(Comment.status == "held")).all()
        assert len(held) == 1
        assert judging.replay(session, held, now=datetime.now(UTC)) == 0
