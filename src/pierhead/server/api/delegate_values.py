"""The values of the delegate's chart as YAML, under the names of the reference (harness-api §4.9); pure."""

import json
import re
from collections.abc import Iterator

from pierhead import __version__
from pierhead.kit.redact import SecretValue

from .wire.delegate_setup import HelmBody

# (replicas, processors, MiB of memory of each)
_SIZES = {
    "EXTRA_SMALL": (1, 1, 2048),
    "LAPTOP": (1, 1, 2048),
    "SMALL": (2, 1, 2048),
    "MEDIUM": (4, 2, 4096),
    "LARGE": (8, 2, 4096),
}
# What YAML does not print, or takes for the end of a line, and JSON leaves as it is (YAML 1.2.2, 5.1).
_UNPRINTABLE = re.compile("[\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]")


def values_of(body: HelmBody, account: str, token: SecretValue, server: str) -> str:
    """``server`` is where the caller reached us; whether the cluster does is for the caller to know."""
    return "".join(f"{line}\n" for line in _lines(body, account, token, server))


def _lines(body: HelmBody, account: str, token: SecretValue, server: str) -> Iterator[str]:
    replicas, cpu, memory = _SIZES[body.size or "LAPTOP"]
    yield "# Values for the chart deploy/helm/pierhead-delegate."
    yield f"delegateName: {_quoted(body.name)}"
    yield f"accountId: {_quoted(account)}"
    yield "# A secret; with existingDelegateToken it stays out of this file."
    yield f"delegateToken: {_quoted(token.reveal())}"
    yield f"managerEndpoint: {_quoted(server)}"
    yield "# Ours differs: the image is Pierhead's own, wherever you keep it."
    yield f"image: {{repository: pierhead, tag: {_quoted(__version__)}}}"
    yield f"tags: {_quoted(','.join(body.tags or ()))}"
    yield f"description: {_quoted(body.description or '')}"
    yield f"replicas: {replicas}"
    yield f"cpu: {cpu}"
    yield f"memory: {memory}"
    yield "# Known from the reference, without a meaning here: a delegate starts nothing in the cluster, does not"
    yield "# upgrade itself, and always polls."
    permissions = body.k8s_config_details.k8s_permission_type if body.k8s_config_details else "NAMESPACE_ADMIN"
    yield f"k8sPermissionsType: {permissions}"
    yield f"delegateType: {body.delegate_type}"
    yield "nextGen: true"
    yield "deployMode: KUBERNETES"
    yield "pollForTasks: true"
    yield 'initScript: ""'
    yield "upgrader: {enabled: false}"


def _quoted(text: str) -> str:
    """A JSON text is a YAML text too once nothing in it is unprintable for YAML.

    What is beyond ASCII stays as it is: an escaped pair of surrogates is two characters to YAML, and neither is one.
    """
    return _UNPRINTABLE.sub(lambda found: f"\\u{ord(found[0]):04x}", json.dumps(text, ensure_ascii=False))
