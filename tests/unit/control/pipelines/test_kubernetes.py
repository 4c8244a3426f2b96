"""Manifests that a cluster would take, with the secrets a kubelet would find."""

import base64
import json
from collections.abc import Callable
from typing import Any

import kubernetes_validate
import pytest
import yaml

from pierhead.control.pipelines import NotRenderableError, Plan, PlannedImage, hidden_credentials, render, to_yaml

Document = Callable[..., str]
Planner = Callable[..., Plan]
Manifests = list[dict[str, Any]]

MIRROR = "harnessImageConnectorRef: account.mirror"
HUB = "harnessImageConnectorRef: account.hub"


def valid(manifests: list[dict[str, object]]) -> Manifests:
    """The manifests as read back from their text; each fits the schema of its kind."""
    read = list(yaml.safe_load_all(to_yaml(manifests)))
    for manifest in read:
        kubernetes_validate.validate(manifest, "1.32", strict=True)
    assert read == manifests
    return read


def pod_of(manifests: list[dict[str, object]]) -> Any:
    (pod,) = [manifest for manifest in valid(manifests) if manifest["kind"] == "Pod"]
    return pod


def auths_of(secret: dict[str, Any]) -> Any:
    return json.loads(base64.b64decode(secret["data"][".dockerconfigjson"]))["auths"]


def credentials(image: PlannedImage) -> tuple[str, str] | None:
    assert image.access is not None
    return image.access.identifier, "päss:word"


def test_a_stage_on_a_machine_has_no_pod(stage: Document, plan: Planner) -> None:
    with pytest.raises(NotRenderableError, match="it runs on VM, not in a pod"):
        render(plan(stage(spec="infrastructure: {type: VM, spec: {type: Pool, spec: {}}}")).stages[0])


def test_a_stage_with_an_image_that_has_no_name_is_not_rendered(stage: Document, plan: Planner) -> None:
    found = plan(stage("type: Run, spec: {image: a, connectorRef: account.nobody}")).stages[0]
    with pytest.raises(NotRenderableError, match="s0 has no image: Connector not found") as caught:
        render(found)
    assert caught.value.hint == found.failed[0].error.hint  # type: ignore[union-attr]


def test_anonymous_images_have_no_secrets(stage: Document, plan: Planner) -> None:
    manifests = render(plan(stage("type: S3Upload", "type: Run, spec: {image: a}")).stages[0], credentials)
    assert [manifest["kind"] for manifest in manifests] == ["Pod"]
    assert "imagePullSecrets" not in pod_of(manifests)["spec"]


def test_a_source_behind_an_anonymous_connector_has_no_secret(stage: Document, plan: Planner, connect: Any) -> None:
    there = (connect("open", "https://open.corp"), connect("hub", "https://registry.hub.docker.com", credentials=True))
    step = "type: Run, spec: {image: 'team/app:1', connectorRef: account.open}"
    alone = render(plan(stage(step), there=there).stages[0], credentials)
    assert [manifest["kind"] for manifest in alone] == ["Pod"]
    assert "open.corp/team/app:1" in str(alone)
    assert "imagePullSecrets" not in pod_of(alone)["spec"]
    beside = valid(render(plan(stage(step, infra=HUB), there=there).stages[0], credentials))
    assert [list(auths_of(each)) for each in beside[:-1]] == [["https://index.docker.io/v1/"]]


def test_each_connector_with_credentials_has_one_secret_of_its_keys(stage: Document, plan: Planner) -> None:
    text = stage(
        "type: S3Upload",
        "type: Run, spec: {image: 'golang:1.22', connectorRef: account.hub}",
        "type: Run, spec: {image: 'mirror.corp:5000/elsewhere/a:1', connectorRef: account.mirror}",
        "type: Run, spec: {image: 'gcr.io/foreign/a:1', connectorRef: account.hub}",
        infra=MIRROR,
    )
    manifests = valid(render(plan(text).stages[0], credentials))
    mirror, hub, pod = manifests
    assert sorted(auths_of(mirror)) == ["mirror.corp:5000", "mirror.corp:5000/ci"]
    assert sorted(auths_of(hub)) == ["https://index.docker.io/v1/"]
    assert [entry["name"] for entry in pod["spec"]["imagePullSecrets"]] == [
        secret["metadata"]["name"] for secret in (mirror, hub)
    ]
    assert {secret["type"] for secret in (mirror, hub)} == {"kubernetes.io/dockerconfigjson"}


def test_a_secret_holds_user_name_password_and_both_together(stage: Document, plan: Planner) -> None:
    secret, _ = valid(render(plan(stage(infra=HUB)).stages[0], credentials))
    entry = auths_of(secret)["https://index.docker.io/v1/"]
    assert (entry["username"], entry["password"]) == ("hub", "päss:word")
    assert base64.b64decode(entry["auth"]).decode() == "hub:päss:word"


def test_without_revealing_the_password_is_a_mask(stage: Document, plan: Planner) -> None:
    found = plan(stage(infra=HUB)).stages[0]
    entry = auths_of(valid(render(found))[0])["https://index.docker.io/v1/"]
    assert (entry["username"], entry["password"]) == ("robot", "***")
    assert render(found) == render(found, hidden_credentials)


def test_credentials_that_the_caller_withholds_make_no_secret(stage: Document, plan: Planner) -> None:
    manifests = render(plan(stage(infra=HUB)).stages[0], lambda _: None)
    assert [manifest["kind"] for manifest in manifests] == ["Pod"]


