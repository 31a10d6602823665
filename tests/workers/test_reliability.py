"""R2, R4, R14 and R18: real processes that stand still, are asked to stop or have much to do, when it matters.

The database's own lock holds them there: no test waits for a chance.
"""

import contextlib
import http.client
import json
import os
import signal
import threading
from datetime import UTC, datetime

import psutil
import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import OperationalError

from service import jobs, queues
from service.comments import inflight
from service.comments.submission import Draft
from service.models import Comment, Decision
from tests.conftest import PATIENCE, a_comment, free_port, wait_for

JSON = {"Content-Type": "application/json"}
TEXT = "Đề nghị thành phố sớm sửa cây cầu ở cuối làng, đi lại khó quá. " * 20


def send(client, number, body=TEXT):
    for n in range(number):
        assert client.post("/v1/comments", json=a_comment(body=f"{n}. {body}")).status_code == 202


def count(parts, *conditions):
    with parts.database.reading() as session:
        return session.scalar(select(func.count()).select_from(Comment).where(*conditions))


def horses(worker):
    with contextlib.suppress(psutil.NoSuchProcess):
        return [one.pid for one in psutil.Process(worker.running.pid).children()]
    return []


def claims(parts):
    """Return the tokens of the leases that pending comments are under, or were."""
    with parts.database.reading() as session:
        return set(session.scalars(select(Comment.lease_token).where(Comment.status == "pending").distinct())) - {None}


def stopped_after_its_claim(parts, worker, earlier):
    (horse,) = wait_for(lambda: horses(worker), "a work horse")
    wait_for(lambda: claims(parts) - earlier or not horses(worker), "the claim")
    with contextlib.suppress(ProcessLookupError):
        os.kill(horse, signal.SIGSTOP)
    return horse


def holds_no_lock(parts):
    """Say whether it was stopped between its transactions, as a machine that sleeps may be; a lock would outlast it."""
    try:
        with parts.database.writing() as session:
            session.execute(select(Comment.id).with_for_update(nowait=True))
    except OperationalError:
        return False
    return True


@contextlib.contextmanager
def no_comment_can_be_written(parts):
    """Hold the lock that writers of comments need, and leave the readers alone."""
    with parts.database.engine.connect() as other:
        lock = "LOCK TABLE comments IN EXCLUSIVE MODE" if other.dialect.name == "postgresql" else "SELECT 1"
        other.execute(text(lock))
        yield
        other.rollback()


def in_the_middle_of_its_batch(client, parts, start):
    """Return a worker and its horse, which stands still with comments in its hands, between two transactions."""
    for _ in range(10):
        # Long ones, which take the engine a while, between the claim and the end of the batch.
        send(client, 40, 3 * TEXT)
        earlier = claims(parts)
        worker = start("workers")
        horse = stopped_after_its_claim(parts, worker, earlier)
        if claims(parts) - earlier and holds_no_lock(parts):
            return worker, horse
        with contextlib.suppress(ProcessLookupError):
            os.kill(horse, signal.SIGKILL)
        worker.kill()
    raise AssertionError("the horse was too quick ten times")


def each_was_decided_once(parts):
    with parts.database.reading() as session:
        engine = select(Decision.comment_id, func.count()).where(Decision.actor == "engine")
        assert {number for _, number in session.execute(engine.group_by(Decision.comment_id))} == {1}
        assert session.scalar(select(func.count()).select_from(Comment).where(Comment.version != 2)) == 0
    return True


@pytest.mark.chaos
@pytest.mark.parametrize("more_settings", [{"DATABASE_TIMEOUT": "1"}])
def test_a_worker_that_stood_still_for_two_leases_changes_nothing_when_it_goes_on(
    client, site, parts, start, more_settings
):
    slow, horse = in_the_middle_of_its_batch(client, parts, start)

    start("workers")
    start("workers", "schedule")
    wait_for(lambda: count(parts, Comment.status == "pending") == 0, "the other worker, after the lease", 60)
    os.kill(horse, signal.SIGCONT)
    wait_for(lambda: horse not in horses(slow), "the end of the late one's job")

    assert each_was_decided_once(parts)


