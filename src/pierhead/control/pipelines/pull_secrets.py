"""Kubernetes pull secrets for the images of a stage: one for each connector with credentials.

Of type ``kubernetes.io/dockerconfigjson``, with the keys the kubelet looks up: ``https://index.docker.io/v1/`` for
Docker Hub, host or host/path for other registries. Passwords come from the caller; nothing is revealed here.
"""

import base64
import json
from collections.abc import Callable
from typing import Final

from pierhead.control.connectors import UsernamePasswordAuth

from .dns_names import dns_label
from .plan import PlannedImage, StagePlan

Manifest = dict[str, object]
Credentials = Callable[[PlannedImage], tuple[str, str] | None]

HIDDEN: Final = "***"


def hidden_credentials(image: PlannedImage) -> tuple[str, str] | None:
    """The user name when it is no secret, and a mask for everything that is one."""
    auth = image.access.spec.auth if image.access is not None else None
    if not isinstance(auth, UsernamePasswordAuth):
        return None
    return auth.username or HIDDEN, HIDDEN


def pull_secrets(plan: StagePlan, pod: str, credentials: Credentials) -> list[Manifest]:
    """One Secret for each connector whose credentials an image of the stage needs, in the order of the images."""
    auths: dict[str, dict[str, object]] = {}
    for image in plan.images:
        found = credentials(image) if image.pull_secret_key is not None else None
        if found is None or image.access is None or image.pull_secret_key is None:
            continue
        entries = auths.setdefault(dns_label(pod, "pull", str(image.access.reference)), {})
        entries[image.pull_secret_key] = _entry(*found)
    return [_secret(plan, name, entries) for name, entries in auths.items()]


def _entry(username: str, password: str) -> dict[str, str]:
    return {"username": username, "password": password, "auth": _base64(f"{username}:{password}")}


def _secret(plan: StagePlan, name: str, auths: dict[str, object]) -> Manifest:
    namespace = plan.infrastructure.pod.namespace if plan.infrastructure.pod else None
    config = json.dumps({"auths": auths}, sort_keys=True, separators=(",", ":"))
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": name, **({"namespace": namespace} if namespace else {})},
        "type": "kubernetes.io/dockerconfigjson",
        "data": {".dockerconfigjson": _base64(config)},
    }


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode("ascii")
