"""The short form of `make chaos`: on both databases at once, the quick faults once each, and nothing may be lost.

R1 (every 202 ends in one decision), R2, R3, R7, R9 (workers and Valkey killed), R15 (a full disk) of the list in
docs/operations.md, and every row of the failure table but the one of checks: the real parts, over HTTP.
"""

import subprocess
import sys

import pytest

from tests.conftest import ROOT

LONGEST_SECONDS = 300


@pytest.mark.chaos
def test_nothing_that_was_accepted_is_lost_or_decided_twice_whatever_dies(tmp_path):
    command = [sys.executable, "-W", "ignore", "-m", "tests.chaos", "--short", "--only"]
    storms = {
        kind: subprocess.Popen([*command, kind], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        for kind in ("sqlite", "postgresql")
    }
    try:
        said = {kind: storm.communicate(timeout=LONGEST_SECONDS)[0] for kind, storm in storms.items()}
    finally:
        for storm in storms.values():
            storm.terminate()
            storm.wait()
    for kind, storm in storms.items():
        assert storm.returncode == 0, f"{kind}:\n{said[kind]}"
        assert "lost 0, pending 0, decided twice 0, never 0" in said[kind], said[kind]
