"""The operators' page: who may open it, what it shows of each part, and that a replay is one."""

import json
import re
import uuid
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text, update

from service import failures, health, jobs, queues
from service.comments import judging
from service.models import Comment, Decision, Rule
from service.web.operations import words
from tests.conftest import free_port, wait_for
from workers import schedule

LEASE = timedelta(seconds=1)
WELL = ["database", "migrations", "pending", "unchecked", "redis", "memory", "workers", "scheduler", "jobs"]


def parts_of(page):
    found = re.findall(r'data-part="(\w+)".*?class="notice (good|bad)".*?</td><td>(.*?)</td>', page)
    return {part: (how, sentence) for part, how, sentence in found}


@pytest.fixture
def give_up(ann, parts):
    """Send comments that no worker can check."""

    def send(*bodies):
        for body in bodies:
            assert ann(body=body).status_code == 202
        with parts.database.writing() as session:
            session.execute(update(Comment).where(Comment.status == "pending").values(attempts=3))
        with parts.database.writing() as session:
            assert judging.give_up(session, attempts=3, lease=LEASE, now=datetime.now(UTC)) == len(bodies)

    return send


@pytest.mark.usefixtures("site")
@pytest.mark.parametrize("role", ["admin", "ops"])
def test_those_who_run_the_service_see_every_part(at_the_desk, start, parts, valkey, role):
    start("workers")
    wait_for(lambda: queues.workers(valkey), "the worker")
    schedule.sweep(parts)
    page = at_the_desk(role=role).get("/ops/").get_data(as_text=True)

    assert list(parts_of(page)) == WELL
    assert {part: found for part, found in parts_of(page).items() if found[0] != "good"} == {}
    assert "<script" not in page
    assert "style=" not in page


def test_others_are_not_let_in(at_the_desk, client, add_site):
    add_site()
    assert client.get("/ops/", headers={"Accept": "text/html"}).location == "/desk/sign-in?next=/ops/"
    assert client.get("/ops/").status_code == 401
    for name, role, sites in (("a", "moderator", ()), ("b", "editor", ()), ("c", "admin", ("bao",))):
        person = at_the_desk(name, role, sites=sites)
        assert person.get("/ops/").status_code == 403
        assert person.post("/ops/replay", which="all").status_code == 403


def test_an_operator_finds_the_page_and_comes_back_to_it(at_the_desk):
    operator = at_the_desk(role="ops")
    assert operator.get("/desk").location == "/ops/"
    assert operator.sign_in(next="/ops/").location == "/ops/"
    assert 'href="/ops/" aria-current="page"' in operator.get("/ops/").get_data(as_text=True)
    assert at_the_desk("ngoc", "moderator").get("/desk").location == "/desk/queue"


@pytest.mark.usefixtures("site")
def test_what_could_not_be_checked_is_shown_without_a_word_of_it_and_replayed_one_by_one_or_all(
    at_the_desk, give_up, judge_all, rows, valkey
):
    bodies = [f"Đề nghị phường sửa con đường số {n} trước chợ." for n in range(3)]
    give_up(*bodies)
    operator = at_the_desk(role="ops")
    page = operator.get("/ops/").get_data(as_text=True)
    ids = sorted(str(row.id) for row in rows(Comment))

    assert parts_of(page)["unchecked"][0] == "bad"
    assert all(one in page for one in ids)
    assert "con đường" not in page
    assert "Ngọc Ánh" not in page

    valkey.flushall()
    assert operator.post("/ops/replay", which=ids[0]).location == "/ops/?done=replayed"
    assert {str(row.id) for row in rows(Comment) if row.status == "pending"} == {ids[0]}
    assert jobs.queue(valkey).count == 1, "rung after the commit"
    assert operator.post("/ops/replay", which="all").location == "/ops/?done=replayed"
    judge_all()
    assert {row.status for row in rows(Comment)} == {"approved"}
    acts = [row.act for row in sorted(rows(Decision), key=lambda row: (row.comment_id, row.version))]
    assert acts == ["received", "hold", "replay", "approve"] * 3
    assert operator.post("/ops/replay", which=ids[0]).location == "/ops/?done=nothing"
    for odd in ("", "x", "\x00", str(uuid.UUID(int=0)), "9" * 400):
        assert operator.post("/ops/replay", which=odd).status_code in {303, 422, 400}
    assert "Không còn gì dưới mã này." in operator.get("/ops/?done=nothing").get_data(as_text=True)


