"""How long a browser takes for a proof of work, plain and at its highest price, on this machine and on a slow one.

    python -m tests.bench.proof_times [--share PERCENT]

With a share, `cpulimit` holds the browser to so much of one core, as a cheap phone is held by what it is.
"""

import argparse
import json
import re
import secrets
import shutil
import statistics
import subprocess
from datetime import UTC, datetime

import psutil
from playwright.sync_api import sync_playwright
from redis import Redis

from service.challenges import Challenges, price
from service.challenges.proof import pose
from tests.conftest import ROOT

PLACE = {"site": "bao", "article": "bai-1", "degraded": False}


def solver():
    """Return the function of the form itself that solves a proof."""
    source = (ROOT / "service/web/embed/embed.js").read_text()
    found = re.search(r"const solve = (async .*?\n  \});?\n", source, re.DOTALL)
    return found[1]


def times(page, challenges, factor, number):
    taken = []
    for _ in range(number):
        now = datetime.now(UTC)
        posed = pose(challenges, **PLACE, until=now + challenges.lifetime, factor=factor)
        code = f"async (posed) => {{ const solve = {solver()}; const t = performance.now(); await solve(posed);"
        taken.append(page.evaluate(code + " return performance.now() - t; }", json.loads(json.dumps(posed))) / 1000)
    return taken


def main():
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--share", type=int, default=0)
    asked.add_argument("--number", type=int, default=10)
    options = asked.parse_args()
    challenges = Challenges(redis=Redis(), key=secrets.token_bytes(32))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = browser.new_page()
        page.route("http://localhost/", lambda route: route.fulfill(body="<title>proof</title>"))
        page.goto("http://localhost/")
        held = []
        if options.share:
            # Whoever works for the page: the renderer's processes are the children of the browser's.
            for process in psutil.Process().children(recursive=True):
                if "--type=renderer" in process.cmdline():
                    command = ["cpulimit", "--limit", str(options.share), "--pid", str(process.pid)]
                    held.append(subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
        where = f"a renderer held to {options.share} % of a core" if options.share else "this machine"
        for name, factor in (("plain", 1.0), ("highest", price.CAP)):
            taken = times(page, challenges, factor, options.number)
            print(f"{name} (x{factor:g}), {where}: median {statistics.median(taken):.1f} s, longest {max(taken):.1f} s")
        for one in held:
            one.terminate()
        browser.close()


if __name__ == "__main__":
    main()
