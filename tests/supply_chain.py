"""`make audit`: known weaknesses of the pinned packages, and one sentence when nobody could be asked."""

import json
import subprocess
import sys
from pathlib import Path

ACCEPTED: dict[str, str] = {}
"""Id of an advisory to the reason for which it does not concern us."""


def judged(report: dict) -> tuple[int, str]:
    """Return the exit status and what to say about pip-audit's report."""
    asked = [one for one in report["dependencies"] if "skip_reason" not in one]
    unasked = len(report["dependencies"]) - len(asked)
    found = [
        f"{one['name']} {one['version']}: {weak['id']}, mended in {', '.join(weak['fix_versions']) or 'no version yet'}"
        for one in asked
        for weak in one["vulns"]
        if weak["id"] not in ACCEPTED
    ]
    if found:
        return 1, "\n".join(found)
    if not asked:
        return 0, "NOT AUDITED: no advisory database could be reached from here; run `make audit` where there is one."
    return 0, f"No known weakness in {len(asked)} packages" + (
        f"; {unasked} could not be asked about." if unasked else "."
    )


def main(files: list[str]) -> int:
    """Audit requirement files."""
    status = 0
    for file in files:
        done = subprocess.run(
            [sys.executable, "-m", "pip_audit", "--disable-pip", "--require-hashes", "-f", "json", "-r", file],
            capture_output=True,
            check=False,
            text=True,
        )
        try:
            report = json.loads(done.stdout)
        except ValueError:
            report = {"dependencies": []}
        found, said = judged(report)
        sys.stdout.write(f"{Path(file).name}: {said}\n")
        status = max(status, found)
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
