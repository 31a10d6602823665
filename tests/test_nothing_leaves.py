"""Nothing leaves: no part opens a connection but to its own database and Redis, and no address that a user gives."""

import ast
import contextlib
import json
import sys
from urllib.request import Request, urlopen

import psutil
import pytest

from service.models import Comment
from tests.conftest import ROOT, a_comment, wait_for

REACHING_OUT = {"socket", "ssl", "http.client", "urllib.request", "smtplib", "ftplib", "imaplib", "xmlrpc.client"}
"""What opens connections in the standard library; whatever else could is not among the dependencies."""

ALLOWED = {
    "service/supervision/preflight.py": "asks whether a port of this machine is free",
    "service/supervision/start.py": "asks the service that it started whether it is ready",
    "service/telemetry/otlp.py": "tells OTLP_ENDPOINT, where an installation sets it, what tests/test_logs.py lists",
    "service/telemetry/sentry.py": "tells SENTRY_DSN, where an installation sets it, what tests/test_logs.py lists",
}
NOT_INSTALLED = {"requests", "httpx", "urllib3", "aiohttp", "boto3", "sentry_sdk", "opentelemetry", "dns", "paramiko"}


def imported(file):
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def test_no_module_can_reach_out_but_those_on_the_list():
    found = {}
    for file in sorted([*(ROOT / "service").rglob("*.py"), *(ROOT / "workers").rglob("*.py")]):
        found_here = set(imported(file))
        names = found_here & REACHING_OUT | {name.partition(".")[0] for name in found_here} & NOT_INSTALLED
        if names:
            found[str(file.relative_to(ROOT))] = names
    assert found.keys() == ALLOWED.keys(), found


def test_no_client_of_other_services_is_among_the_pinned_packages():
    pinned = {line.partition("==")[0] for line in (ROOT / "requirements.txt").read_text().splitlines() if "==" in line}
    assert pinned & {name.replace("_", "-") for name in NOT_INSTALLED} == set()


def elsewhere(process: psutil.Process) -> set[str]:
    """Return the addresses of other machines that the process and its children are connected to."""
    found = set()
    for one in [process, *process.children(recursive=True)]:
        with contextlib.suppress(psutil.NoSuchProcess):
            remote = (connection.raddr.ip for connection in one.net_connections(kind="inet") if connection.raddr)
            found.update(ip for ip in remote if ip.removeprefix("::ffff:") not in {"127.0.0.1", "::1"})
    return found


@pytest.mark.skipif(sys.platform != "linux", reason="Only Linux lets everybody list the connections of a process.")
def test_the_running_parts_are_connected_to_this_machine_alone(base_url, start, site, rows):
    parts = [start("workers"), start("workers", "schedule")]
    address = "https://evil.example/steal?x=http://10.0.0.1/"
    sent = a_comment(article_url=address, body=f"Xem {address} và http://169.254.169.254/latest/meta-data/ nhé.")
    asked = Request(f"{base_url}/v1/comments", json.dumps(sent).encode(), {"Content-Type": "application/json"})
    with urlopen(asked, timeout=20) as answer:
        assert answer.status == 202
    seen: set[str] = set()

    def judged():
        # The web server is a child of this process too.
        seen.update(elsewhere(psutil.Process()))
        return all(row.status != "pending" for row in rows(Comment))

    wait_for(judged, "the comment to be judged")
    assert all(part.running.poll() is None for part in parts)
    assert seen == set()
