"""Counts of many processes: summed, kept when a process ends, and never in the way of what is counted."""

import multiprocessing
import os
import signal

import pytest

from service.metrics import Tally, tally
from service.metrics.vocabulary import BELLS, CONNECTIONS, VERDICT_SECONDS
from tests.conftest import ROOT, wait_for

RUNG = ("duyet_bells", "rung")


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "metrics"


@pytest.fixture
def begin(folder):
    """Begin to count, as a process of its own does."""
    begun = []

    def new():
        begun.append(Tally(folder))
        return begun[-1]

    yield new
    for counts in begun:
        counts.close()


def in_a_child(work):
    """Fork, work, end without any tidying up, as a work horse of RQ or a killed process does."""
    child = os.fork()
    if not child:
        work()
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0


def test_what_was_counted_is_summed_over_all_that_count_here(begin, folder):
    first, second = begin(), begin()
    first.add(BELLS, "rung")
    second.add(BELLS, "rung", by=2)
    second.add(BELLS, "lost")

    assert first.totals() == second.totals() == {RUNG: 3, ("duyet_bells", "lost"): 1}


def test_nobody_has_counted_yet(begin, folder):
    assert begin().totals() == {}


def test_a_length_of_time_falls_into_its_bucket(begin, folder):
    counts = begin()
    for seconds in (0.0005, 0.001, 0.003, 99, -1):
        counts.observe(VERDICT_SECONDS, seconds)

    name = VERDICT_SECONDS.name
    assert counts.totals() == {
        (name, "0.001"): 3,
        (name, "0.005"): 1,
        (name, "+Inf"): 1,
        (name, "sum"): pytest.approx(99.0045),
    }


def test_a_child_begins_with_nothing_and_its_counts_outlive_it(begin, folder):
    counts = begin()
    counts.add(BELLS, "rung", by=5)
    in_a_child(lambda: counts.add(BELLS, "rung"))
    counts.add(BELLS, "rung")

    assert counts.totals() == {RUNG: 7}


def test_a_gauge_ends_with_its_process_even_a_killed_one(begin, folder):
    counts = begin()
    counts.add(CONNECTIONS)
    child = os.fork()
    if not child:
        counts.add(CONNECTIONS, by=3)
        signal.pause()
    wait_for(lambda: counts.totals() == {(CONNECTIONS.name,): 4}, "the child's gauge")
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)

    assert counts.totals() == {(CONNECTIONS.name,): 1}


def test_a_thousand_short_lives_leave_a_few_files_and_all_of_their_counts(begin, folder):
    counts = begin()
    counts.add(BELLS, "rung")
    for _ in range(150):
        in_a_child(lambda: (counts.add(BELLS, "rung"), counts.add(CONNECTIONS)))

    assert counts.totals()[RUNG] == 151
    assert CONNECTIONS.name not in {key[0] for key in counts.totals()}
    assert len(list(folder.iterdir())) <= tally.MOST_FILES + 5


def test_whoever_ends_while_the_dead_are_buried_counts_nobody_twice(begin, folder):
    for _ in range(tally.MOST_FILES + 1):
        in_a_child(lambda: begin().add(BELLS, "rung"))
    dead = {file.name: file.read_bytes() for file in folder.glob("*.counts")}
    begin().add(BELLS, "rung")
    assert not set(dead) & {file.name for file in folder.iterdir()}
    # As if the process had been killed between writing the sums and removing the files.
    for name, content in dead.items():
        (folder / name).write_bytes(content)

    assert begin().totals()[RUNG] == len(dead) + 1
    for _ in range(tally.MOST_FILES):
        in_a_child(lambda: begin().add(BELLS, "rung"))
    assert begin().totals()[RUNG] == len(dead) + 1 + tally.MOST_FILES


def test_sums_never_fall_while_processes_come_and_go(begin, folder):
    counts = begin()
    counts.add(BELLS, "rung")
    forking = multiprocessing.get_context("fork")
    done = forking.Event()

    def bear():
        for _ in range(100):
            in_a_child(lambda: counts.add(BELLS, "rung"))
        done.set()

    mother = forking.Process(target=bear)
    mother.start()
    seen = [counts.totals()[RUNG]]
    while not done.is_set():
        seen.append(counts.totals()[RUNG])
    mother.join()

    assert seen == sorted(seen)
    assert counts.totals()[RUNG] == 101


def test_a_folder_that_cannot_be_made_stops_nobody(tmp_path, capfd):
    (tmp_path / "file").write_text("in the way")
    counts = Tally(tmp_path / "file" / "metrics")
    counts.add(BELLS, "rung")
    counts.add(BELLS, "rung")

    assert counts.totals() == {}
    assert "metrics_not_written" in "".join(capfd.readouterr())


@pytest.mark.parametrize("content", [b"", b"{", b'{"turn": 1}', b"[]", b'{"turn": "", "merged": [], "sums": [["x"]]}'])
def test_sums_that_cannot_be_read_are_begun_anew(begin, folder, content):
    counts = begin()
    counts.add(BELLS, "rung")
    (folder / "gone.json").write_bytes(content)

    assert counts.totals() == {RUNG: 1}


def test_half_a_record_is_not_read(begin, folder):
    counts = begin()
    counts.add(BELLS, "rung")
    counts.add(BELLS, "lost")
    [file] = folder.glob("*.counts")
    os.truncate(file, file.stat().st_size - 9)

    assert begin().totals() == {RUNG: 1}


def test_the_names_of_metrics_are_said_in_one_place():
    text = "".join(file.read_text() for file in (ROOT / "service").rglob("*.py") if file.parent.name != "metrics")
    assert '"duyet_' not in text.replace('TOKEN_PREFIX = "duyet_"', "")
