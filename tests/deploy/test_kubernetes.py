"""The manifests: valid by Kubernetes' own schemas, and what they say of ports, metrics and scaling is so."""

import shlex
import shutil
import subprocess
import tomllib

import kubernetes_validate
import psycopg
import pytest
import yaml

from service.cli import commands
from tests.conftest import ROOT

FOLDER = ROOT / "deploy/kubernetes"
NEWEST = "1.37.0"
KUBECTL, PROMTOOL = shutil.which("kubectl"), shutil.which("promtool")


@pytest.fixture(scope="module")
def manifests():
    files = [file for file in sorted(FOLDER.glob("*.yaml")) if file.name != "kustomization.yaml"]
    return [document for file in files for document in yaml.safe_load_all(file.read_text())]


@pytest.fixture(scope="module")
def pods(manifests):
    return {
        manifest["metadata"]["name"]: manifest["spec"]["template"]
        for manifest in manifests
        if "template" in manifest.get("spec", {})
    }


@pytest.mark.parametrize("version", ["1.30.0", NEWEST])
def test_every_manifest_is_valid_by_the_schemas_of_kubernetes(manifests, version):
    for manifest in manifests:
        kubernetes_validate.validate(manifest, version, strict=True)


@pytest.mark.skipif(KUBECTL is None, reason="kubectl is not installed; .ci/run installs it")
def test_kustomize_puts_together_what_is_valid_in_one_namespace_with_this_version_of_the_image():
    built = subprocess.run([KUBECTL, "kustomize", FOLDER], capture_output=True, text=True, check=True).stdout
    found = list(yaml.safe_load_all(built))
    for manifest in found:
        kubernetes_validate.validate(manifest, NEWEST, strict=True)
    assert {one["metadata"].get("namespace") for one in found if one["kind"] != "Namespace"} == {"duyet"}
    pods = [one["spec"]["template"]["spec"] for one in found if "template" in one.get("spec", {})]
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert {container["image"] for pod in pods for container in pod["containers"]} == {f"duyet:{version}"}


def test_a_manifest_with_a_wrong_word_would_not_be(manifests):
    wrong = yaml.safe_load(yaml.safe_dump(next(one for one in manifests if one["kind"] == "Deployment")))
    wrong["spec"]["template"]["spec"]["containers"][0]["imagee"] = "duyet"
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(wrong, NEWEST, strict=True)


def test_whatever_counts_has_its_metrics_served_from_the_same_folder(pods):
    assert set(pods) == {"migrate", "web", "worker", "scheduler"}
    for name in ("web", "worker", "scheduler"):
        first, second = pods[name]["spec"]["containers"]
        assert second["name"] == "metrics"
        assert first["volumeMounts"] == second["volumeMounts"]
        port = pods[name]["metadata"]["annotations"]["prometheus.io/port"]
        assert second["ports"] == [{"name": "metrics", "containerPort": int(port)}], (
            "deploy/prometheus/kubernetes.yml too"
        )
        words = shlex.split(" ".join(second["command"]))
        assert words[:3] == ["python", "-m", "service"]
        with commands.commands["metrics"].make_context("metrics", words[4:]) as context:
            assert context.params == {"host": "0.0.0.0", "port": int(port)}  # noqa: S104 - compared, not bound.


def test_one_scheduler_and_workers_by_the_queue(manifests):
    by_kind = {(one["kind"], one["metadata"]["name"]): one for one in manifests}
    scheduler = by_kind["Deployment", "scheduler"]["spec"]
    assert (scheduler["replicas"], scheduler["strategy"]) == (1, {"type": "Recreate"})
    assert "replicas" not in by_kind["Deployment", "worker"]["spec"]
    [metric] = by_kind["HorizontalPodAutoscaler", "worker"]["spec"]["metrics"]
    assert metric["external"]["metric"]["name"] == "duyet_comments_pending"


def test_kedas_question_counts_the_pending_rows(migrated_postgres):
    *_, scaled = yaml.safe_load_all((FOLDER / "keda/worker.yaml").read_text())
    [trigger] = scaled["spec"]["triggers"]
    with psycopg.connect(migrated_postgres) as database:
        assert database.execute(trigger["metadata"]["query"]).fetchone() == (
            database.execute("SELECT count(*) FILTER (WHERE status = 'pending') FROM comments").fetchone()[0],
        )


@pytest.mark.skipif(PROMTOOL is None, reason="promtool is not installed; .ci/run installs it")
def test_the_adapter_hands_on_the_queue_once_however_many_pods_tell_of_it(manifests, tmp_path):
    [scaler] = [one for one in manifests if one["kind"] == "HorizontalPodAutoscaler"]
    [rule] = yaml.safe_load((FOLDER / "adapter/values.yaml").read_text())["rules"]["external"]
    assert rule["name"]["as"] == scaler["spec"]["metrics"][0]["external"]["metric"]["name"]
    question = rule["metricsQuery"].replace("<<.Series>>", rule["name"]["as"]).replace("<<.LabelMatchers>>", "")
    told = [{"series": f'{rule["name"]["as"]}{{pod="{pod}"}}', "values": "600x5"} for pod in ("web", "worker")]
    asked = {"expr": question, "eval_time": "3m", "exp_samples": [{"labels": "{}", "value": 600}]}
    file = tmp_path / "asked.yml"
    file.write_text(yaml.safe_dump({"tests": [{"interval": "1m", "input_series": told, "promql_expr_test": [asked]}]}))
    found = subprocess.run([PROMTOOL, "test", "rules", file], capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stdout + found.stderr
