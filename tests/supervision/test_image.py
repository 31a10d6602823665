"""The Dockerfile, the Compose file and the manifests, as far as they can be proved without a container engine."""

import importlib.util
import json
import re
import shutil
import subprocess

import pytest
import yaml

from service.supervision.parts import parts
from tests.supervision.stand_in import ROOT

COMPOSE = shutil.which("docker-compose")
SECRETS = {"SECRET_KEY": "a", "POSTGRES_PASSWORD": "b", "VALKEY_PASSWORD": "c", "PUBLIC_URL": "https://example.org"}
APPLICATION = {"migrate", "web", "worker", "scheduler"}


@pytest.fixture(scope="module")
def compose():
    return yaml.safe_load((ROOT / "docker-compose.yml").read_text())


@pytest.fixture(scope="module")
def manifests():
    files = sorted((ROOT / "deploy/kubernetes").glob("*.yaml"))
    return [document for file in files for document in yaml.safe_load_all(file.read_text())]


@pytest.fixture(scope="module")
def instructions():
    text = (ROOT / "Dockerfile").read_text().replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return [tuple(line.split(maxsplit=1)) for line in lines]


def check(environment):
    return subprocess.run(
        [COMPOSE, "--file", ROOT / "docker-compose.yml", "config"],
        cwd=ROOT / "deploy",
        env={"PATH": "/usr/bin:/bin", **environment},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.skipif(COMPOSE is None, reason="docker-compose is not installed; .ci/run installs it")
def test_compose_itself_accepts_the_file():
    found = check(SECRETS)
    assert found.returncode == 0, found.stderr


@pytest.mark.skipif(COMPOSE is None, reason="docker-compose is not installed; .ci/run installs it")
@pytest.mark.parametrize("name", SECRETS)
def test_compose_refuses_to_start_without_a_secret(name):
    found = check(SECRETS | {name: ""})
    assert found.returncode != 0
    assert "in .env" in found.stderr


def test_no_secret_has_a_default():
    text = (ROOT / "docker-compose.yml").read_text()
    ways = dict(re.findall(r"\$\{([A-Z_]*(?:PASSWORD|SECRET|KEY)[A-Z_]*)(:\?|[^}]*)", text))
    # DATA_KEYS may be empty: then they are derived from SECRET_KEY.
    assert ways.pop("DATA_KEYS") == ":-"
    # No secret but a switch.
    assert ways.pop("REQUIRE_OWN_PASSWORD") == ":-"
    assert ways == {"SECRET_KEY": ":?", "POSTGRES_PASSWORD": ":?", "VALKEY_PASSWORD": ":?"}


def test_the_example_names_every_variable_that_compose_asks_for():
    asked = set(re.findall(r"\$\{([A-Z_]+):\?", (ROOT / "docker-compose.yml").read_text()))
    example = (ROOT / "deploy/compose.env.example").read_text()
    assert asked == set(re.findall(r"^([A-Z_]+)=$", example, re.MULTILINE))


def test_every_part_of_the_application_is_the_same_image_without_rights(compose):
    services = compose["services"]
    assert set(services) == APPLICATION | {"postgres", "valkey"}
    for name in APPLICATION:
        assert services[name]["image"] == services["web"]["image"]
        assert services[name]["read_only"]
        assert services[name]["cap_drop"] == ["ALL"]


def test_only_the_web_part_is_reachable_and_only_from_this_host(compose):
    published = {name: service["ports"] for name, service in compose["services"].items() if "ports" in service}
    assert list(published) == ["web"]
    assert all(port.startswith("127.0.0.1:") for port in published["web"])


def test_what_is_stored_lies_in_named_volumes(compose):
    mounts = [mount for service in compose["services"].values() for mount in service.get("volumes", [])]
    assert {mount.split(":")[0] for mount in mounts} == set(compose["volumes"])


def test_the_queue_is_kept_and_never_evicted(compose):
    [command] = compose["services"]["valkey"]["command"][2:]
    assert "--appendonly yes" in command
    assert "--maxmemory-policy noeviction" in command


def test_the_parts_wait_for_the_migrations(compose):
    for name in APPLICATION - {"migrate"}:
        wanted = compose["services"][name]["depends_on"]
        assert wanted["migrate"] == {"condition": "service_completed_successfully"}


def test_the_image_serves_as_the_supervisor_does(instructions, tmp_path):
    """Written twice, in the Dockerfile and in the supervisor's parts, so that neither needs the other."""
    [command] = [json.loads(rest) for word, rest in instructions if word == "CMD"]
    *_, web = parts(
        var=tmp_path,
        host="0.0.0.0",  # noqa: S104 - compared, not bound.
        port=8080,
        embedded_valkey=False,
        web_workers=2,
        web_threads=8,
        rq_workers=1,
    )
    assert command[1:] == list(web.command)[1:]


def test_the_image_runs_as_an_ordinary_user_from_hashed_wheels(instructions):
    assert [rest for word, rest in instructions if word == "USER"] == ["10001"]
    [install] = [rest for word, rest in instructions if "pip install" in rest]
    assert "--require-hashes" in install
    assert "--only-binary :all:" in install
    assert not [
        rest for word, rest in instructions if word in {"ENV", "ARG"} and re.search("SECRET|PASSWORD|KEY", rest)
    ]


def test_the_image_takes_only_what_exists_and_the_build_sees_nothing_else(instructions):
    taken = {rest.split()[0] for word, rest in instructions if word == "COPY" and "--from" not in rest}
    assert taken == {"requirements.txt", "requirements-telemetry.txt", "pyproject.toml", "service", "workers"}
    assert all((ROOT / name).exists() for name in taken)
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    assert {line[1:] for line in ignored if line.startswith("!")} == taken


def commands_of(compose, manifests):
    found = [service["command"] for name, service in compose["services"].items() if name in APPLICATION - {"web"}]
    for manifest in manifests:
        pod = manifest.get("spec", {}).get("template", {}).get("spec", {})
        found += [container["command"] for container in pod.get("containers", []) if "command" in container]
    return found


def test_every_command_is_one_that_exists(compose, manifests):
    commands = commands_of(compose, manifests)
    assert sorted({tuple(command) for command in commands}) == [
        ("python", "-m", "service", "metrics", "--host", "0.0.0.0", "--port", "9464"),  # noqa: S104 - compared.
        ("python", "-m", "service", "migrate"),
        ("python", "-m", "workers"),
        ("python", "-m", "workers", "schedule"),
    ]
    assert all(importlib.util.find_spec(f"{command[2]}.__main__") for command in commands)


def test_every_pod_is_restricted_as_its_namespace_asks(manifests):
    pods = [manifest["spec"]["template"]["spec"] for manifest in manifests if "template" in manifest.get("spec", {})]
    assert len(pods) == 4
    for pod in pods:
        assert pod["securityContext"]["runAsNonRoot"]
        assert not pod["automountServiceAccountToken"]
        for container in pod["containers"]:
            assert container["securityContext"] == {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
            }


def test_the_kustomization_lists_every_manifest():
    folder = ROOT / "deploy/kubernetes"
    listed = yaml.safe_load((folder / "kustomization.yaml").read_text())["resources"]
    assert sorted(listed) == sorted(file.name for file in folder.glob("*.yaml") if file.name != "kustomization.yaml")


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed")
def test_systemd_accepts_the_unit(tmp_path):
    unit = tmp_path / "duyet.service"
    text = (ROOT / "deploy/duyet.service").read_text()
    unit.write_text(text.replace("/opt/duyet/.venv/bin/python", "/bin/true"))
    found = subprocess.run(["systemd-analyze", "verify", unit], capture_output=True, text=True, check=False)
    assert found.stderr + found.stdout == ""
