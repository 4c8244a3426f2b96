"""The charts render to manifests that Kubernetes takes, and refuse settings that cannot work."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

CHARTS = Path(__file__).parents[2] / "deploy" / "helm"
HELM = Path(sys.executable).with_name("helm")
KUBERNETES = "1.30"
DELEGATE = {"delegateName": "building-7", "managerEndpoint": "https://pierhead.example", "delegateToken": "cGR0"}


def rendered(chart: str, values: dict[str, Any], tmp_path: Path) -> dict[tuple[str, str], dict[str, Any]]:
    run = render(chart, values, tmp_path)
    assert run.returncode == 0, run.stderr
    documents = [document for document in yaml.safe_load_all(run.stdout) if document]
    for document in documents:
        kubernetes_validate.validate(document, KUBERNETES, strict=True)
    return {(document["kind"], document["metadata"]["name"]): document for document in documents}


def render(chart: str, values: dict[str, Any], tmp_path: Path) -> subprocess.CompletedProcess[str]:
    file = tmp_path / "values.yaml"
    file.write_text(yaml.safe_dump(values))
    command = [HELM, "template", "release", CHARTS / chart, "--values", file]
    return subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)


def container(manifest: dict[str, Any]) -> dict[str, Any]:
    (only,) = manifest["spec"]["template"]["spec"]["containers"]
    return dict(only)


def environment(manifest: dict[str, Any]) -> dict[str, Any]:
    return {entry["name"]: entry.get("value", entry.get("valueFrom")) for entry in container(manifest)["env"]}


EVERYTHING = {
    "imagePullSecret": "pull",
    "podAnnotations": {"team": "ci"},
    "nodeSelector": {"disk": "ssd"},
    "tolerations": [{"key": "ci", "operator": "Exists"}],
    "affinity": {"nodeAffinity": {}},
    "custom_envs": [{"name": "HTTPS_PROXY", "value": "http://proxy:3128"}],
}


def test_the_server_runs_on_one_volume_without_further_settings(tmp_path: Path) -> None:
    found = rendered("pierhead-server", {}, tmp_path)

    assert set(found) == {
        ("Deployment", "release"),
        ("Service", "release"),
        ("PersistentVolumeClaim", "release"),
    }
    server = found["Deployment", "release"]
    assert server["spec"]["strategy"] == {"type": "Recreate"}
    assert "PIERHEAD_DATABASE_URL" not in environment(server)


def test_several_servers_share_a_database_and_a_key(tmp_path: Path) -> None:
    values = {"replicas": 3, "database": {"existingSecret": "db"}, "encryptionKey": {"existingSecret": "key"}}

    found = rendered("pierhead-server", {**values, **EVERYTHING}, tmp_path)

    server = found["Deployment", "release"]
    assert environment(server)["PIERHEAD_DATABASE_URL"] == {"secretKeyRef": {"name": "db", "key": "url"}}
    assert environment(server)["PIERHEAD_ENCRYPTION_KEY"] == {"secretKeyRef": {"name": "key", "key": "key"}}
    assert ("PersistentVolumeClaim", "release") not in found


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"replicas": 2}, "cannot share one SQLite file"),
        ({"database": {"existingSecret": "db"}}, "encryptionKey.existingSecret"),
        ({"ingress": {"enabled": True}}, "ingress.host is needed"),
    ],
)
def test_the_server_chart_refuses_what_cannot_work(values: dict[str, Any], says: str, tmp_path: Path) -> None:
    run = render("pierhead-server", values, tmp_path)

    assert run.returncode != 0
    assert says in run.stderr


def test_an_ingress_leads_to_the_server(tmp_path: Path) -> None:
    ingress = {"enabled": True, "host": "pierhead.example", "tlsSecret": "tls", "className": "nginx"}

    found = rendered("pierhead-server", {"ingress": ingress}, tmp_path)

    (rule,) = found["Ingress", "release"]["spec"]["rules"]
    assert rule["http"]["paths"][0]["backend"]["service"]["name"] == "release"


def test_a_delegate_listens_nowhere_and_keeps_its_identity(tmp_path: Path) -> None:
    found = rendered("pierhead-delegate", {**DELEGATE, **EVERYTHING}, tmp_path)

    assert set(found) == {("StatefulSet", "building-7"), ("Secret", "building-7-token")}
    delegate = found["StatefulSet", "building-7"]
    assert "ports" not in container(delegate)
    assert [claim["metadata"]["name"] for claim in delegate["spec"]["volumeClaimTemplates"]] == ["state"]
    assert found["Secret", "building-7-token"]["stringData"] == {"DELEGATE_TOKEN": "cGR0"}
    assert "cGR0" not in str(delegate)


def test_a_values_file_of_the_platform_is_taken_as_it_is(tmp_path: Path) -> None:
    values = {
        **DELEGATE,
        "accountId": "abc",
        "delegateDockerImage": "registry.example/team/delegate:25.1",
        "replicas": 2,
        "tags": "building-7, linux",
        "k8sPermissionsType": "CLUSTER_ADMIN",
        "nextGen": True,
        "cpu": 0.5,
        "memory": 4096,
        "upgrader": {"enabled": False},
    }

    delegate = rendered("pierhead-delegate", values, tmp_path)["StatefulSet", "building-7"]

    assert container(delegate)["image"] == "registry.example/team/delegate:25.1"
    assert environment(delegate)["PIERHEAD_DELEGATE_TAGS"] == "building-7, linux"
    assert delegate["spec"]["replicas"] == 2


def test_an_existing_token_makes_no_secret(tmp_path: Path) -> None:
    values = {**DELEGATE, "delegateToken": "", "existingDelegateToken": "mine"}

    found = rendered("pierhead-delegate", values, tmp_path)

    assert set(found) == {("StatefulSet", "building-7")}


@pytest.mark.parametrize(
    ("without", "says"),
    [
        ("delegateName", "delegateName is needed"),
        ("managerEndpoint", "managerEndpoint is needed"),
        ("delegateToken", "delegateToken or existingDelegateToken is needed"),
    ],
)
def test_the_delegate_chart_says_what_it_needs(without: str, says: str, tmp_path: Path) -> None:
    run = render("pierhead-delegate", {**DELEGATE, without: ""}, tmp_path)

    assert run.returncode != 0
    assert says in run.stderr


@pytest.mark.parametrize("values", [{"initScript": "true"}, {"upgrader": {"enabled": True}}])
def test_what_a_delegate_never_does_is_refused(values: dict[str, Any], tmp_path: Path) -> None:
    assert "do not exist here" in render("pierhead-delegate", {**DELEGATE, **values}, tmp_path).stderr


@pytest.mark.parametrize(("chart", "values"), [("pierhead-server", {}), ("pierhead-delegate", DELEGATE)])
def test_no_container_has_more_rights_than_it_needs(chart: str, values: dict[str, Any], tmp_path: Path) -> None:
    found = rendered(chart, values, tmp_path)

    (workload,) = (one for (kind, _), one in found.items() if kind in ("Deployment", "StatefulSet"))
    pod = workload["spec"]["template"]["spec"]
    assert pod["automountServiceAccountToken"] is False
    assert pod["securityContext"]["runAsNonRoot"] is True
    security = container(workload)["securityContext"]
    assert security == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
