"""The one call: every check is heard, none can stop it, and the policy has the last word."""

import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from service.moderation import moderate, prepare
from service.moderation.engine import CHECKS
from service.moderation.vocabulary import Category, Facts, Outcome, Policy, PublishMode, Submission

WHEN_CLEAN = Policy(mode=PublishMode.WHEN_CLEAN)
AFTER_REVIEW = Policy(mode=PublishMode.AFTER_REVIEW)
PITCH = "Hỗ trợ vay vốn nhanh, giải ngân trong 30 phút, nợ xấu vẫn vay. LH Zalo 0912 345 678"
HOSTILE = (
    "địtmẹlồncặcbuồivclĐM óc chó thằng ngu * . @ 0 1 \u0301\u0323\u200b\ud800\x00<a href='x'>[url]0912345678 x.com"
)


@pytest.fixture(autouse=True, scope="module")
def _prepared():
    prepare()


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    body=st.text(alphabet=st.one_of(st.characters(), st.sampled_from(HOSTILE)), max_size=300),
    title=st.text(alphabet=st.sampled_from(HOSTILE + "aáàảãạ đ"), max_size=60),
    name=st.text(max_size=40),
)
def test_any_text_gets_a_verdict_and_every_span_is_the_slice_it_names(body, title, name):
    verdict = moderate(Submission(body=body, title=title, name=name), WHEN_CLEAN)
    fields = {"name": name, "title": title, "body": body}
    for finding in verdict.findings:
        assert finding.ran
        for span in finding.spans:
            assert fields[span.field][span.start : span.end] == span.text
            assert span.start < span.end


@pytest.mark.parametrize(
    "unit",
    ["đị", "a\u0301\u0323\u0302", "l.", "0 9 ", "<a ", "thằng ngu ", "\ud800", "*", "x.com ", "á", "VÀO NHÓM ZALO "],
)
def test_long_hostile_text_is_read_without_a_failed_check(unit):
    verdict = moderate(Submission(body=unit * (20_000 // len(unit))), WHEN_CLEAN)
    assert all(finding.ran for finding in verdict.findings)


def test_a_check_that_raises_is_shown_and_holds():
    def broken(_sheet):
        raise RuntimeError

    verdict = moderate(Submission(body="Bài viết hay."), WHEN_CLEAN, checks=(("broken", broken),))
    assert verdict.outcome is Outcome.HOLD
    assert [(f.check, f.ran, f.category, f.spans) for f in verdict.findings] == [("broken", False, None, ())]
    assert "Không kiểm tra được" in verdict.findings[0].message.vi


def test_a_check_that_runs_out_of_its_time_holds_and_never_looks_like_a_match():
    ticks = iter(range(1000))
    verdict = moderate(Submission(body="Bài viết hay."), WHEN_CLEAN, clock=lambda: float(next(ticks)))
    assert verdict.outcome is Outcome.HOLD
    assert all(not f.ran and f.category is None for f in verdict.findings)


def test_what_is_found_in_a_name_that_many_comments_share_is_found_in_each():
    bodies = ("Hôm nay trời mưa to.", "Cầu làng tôi sắp sửa xong.", "Bài viết rất hay.")
    verdicts = [moderate(Submission(body=body, name="ngu như chó zalo 0912 345 678"), WHEN_CLEAN) for body in bodies]
    first, *others = [[finding for finding in verdict.findings if finding.check != "learned"] for verdict in verdicts]
    assert {"abuse", "contacts"} <= {finding.check for finding in first}
    assert {span.field for finding in first for span in finding.spans} == {"name"}
    assert all(other == first for other in others)


def test_what_is_found_in_a_title_is_not_found_in_a_name_of_the_same_words():
    words = "ngu như chó zalo 0912 345 678"
    for field in ("name", "title", "name"):
        verdict = moderate(Submission(**{"body": "Hôm nay trời mưa to.", field: words}), WHEN_CLEAN)
        places = {span.field for finding in verdict.findings if finding.check != "learned" for span in finding.spans}
        assert places == {field}


def test_a_real_clock_changes_nothing():
    assert moderate(Submission(body="Bài viết hay."), WHEN_CLEAN, clock=time.monotonic).outcome is Outcome.APPROVE


def test_blatant_spam_is_rejected_in_both_modes():
    assert moderate(Submission(body=PITCH), WHEN_CLEAN).outcome is Outcome.REJECT
    assert moderate(Submission(body=PITCH), AFTER_REVIEW).outcome is Outcome.REJECT


def test_after_review_never_approves():
    verdict = moderate(Submission(body="Bài viết rất hay, cảm ơn toà soạn."), AFTER_REVIEW)
    assert (verdict.outcome, verdict.findings) == (Outcome.HOLD, ())


@pytest.mark.parametrize(
    ("facts", "category"),
    [
        (Facts(honeypot_filled=True), Category.HONEYPOT),
        (Facts(identical_elsewhere=1), Category.DUPLICATE),
        (Facts(similar_elsewhere=3), Category.DUPLICATE),
        (Facts(sent_lately=12), Category.FLOOD),
        (Facts(rejected_lately=3), Category.SENDER),
        (Facts(blocked_by="phone"), Category.SENDER),
        (Facts(answered_by_sound=True), Category.SENDER),
        (Facts(challenge_degraded=True), Category.SENDER),
    ],
)
def test_a_fact_from_outside_holds(facts, category):
    verdict = moderate(Submission(body="Bài viết hay.", facts=facts), WHEN_CLEAN)
    assert verdict.outcome is Outcome.HOLD
    assert [f.category for f in verdict.findings] == [category]


@pytest.mark.parametrize(
    "facts",
    [
        Facts(identical_elsewhere=None),
        Facts(similar_elsewhere=None),
        Facts(sent_lately=None),
        Facts(rejected_lately=None),
    ],
)
def test_a_fact_that_could_not_be_gathered_holds(facts):
    verdict = moderate(Submission(body="Bài viết hay.", facts=facts), WHEN_CLEAN)
    assert verdict.outcome is Outcome.HOLD
    assert not any(f.ran for f in verdict.findings)


def test_a_site_may_let_a_category_pass_or_reject_it():
    lenient = Policy(mode=PublishMode.WHEN_CLEAN, actions={Category.CONTACT_INFO: Outcome.APPROVE})
    strict = Policy(mode=PublishMode.WHEN_CLEAN, actions={Category.PROFANITY: Outcome.REJECT})
    assert moderate(Submission(body="Số của tôi là 0912345678"), lenient).outcome is Outcome.APPROVE
    assert moderate(Submission(body="địt mẹ"), strict).outcome is Outcome.REJECT


def test_every_check_is_named_once():
    names = [name for name, _ in CHECKS]
    assert len(names) == len(set(names))
