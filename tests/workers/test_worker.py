"""The worker process: which jobs it runs, which it refuses, how it is started and stopped."""

import json

import pytest
from rq import Queue, Worker
from rq.job import Job
from rq.registry import FailedJobRegistry
from rq.serializers import DefaultSerializer, JSONSerializer
from sqlalchemy import func, select

from service import health, jobs
from service.challenges import store
from service.models import Comment
from tests.conftest import wait_for
from workers import schedule

BODY = "Đề nghị thành phố sớm sửa cây cầu ở cuối làng."


def send(client, n=0):
    answer = client.post(
        "/v1/comments",
        json={"site": "bao", "article": "a", "name": "Ann", "title": "Ý kiến", "body": f"{BODY} Lần {n}."},
    )
    assert answer.status_code == 202
    return answer.json["id"]


def pending(parts):
    with parts.database.reading() as session:
        return session.scalar(select(func.count()).where(Comment.status == "pending"))


def test_a_bell_wakes_a_real_worker(client, site, parts, start):
    start("workers")
    send(client)
    wait_for(lambda: pending(parts) == 0, "the worker")


def test_many_comments_ring_few_bells(client, site, valkey):
    for n in range(20):
        send(client, n)
    assert 1 <= jobs.queue(valkey).count <= jobs.BELLS


def test_a_bell_carries_no_comment(client, site, valkey):
    send(client)
    (job,) = jobs.queue(valkey).jobs
    assert (job.func_name, job.args, job.kwargs) == (jobs.JUDGE, [], {})
    assert BODY.encode() not in b"".join(valkey.hgetall(job.key).values())


def test_a_comment_whose_bell_was_lost_is_judged_when_the_sweeper_comes(client, site, parts, start, valkey):
    send(client)
    valkey.flushall()
    start("workers")
    start("workers", "schedule")
    wait_for(lambda: pending(parts) == 0, "the sweeper and the worker")


def test_a_job_that_is_not_ours_fails_and_is_there_to_be_seen(valkey, parts, start, tmp_path):
    evil = tmp_path / "evil"
    queue = Queue(jobs.QUEUE, connection=valkey, serializer=JSONSerializer)
    job = queue.enqueue_call("os.mkdir", args=(str(evil),))
    start("workers")
    registry = FailedJobRegistry(queue=jobs.queue(valkey))
    wait_for(lambda: job.id in registry.get_job_ids(), "the job among the failed ones")
    assert not evil.exists()
    assert "NotOurJob" in registry.job_class.fetch(job.id, valkey, serializer=JSONSerializer).latest_result().exc_string


def test_a_failed_bell_is_kept_for_two_weeks_and_keeps_no_other_from_ringing(client, site, parts, start, valkey):
    """A failed job's id that lies about for a year, as RQ has it, would make a unique request vanish without a word."""
    send(client)
    (bell,) = jobs.queue(valkey).jobs
    assert (bell.failure_ttl, bell.result_ttl) == (14 * 24 * 3600, 0)
    jobs.queue(valkey).remove(bell)
    FailedJobRegistry(queue=jobs.queue(valkey)).add(bell, ttl=bell.failure_ttl, exc_string="killed")
    valkey.delete(jobs.BELL)

    send(client, 1)
    start("workers")
    wait_for(lambda: pending(parts) == 0, "the worker")
    assert [one for one, *_ in jobs.failed(valkey)] == [bell.id]


def test_of_a_fault_that_lasts_for_days_the_newest_failed_jobs_are_kept_and_redis_does_not_fill_up(
    parts, valkey, monkeypatch
):
    monkeypatch.setattr(jobs, "MOST_FAILED", 3)
    queue, registry = jobs.queue(valkey), FailedJobRegistry(queue=jobs.queue(valkey))
    ids = []
    for n in range(7):
        bell = queue.enqueue_call(jobs.JUDGE)
        queue.remove(bell)
        registry.add(bell, ttl=jobs.FAILED_SECONDS + n, exc_string="broken")
        ids.append(bell.id)
    keys = len(valkey.keys("rq:job:*"))

    schedule.tidy(parts)
    assert [one for one, *_ in jobs.failed(valkey)] == ids[:-4:-1]
    assert [one for one, *_ in jobs.failed(valkey, limit=1)] == ids[-1:]
    assert len(valkey.keys("rq:job:*")) == keys - 4
    schedule.tidy(parts)
    assert len(registry) == 3


