"""Rules are kept, tried on history, stand in shadow and live, and are capped; on both databases."""

import uuid
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update

from service import blocks, jobs
from service.comments import deciding, receipts, undoing
from service.models import Backtest, Comment, Event, Sighting
from service.moderation.vocabulary import Category, Outcome, RuleKind
from service.moderators import Viewer
from service.rules import backtests, drafts, keeping, people, standing
from service.rules.drafts import BadRule, Draft
from service.rules.keeping import RuleMoved, UnknownRule
from tests.conftest import wait_for
from workers import schedule

ED = Viewer("moderator:ed", frozenset({"review", "rules"}), None)
EVE = Viewer("moderator:eve", frozenset({"review", "rules"}), frozenset({"khac"}))
PHRASE = Draft(RuleKind.PHRASE, ("hội kín",))


def at():
    return datetime.now(UTC)


@pytest.fixture
def keep(parts, site):
    """Write a rule and bring it to a state by the way that a person would take."""

    def add(draft=PHRASE, state="draft"):
        with parts.database.writing() as session:
            rule = keeping.add(session, ED, site.key, draft, now=at())
        if state in {"shadow", "live"}:
            with parts.database.writing() as session:
                made = backtests.begin(session, ED, rule.id, days=30, now=at())
            while run(parts, made.id):
                pass
            for step in ("shadow", "live")[: 1 + (state == "live")]:
                rule = move(parts, rule.id, step)
        return rule

    return add


def find(parts, rule_id, viewer=ED):
    with parts.database.reading() as session:
        return keeping.find(session, viewer, rule_id)


def move(parts, rule_id, state):
    with parts.database.writing() as session:
        return keeping.move(session, ED, rule_id, state, version=find(parts, rule_id).version, now=at())


def run(parts, backtest_id, batch=500):
    """Do one batch as a worker does; return how many comments it looked at."""
    with parts.database.writing() as session:
        work = backtests.claim(session, backtest_id, now=at())
    if work is None:
        return 0
    with parts.database.reading() as session:
        past = backtests.load(session, work, batch=batch)
    with parts.database.writing() as session:
        left = backtests.store(session, work, backtests.tally(work, past), now=at())
    if left is not None:
        with parts.database.writing() as session:
            backtests.release(session, left)
    return len(past)


def sighted(rows):
    return sorted((row.entry, row.acted) for row in rows(Sighting) if row.entry.startswith("rule:"))


def decide(parts, comment_id, outcome):
    with parts.database.writing() as session:
        row = deciding.visible(session, ED, uuid.UUID(comment_id))
        return deciding.decide(session, ED, row.id, deciding.Ruling(outcome), version=row.version, now=at())


def test_a_rule_goes_from_draft_to_live_and_each_step_is_written_down(parts, keep, rows):
    rule = keep(state="live")
    assert (rule.state, rule.version, rule.revision, rule.entry) == ("live", 4, 1, f"rule:{rule.id}")

    move(parts, rule.id, "retired")
    noted = sorted((row for row in rows(Event) if row.noun == "rule"), key=lambda row: row.id)
    acts = [(row.actor, row.act, row.detail.get("state")) for row in noted]
    assert acts == [
        ("moderator:ed", "add", None),
        ("moderator:ed", "backtest", None),
        ("moderator:ed", "move", ["backtest", "shadow"]),
        ("moderator:ed", "move", ["shadow", "live"]),
        ("moderator:ed", "move", ["live", "retired"]),
    ]


def test_no_rule_stands_untried_or_skips_a_state_or_is_moved_from_an_old_screen(parts, keep):
    rule = keep()
    with pytest.raises(RuleMoved):
        move(parts, rule.id, "live")
    with parts.database.writing() as session:
        made = backtests.begin(session, ED, rule.id, days=1, now=at())
    with pytest.raises(BadRule, match="backtest_required"):
        move(parts, rule.id, "shadow")
    assert run(parts, made.id) == 0
    assert move(parts, rule.id, "shadow").state == "shadow"
    with pytest.raises(RuleMoved), parts.database.writing() as session:
        keeping.move(session, ED, rule.id, "live", version=1, now=at())


