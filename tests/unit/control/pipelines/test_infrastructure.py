"""Where a stage runs, in every form it is written."""

import pytest

from pierhead.control.catalogue import Infra
from pierhead.control.pipelines import (
    Infrastructure,
    InfrastructureKind,
    PipelineExpressionError,
    PipelineFieldError,
    PullPolicy,
    parse_pipeline,
)
from pierhead.control.pipelines.model import DEFAULT_INIT_TIMEOUT_S


def read(spec: str) -> Infrastructure:
    """The infrastructure of a stage whose ``spec`` is this flow mapping's inside."""
    stage = f"{{identifier: a, type: CI, spec: {{{spec}, execution: {{steps: []}}}}}}"
    return parse_pipeline(f"stages: [{{stage: {stage}}}]").stages[0].infrastructure


def kubernetes(more: str = "") -> str:
    return (
        f"infrastructure: {{type: KubernetesDirect, spec: {{connectorRef: account.cluster, namespace: builds{more}}}}}"
    )


def pool(more: str) -> str:
    return f"infrastructure: {{type: VM, spec: {{type: Pool, spec: {{poolName: p{more}}}}}}}"


@pytest.mark.parametrize(
    ("spec", "path", "expected"),
    [
        ("infrastructure: {}", "infrastructure.type", "KubernetesDirect"),
        ("infrastructure: []", "infrastructure", "a mapping"),
        ("infrastructure: {type: KubernetesDirect}", "infrastructure.spec", "the settings of the infrastructure"),
        ("infrastructure: {type: [VM], spec: {}}", "infrastructure.type", "or Cloud"),
        (
            "infrastructure: {type: KubernetesDirect, spec: {}}",
            "infrastructure.spec.connectorRef",
            "Kubernetes cluster",
        ),
        (
            "infrastructure: {type: KubernetesDirect, spec: {connectorRef: c}}",
            "infrastructure.spec.namespace",
            "the namespace",
        ),
        (
            "infrastructure: {type: KubernetesDirect, spec: {connectorRef: c, namespace: ''}}",
            "infrastructure.spec.namespace",
            "the namespace",
        ),
        (kubernetes(", os: Plan9"), "infrastructure.spec.os", "Linux, Windows or MacOS"),
        (kubernetes(", imagePullPolicy: Sometimes"), "infrastructure.spec.imagePullPolicy", "Always, IfNotPresent or"),
        (kubernetes(", initTimeout: soon"), "infrastructure.spec.initTimeout", "a duration such as 10m"),
        (kubernetes(", initTimeout: [1]"), "infrastructure.spec.initTimeout", "a duration such as 10m"),
        (
            kubernetes(", harnessImageConnectorRef: {a: b}"),
            "infrastructure.spec.harnessImageConnectorRef",
            "a connector",
        ),
        (kubernetes(", nodeSelector: [a]"), "infrastructure.spec.nodeSelector", "a mapping"),
        (kubernetes(", nodeSelector: {a: [b]}"), "infrastructure.spec.nodeSelector.a", "a text"),
        (
            kubernetes(", nodeSelector: {kubernetes.io/arch: 'a b'}"),
            "infrastructure.spec.nodeSelector",
            "an architecture",
        ),
        (kubernetes(", labels: x"), "infrastructure.spec.labels", "a mapping"),
        (kubernetes(", tolerations: {a: b}"), "infrastructure.spec.tolerations", "a list of tolerations"),
        (kubernetes(", tolerations: [a]"), "infrastructure.spec.tolerations[0]", "a mapping"),
        (kubernetes(", runAsUser: root"), "infrastructure.spec.runAsUser", "a whole number"),
        (
            kubernetes(", automountServiceAccountToken: 1"),
            "infrastructure.spec.automountServiceAccountToken",
            "true or",
        ),
        (
            kubernetes(", containerSecurityContext: {capabilities: {add: x}}"),
            "infrastructure.spec.containerSecurityContext.capabilities.add",
            "a list",
        ),
        ("infrastructure: {type: VM, spec: {}}", "infrastructure.spec.type", "Pool"),
        ("infrastructure: {type: VM, spec: {type: Rack}}", "infrastructure.spec.type", "Pool"),
        ("infrastructure: {type: VM, spec: {type: Pool}}", "infrastructure.spec.spec", "the settings of the pool"),
        (pool(", os: BeOS"), "infrastructure.spec.spec.os", "Linux, Windows or MacOS"),
        (pool(", initTimeout: x"), "infrastructure.spec.spec.initTimeout", "a duration"),
        ("infrastructure: {type: Docker, spec: {}}", "infrastructure.spec.platform", "os and arch"),
        ("infrastructure: {type: Docker, spec: {platform: x}}", "infrastructure.spec.platform", "a mapping"),
        (
            "infrastructure: {type: Docker, spec: {platform: {arch: Z80}}}",
            "infrastructure.spec.platform.arch",
            "Amd64 or",
        ),
        ("runtime: {}", "runtime.type", "Cloud or Docker"),
        ("runtime: {type: Shell}", "runtime.type", "Cloud or Docker"),
        ("runtime: cloud", "runtime", "a mapping"),
        ("platform: {os: Linux}", "", "infrastructure: or runtime:"),
    ],
)
def test_a_wrong_value_is_refused_by_its_path(spec: str, path: str, expected: str) -> None:
    with pytest.raises(PipelineFieldError) as caught:
        read(spec)
    assert caught.value.place.path == "stages[0].stage.spec" + (f".{path}" if path else "")
    assert expected in caught.value.expected
    assert caught.value.place.line == 1


