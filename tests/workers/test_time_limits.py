"""Nothing is worked on for ever: a job, a comment and a check each have their time, and what ran out of it is held."""

import itertools

from service import jobs
from service.moderation import moderate
from service.moderation.engine import CHECKS
from service.moderation.vocabulary import Outcome, Policy, PublishMode, Submission
from workers import tasks

CLEAN = Submission(body="Cảm ơn tòa soạn, bài viết rất bổ ích.")
POLICY = Policy(mode=PublishMode.WHEN_CLEAN)


def endless(_sheet):
    for _ in itertools.count():
        pass
    yield


def test_a_check_that_never_ends_is_broken_off_and_the_comment_is_held():
    with tasks.within_time(0.2):
        verdict = moderate(CLEAN, POLICY, checks=(("endless", endless), *CHECKS))
    assert verdict.outcome is Outcome.HOLD
    assert [one.check for one in verdict.findings if not one.ran] == ["endless"]


def test_two_that_never_end_are_both_broken_off():
    with tasks.within_time(0.2):
        verdict = moderate(CLEAN, POLICY, checks=(("endless", endless), ("endless too", endless)))
    assert [one.check for one in verdict.findings if not one.ran] == ["endless", "endless too"]


def test_a_check_that_ended_after_its_time_is_shown_as_not_having_run():
    times = itertools.count(step=0.6)
    verdict = moderate(CLEAN, POLICY, clock=lambda: next(times), checks=(("slow", lambda _: iter(())),))
    assert verdict.outcome is Outcome.HOLD
    assert "slow" in {one.check for one in verdict.findings if not one.ran}


def test_a_comment_within_its_time_is_not_disturbed():
    with tasks.within_time():
        assert moderate(CLEAN, POLICY).outcome is Outcome.APPROVE


def test_a_job_has_a_limit_that_a_drain_stays_well_within(parts, valkey):
    jobs.ring(valkey, parts.tally)
    (job,) = jobs.queue(valkey).jobs
    assert job.timeout == jobs.JOB_SECONDS
    assert tasks.DRAIN_SECONDS + tasks.COMMENT_SECONDS < jobs.JOB_SECONDS
