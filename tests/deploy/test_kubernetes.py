"""The manifests: valid by Kubernetes' own schemas, and what they say of ports, metrics and scaling is so."""

import shlex

import kubernetes_validate
import psycopg
import pytest
import yaml

from service.cli import commands
from tests.conftest import ROOT

FOLDER = ROOT / "deploy/kubernetes"
NEWEST = "1.37.0"


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
        assert second["ports"] == [{"name": "metrics", "containerPort": int(port)}]
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
