"""What the image would hold, in a folder of its own, with each service's command on a real PostgreSQL and Valkey."""

import json
import os
import re
import shutil
import subprocess
import sys

import psycopg
import pytest
import yaml

from service import jobs
from tests.conftest import ROOT, free_port, wait_for

SECRET = "long-enough-and-of-this-test-alone"

pytestmark = pytest.mark.chaos


@pytest.fixture
def image(tmp_path):
    """The working directory of a container: what the Dockerfile copies, and nothing else."""
    folder = tmp_path / "app"
    folder.mkdir()
    for line in (ROOT / "Dockerfile").read_text().splitlines():
        if line.startswith("COPY") and "--from" not in line:
            name = line.split()[1]
            copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
            copy(ROOT / name, folder / name)
    return folder


@pytest.fixture
def database(postgres):
    """An empty database of its own, as a new volume holds it."""
    with psycopg.connect(postgres, autocommit=True) as server:
        server.execute("DROP DATABASE IF EXISTS compose WITH (FORCE)")
        server.execute("CREATE DATABASE compose")
    return re.sub(r"/postgres(?=\?|$)", "/compose", postgres).replace("postgresql://", "postgresql+psycopg://", 1)


@pytest.fixture
def services():
    return yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]


@pytest.fixture
def run(image, database, redis_url, services):
    """Start a service as Compose would, but for the addresses of what it stands on."""
    started = []
    port = free_port()

    def begin(name):
        given = {
            key: re.sub(r"\$\{\w+:[-?](.*?)\}", SECRET, value) for key, value in services[name]["environment"].items()
        }
        here = {
            "DATABASE_URL": database,
            "REDIS_URL": redis_url,
            "DATA_KEYS": "",
            "METRICS_TOKEN": "",
            "REQUIRE_CODE": "",
            "REQUIRE_OWN_PASSWORD": "",
            "TRUSTED_PROXIES": "1",
            "HOST": "127.0.0.1",
            "PORT": str(port),
            "PUBLIC_URL": "https://comments.example.org",
        }
        assert set(here) | {"SECRET_KEY"} == set(given)
        command = services[name].get("command") or instruction("CMD")
        process = subprocess.Popen(
            [sys.executable, *(word.replace("8080", str(port)) for word in command[1:])],
            cwd=image,
            env={"PATH": os.defpath, **given, **here},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        started.append(process)
        return process

    begin.port = port
    yield begin
    for process in started:
        process.terminate()
    for process in started:
        process.communicate(timeout=45)


def instruction(word):
    """Return the command that the last such line of the Dockerfile names."""
    text = (ROOT / "Dockerfile").read_text().replace("\\\n", " ")
    return json.loads(re.findall(rf"{word} (\[.*\])$", text, re.MULTILINE)[-1])


def healthy(port):
    [check] = re.findall(
        r"^HEALTHCHECK .*?CMD (\[.*?\])$", (ROOT / "Dockerfile").read_text().replace("\\\n", " "), re.MULTILINE
    )
    command = [word.replace("8080", str(port)) for word in json.loads(check)[1:]]
    return subprocess.run([sys.executable, *command], capture_output=True, check=False).returncode == 0


def test_every_service_of_the_compose_file_starts_on_postgresql_and_valkey(run, valkey):
    migrate = run("migrate")
    assert migrate.wait(60) == 0, migrate.stdout.read().decode()
    assert not healthy(run.port)

    web, worker, scheduler = run("web"), run("worker"), run("scheduler")

    wait_for(lambda: healthy(run.port), "the health check", 60)
    wait_for(lambda: valkey.scard("rq:workers") == 1, "the worker", 60)
    wait_for(lambda: valkey.exists(jobs.BEAT), "the scheduler", 60)
    assert [part.poll() for part in (web, worker, scheduler)] == [None, None, None]
    for part in (web, worker, scheduler):
        part.terminate()
    assert [part.wait(45) for part in (web, worker, scheduler)] == [0, 0, 0]
