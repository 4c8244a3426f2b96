"""A stage's plan as Kubernetes manifests: the pod and its pull secrets, with the names a kubelet would be given.

Shows what is pulled, from where, when and with which secret. What the containers run is the CI platform's affair, as
are volumes and host names; nothing talks to a cluster.
"""

import re
from collections.abc import Iterator
from typing import Final

import yaml

from .dns_names import dns_label
from .errors import NotRenderableError
from .model import ImageUse, PodSettings, Role, SecurityContext, Toleration
from .plan import PlannedImage, StagePlan
from .pull_policy import policy_for_use
from .pull_secrets import Credentials, Manifest, hidden_credentials, pull_secrets

INIT_CONTAINER: Final = "setup-addon"
_ADDON: Final = [{"name": "addon", "mountPath": "/addon"}]
_LABEL_VALUE: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?\Z")


def render(plan: StagePlan, credentials: Credentials = hidden_credentials) -> list[Manifest]:
    """The pull secrets, then the pod that names them. The same plan always gives the same manifests.

    Raises NotRenderableError for a stage that does not run on Kubernetes, and for one with an image that has no name.
    """
    pod = plan.infrastructure.pod
    if pod is None:
        raise NotRenderableError(plan.stage, f"it runs on {plan.infrastructure.kind}, not in a pod")
    for image in plan.failed:
        assert image.error is not None
        raise NotRenderableError(
            plan.stage, f"{image.need.purpose} has no image: {image.error.message}", hint=image.error.hint
        )
    name = dns_label(plan.pipeline, plan.stage)
    secrets = pull_secrets(plan, name, credentials)
    return [*secrets, _pod(plan, pod, name, secrets)]


def to_yaml(manifests: list[Manifest]) -> str:
    """The manifests as a stream of YAML documents, each begun by ``---``."""
    return yaml.dump_all(manifests, Dumper=_PlainDumper, sort_keys=False, explicit_start=True, width=1000)


class _PlainDumper(yaml.SafeDumper):
    """Repeats what occurs twice instead of pointing at it."""

    def ignore_aliases(self, _data: object) -> bool:
        return True


def _pod(plan: StagePlan, pod: PodSettings, name: str, secrets: list[Manifest]) -> Manifest:
    containers = list(_containers(plan, pod))
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": _present(
            {
                "name": name,
                "namespace": pod.namespace,
                "labels": _labels(plan, pod),
                "annotations": dict(pod.annotations),
            }
        ),
        "spec": _present(
            {
                "restartPolicy": "Never",
                "serviceAccountName": pod.service_account,
                "automountServiceAccountToken": pod.automount_token,
                "priorityClassName": pod.priority_class,
                "nodeSelector": dict(pod.node_selector),
                "tolerations": [_toleration(each) for each in pod.tolerations],
                "securityContext": _present({"runAsUser": pod.run_as_user}),
                "imagePullSecrets": [_name_of(secret) for secret in secrets],
                "initContainers": [each for each in containers if each["name"] == INIT_CONTAINER],
                "containers": [each for each in containers if each["name"] != INIT_CONTAINER],
                "volumes": [{"name": "addon", "emptyDir": {}}],
            }
        ),
    }


def _containers(plan: StagePlan, pod: PodSettings) -> Iterator[Manifest]:
    """One for each use of an image, in the order of the stage."""
    uses = sorted(((use, image) for image in plan.images for use in image.need.uses), key=lambda pair: pair[0].order)
    for use, image in uses:
        yield _container(plan, pod, use, image)


def _container(plan: StagePlan, pod: PodSettings, use: ImageUse, image: PlannedImage) -> Manifest:
    assert image.reference is not None
    policy, _ = policy_for_use(use, image.need.role, plan.infrastructure, image.reference)
    return _present(
        {
            "name": use.container if image.need.role is Role.CORE else dns_label(use.container),
            "image": image.reference.familiar(),
            "imagePullPolicy": policy.value,
            "securityContext": _security(pod.security),
            "volumeMounts": _ADDON,
        }
    )


def _labels(plan: StagePlan, pod: PodSettings) -> dict[str, str]:
    """The user's, and the ones the CI platform gives its pods, where their values can be labels."""
    own = {"pipelineID": plan.pipeline, "stageID": plan.stage}
    return {**{key: value for key, value in own.items() if _LABEL_VALUE.match(value)}, **pod.labels}


def _toleration(toleration: Toleration) -> Manifest:
    return _present(
        {
            "effect": toleration.effect,
            "key": toleration.key,
            "operator": toleration.operator,
            "value": toleration.value,
            "tolerationSeconds": toleration.seconds,
        }
    )


def _security(context: SecurityContext) -> Manifest:
    return _present(
        {
            "privileged": context.privileged,
            "allowPrivilegeEscalation": context.allow_privilege_escalation,
            "readOnlyRootFilesystem": context.read_only_root_filesystem,
            "runAsNonRoot": context.run_as_non_root,
            "runAsUser": context.run_as_user,
            "runAsGroup": context.run_as_group,
            "procMount": context.proc_mount,
            "capabilities": _present(
                {"add": list(context.added_capabilities), "drop": list(context.dropped_capabilities)}
            ),
        }
    )


def _name_of(secret: Manifest) -> Manifest:
    metadata = secret["metadata"]
    assert isinstance(metadata, dict)
    return {"name": metadata["name"]}


def _present(fields: Manifest) -> Manifest:
    """Without what is not given."""
    return {key: value for key, value in fields.items() if value not in (None, {}, [])}