def test_a_callback_smuggled_into_a_job_is_not_called(client, site, parts, start, valkey, tmp_path):
    send(client)
    (job,) = jobs.queue(valkey).jobs
    valkey.hset(job.key, mapping={"success_callback_name": "os.mkdir", "webhooks": json.dumps([])})
    restored = jobs.OurJob.fetch(job.id, valkey, serializer=JSONSerializer)
    assert restored.success_callback is None
    assert Job.fetch(job.id, valkey, serializer=JSONSerializer).success_callback is not None


def test_a_worker_refuses_pickle(valkey):
    with pytest.raises(jobs.BadWorker, match="JSON"):
        jobs.worker(valkey, serializer=DefaultSerializer)


def test_a_worker_refuses_a_second_queue(valkey):
    with pytest.raises(jobs.BadWorker, match="one queue"):
        jobs.worker(valkey, queues=[jobs.QUEUE, "other"])


def test_a_worker_ends_in_peace_when_it_is_asked_to(parts, start, valkey):
    process = start("workers")
    wait_for(lambda: valkey.scard("rq:workers") == 1, "the worker's registration")
    assert process.stop() == 0


def test_a_scheduler_asked_to_stop_ends_the_job_at_hand_and_begins_no_other(parts, start, valkey):
    process = start("workers", "schedule", LOG_LEVEL="debug")
    wait_for(
        lambda: store.pool_length(parts.challenges, "image"), "the first of the pictures that it draws in a second"
    )
    assert process.stop() == 0
    names = [json.loads(line).get("name") for line in process.log.read_text().splitlines() if '"job"' in line]
    assert "refill" in names
    assert "tidy" not in names


def test_a_worker_started_before_valkey_waits_for_it(client, site, parts, start, valkey):
    send(client)
    process = start("workers", REDIS_URL="redis://127.0.0.1:1/0")
    wait_for(lambda: b"waiting_for_redis" in process.log.read_bytes(), "the worker's word that it waits")
    assert process.stop() == 0


def test_a_worker_is_listed_again_when_valkey_lost_its_list(client, site, parts, start, valkey):
    start("workers")
    (born,) = wait_for(lambda: Worker.all(connection=valkey), "the worker's registration")
    valkey.flushall()
    send(client)
    wait_for(lambda: pending(parts) == 0, "the worker")
    (listed,) = wait_for(lambda: Worker.all(connection=valkey), "the worker's second registration")
    assert (listed.name, listed.pid) == (born.name, born.pid)


def test_wrong_words_on_the_command_line_are_refused(start):
    assert start("workers", "dance").running.wait(20) == 2


def test_two_sweepers_do_no_double_work(client, site, parts, start):
    sent = [send(client, n) for n in range(30)]
    for _ in range(2):
        start("workers", "schedule")
        start("workers")
    wait_for(lambda: pending(parts) == 0, "the workers")
    with parts.database.reading() as session:
        assert session.scalar(select(func.count()).where(Comment.version == 2)) == len(sent)


class TestOnARentedRedis:
    """Whoever rents a Redis may often not ask how it is set up."""

    @pytest.fixture
    def redis_url(self, valkey, valkey_server):
        everything = {"keys": ["*"], "channels": ["*"], "categories": ["+@all"], "commands": ["-config"]}
        valkey.acl_setuser("tenant", enabled=True, passwords=["+word"], **everything)
        yield f"redis://tenant:word@127.0.0.1:{valkey_server.port}/0"
        valkey.acl_deluser("tenant")

    @pytest.mark.usefixtures("site", "database_url")
    @pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
    def test_a_worker_works_there_too(self, client, parts, start):
        assert health.eviction(parts.redis) is None
        start("workers")
        send(client)
        wait_for(lambda: pending(parts) == 0, "the worker")
