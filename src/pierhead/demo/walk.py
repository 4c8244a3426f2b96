"""The walk through the main job, step by step. Whatever happens, every process is stopped and every file removed."""

import os
import tempfile
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from pierhead.cli.format import size
from pierhead.cli.render import Screen
from pierhead.kit.clock import Clock, SystemClock
from pierhead.testing.docker_registry import DockerRegistry, is_installed
from pierhead.testing.fake_registry import BasicLogin, FakeRegistry
from pierhead.testing.push import push_image

from .content import HARNESS_IMAGE, MIRROR, MISSING_PIN, PASSWORD, PIPELINE, USER, demo_images
from .server_process import ServerProcess
from .show import Show, standard_input


def walk(screen: Screen, clock: Clock | None = None) -> None:
    """Raises AppError when a step does not do what it should."""
    clock = clock or SystemClock()
    begun_at = clock.monotonic()
    with ExitStack() as stack:
        place = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="pierhead-demo-")))
        server = stack.enter_context(ServerProcess(place / "data", place / "server.log", _environment()))
        _Walk(screen, place, server, stack).all()
    screen.line()
    screen.line(f"Done in {clock.monotonic() - begun_at:.1f} s; every process is stopped and every file removed.")
    screen.line("Next: `pierhead up` starts a server for good, `pierhead --help` lists the commands.")


def _environment() -> dict[str, str]:
    """The demo's registries are on loopback, where a server goes only when it is told that it may."""
    return {**os.environ, "PIERHEAD_PRIVATE_ADDRESSES": "allow"}


class _Walk:
    def __init__(self, screen: Screen, place: Path, server: ServerProcess, stack: ExitStack) -> None:
        self._show = Show(screen, place, server)
        self._place = place
        self._server = server
        self._stack = stack

    def all(self) -> None:
        hub, mirror = self._registries()
        self._start()
        self._connectors(hub, mirror)
        self._explain()
        self._init()
        self._fail()

    def _registries(self) -> tuple[str, str]:
        """URLs of the open registry and of the one with a login."""
        self._show.step("Two registries on loopback, one open, one a private mirror with a login")
        images = demo_images()
        mirror = self._stack.enter_context(FakeRegistry(BasicLogin({USER: PASSWORD})))
        images.push(mirror.add)
        if is_installed():
            directory = self._place / "registry"
            directory.mkdir()
            hub = self._stack.enter_context(DockerRegistry(directory))
            images.push(partial(push_image, hub.url))
            kind, url = "docker-registry", hub.url
        else:
            fake = self._stack.enter_context(FakeRegistry())
            images.push(fake.add)
            kind, url = "the registry that ships with Pierhead", fake.url
        what = f"{len(images.images)} images of 2 platforms, {images.blobs} blobs, {size(images.size_bytes)}"
        self._show.say(f"{kind} at {url}, and a mirror at {mirror.url}: {what} each")
        return url, mirror.url

    def _start(self) -> None:
        self._show.step("Pierhead, with an empty data directory")
        self._show.command(f"export PIERHEAD_DATA={self._server.data}")
        self._show.command("pierhead up --port 0")
        url = self._server.wait()
        self._show.say(f"listens on {url}; account, admin key and the connector harnessImage are made")

    def _connectors(self, hub: str, mirror: str) -> None:
        self._show.step("harnessImage points at the open registry; the mirror gets a connector and a secret of its own")
        self._show.write("harness-image.yaml", HARNESS_IMAGE.format(url=hub))
        self._show.write("mirror.yaml", MIRROR.format(url=mirror, user=USER))
        self._show.run("connector apply -f harness-image.yaml")
        with standard_input(PASSWORD):
            self._show.run("secret apply mirrorToken --from-stdin")
        self._show.run("connector apply -f mirror.yaml")
        self._show.run("connector test mirror")

    def _explain(self) -> None:
        self._show.step("What the stage with the override would pull, and why; nothing is pulled yet")
        self._show.write("pipeline.yaml", PIPELINE)
        self._show.run("explain pipeline.yaml --stage scan")

    def _init(self) -> None:
        self._show.step("The pipeline's images: resolved, pulled, verified")
        self._show.run("init pipeline.yaml")

    def _fail(self) -> None:
        self._show.step("One that fails: a version is pinned that does not exist")
        self._show.run(f"image pin {MISSING_PIN} --force --reason demo")
        self._show.run("init pipeline.yaml --stage build", expected=1)
        self._show.run(f"image reset {MISSING_PIN.partition('=')[0]}")