@pytest.mark.parametrize(
    ("spec", "path"),
    [
        ("infrastructure: {type: <+input>}", "infrastructure.type"),
        (kubernetes(", harnessImageConnectorRef: <+input>"), "infrastructure.spec.harnessImageConnectorRef"),
        (kubernetes(", imagePullPolicy: <+input>"), "infrastructure.spec.imagePullPolicy"),
        (kubernetes(", initTimeout: <+stage.variables.t>"), "infrastructure.spec.initTimeout"),
        (kubernetes(", os: <+input>"), "infrastructure.spec.os"),
        (pool(", harnessImageConnectorRef: <+input>"), "infrastructure.spec.spec.harnessImageConnectorRef"),
        ("platform: {os: <+input>}, runtime: {type: Docker}", "platform.os"),
    ],
)
def test_an_expression_that_decides_about_images_is_refused(spec: str, path: str) -> None:
    with pytest.raises(PipelineExpressionError) as caught:
        read(spec)
    assert caught.value.place.path == f"stages[0].stage.spec.{path}"


def test_kubernetes_with_everything_said() -> None:
    found = read(
        kubernetes(
            ", harnessImageConnectorRef: account.mirror, imagePullPolicy: Always, initTimeout: 1h30m, os: Windows, "
            "nodeSelector: {kubernetes.io/arch: arm64, pool: ci}, labels: {team: shop, empty: ''}, "
            "annotations: {a.b/c: d}, serviceAccountName: builder, automountServiceAccountToken: false, "
            "priorityClassName: high, "
            "tolerations: [{effect: NoSchedule, key: k, operator: Equal, value: v, tolerationSeconds: 30}], "
            "runAsUser: 1000, containerSecurityContext: {privileged: false, runAsNonRoot: true, runAsUser: 1000, "
            "capabilities: {add: [NET_ADMIN], drop: [ALL]}}"
        )
    )
    assert found.kind is InfrastructureKind.KUBERNETES_DIRECT
    assert found.infra is Infra.K8
    assert str(found.platform) == "windows/arm64"
    assert found.platform_reason == "os windows, nodeSelector kubernetes.io/arch arm64"
    assert (found.image_connector_ref, found.pull_policy, found.init_timeout_s) == (
        "account.mirror",
        PullPolicy.ALWAYS,
        5400.0,
    )
    pod = found.pod
    assert pod is not None
    assert (pod.connector_ref, pod.namespace, pod.service_account) == ("account.cluster", "builds", "builder")
    assert pod.node_selector == {"kubernetes.io/arch": "arm64", "pool": "ci"}
    assert (pod.labels, pod.annotations) == ({"team": "shop", "empty": ""}, {"a.b/c": "d"})
    assert (pod.automount_token, pod.priority_class, pod.run_as_user) == (False, "high", 1000)
    assert pod.tolerations[0].seconds == 30
    assert (pod.security.run_as_non_root, pod.security.added_capabilities) == (True, ("NET_ADMIN",))
    assert found.notes == ()