def test_a_rule_that_looks_for_something_else_is_a_draft_again_and_a_live_one_keeps_what_it_says(parts, keep):
    live, tried = keep(state="live"), keep(state="shadow")
    other = replace(PHRASE, forms=("hội đoàn",))

    with pytest.raises(RuleMoved), parts.database.writing() as session:
        keeping.change(session, ED, live.id, other, version=live.version, now=at())
    with parts.database.writing() as session:
        capped = keeping.change(session, ED, live.id, replace(PHRASE, daily_cap=7), version=live.version, now=at())
        back = keeping.move(session, ED, tried.id, "draft", version=tried.version, now=at())
        changed = keeping.change(session, ED, tried.id, other, version=back.version, now=at())
    assert (capped.state, capped.revision, capped.draft.daily_cap) == ("live", 1, 7)
    assert (changed.state, changed.revision, changed.draft.forms) == ("draft", 2, ("hội đoàn",))


@pytest.mark.parametrize(
    ("draft", "field", "code"),
    [
        (Draft(RuleKind.WORD, ()), "forms", "required"),
        (Draft(RuleKind.WORD, ("hai từ",)), "forms", "not_a_word"),
        (Draft(RuleKind.PHRASE, ("một",)), "forms", "not_a_phrase"),
        (Draft(RuleKind.PATTERN, ("(?=x)",)), "forms", "bad_pattern"),
        (Draft(RuleKind.PATTERN, (".*",)), "forms", "matches_everything"),
        (Draft(RuleKind.PATTERN, ("x" * 501,)), "forms", "form_too_long"),
        (Draft(RuleKind.DOMAIN, ("không phải tên miền",)), "forms", "bad_domain"),
        (Draft(RuleKind.PHRASE, tuple(f"a b{n}" for n in range(2001))), "forms", "too_many"),
        (Draft(RuleKind.THRESHOLD, threshold=9), "threshold", "invalid"),
        (replace(PHRASE, daily_cap=0), "daily_cap", "invalid"),
    ],
)
def test_a_rule_that_makes_no_sense_is_refused_with_its_reason(draft, field, code):
    with pytest.raises(BadRule) as refused:
        drafts.checked(draft)
    assert (refused.value.field, refused.value.code) == (field, code)


def test_links_are_kept_as_domains():
    kept = drafts.checked(Draft(RuleKind.DOMAIN, ("https://www.Example.com/a", "example.com")))

    assert kept.forms == ("example.com",)


def test_another_sites_rules_are_not_there(parts, keep, add_site):
    rule = keep()
    add_site("khac")
    with parts.database.writing() as session:
        for attempt in (
            lambda: keeping.find(session, EVE, rule.id),
            lambda: keeping.add(session, EVE, "bao", PHRASE, now=at()),
            lambda: keeping.move(session, EVE, rule.id, "retired", version=1, now=at()),
            lambda: backtests.begin(session, EVE, rule.id, days=1, now=at()),
            lambda: backtests.of_rule(session, EVE, rule.id),
        ):
            with pytest.raises(UnknownRule):
                attempt()
        assert keeping.listed(session, EVE) == []


def test_shadow_counts_and_live_acts(parts, keep, ann, judge_all, rows):
    keep(state="shadow")
    ann(body="Họp hội kín ở quán.")
    judge_all()
    (quiet,) = rows(Comment)
    assert (quiet.status, quiet.findings) == ("approved", [])
    assert sighted(rows) == [("rule:1", False)]

    move(parts, 1, "live")
    ann(body="Lại họp hội kín ở quán khác.")
    judge_all()
    held = next(row for row in rows(Comment) if row.id != quiet.id)
    assert (held.status, held.findings[0]["entry"], held.findings[0]["version"]) == ("held", "rule:1", "1")
    assert held.policy_version.startswith("bao/1+")
    assert sighted(rows) == [("rule:1", False), ("rule:1", True)]


