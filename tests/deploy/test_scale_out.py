"""Two hosts that share nothing but PostgreSQL and Valkey: work is divided, lists agree, metrics add up."""

import json
import time
import urllib.request

import pytest
from prometheus_client.parser import text_string_to_metric_families

from service.models import Comment
from tests.conftest import a_comment, free_port, wait_for

WEB = ("granian", "--interface", "wsgi", "--workers", "1", "--blocking-threads", "4", "service.wsgi:application")


@pytest.fixture
def hosts(start, tmp_path):
    """The addresses of two hosts, each with a web part and a worker in a folder of its own; one scheduler."""
    addresses = []
    for name in ("one", "two"):
        port, var = free_port(), str(tmp_path / name)
        web = start(*WEB[:-1], "--port", str(port), WEB[-1], VAR_DIR=var)
        start("workers", VAR_DIR=var)
        wait_for(lambda web=web: b"Started worker" in web.log.read_bytes(), f"the web part of host {name}")
        addresses.append(f"http://127.0.0.1:{port}")
    start("workers", "schedule", VAR_DIR=str(tmp_path / "one"))
    return addresses


def ask(address, path, comment=None):
    body = json.dumps(comment).encode() if comment is not None else None
    request = urllib.request.Request(address + path, body, {"Content-Type": "application/json"} if body else {})
    with urllib.request.urlopen(request, timeout=20) as answer:
        return answer.read().decode()


def total(page, name):
    return sum(
        one.value for family in text_string_to_metric_families(page) for one in family.samples if one.name == name
    )


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
@pytest.mark.usefixtures("site")
def test_two_hosts_are_one_service(hosts, rows, client):
    one, _ = hosts
    for n in range(12):
        for address in hosts:
            ask(address, "/v1/comments", a_comment(body=f"Đề nghị phường {n} sửa con đường trước chợ {address[-3:]}."))
    wait_for(lambda: "pending" not in {row.status for row in rows(Comment)}, "every verdict")

    pages = [ask(address, "/metrics") for address in hosts]
    assert [total(page, "duyet_comments_accepted_total") for page in pages] == [12, 12]
    # The workers of both hosts hear the same bells; what they decided is on their own host's page.
    wait_for(lambda: sum(total(ask(it, "/metrics"), "duyet_decisions_total") for it in hosts) == 24, "24 decisions")
    wait_for(lambda: [total(ask(it, "/metrics"), "duyet_workers") for it in hosts] == [2, 2], "the same on both")

    path = "/v1/comments?site=bao&article=neu"
    assert [json.loads(ask(address, path))["count"] for address in hosts] == [0, 0]
    ask(one, "/v1/comments", a_comment(article="neu", body="Bài viết về cây cầu mới rất hay và rõ ràng."))
    wait_for(lambda: [row.status for row in rows(Comment)].count("pending") == 0, "the verdict")
    decided = time.monotonic()
    wait_for(lambda: [json.loads(ask(it, path))["count"] for it in hosts] == [1, 1], "the comment on both hosts")
    assert time.monotonic() - decided < 2, "a second, and a busy machine's second"
