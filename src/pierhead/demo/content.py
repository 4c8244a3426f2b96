"""What the demo works on: small real images under the catalogue's names, two connectors, a pipeline of two stages."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from pierhead.control.catalogue import Catalogue, Infra
from pierhead.testing.images import Image, Layer, layer, multi_platform, noise

USER = "builder"
PASSWORD = "a-token-of-no-value"  # noqa: S105 - of a registry that lives for a few seconds
MISSING_PIN = "gitCloneTag=harness/drone-git:99.0.0"
TOOLS = "tools/go:1.22"
_FIELDS = (
    "addonTag",
    "liteEngineTag",
    "gitCloneTag",
    "buildAndPushDockerRegistryTag",
    "cacheS3Tag",
    "securityTag",
)
_KIB = 1024

HARNESS_IMAGE = """\
connector:
  identifier: harnessImage
  name: Harness Docker Connector
  description: throw-away registry of the demo
  type: DockerRegistry
  spec:
    dockerRegistryUrl: {url}
    providerType: Other
    auth: {{type: Anonymous}}
    executeOnDelegate: false
"""
MIRROR = """\
connector:
  identifier: mirror
  name: Private mirror
  type: DockerRegistry
  spec:
    dockerRegistryUrl: {url}
    providerType: Other
    auth:
      type: UsernamePassword
      spec: {{username: {user}, passwordRef: account.mirrorToken}}
    executeOnDelegate: false
"""
PIPELINE = """\
pipeline:
  identifier: demo
  name: Demo
  stages:
    - stage:
        identifier: build
        name: Build
        type: CI
        spec:
          cloneCodebase: true
          infrastructure:
            type: KubernetesDirect
            spec: {connectorRef: account.cluster, namespace: builds, os: Linux}
          execution:
            steps:
              - step: {identifier: restore, name: Restore, type: RestoreCacheS3, spec: {bucket: cache, key: deps}}
              - step:
                  identifier: image
                  name: Image
                  type: BuildAndPushDockerRegistry
                  spec: {connectorRef: account.hub, repo: acme/app, tags: [latest]}
    - stage:
        identifier: scan
        name: Scan
        type: CI
        spec:
          cloneCodebase: true
          infrastructure:
            type: KubernetesDirect
            spec:
              connectorRef: account.cluster
              namespace: builds
              os: Linux
              harnessImageConnectorRef: account.mirror   # this stage pulls from the private mirror
          execution:
            steps:
              - step:
                  identifier: test
                  name: Test
                  type: Run
                  spec: {connectorRef: account.mirror, image: "tools/go:1.22", shell: Sh, command: go test ./...}
"""
VAULT_CONNECTOR = """\
connector:
  identifier: vault
  name: Registry in the vault
  type: DockerRegistry
  spec:
    dockerRegistryUrl: {url}
    providerType: Other
    auth: {{type: Anonymous}}
    executeOnDelegate: true
"""
VAULT_PIPELINE = """\
pipeline:
  identifier: demo
  name: Demo
  delegateSelectors: [site-vault]
  stages:
    - stage:
        identifier: build
        name: Build
        type: CI
        spec:
          cloneCodebase: true
          infrastructure:
            type: KubernetesDirect
            spec:
              connectorRef: account.cluster
              namespace: builds
              os: Linux
              harnessImageConnectorRef: account.vault
          execution:
            steps:
              - step:
                  identifier: make
                  name: Make
                  type: Run
                  spec: {connectorRef: account.vault, image: "vault/toolchain:7", shell: Sh, command: make}
"""


@dataclass(frozen=True, slots=True)
class DemoImages:
    """Images by ``repository:tag``; the layers they share are counted once in ``layers`` and ``size_bytes``."""

    images: Mapping[str, Image]

    @property
    def size_bytes(self) -> int:
        return sum(len(content) for content in self._blobs().values() if isinstance(content, bytes))

    @property
    def blobs(self) -> int:
        return len(self._blobs())

    def push(self, send: Callable[[str, str, Image], object]) -> None:
        """Hands each image to ``send(repository, tag, image)``."""
        for name, image in self.images.items():
            repository, _, tag = name.rpartition(":")
            send(repository, tag, image)

    def _blobs(self) -> dict[object, object]:
        return {digest: content for image in self.images.values() for digest, content in image.blobs.items()}


def demo_images() -> DemoImages:
    """What the pipeline needs, at the versions of the catalogue: each two platforms on a base they all share."""
    defaults = Catalogue.load().defaults(Infra.K8)
    names = sorted({defaults[field] for field in _FIELDS})
    base = layer({"etc/os-release": "ID=demo\n", "usr/lib/base": noise(600 * _KIB)})
    images = {
        name: multi_platform([base, _own_layer(name, seed)], _program(name)) for seed, name in enumerate(names, 1)
    }
    return DemoImages(images | {TOOLS: multi_platform([base, _own_layer(TOOLS, 0)], "go")})


def _own_layer(name: str, seed: int) -> Layer:
    return layer({f"usr/lib/{_program(name)}": noise((80 + 40 * seed) * _KIB, 1000 + seed)})


def _program(name: str) -> str:
    return name.rpartition("/")[2].partition(":")[0]
