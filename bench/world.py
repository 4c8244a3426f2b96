"""What is measured against: Debian's docker-registry on loopback, filled with images of the sizes that matter."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from pierhead.kit.limits import MIB
from pierhead.testing.docker_registry import DockerRegistry
from pierhead.testing.images import image, noise_layer
from pierhead.testing.push import push_image

PIERHEAD = str(Path(sys.executable).with_name("pierhead"))
FIVE_LAYERS_MIB = (75, 50, 35, 20, 5)
BIG_LAYER_MIB = 1024
IMAGES = (  # twelve of the catalogue's names
    "harness/ci-addon", "harness/ci-lite-engine", "harness/drone-git", "plugins/kaniko", "plugins/kaniko-ecr",
    "plugins/kaniko-gcr", "plugins/gcs", "plugins/s3", "plugins/artifactory", "plugins/cache", "plugins/kaniko-acr",
    "plugins/kaniko-gar",
)  # fmt: skip


class World:
    """A context: a registry with images, and a directory below which everything lives and then vanishes."""

    def __enter__(self) -> Self:
        self.directory = Path(tempfile.mkdtemp(prefix="pierhead-bench-"))
        (self.directory / "registry").mkdir()
        self.registry = DockerRegistry(self.directory / "registry")
        self.host = self.registry.host
        return self

    def __exit__(self, *_: object) -> None:
        self.registry.stop()
        shutil.rmtree(self.directory, ignore_errors=True)

    def push(self, repository: str, tag: str, sizes_mib: tuple[int, ...], seed: int = 0, shared: int = 0) -> None:
        """An image with layers of these sizes; the first ``shared`` of them are the same for every ``seed``."""
        layers = []
        for position, size in enumerate(sizes_mib):
            layer_seed = position if position < shared else 1000 * (seed + 1) + position
            layers.append(noise_layer(size * MIB, self.directory / f"layer-{layer_seed}-{size}", layer_seed))
        push_image(self.registry.url, repository, tag, image(layers))

    def fresh(self) -> Path:
        return Path(tempfile.mkdtemp(dir=self.directory))

    def skopeo(self, repository: str, tag: str, target: Path, host: str = "") -> list[str]:
        source = f"docker://{host or self.host}/{repository}:{tag}"
        return ["skopeo", "copy", "-q", "--insecure-policy", "--src-tls-verify=false", source, f"oci:{target}:{tag}"]


class Server:
    """``pierhead up`` as a process on a data directory of its own."""

    def __init__(self, data: Path) -> None:
        self.data = data
        started = time.perf_counter()
        self._process = subprocess.Popen(
            [PIERHEAD, "up", "--data", str(data), "--port", "0"],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "PIERHEAD_PRIVATE_ADDRESSES": "allow", "PIERHEAD_REQUESTS_PER_MINUTE": "0"},
        )
        assert self._process.stdout is not None
        self._process.stdout.readline()  # the line that says where it listens
        self.start_s = time.perf_counter() - started
        self.url = json.loads((data / "server.json").read_text())["url"]

    @property
    def resident_mib(self) -> float:
        status = Path(f"/proc/{self._process.pid}/status").read_text()
        return int(status.partition("VmRSS:")[2].split()[0]) / 1024

    def stop(self) -> None:
        self._process.send_signal(signal.SIGTERM)
        self._process.wait(30)


@contextmanager
def serving(data: Path) -> Iterator[Server]:
    server = Server(data)
    try:
        yield server
    finally:
        server.stop()


def pierhead(data: Path, *arguments: str) -> list[str]:
    return [PIERHEAD, *arguments, "--data", str(data)]