@pytest.mark.chaos
@pytest.mark.parametrize("more_settings", [{"DATABASE_TIMEOUT": "1"}])
def test_a_horse_killed_in_the_middle_of_its_batch_is_seen_among_the_failed_jobs_and_each_comment_decided_once(
    client, site, parts, start, valkey, more_settings
):
    _, horse = in_the_middle_of_its_batch(client, parts, start)
    told = queues.bells(valkey, now=datetime.now(UTC))
    assert told.busy >= 1
    os.kill(horse, signal.SIGKILL)
    wait_for(lambda: queues.bells(valkey, now=datetime.now(UTC)).failed > told.failed, "what the alert is about")
    assert "terminated unexpectedly" in " ".join(error for _, _, error in jobs.failed(valkey))

    # Its own worker goes on; the sweeper rings when the leases have run out.
    start("workers", "schedule")
    wait_for(lambda: count(parts, Comment.status == "pending") == 0, "the worker, after the lease", 60)
    assert each_was_decided_once(parts)


@pytest.mark.chaos
@pytest.mark.parametrize("more_settings", [{"DATABASE_TIMEOUT": "30"}])
def test_a_job_past_its_time_is_broken_off_and_seen_and_its_comment_judged_by_the_next(
    client, site, parts, start, valkey, more_settings
):
    send(client, 1)
    (bell,) = jobs.queue(valkey).jobs
    valkey.hset(bell.key, "timeout", 1)
    with no_comment_can_be_written(parts):
        start("workers")
        wait_for(lambda: jobs.failed(valkey), "the end of the job")
        [(_, _, error)] = jobs.failed(valkey)
        # On PostgreSQL it is the driver that is broken off.
        assert error in {f"workers.tasks.JobFailed: {kind}" for kind in ("JobTimeoutException", "OperationalError")}
    start("workers", "schedule")
    wait_for(lambda: count(parts, Comment.status == "pending") == 0, "the next job")
    assert each_was_decided_once(parts)


@pytest.mark.chaos
@pytest.mark.parametrize("more_settings", [{"DATABASE_TIMEOUT": "30", "LEASE_SECONDS": "60"}])
def test_a_worker_asked_to_stop_finishes_its_job_first(client, site, parts, start, more_settings):
    send(client, 60)
    with no_comment_can_be_written(parts):
        worker = start("workers")
        wait_for(lambda: horses(worker), "a work horse, which waits for the lock")
        worker.running.send_signal(signal.SIGTERM)
        assert horses(worker), "it waits for its horse"
    assert worker.running.wait(45) == 0
    assert count(parts, Comment.status == "pending") == 0


@pytest.mark.chaos
@pytest.mark.parametrize("more_settings", [{"BATCH": "20"}])
def test_a_worker_asked_to_stop_before_a_backlog_leaves_the_rest_to_the_next_with_nothing_in_its_hands(
    site, parts, start, past_the_door, more_settings
):
    drafts = [Draft(article="bai-cu", name="Ngọc Ánh", title="", body=f"{n}. {TEXT}") for n in range(600)]
    past_the_door(site, *drafts)
    worker = start("workers")
    jobs.ring(parts.redis, parts.tally)
    wait_for(lambda: count(parts, Comment.status == "pending") < len(drafts), "the first decision")
    worker.running.send_signal(signal.SIGTERM)

    assert worker.running.wait(20) == 0, "a supervisor's patience"
    assert count(parts, Comment.status == "pending"), "it did not wait for all of them"
    assert count(parts, Comment.status == "pending", Comment.attempts > 0) == 0
    # No scheduler: the worker that left has rung for the next one.
    start("workers")
    wait_for(lambda: count(parts, Comment.status == "pending") == 0, "the next worker", 60)
    assert count(parts, Comment.version == 2) == len(drafts)


