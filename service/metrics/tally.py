"""The counts of this process in a file of its own, and the sums over the files of all processes of the host.

    var/metrics/ID.counts   one living process each: it holds a lock on its file
    var/metrics/gone.json   the sums of the processes that ended, and whose files are in them

A lock tells the living from the dead, whatever became of process numbers, and a kill -9 releases it. A number
is one write of eight bytes in place: nothing is counted twice, nothing is mapped into memory that a full disk could
turn into a crash. Counting never raises: what cannot be written is counted in memory until it can (ADR 150).
"""

import contextlib
import fcntl
import json
import os
import struct
import threading
import time
import uuid
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import structlog

from service.metrics.vocabulary import COUNTED, Metric

RECORD = struct.Struct("<dQ")
"""A value and the length of its key, which follows, filled up to a multiple of eight bytes."""
VALUE = struct.Struct("<d")
MOST_FILES = 20
"""With more than so many, a new process adds those of dead ones to the sums."""
RETRY_SECONDS = 5.0
GAUGES = frozenset(metric.name for metric in COUNTED if metric.kind == "gauge")

Key = tuple[str, ...]
"""A metric's name, its labels' values, and for a histogram `sum` or a bucket's upper end."""

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class _Slot:
    value: float = 0.0
    offset: int | None = None


