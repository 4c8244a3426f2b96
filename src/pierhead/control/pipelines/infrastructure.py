"""Reads where a stage runs: ``infrastructure`` or ``runtime``, of every type (harness-api §5.2, §13.1).

Values that only a rendered pod shows may be expressions; they are left out of it with a note. Whether the cluster, the
pool or a connector exists is not asked here.
"""

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, Final

from pierhead.oci.platform import Platform

from .cursor import Cursor, any_of, nothing
from .model import (
    DEFAULT_INIT_TIMEOUT_S,
    Infrastructure,
    InfrastructureKind,
    PodSettings,
    PullPolicy,
    SecurityContext,
    Toleration,
)

_PULL_POLICIES: Final = {policy.value: policy for policy in PullPolicy}
_SYSTEMS: Final = {"Linux": "linux", "Windows": "windows", "MacOS": "darwin"}
_ARCHITECTURES: Final = {"Amd64": "amd64", "Arm64": "arm64"}
_ARCHITECTURE_LABELS: Final = ("kubernetes.io/arch", "beta.kubernetes.io/arch")
_LABEL_VALUE: Final = re.compile(r"[a-z0-9][a-z0-9_]{0,31}\Z")
_UNRENDERED: Final = frozenset({"volumes", "hostNames", "podSpecOverlay"})


def read_infrastructure(spec: Cursor) -> Infrastructure:
    """The infrastructure written out in a stage's ``spec``; ``useFromStage`` is somebody else's. Raises by path."""
    here = spec.find("infrastructure")
    if here is not None:
        read = here.need("type", f"the infrastructure type: {any_of(_INFRASTRUCTURES)}").choice(_INFRASTRUCTURES)
        return read(here.need("spec", "the settings of the infrastructure"))
    runtime = spec.find("runtime")
    if runtime is None:
        raise spec.wrong("infrastructure: or runtime:, where the stage runs", "neither")
    kind = runtime.need("type", f"the runtime type: {any_of(_RUNTIMES)}").choice(_RUNTIMES)
    settings = runtime.find("spec")
    return _runner(kind, settings, spec.find("platform") or (settings.find("platform") if settings else None))


def _kubernetes_direct(spec: Cursor) -> Infrastructure:
    notes: list[str] = []
    spec.need("connectorRef", "the connector of the Kubernetes cluster")
    spec.need("namespace", "the namespace for the pods")
    return _kubernetes(InfrastructureKind.KUBERNETES_DIRECT, spec, _read_pod(spec, notes), notes)


def _kubernetes_hosted(spec: Cursor) -> Infrastructure:
    notes: list[str] = []
    return _kubernetes(InfrastructureKind.KUBERNETES_HOSTED, spec, _read_pod(spec, notes), notes)


def _kubernetes(kind: InfrastructureKind, spec: Cursor, pod: PodSettings, notes: list[str]) -> Infrastructure:
    system = spec.optional("os", _system)
    label = next((name for name in _ARCHITECTURE_LABELS if name in pod.node_selector), None)
    architecture = pod.node_selector[label].lower() if label else "amd64"
    if not _LABEL_VALUE.match(architecture):
        raise spec.need("nodeSelector", "").wrong(f"an architecture such as arm64 for {label}", repr(architecture[:80]))
    reason = f"os {system}" if system else "linux, as no os is given"
    reason += f", nodeSelector {label} {architecture}" if label else ", amd64, as no nodeSelector says otherwise"
    return _infrastructure(kind, spec, system or "linux", architecture, reason, pod=pod, notes=notes)


def _vm(spec: Cursor) -> Infrastructure:
    spec.need("type", "the kind of VM infrastructure: Pool").choice({"Pool": None})
    pool = spec.need("spec", "the settings of the pool")
    system = pool.optional("os", _system) or "linux"
    architecture = pool.optional("arch", _architecture)
    platform = pool.find("platform")
    if platform is not None:
        return _runner(InfrastructureKind.VM, pool, platform)
    reason = f"os {system}" + (f", arch {architecture}" if architecture else ", amd64, as the pool says no arch")
    return _infrastructure(InfrastructureKind.VM, pool, system, architecture or "amd64", reason)


def _docker(spec: Cursor) -> Infrastructure:
    return _runner(InfrastructureKind.DOCKER, spec, spec.need("platform", "the runner's platform: os and arch"))


def _hosted_vm(spec: Cursor) -> Infrastructure:
    return _runner(InfrastructureKind.CLOUD, spec, spec.need("platform", "the machine's platform: os and arch"))


def _runner(kind: InfrastructureKind, settings: Cursor | None, platform: Cursor | None) -> Infrastructure:
    """A machine that says its platform itself."""
    system = platform.optional("os", _system) if platform else None
    architecture = platform.optional("arch", _architecture) if platform else None
    given = [f"{key} {value}" for key, value in (("os", system), ("arch", architecture)) if value]
    reason = f"platform {', '.join(given)}" if given else "linux/amd64, as no platform is given"
    return _infrastructure(kind, settings, system or "linux", architecture or "amd64", reason)


