"""Runs wrk, the load generator of Debian's package, and reads what it prints."""

import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

UNITS = {"us": 0.001, "ms": 1.0, "s": 1000.0, "m": 60_000.0}
THREADS = 2

# Each thread sends the lines of a file of its own, once.
ONCE_EACH = """
local made = 0
function setup(thread) made = made + 1; thread:set("number", made) end
function init(args)
  lines, at = {}, 0
  for line in io.lines(args[1] .. "." .. number) do lines[#lines + 1] = line end
end
function request()
  at = at + 1
  if at > #lines then wrk.thread:stop() end
  return wrk.format("POST", nil, {["Content-Type"] = "application/json"}, lines[math.min(at, #lines)])
end
"""


@dataclass(frozen=True)
class Load:
    """Requests a second, the latency's median and 99th percentile in milliseconds, and how many were refused."""

    rate: float
    median: float
    p99: float
    refused: int


def get(url: str, *, seconds: float, header: str = "") -> Load:
    """Read an address over and over."""
    return _load(url, seconds, ["-H", header] if header else [], [])


def post(url: str, bodies: list[str], folder: Path, *, seconds: float) -> Load:
    """Send each body once."""
    script = folder / "once.lua"
    script.write_text(ONCE_EACH)
    for thread in range(THREADS):
        (folder / f"bodies.{thread + 1}").write_text("\n".join(bodies[thread::THREADS]) + "\n")
    return _load(url, seconds, ["-s", str(script)], ["--", str(folder / "bodies")])


def _load(url: str, seconds: float, before: list[str], after: list[str]) -> Load:
    program = shutil.which("wrk")
    if program is None:
        sys.exit("The benchmark needs wrk: apt-get install wrk")
    command = [program, f"-t{THREADS}", "-c16", f"-d{seconds:g}s", "--latency", *before, url, *after]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return Load(
        rate=float(_found(r"Requests/sec:\s+([\d.]+)", said)[0]),
        median=_milliseconds(_found(r"50%\s+([\d.]+)(\w+)", said)),
        p99=_milliseconds(_found(r"99%\s+([\d.]+)(\w+)", said)),
        refused=int((re.findall(r"Non-2xx or 3xx responses: (\d+)", said) or ["0"])[0]),
    )


def _found(pattern: str, said: str) -> tuple[str, ...]:
    found = re.search(pattern, said)
    if found is None:
        sys.exit(f"wrk said something else than expected:\n{said}")
    return found.groups()


def _milliseconds(found: tuple[str, ...]) -> float:
    return float(found[0]) * UNITS[found[1]]