@pytest.mark.chaos
@pytest.mark.parametrize("more_settings", [{"DATABASE_TIMEOUT": "30"}])
def test_a_web_server_asked_to_stop_answers_what_it_has_begun(site, parts, start, more_settings):
    port = free_port()
    web = start(
        *("granian", "--interface", "wsgi", "--port", str(port), "--workers", "2", "--blocking-threads", "4"),
        *("--workers-kill-timeout", "10", "service.wsgi:application"),
    )
    wait_for(lambda: web.log.read_bytes().count(b"Started worker-") == 2, "the web server")
    answers: list[int] = []

    def post():
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
        connection.request("POST", "/v1/comments", json.dumps(a_comment()), {"Content-Type": "application/json"})
        answers.append(connection.getresponse().status)
        connection.close()

    with no_comment_can_be_written(parts):
        under_way = [threading.Thread(target=post) for _ in range(4)]
        for one in under_way:
            one.start()
        wait_for(lambda: waiting_for_the_lock(parts, web, port) >= 4, "four requests under way")
        web.running.send_signal(signal.SIGTERM)
        wait_for(lambda: b"Shutting down" in web.log.read_bytes(), "the server's word that it stops")
    for one in under_way:
        one.join()
    assert answers == [202] * 4
    assert web.running.wait(45) == 0
    assert count(parts) == 4


@pytest.mark.chaos
@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
@pytest.mark.parametrize("more_settings", [{"DATABASE_TIMEOUT": "30"}])
def test_the_keys_of_a_web_server_that_was_killed_are_free_in_a_moment_and_no_sooner(
    client, site, parts, start, valkey, database_url, more_settings
):
    port, key = free_port(), {"Idempotency-Key": "k"}
    web = start("granian", "--interface", "wsgi", "--port", str(port), "service.wsgi:application")
    wait_for(lambda: web.log.read_bytes().count(b"Started worker-") == 1, "the web server")

    def post():
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2 * PATIENCE)
        with contextlib.suppress(OSError, http.client.HTTPException):
            connection.request("POST", "/v1/comments", json.dumps(a_comment()), {**JSON, **key})
            connection.getresponse()
        connection.close()

    with no_comment_can_be_written(parts):
        first = threading.Thread(target=post)
        first.start()
        (held,) = wait_for(lambda: list(valkey.scan_iter("duyet:inflight:*")), "the key")
        for _ in range(2):
            # It is said again and again that the request is under way.
            wait_for(lambda: valkey.pttl(held) < 1000 * (inflight.SECONDS - inflight.AGAIN_SECONDS / 2), "time to pass")
            wait_for(lambda: valkey.pttl(held) > 1000 * (inflight.SECONDS - inflight.AGAIN_SECONDS / 2), "the key anew")
        assert client.post("/v1/comments", json=a_comment(), headers=key).status_code == 409
        web.kill()
        first.join()
        assert valkey.pttl(held) <= 1000 * inflight.SECONDS
    wait_for(
        lambda: client.post("/v1/comments", json=a_comment(), headers=key).status_code == 202, "the key to be free"
    )
    assert count(parts) == 1


@pytest.mark.chaos
def test_while_a_worker_drains_a_backlog_every_comment_is_accepted_and_every_read_answered(
    client, site, parts, start, past_the_door
):
    drafts = [Draft(article="bai-cu", name="Ngọc Ánh", title="", body=f"{n}. {TEXT}") for n in range(600)]
    backlog = [one.id for one in past_the_door(site, *drafts)]
    waits = (Comment.status == "pending", Comment.id.in_(backlog))
    start("workers")
    jobs.ring(parts.redis, parts.tally)
    wait_for(lambda: count(parts, *waits) < len(backlog), "the first decision")

    posts, reads = [], []
    while count(parts, *waits):
        posts.append(client.post("/v1/comments", json=a_comment(body=f"Ý kiến số {len(posts)} đây.")).status_code)
        reads.append(client.get("/v1/comments", query_string={"site": "bao", "article": "bai-1"}).status_code)
    assert len(posts) > 1, "there was something left to drain"
    assert (set(posts), set(reads)) == ({202}, {200})
    wait_for(lambda: count(parts, Comment.status == "pending") == 0, "the worker to have judged these too")
    assert count(parts) == len(backlog) + len(posts)


def waiting_for_the_lock(parts, web, port):
    """Return how many requests the server has taken and not answered."""
    with contextlib.suppress(psutil.NoSuchProcess):
        processes = [psutil.Process(web.running.pid), *psutil.Process(web.running.pid).children()]
        connections = [one for process in processes for one in process.net_connections("tcp")]
        taken = {one.raddr for one in connections if one.status == "ESTABLISHED" and one.laddr.port == port}
        return len(taken)
    return 0