def test_kubernetes_with_nothing_said_has_the_defaults() -> None:
    found = read(kubernetes())
    assert str(found.platform) == "linux/amd64"
    assert found.platform_reason == "linux, as no os is given, amd64, as no nodeSelector says otherwise"
    assert (found.image_connector_ref, found.pull_policy) == (None, None)
    assert found.init_timeout_s == DEFAULT_INIT_TIMEOUT_S == 480.0


@pytest.mark.parametrize("empty", ["", "''", "~", "' '"])
def test_an_empty_override_is_no_override(empty: str) -> None:
    assert read(kubernetes(f", harnessImageConnectorRef: {empty}")).image_connector_ref is None


@pytest.mark.parametrize(
    ("spec", "kind", "platform"),
    [
        (pool(", os: Linux"), InfrastructureKind.VM, "linux/amd64"),
        (pool(", os: Windows"), InfrastructureKind.VM, "windows/amd64"),
        (pool(", arch: Arm64"), InfrastructureKind.VM, "linux/arm64"),
        (pool(", platform: {os: Linux, arch: Arm64}"), InfrastructureKind.VM, "linux/arm64"),
        (
            "infrastructure: {type: Docker, spec: {platform: {os: Linux, arch: Arm64}}}",
            InfrastructureKind.DOCKER,
            "linux/arm64",
        ),
        (
            "infrastructure: {type: HostedVm, spec: {platform: {os: Windows}}}",
            InfrastructureKind.CLOUD,
            "windows/amd64",
        ),
        (
            "platform: {os: Linux, arch: Amd64}, runtime: {type: Docker, spec: {}}",
            InfrastructureKind.DOCKER,
            "linux/amd64",
        ),
        ("platform: {os: linux, arch: ARM64}, runtime: {type: Cloud}", InfrastructureKind.CLOUD, "linux/arm64"),
        ("runtime: {type: Cloud, spec: {size: large}}", InfrastructureKind.CLOUD, "linux/amd64"),
        ("runtime: {type: Docker, spec: {platform: {arch: Arm64}}}", InfrastructureKind.DOCKER, "linux/arm64"),
    ],
)
def test_machines_are_vm_style_and_say_their_platform(spec: str, kind: InfrastructureKind, platform: str) -> None:
    found = read(spec)
    assert found.kind is kind
    assert found.infra is Infra.VM
    assert str(found.platform) == platform
    assert found.pod is None


def test_hosted_kubernetes_is_kubernetes() -> None:
    found = read("infrastructure: {type: KubernetesHosted, spec: {identifier: k8s-hosted-infra}}")
    assert found.infra is Infra.K8


def test_a_pool_has_its_override_one_level_deeper() -> None:
    found = read(pool(", harnessImageConnectorRef: org.mirror, initTimeout: 15m"))
    assert (found.image_connector_ref, found.init_timeout_s, found.pool) == ("org.mirror", 900.0, "p")


def test_macos_runs_linux_images_and_says_so() -> None:
    found = read("platform: {os: MacOS, arch: Arm64}, runtime: {type: Cloud, spec: {}}")
    assert str(found.platform) == "linux/arm64"
    assert "containers on macOS run Linux images" in found.platform_reason
    assert any("macOS" in note for note in found.notes)


def test_what_a_rendered_pod_cannot_show_is_noted() -> None:
    found = read(kubernetes(", volumes: [{mountPath: /x, type: EmptyDir}], hostNames: [a], nodeSelector: <+input>"))
    assert found.notes == (
        "volumes is left out of a rendered pod",
        "hostNames is left out of a rendered pod",
        "nodeSelector is an expression and is left out of a rendered pod",
    )
