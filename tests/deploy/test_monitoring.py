"""The alerts and the dashboard: accepted and proved by promtool, true to what is counted, each with its paragraph."""

import json
import re
import shutil
import subprocess

import pytest
import yaml

from service.metrics import vocabulary
from tests.conftest import ROOT

PROMETHEUS = ROOT / "deploy/prometheus"
PROMTOOL = shutil.which("promtool")
SUFFIXES = {"counter": ("_total",), "gauge": ("",), "histogram": ("_bucket", "_sum", "_count")}
SERIES = {
    metric.name + suffix: {*metric.labels, "le", "instance", "job"}
    for metric in (*vocabulary.COUNTED, *vocabulary.SEEN)
    for suffix in SUFFIXES[metric.kind]
}

with_promtool = pytest.mark.skipif(PROMTOOL is None, reason="promtool is not installed; .ci/run installs it")


@pytest.fixture(scope="module")
def alerts():
    [group] = yaml.safe_load((PROMETHEUS / "alerts.yml").read_text())["groups"]
    return {rule["alert"]: rule for rule in group["rules"]}


@pytest.fixture(scope="module")
def panels():
    return json.loads((ROOT / "deploy/grafana/duyet.json").read_text())["panels"]


def expressions(panels):
    return [target["expr"] for panel in panels for target in panel.get("targets", ())]


def asked_in_the_docs():
    """Return the questions that the page on operations answers in PromQL."""
    found = re.findall(r"^\| [^|]+\? \| `([^`]+)`", (ROOT / "docs/operations.md").read_text(), re.MULTILINE)
    assert len(found) > 4
    return found


def promtool(*arguments):
    return subprocess.run([PROMTOOL, *arguments], cwd=PROMETHEUS, capture_output=True, text=True, check=False)


@with_promtool
@pytest.mark.parametrize(
    "arguments",
    [
        "check rules alerts.yml",
        "test rules alerts.test.yml",
        "check config prometheus.yml",
    ],
)
def test_promtool_accepts_and_proves(arguments):
    found = promtool(*arguments.split())
    assert found.returncode == 0, found.stdout + found.stderr


@with_promtool
def test_promtool_accepts_what_is_scraped_in_a_cluster_but_for_the_looking_which_debians_knows_nothing_of(tmp_path):
    config = yaml.safe_load((PROMETHEUS / "kubernetes.yml").read_text())
    [job] = config["scrape_configs"]
    assert job.pop("kubernetes_sd_configs") == [{"role": "pod", "namespaces": {"names": ["duyet"]}}]
    config["rule_files"] = [str(PROMETHEUS / name) for name in config["rule_files"]]
    file = tmp_path / "kubernetes.yml"
    file.write_text(yaml.safe_dump(config))
    found = promtool("check", "config", str(file))
    assert found.returncode == 0, found.stdout + found.stderr


@with_promtool
def test_every_question_of_the_dashboard_and_of_the_docs_is_promql(panels, tmp_path):
    rules = [
        {"record": f"panel:{n}", "expr": one.replace("$__rate_interval", "5m")}
        for n, one in enumerate(expressions(panels) + asked_in_the_docs())
    ]
    file = tmp_path / "panels.yml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "panels", "rules": rules}]}))
    found = promtool("check", "rules", str(file))
    assert found.returncode == 0, found.stdout + found.stderr


def test_alerts_dashboard_and_docs_name_only_what_is_on_the_page(alerts, panels):
    asked = [rule["expr"] for rule in alerts.values()] + expressions(panels) + asked_in_the_docs()
    for expression in asked:
        named = set(re.findall(r"\bduyet_\w+", expression))
        assert named <= set(SERIES), expression
        labels = set().union(*(SERIES[name] for name in named)) | {"job", "instance"}
        used = set(re.findall(r"(\w+)(?:=~|!=|=)\"", expression))
        used |= {one.strip() for group in re.findall(r"by \(([^)]*)\)", expression) for one in group.split(",")}
        assert used <= labels, expression


@pytest.mark.parametrize("file", ["prometheus.yml", "kubernetes.yml"])
def test_what_is_scraped_stands_under_the_job_that_the_alerts_ask_for(alerts, file):
    [scraped] = yaml.safe_load((PROMETHEUS / file).read_text())["scrape_configs"]
    asked = set(re.findall(r'job="(\w+)"', " ".join(rule["expr"] for rule in alerts.values())))
    assert asked == {scraped["job_name"]}


def test_every_alert_has_a_paragraph_and_every_paragraph_an_alert(alerts):
    text = (ROOT / "docs/operations.md").read_text()
    paragraphs = re.findall(r"^\*\*(Duyet\w+)\.\*\* .{40,}", text, re.MULTILINE)
    assert sorted(paragraphs) == sorted(alerts)
    assert {rule["labels"]["severity"] for rule in alerts.values()} == {"page", "ticket"}
    assert all(rule["annotations"]["summary"] for rule in alerts.values())


def test_every_alert_was_seen_to_fire_and_to_be_silent(alerts):
    tests = yaml.safe_load((PROMETHEUS / "alerts.test.yml").read_text())["tests"]
    seen = [(one["alertname"], bool(one["exp_alerts"])) for test in tests for one in test["alert_rule_test"]]
    assert {(name, fires) for name in alerts for fires in (True, False)} == set(seen)


def test_the_panels_do_not_lie_on_each_other(panels):
    taken = set()
    for panel in panels:
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert place["x"] + place["w"] <= 24
        assert not cells & taken, panel["title"]
        taken |= cells
    assert len({panel["id"] for panel in panels}) == len(panels)
