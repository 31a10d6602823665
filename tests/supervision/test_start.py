import os
import signal
import subprocess
import sys
import threading

import pytest
import rq

from tests.supervision.stand_in import SECRET, build, command, environment, free_port, running, wait_until

pytestmark = [
    pytest.mark.chaos,
    pytest.mark.skipif(sys.platform != "linux", reason="the process table is read from /proc"),
]


@pytest.fixture
def root(tmp_path):
    build(tmp_path)
    return tmp_path


@pytest.mark.parametrize("name", ["valkey", "scheduler", "worker", "web"])
def test_a_part_that_is_killed_returns_and_leaves_no_process_behind(root, name):
    with running(root) as run:
        wait_until(run.everything_runs, run)
        killed = {run.part(name).pid, *(child.pid for child in run.children(name))}

        os.kill(run.part(name).pid, signal.SIGKILL)

        wait_until(lambda: not killed & {process.pid for process in run.processes()}, run)
        wait_until(run.everything_runs, run)


def test_a_web_process_that_is_killed_is_replaced_beside_its_neighbour(root):
    with running(root) as run:
        wait_until(run.everything_runs, run)
        web, [first, second] = run.part("web"), run.children("web")

        os.kill(first.pid, signal.SIGKILL)

        wait_until(lambda: len({child.pid for child in run.children("web")} - {first.pid}) == 2, run)
        assert run.part("web") == web
        assert second in run.children("web")


def test_the_work_horse_of_a_killed_worker_does_not_outlive_it(root):
    """A work horse leads a process group of its own, so killing the worker's group would miss it."""
    with running(root) as run:
        wait_until(run.everything_runs, run)
        rq.Queue("bells", connection=run.valkey).enqueue("workers.tasks.wait_for_release")
        wait_until((root / "job-began").exists, run)
        [horse] = run.children("worker")

        os.kill(run.part("worker").pid, signal.SIGKILL)

        wait_until(lambda: horse.pid not in {process.pid for process in run.processes()}, run)
        assert not (root / "job-ended").exists()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_every_process(root, number):
    with running(root) as run:
        wait_until(run.everything_runs, run)

        run.supervisor.send_signal(number)

        assert run.supervisor.wait(45) == 0
        assert run.processes() == []


def test_what_is_under_way_is_finished_before_the_end(root):
    with running(root) as run:
        wait_until(run.everything_runs, run)
        rq.Queue("bells", connection=run.valkey).enqueue("workers.tasks.wait_for_release")
        answers = []
        reader = threading.Thread(target=lambda: answers.append(run.get("/slow")))
        reader.start()
        wait_until((root / "job-began").exists, run)
        wait_until((root / "slow-request-began").exists, run)

        run.supervisor.terminate()
        wait_until(lambda: "Shutting down granian" in run.log, run)
        (root / "release").touch()

        assert run.supervisor.wait(45) == 0
        reader.join()
        assert answers[0].startswith(SECRET)
        assert (root / "job-ended").exists()


def test_the_web_server_ends_first_and_valkey_last(root):
    with running(root) as run:
        wait_until(run.everything_runs, run)

        run.supervisor.terminate()
        run.supervisor.wait(45)

        log = run.log
        assert log.index("Granian shutdown completed") < log.index("warm shut down") < log.index("ready to exit")


def test_a_second_start_finds_what_the_first_one_kept(root):
    with running(root) as run:
        wait_until(run.everything_runs, run)
        rq.Queue("later", connection=run.valkey).enqueue("workers.tasks.wait_for_release")

    with running(root, run.port) as run:
        wait_until(run.everything_runs, run)
        assert rq.Queue("later", connection=run.valkey).count == 1


def test_no_part_outlives_a_killed_supervisor_and_the_next_start_works(root):
    with running(root) as run:
        wait_until(run.everything_runs, run)

        run.supervisor.kill()
        run.supervisor.wait()

        wait_until(lambda: run.processes() == [], run, seconds=45)
    with running(root, run.port) as run:
        wait_until(run.everything_runs, run)


def test_a_part_that_cannot_start_is_tried_again_until_it_can(root):
    good = (root / "workers/__main__.py").read_text()
    (root / "workers/__main__.py").write_text("raise SystemExit('not yet')")
    with running(root) as run:
        wait_until(lambda: "worker    | not yet" in run.log, run)
        wait_until(lambda: "next try in 2 s" in run.log, run)

        (root / "workers/__main__.py").write_text(good)

        wait_until(run.everything_runs, run)


def test_a_part_whose_program_is_missing_takes_nothing_else_down(root):
    """It never got a process, and a signal to process group 0 would reach the supervisor itself."""
    with running(root, path="/nowhere") as run:
        wait_until(lambda: "can't find command 'nice'; next try in 2 s" in run.log, run)
        assert run.supervisor.poll() is None
        assert run.get() is not None


def test_the_addresses_are_said_once_and_only_when_the_web_server_answers(root):
    with running(root) as run:
        assert run.get() is not None
        wait_until(run.everything_runs, run)
        os.kill(run.part("web").pid, signal.SIGKILL)
        wait_until(lambda: run.log.count("Listening at") == 2, run)
        wait_until(run.everything_runs, run)
        assert run.log.count("Open http") == 1


def test_a_second_start_in_the_same_place_says_that_one_runs(root):
    with running(root) as run:
        second = subprocess.run(
            command(root, free_port()),
            cwd=root,
            env=environment(),
            capture_output=True,
            text=True,
            check=False,
        )
        assert second.returncode == 1
        assert f"already runs from {root}/var (process {run.supervisor.pid})" in second.stderr


def test_the_settings_reach_the_parts_and_the_secret_no_file(root):
    with running(root) as run:
        wait_until(run.everything_runs, run)
        assert run.get() == f"{SECRET} unix://{root}/var/valkey.sock"
        files = [path for path in (root / "var").rglob("*") if path.is_file()]
        assert files
        assert not [path for path in files if SECRET.encode() in path.read_bytes()]