def test_a_comment_whose_check_raised_is_held_seen_counted_and_tried_again(
    at_the_desk, ann, site, parts, judge_all, rows
):
    at = datetime.now(UTC)
    with parts.database.writing() as session:
        # As another version may have left it: RE2 refuses this pattern whenever the check begins.
        rule = {"kind": "pattern", "forms": ["("], "category": "policy", "outcome": "hold", "threshold": 0, "note": ""}
        session.add(Rule(site_id=site.id, state="live", created_by="ed", created_at=at, changed_at=at, **rule))
    ann()
    judge_all()
    [row] = rows(Comment)
    assert row.status == "held"
    assert [one["check"] for one in row.findings if not one["ran"]] == ["rules"]
    assert parts.tally.totals()["duyet_findings", "hold", "rules", "unchecked"] == 1
    operator = at_the_desk(role="ops")
    assert str(row.id) in operator.get("/ops/").get_data(as_text=True)

    with parts.database.writing() as session:
        session.execute(update(Rule).values(forms=["vay tiền"]))
    assert operator.post("/ops/replay", which=str(row.id)).location == "/ops/?done=replayed"
    judge_all()
    assert [row.status for row in rows(Comment)] == ["approved"]


@pytest.mark.usefixtures("site")
def test_a_replay_wants_our_own_form(at_the_desk, give_up, rows):
    give_up("Đề nghị phường sửa con đường trước chợ.")
    operator = at_the_desk(role="ops")
    operator.csrf = "0" * 64
    assert operator.post("/ops/replay", which="all").status_code == 403
    assert operator.get("/ops/replay").status_code == 405
    assert [row.status for row in rows(Comment)] == ["held"]


@pytest.mark.usefixtures("site")
def test_a_failing_job_is_seen_and_replayed_and_its_comment_waits(at_the_desk, ann, parts, start, valkey, rows):
    ann()
    with parts.database.writing() as session:
        policy = session.scalar(text("SELECT policy FROM sites"))
        whole = policy if isinstance(policy, str) else json.dumps(policy)
        broken = whole.replace('"when_clean"', '"never heard of"')
        session.execute(text("UPDATE sites SET policy = :policy"), {"policy": broken})
    worker = start("workers")
    operator = at_the_desk(role="ops")
    wait_for(lambda: jobs.failed(valkey), "the failed job")
    page = operator.get("/ops/").get_data(as_text=True)
    assert parts_of(page)["jobs"][0] == "bad"
    assert "JobFailed: ValueError" in page

    with parts.database.writing() as session:
        session.execute(text("UPDATE sites SET policy = :policy"), {"policy": whole})
    operator.post("/ops/replay", which=jobs.failed(valkey)[0][0])
    # The lease of the failed try runs out within a second; the scheduler, which this test is, rings then.
    wait_for(lambda: schedule.sweep(parts) or [row.status for row in rows(Comment)] == ["approved"], "the lease's end")
    wait_for(lambda: [row.status for row in rows(Comment)] == ["approved"], "the comment")
    # A work horse is a process group of its own: killed with its worker's, it would work on in the next test.
    assert worker.stop() == 0


class TestPartsThatAreAway:
    @pytest.fixture
    def redis_url(self):
        return f"redis://127.0.0.1:{free_port()}/0"

    def test_the_rest_of_the_page_is_there(self, at_the_desk):
        page = at_the_desk(role="admin").get("/ops/").get_data(as_text=True)

        assert parts_of(page)["redis"][0] == "bad"
        assert parts_of(page)["database"][0] == "good"
        assert page.count("Không hỏi được lúc này.") == 2


@pytest.mark.usefixtures("site")
def test_what_is_wrong_is_said_in_both_languages_and_on_the_terminal(parts, ann, valkey):
    ann()
    with parts.database.writing() as session:
        session.execute(update(Comment).values(created_at=datetime.now(UTC) - timedelta(minutes=5)))
    valkey.config_set("maxmemory-policy", "allkeys-lru")
    try:
        found = health.examined(parts.database, parts.redis, now=datetime.now(UTC))
    finally:
        valkey.config_set("maxmemory-policy", "noeviction")

    wrong = {one.part: one for one in found if not one.well}
    assert set(wrong) == {"pending", "memory", "workers", "scheduler"}
    assert "are workers running?" in wrong["pending"].sentence
    assert "allkeys-lru" in wrong["memory"].sentence
    for language in ("vi", "en"):
        for one in found:
            assert "{" not in words.of(language)[one.code].format(**one.facts)


def test_every_code_has_words_and_every_part_a_name():
    assert set(health.SENTENCES) <= set(words.WORDS)
    assert set(health.SENTENCES) >= health.GOOD
    assert {f"part_{part}" for part in WELL} <= set(words.WORDS)
    assert {f"seen_{name}" for name in queues.NAMES} <= set(words.WORDS)


@pytest.mark.usefixtures("site")
def test_all_are_replayed_however_many_and_each_once(give_up, parts, valkey, rows, monkeypatch):
    monkeypatch.setattr(failures, "AT_ONCE", 2)
    give_up(*(f"Đề nghị phường sửa con đường số {n} trước chợ." for n in range(5)))
    done = failures.replay(parts.database, valkey, parts.tally, "all", now=datetime.now(UTC))

    assert done == failures.Replayed(comments=5, jobs=0)
    assert {row.status for row in rows(Comment)} == {"pending"}