def test_a_preview_and_the_command_line_judge_by_the_rules_that_stand(parts, keep, client, mo, start):
    keep(state="live")
    previewed = client.post("/v1/review/preview", json={"site": "bao", "body": "Họp hội kín nhé."}, headers=mo)
    assert (previewed.get_json()["outcome"], previewed.get_json()["findings"][0]["entry"]) == ("hold", "rule:1")
    checked = start("service", "check", "--site", "bao", "Họp hội kín nhé.")
    assert checked.running.wait(30) == 0
    assert "Trùng quy tắc 1 của trang" in checked.log.read_text()


def test_past_its_daily_cap_a_rule_only_counts_and_raises_the_alarm(parts, keep, ann, judge_all, rows):
    keep(replace(PHRASE, daily_cap=2), state="live")
    zone = parts.settings.zone
    for number in range(3):
        ann(body=f"Họp hội kín lần thứ {number}.", name=f"Ann {number}", article=f"bai-{number}")
    judge_all()
    assert sorted(row.status for row in rows(Comment)) == ["approved", "held", "held"], "within one batch"
    ann(body="Và thêm một buổi hội kín nữa.", name="Ann")
    judge_all()

    assert sighted(rows) == [("rule:1", False)] * 2 + [("rule:1", True)] * 2
    with parts.database.reading() as session:
        assert [rule.id for rule in standing.over_cap(session, ED, now=at(), zone=zone)] == [1]
        assert standing.over_cap(session, EVE, now=at(), zone=zone) == []
        assert standing.alarms(session, now=at(), zone=zone) == 1
        tomorrow = at() + timedelta(days=1)
        assert standing.alarms(session, now=tomorrow, zone=zone) == 0
        assert standing.standing(session, [1], now=tomorrow, zone=zone)[1].counting == frozenset()


def test_an_erased_comment_takes_its_sightings_along_and_old_ones_are_swept_away(parts, keep, ann, judge_all, rows):
    keep(state="live")
    first = ann(body="Họp hội kín.").get_json()
    ann(body="Họp hội kín nữa.", name="Bình")
    judge_all()
    with parts.database.writing() as session:
        receipts.withdraw(session, first["receipt"], parts.terms, now=at())
    assert len(rows(Sighting)) == 1

    with parts.database.writing() as session:
        assert standing.forget_sightings(session, now=at() + timedelta(days=179)) == 0
        assert standing.forget_sightings(session, now=at() + timedelta(days=181)) == 1


def test_a_backtest_splits_what_it_catches_by_what_people_decided(parts, keep, ann, judge_all, add_site, rows):
    add_site("doc", publish="after_review")
    sent = {}
    for number, outcome in enumerate([Outcome.APPROVE, Outcome.REJECT, Outcome.REJECT, None]):
        answer = ann(body=f"Buổi hội kín thứ {number}.", name=f"Ann {number}", article=f"bai-{number}")
        sent[number] = (answer.get_json()["id"], outcome)
    ann(body="Không có gì.", name="Bình")
    ann(site="doc", body="Hội kín ở trang khác.", name="Chi")
    judge_all()
    for comment_id, outcome in sent.values():
        if outcome:
            decide(parts, comment_id, outcome)
    rule = keep()
    with parts.database.writing() as session:
        made = backtests.begin(session, ED, rule.id, days=7, now=at())
    assert (made.total, made.state, made.progress) == (5, "waiting", 0.0)

    assert run(parts, made.id, batch=2) == 2
    with parts.database.reading() as session:
        half = backtests.find(session, ED, rule.id, made.id)
    assert (half.seen, half.state, half.progress) == (2, "running", 0.4)
    while run(parts, made.id, batch=2):
        pass
    with parts.database.reading() as session:
        done = backtests.find(session, ED, rule.id, made.id)
        shown = backtests.samples(session, done)
    assert (done.state, done.seen, done.progress) == ("done", 5, 1.0)
    assert done.caught == {
        "approved": 1, "rejected": 2, "held": 0, "approved_by_engine": 1, "rejected_by_engine": 0,
    }  # fmt: skip
    assert done.samples["approved"] == [sent[0][0]]
    assert {(one.group, one.spans[0].text) for one in shown} >= {("approved", "hội kín"), ("rejected", "hội kín")}
    assert rows(Sighting) == [], "a backtest leaves no trace on comments"