def test_credentials_are_asked_for_only_where_they_are_used(stage: Document, plan: Planner) -> None:
    asked: list[str] = []

    def note(image: PlannedImage) -> None:
        asked.append(image.need.purpose)

    render(
        plan(stage("type: Run, spec: {image: a}", "type: Run, spec: {image: b, connectorRef: account.hub}")).stages[0],
        note,
    )
    assert asked == ["s1"]


def test_the_pod_has_a_container_for_each_use_of_an_image_in_order(stage: Document, plan: Planner) -> None:
    text = stage(
        "type: S3Upload",
        "type: Run, spec: {image: 'golang:1.22'}",
        "type: S3Upload",
        "type: Run, spec: {image: 'golang:1.22', imagePullPolicy: Always}",
        infra=f"{MIRROR}, imagePullPolicy: Never",
        clone=True,
    )
    spec = pod_of(render(plan(text).stages[0]))["spec"]
    assert [(each["name"], each["image"]) for each in spec["initContainers"]] == [
        ("setup-addon", "mirror.corp:5000/ci/harness/ci-addon:1.16.92")
    ]
    assert [(each["name"], each["image"], each["imagePullPolicy"]) for each in spec["containers"]] == [
        ("lite-engine", "mirror.corp:5000/ci/harness/ci-lite-engine:1.16.92", "Never"),
        ("git-clone", "mirror.corp:5000/ci/harness/drone-git:1.6.9-rootless", "Never"),
        ("step-s0", "mirror.corp:5000/ci/plugins/s3:1.5.3", "Never"),
        ("step-s1", "golang:1.22", "IfNotPresent"),
        ("step-s2", "mirror.corp:5000/ci/plugins/s3:1.5.3", "Never"),
        ("step-s3", "golang:1.22", "Always"),
    ]


def test_everything_the_infrastructure_says_is_in_the_pod(stage: Document, plan: Planner) -> None:
    infra = (
        "nodeSelector: {pool: ci}, labels: {team: shop}, annotations: {a.b/c: d}, serviceAccountName: builder, "
        "automountServiceAccountToken: false, priorityClassName: high, runAsUser: 0, "
        "tolerations: [{effect: NoExecute, key: k, operator: Equal, value: v, tolerationSeconds: 30}], "
        "containerSecurityContext: {privileged: false, allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, "
        "runAsNonRoot: false, runAsUser: 0, runAsGroup: 7, procMount: Default, capabilities: {add: [A], drop: [ALL]}}"
    )
    pod = pod_of(render(plan(stage(infra=infra)).stages[0]))
    assert pod["metadata"] == {
        "name": "pipeline-build",
        "namespace": "builds",
        "labels": {"pipelineID": "pipeline", "stageID": "build", "team": "shop"},
        "annotations": {"a.b/c": "d"},
    }
    spec = pod["spec"]
    assert spec["restartPolicy"] == "Never"
    assert spec["nodeSelector"] == {"pool": "ci"}
    assert (spec["serviceAccountName"], spec["priorityClassName"]) == ("builder", "high")
    assert spec["automountServiceAccountToken"] is False
    assert spec["securityContext"] == {"runAsUser": 0}
    assert spec["tolerations"] == [
        {"effect": "NoExecute", "key": "k", "operator": "Equal", "value": "v", "tolerationSeconds": 30}
    ]
    assert spec["containers"][0]["securityContext"] == {
        "privileged": False,
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "runAsNonRoot": False,
        "runAsUser": 0,
        "runAsGroup": 7,
        "procMount": "Default",
        "capabilities": {"add": ["A"], "drop": ["ALL"]},
    }


def test_nothing_that_was_not_said_is_in_the_pod(stage: Document, plan: Planner) -> None:
    pod = pod_of(render(plan(stage()).stages[0]))
    assert sorted(pod["spec"]) == ["containers", "initContainers", "restartPolicy", "volumes"]
    assert sorted(pod["spec"]["containers"][0]) == ["image", "imagePullPolicy", "name", "volumeMounts"]


def test_names_of_any_identifiers_are_taken_by_a_cluster(plan: Planner) -> None:
    long = "Long_" + "x" * 120
    text = f"""
    pipeline:
      identifier: {long}
      stages:
        - stage:
            identifier: $Stage_1
            type: CI
            spec:
              infrastructure: {{type: KubernetesDirect, spec: {{connectorRef: c, namespace: n, {MIRROR}}}}}
              execution:
                steps:
                  - stepGroup:
                      identifier: {long}
                      steps:
                        - step: {{identifier: {long}, type: S3Upload}}
                        - step: {{identifier: {long}2, type: S3Upload}}
    """.replace("$Stage_1", "Stage_$1")
    manifests = valid(render(plan(text).stages[0], credentials))
    names = [manifest["metadata"]["name"] for manifest in manifests]
    names += [each["name"] for each in manifests[-1]["spec"]["containers"]]
    assert all(len(name) <= 63 and name == name.lower() for name in names)
    assert len(set(names)) == len(names)
    assert "labels" not in manifests[-1]["metadata"]


def test_rendering_is_always_the_same_text(plan: Planner, example: Callable[[str], str]) -> None:
    first, second = (
        to_yaml([each for stage in plan(example("user-images")).stages for each in render(stage, credentials)])
        for _ in range(2)
    )
    assert first == second
    assert first.startswith("---\n")
    assert "&id" not in first


@pytest.mark.parametrize("name", ["two-stages", "user-images"])
def test_the_examples_are_valid_manifests(plan: Planner, example: Callable[[str], str], name: str) -> None:
    for stage in plan(example(name)).stages:
        assert pod_of(render(stage, credentials))["metadata"]["namespace"] == "builds"