@dataclass(slots=True)
class Tally:
    """What one process counts; a forked child begins anew, with a file of its own."""

    folder: Path
    _slots: dict[Key, _Slot] = field(default_factory=dict)
    _file: int | None = None
    _process: int = 0
    _end: int = 0
    _retry: float = 0.0
    _lock: Any = field(default_factory=threading.Lock)

    def add(self, metric: Metric, *labels: str, by: float = 1.0) -> None:
        """Count `by` more under these labels."""
        self._change((metric.name, *labels), by)

    def set(self, metric: Metric, value: float, *labels: str) -> None:
        """Say what this process's gauge stands at."""
        self._change((metric.name, *labels), value, put=True)

    def observe(self, metric: Metric, seconds: float, *labels: str) -> None:
        """Put a length of time into its bucket."""
        self.observe_all(metric, (seconds,), *labels)

    def observe_all(self, metric: Metric, lengths: Iterable[float], *labels: str) -> None:
        """Put each length of time into its bucket, with one write for each bucket."""
        total, counts = 0.0, Counter[int]()
        for seconds in lengths:
            total += max(0.0, seconds)
            counts[bisect_left(metric.buckets, seconds)] += 1
        for at, count in counts.items():
            upper = str(float(metric.buckets[at])) if at < len(metric.buckets) else "+Inf"
            self._change((metric.name, *labels, upper), count)
        if counts:
            self._change((metric.name, *labels, "sum"), total)

    def totals(self) -> dict[Key, float]:
        """Return the sums over all processes, living and ended; gauges over the living alone."""
        if not self.folder.is_dir():
            return {}
        while True:
            before = _read_gone(self.folder)
            sums, merged = defaultdict(float, before.sums), before.merged
            for file in _counts(self.folder):
                if file.name in merged:
                    continue
                with contextlib.suppress(FileNotFoundError), file.open("rb") as opened:
                    alive = not _locked(opened, fcntl.LOCK_SH)
                    for key, value in _records(opened.read()):
                        if alive or key[0] not in GAUGES:
                            sums[key] += value
            # Files of dead processes may have moved into the sums meanwhile.
            if _read_gone(self.folder).turn == before.turn:
                return dict(sums)

    def close(self) -> None:
        """Leave the counts behind as those of a process that ended."""
        with self._lock:
            self._begin()

    def _change(self, key: Key, amount: float, *, put: bool = False) -> None:
        with self._lock:
            if self._process != os.getpid():
                self._begin()
            slot = self._slots.get(key)
            if slot is None:
                slot = self._slots[key] = _Slot()
            slot.value = amount if put else slot.value + amount
            try:
                self._write(key, slot)
            except OSError as error:
                self._retry = time.monotonic() + RETRY_SECONDS
                log.warning("metrics_not_written", error=type(error).__name__)

    def _begin(self) -> None:
        # What a parent counted is the parent's, and so is its lock, which this does not open.
        if self._file is not None:
            os.close(self._file)
        self._process, self._slots, self._file, self._end, self._retry = os.getpid(), {}, None, 0, 0.0

    def _write(self, key: Key, slot: _Slot) -> None:
        if self._file is not None and slot.offset is not None:
            os.pwrite(self._file, VALUE.pack(slot.value), slot.offset)
            return
        if time.monotonic() < self._retry:
            return
        if self._file is None:
            self._file = _new_file(self.folder)
        name = json.dumps(key, ensure_ascii=True).encode()
        record = RECORD.pack(slot.value, len(name)) + name.ljust(-len(name) // 8 * -8)
        os.pwrite(self._file, record, self._end)
        slot.offset = self._end
        self._end += len(record)


@dataclass(frozen=True, slots=True)
class _Gone:
    turn: str
    sums: dict[Key, float]
    merged: frozenset[str]


def _new_file(folder: Path) -> int:
    folder.mkdir(parents=True, exist_ok=True)
    _bury(folder)
    final = folder / f"{uuid.uuid4().hex}.counts"
    early = final.with_suffix(".new")
    file = os.open(early, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    # Nobody may take the file for a dead process's between its making and its lock.
    fcntl.flock(file, fcntl.LOCK_EX)
    early.rename(final)
    return file


def _bury(folder: Path) -> None:
    """Add the files of dead processes to the sums, each exactly once, whatever ends this process meanwhile."""
    if len(list(_counts(folder))) <= MOST_FILES:
        return
    with (folder / "lock").open("ab") as turn, contextlib.ExitStack() as held:
        if not _locked(turn, fcntl.LOCK_EX):
            return
        before = _read_gone(folder)
        for name in before.merged:
            (folder / name).unlink(missing_ok=True)
        sums, merged = defaultdict(float, before.sums), []
        for file in _counts(folder):
            opened = held.enter_context(file.open("rb"))
            if not _locked(opened, fcntl.LOCK_EX):
                continue
            for key, value in _records(opened.read()):
                if key[0] not in GAUGES:
                    sums[key] += value
            merged.append(file)
        document = {
            "turn": uuid.uuid4().hex,
            "merged": [file.name for file in merged],
            "sums": [[*key, value] for key, value in sums.items()],
        }
        new = folder / "gone.json.new"
        new.write_text(json.dumps(document), encoding="ascii")
        new.replace(folder / "gone.json")
        for file in merged:
            file.unlink()


def _read_gone(folder: Path) -> _Gone:
    try:
        document = json.loads((folder / "gone.json").read_text(encoding="ascii"))
        sums = {tuple(row[:-1]): float(row[-1]) for row in document["sums"]}
        return _Gone(document["turn"], sums, frozenset(document["merged"]))
    except FileNotFoundError:
        return _Gone("", {}, frozenset())
    except (OSError, ValueError, KeyError, TypeError) as error:
        log.warning("metrics_not_read", error=type(error).__name__)
        return _Gone("", {}, frozenset())


def _counts(folder: Path) -> Iterator[Path]:
    return folder.glob("*.counts")


def _locked(file: IO[bytes], kind: int) -> bool:
    try:
        fcntl.flock(file, kind | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _records(content: bytes) -> Iterator[tuple[Key, float]]:
    at = 0
    while at + RECORD.size <= len(content):
        value, length = RECORD.unpack_from(content, at)
        start = at + RECORD.size
        end = start + length
        if not length or end > len(content):
            return  # A record is being written this moment.
        with contextlib.suppress(ValueError):
            yield tuple(json.loads(content[start:end])), value
        at = start + -(-length // 8) * 8