def _infrastructure(
    kind: InfrastructureKind,
    settings: Cursor | None,
    system: str,
    architecture: str,
    reason: str,
    *,
    pod: PodSettings | None = None,
    notes: list[str] | None = None,
) -> Infrastructure:
    """What all kinds have in common, laid around what one kind says."""
    notes = notes or []
    if system == "darwin":
        system = "linux"
        reason += "; containers on macOS run Linux images"
        notes.append("the stage runs on macOS: Linux images are planned, which only a Linux VM there can run")
    found = settings.optional if settings is not None else nothing
    return Infrastructure(
        kind=kind,
        platform=_platform(system, architecture),
        platform_reason=reason,
        image_connector_ref=found("harnessImageConnectorRef", read_connector),
        pull_policy=found("imagePullPolicy", read_pull_policy),
        init_timeout_s=found("initTimeout", Cursor.duration_s) or DEFAULT_INIT_TIMEOUT_S,
        pool=found("poolName", Cursor.text) if kind is InfrastructureKind.VM else None,
        pod=pod,
        notes=tuple(notes),
    )


@lru_cache(maxsize=64)
def _platform(system: str, architecture: str) -> Platform:
    return Platform(system, architecture)


def _read_pod(spec: Cursor, notes: list[str]) -> PodSettings:
    """Only a rendered pod shows these, so an expression is no reason to refuse the pipeline."""
    given: dict[str, Any] = {}
    for field in spec.entries(_POD_KEYS):
        name, read = _POD_FIELDS.get(field.key, ("", None))
        if read is None:
            notes.append(f"{field.key} is left out of a rendered pod")
        elif field.is_expression:
            notes.append(f"{field.key} is an expression and is left out of a rendered pod")
        elif not field.is_empty:
            given[name] = read(field)
    return PodSettings(**given)


def _texts_by_key(field: Cursor) -> Mapping[str, str]:
    return {entry.key: entry.verbatim() for entry in field.entries() if not entry.is_expression}


def _tolerations(field: Cursor) -> tuple[Toleration, ...]:
    return tuple(
        Toleration(
            effect=item.optional("effect", Cursor.text),
            key=item.optional("key", Cursor.text),
            operator=item.optional("operator", Cursor.text),
            value=item.optional("value", Cursor.text),
            seconds=item.optional("tolerationSeconds", Cursor.number),
        )
        for item in field.items("a list of tolerations")
    )


def _security(field: Cursor) -> SecurityContext:
    capabilities = field.find("capabilities")
    return SecurityContext(
        privileged=field.optional("privileged", Cursor.truth),
        allow_privilege_escalation=field.optional("allowPrivilegeEscalation", Cursor.truth),
        read_only_root_filesystem=field.optional("readOnlyRootFilesystem", Cursor.truth),
        run_as_non_root=field.optional("runAsNonRoot", Cursor.truth),
        run_as_user=field.optional("runAsUser", Cursor.number),
        run_as_group=field.optional("runAsGroup", Cursor.number),
        proc_mount=field.optional("procMount", Cursor.text),
        added_capabilities=_names(capabilities, "add"),
        dropped_capabilities=_names(capabilities, "drop"),
    )


def _names(field: Cursor | None, key: str) -> tuple[str, ...]:
    names = field.optional(key, lambda found: tuple(item.text() for item in found.items())) if field else None
    return names or ()


def read_connector(field: Cursor) -> str:
    """The reference of a connector, unresolved."""
    return field.text("the reference of a connector, such as account.mirror")


def read_pull_policy(field: Cursor) -> PullPolicy:
    return field.choice(_PULL_POLICIES)


def _system(field: Cursor) -> str:
    return field.choice(_SYSTEMS)


def _architecture(field: Cursor) -> str:
    return field.choice(_ARCHITECTURES)


_INFRASTRUCTURES: Final[dict[str, Callable[[Cursor], Infrastructure]]] = {
    "KubernetesDirect": _kubernetes_direct,
    "KubernetesHosted": _kubernetes_hosted,
    "VM": _vm,
    "Docker": _docker,
    "HostedVm": _hosted_vm,
    "Cloud": _hosted_vm,
}
_POD_FIELDS: Final[dict[str, tuple[str, Callable[[Cursor], Any]]]] = {
    "connectorRef": ("connector_ref", read_connector),
    "namespace": ("namespace", Cursor.text),
    "nodeSelector": ("node_selector", _texts_by_key),
    "labels": ("labels", _texts_by_key),
    "annotations": ("annotations", _texts_by_key),
    "tolerations": ("tolerations", _tolerations),
    "serviceAccountName": ("service_account", Cursor.text),
    "automountServiceAccountToken": ("automount_token", Cursor.truth),
    "priorityClassName": ("priority_class", Cursor.text),
    "runAsUser": ("run_as_user", Cursor.number),
    "containerSecurityContext": ("security", _security),
}
_POD_KEYS: Final = frozenset(_POD_FIELDS) | _UNRENDERED
_RUNTIMES: Final = {"Cloud": InfrastructureKind.CLOUD, "Docker": InfrastructureKind.DOCKER}