def test_a_backtest_of_an_action_asks_what_it_would_have_changed(parts, keep, ann, judge_all):
    ann(body="Đồ ngu như bò, câm mồm đi")
    ann(body="Cảm ơn tòa soạn nhiều.", name="Bình")
    judge_all()
    rule = keep(Draft(RuleKind.ACTION, category=Category.INSULT, outcome=Outcome.REJECT))
    with parts.database.writing() as session:
        made = backtests.begin(session, ED, rule.id, days=7, now=at())
    while run(parts, made.id):
        pass
    with parts.database.reading() as session:
        assert backtests.find(session, ED, rule.id, made.id).caught["held"] == 1


def test_a_batch_is_counted_once_and_a_lost_worker_is_followed_by_another(parts, keep, ann, judge_all):
    ann(body="Họp hội kín.")
    judge_all()
    rule = keep()
    with parts.database.writing() as session:
        made = backtests.begin(session, ED, rule.id, days=7, now=at())
        late = backtests.claim(session, made.id, now=at())
    with parts.database.writing() as session:
        assert backtests.claim(session, made.id, now=at()) is None, "another has it"
        assert backtests.due(session) == []
    with parts.database.reading() as session:
        past = backtests.load(session, late)
    end_lease(parts)
    assert run(parts, made.id) == 1
    with parts.database.writing() as session:
        assert backtests.store(session, late, backtests.tally(late, past), now=at()) is None, "it came too late"
    assert run(parts, made.id) == 0
    with parts.database.reading() as session:
        done = backtests.find(session, ED, rule.id, made.id)
    assert (done.state, done.seen, sum(done.caught.values())) == ("done", 1, 1)


def test_a_batch_that_kills_its_workers_ends_the_backtest(parts, keep, ann, judge_all):
    ann()
    judge_all()
    rule = keep()
    with parts.database.writing() as session:
        made = backtests.begin(session, ED, rule.id, days=7, now=at())
    for _ in range(backtests.ATTEMPTS):
        with parts.database.writing() as session:
            assert backtests.claim(session, made.id, now=at())
        end_lease(parts)
    with parts.database.writing() as session:
        assert backtests.claim(session, made.id, now=at()) is None
        assert backtests.find(session, ED, rule.id, made.id).state == "failed"


def end_lease(parts):
    with parts.database.writing() as session:
        session.execute(update(Backtest).values(lease_until=at() - timedelta(days=1)))


def test_a_cancelled_backtest_stops_where_it_is(parts, keep, ann, judge_all):
    for number in range(3):
        ann(body=f"Họp hội kín {number}.", name=f"Ann {number}")
    judge_all()
    rule = keep()
    with parts.database.writing() as session:
        made = backtests.begin(session, ED, rule.id, days=7, now=at())
    run(parts, made.id, batch=1)
    with parts.database.writing() as session:
        assert backtests.cancel(session, ED, rule.id, made.id, now=at()).state == "cancelled"
    assert run(parts, made.id) == 0
    with pytest.raises(RuleMoved), parts.database.writing() as session:
        backtests.cancel(session, ED, rule.id, made.id, now=at())
    with parts.database.writing() as session:
        first = backtests.begin(session, ED, rule.id, days=7, now=at())
        second = backtests.begin(session, ED, rule.id, days=3, now=at())
        states = {one.id: one.state for one in backtests.of_rule(session, ED, rule.id)}
    assert (states[first.id], states[second.id]) == ("cancelled", "waiting")


