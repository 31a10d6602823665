"""No process outlives its part: the children that a part leaves behind are found and ended.

A part may put its children into process groups of their own, as an RQ worker does with its work horse,
so a signal to the group is not enough. On Linux the supervisor adopts whatever its parts leave behind,
and every part is told when the supervisor itself dies; elsewhere the process group has to do.
"""

import contextlib
import ctypes
import os
import signal
import sys
from collections.abc import Collection
from pathlib import Path

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36


def adopt_orphans() -> None:
    """Become the parent of every descendant whose own parent dies."""
    _prctl(PR_SET_CHILD_SUBREAPER, 1)


def lead_group_until_parent_dies() -> None:
    """Head a process group of its own, and stop when the supervisor is gone; for a child before its exec."""
    os.setpgrp()
    _prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def end_group(pid: int) -> None:
    """Kill what is left of the process group that this part headed."""
    if not pid:
        # A part that could not be started has no process, and group 0 would be the supervisor's own.
        return
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


def end_orphans(kept: Collection[int]) -> None:
    """Kill every adopted process, with all of its descendants; `kept` are the parts themselves."""
    me = os.getpid()
    parent_of = _parents()
    doomed = {pid for pid, parent in parent_of.items() if parent == me and pid not in kept}
    while more := {pid for pid, parent in parent_of.items() if parent in doomed} - doomed:
        doomed |= more
    for pid in doomed:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, signal.SIGKILL)


def reap() -> None:
    """Wait for the processes that were killed, so that none of them is left as a zombie."""
    with contextlib.suppress(ChildProcessError):
        while True:
            os.waitpid(-1, 0)


def _parents() -> dict[int, int]:
    parents = {}
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            # The command's name stands in brackets and may hold anything, brackets too.
            fields = (process / "stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
            parents[int(process.name)] = int(fields[1])
    return parents


def _prctl(option: int, value: int) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)