def test_the_scheduler_asks_for_what_waits_and_a_worker_does_it(parts, keep, start, ann, judge_all):
    ann(body="Họp hội kín.")
    judge_all()
    rule = keep()
    with parts.database.writing() as session:
        made = backtests.begin(session, ED, rule.id, days=7, now=at())
    assert schedule.ask(parts) == 1
    assert schedule.ask(parts) == 1, "asked twice, queued once"
    assert [job.func_name for job in jobs.queue(parts.redis).jobs].count(jobs.BACKTEST) == 1
    start("workers")

    def state():
        with parts.database.reading() as session:
            return backtests.find(session, ED, rule.id, made.id).state == "done"

    wait_for(state, "the backtest to be done")


def test_precision_is_what_people_decided_and_an_undone_decision_is_none(parts, keep, ann, judge_all):
    keep(state="live")
    sent = [ann(body=f"Họp hội kín {number}.", name=f"Ann {number}", article=f"b{number}") for number in range(4)]
    ids = [one.get_json()["id"] for one in sent]
    judge_all()
    decide(parts, ids[0], Outcome.REJECT)
    decide(parts, ids[1], Outcome.REJECT)
    decide(parts, ids[2], Outcome.APPROVE)
    _, last = decide(parts, ids[3], Outcome.APPROVE)
    with parts.database.writing() as session:
        undoing.undo(session, ED, last.id, now=at())

    with parts.database.reading() as session:
        found = people.agreement(session, ED, ["rule:1", "abuse:nothing"])
        seen = people.seen_lately(session, ED, site="bao", now=at())
        others = people.agreement(session, EVE, ["rule:1"])["rule:1"]
    assert (found["rule:1"].rejected, found["rule:1"].approved) == (2, 1)
    assert found["rule:1"].precision == pytest.approx(2 / 3)
    assert found["abuse:nothing"].precision is None
    assert [(one.entry, one.comments) for one in seen] == [("rule:1", 4)]
    assert (others.rejected, others.approved) == (0, 0)


def test_a_blocked_phrase_is_rejected_while_the_block_stands(parts, site, ann, judge_all, rows):
    with parts.database.writing() as session:
        target = blocks.of_phrase("  Hội   kín ")
        made = blocks.add(session, ED, site.key, target, reason="Spam nhiều lần", days=1, now=at())
    ann(body="Mời vào hội kín nhé.")
    judge_all()
    (row,) = rows(Comment)
    assert (row.status, row.findings[0]["entry"]) == ("rejected", f"block:{made.id}")
    assert row.findings[0]["message"]["vi"] == "Có cụm từ đang bị chặn: “hội kín”."

    with parts.database.writing() as session:
        assert blocks.phrases(session, [site.id], now=at() + timedelta(days=2)) == {}
        blocks.lift(session, ED, made.id, now=at())
    ann(body="Mời vào hội kín lần nữa.", name="Bình")
    judge_all()
    assert sorted(row.status for row in rows(Comment)) == ["approved", "rejected"]


def test_a_sender_who_was_blocked_after_sending_is_held_with_the_reason(parts, site, ann, judge_all, rows):
    ann()
    with parts.database.writing() as session:
        sender = blocks.of_comment(session.scalars(select(Comment)).one(), "address")
        blocks.add(session, ED, site.key, sender, reason="Quấy rối", days=None, now=at())
    judge_all()
    (row,) = rows(Comment)
    assert (row.status, row.findings[0]["entry"]) == ("held", "blocked")


def test_a_backtest_that_is_gone_is_nobodys_work(parts):
    with parts.database.writing() as session:
        assert backtests.claim(session, uuid.uuid4(), now=at()) is None
