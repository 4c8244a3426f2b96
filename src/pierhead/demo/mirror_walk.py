"""The walk with a mirror: images copied ahead of need to a registry of one's own, until the source can be switched off.

Whatever happens, every process is stopped and every file removed.
"""

import os
import tempfile
from contextlib import ExitStack
from pathlib import Path

from pierhead.cli.format import size
from pierhead.cli.render import Screen
from pierhead.kit.clock import Clock, SystemClock
from pierhead.kit.errors import AppError
from pierhead.testing.fake_registry import FakeRegistry, TokenLogin
from pierhead.testing.images import layer, multi_platform

from .content import HARNESS_IMAGE, MIRROR, PASSWORD, PIPELINE, USER, demo_images
from .server_process import ServerProcess
from .show import Show, standard_input

_SOURCE = HARNESS_IMAGE.replace("harnessImage", "upstream").replace("Harness Docker Connector", "Upstream")
_TARGET_FOR_ALL = MIRROR.replace("identifier: mirror", "identifier: harnessImage")
_MIRROR = """\
mirror:
  identifier: ci
  name: What the pipeline needs
  spec:
    sourceRef: account.upstream
    targetRef: account.mirror
    repositories:
{repositories}"""
_REPOSITORY = "      - {{repository: {repository}, tags: {{exact: [{tag}]}}}}\n"
_MOVED = "tools/go:1.22"


class DemoSurpriseError(AppError):
    code = "demo-surprise"

    def __init__(self, what: str, expected: object, got: object) -> None:
        super().__init__(f"{what}: {got} instead of {expected}")


def walk_with_mirror(screen: Screen, clock: Clock | None = None) -> None:
    """Raises AppError when a step does not do what it should."""
    clock = clock or SystemClock()
    begun_at = clock.monotonic()
    with ExitStack() as stack:
        place = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="pierhead-demo-")))
        environment = {**os.environ, "PIERHEAD_PRIVATE_ADDRESSES": "allow"}
        server = stack.enter_context(ServerProcess(place / "data", place / "server.log", environment))
        source = stack.enter_context(FakeRegistry(has_referrers=True))
        target = stack.enter_context(FakeRegistry(TokenLogin({USER: PASSWORD}), has_referrers=True))
        _Walk(Show(screen, place, server), source, target).all()
    screen.line()
    screen.line(f"Done in {clock.monotonic() - begun_at:.1f} s; every process is stopped and every file removed.")
    screen.line("Next: docs/guides/mirror-images.md says how to mirror to a registry of your own.")


class _Walk:
    def __init__(self, show: Show, source: FakeRegistry, target: FakeRegistry) -> None:
        self._show = show
        self._source = source
        self._target = target
        self._images = demo_images()

    def all(self) -> None:
        self._registries()
        self._connectors()
        self._plan()
        self._copy()
        self._again()
        self._moved()
        self._trust()
        self._switch()
        self._without_source()

    def _registries(self) -> None:
        self._show.step("Two registries on loopback: the source, and one of our own with logins by token; Pierhead")
        self._images.push(self._source.add)
        what = f"{len(self._images.images)} images of 2 platforms, {size(self._images.size_bytes)}"
        self._show.say(f"source {self._source.url} has {what}; target {self._target.url} has nothing")
        self._show.command("pierhead up --port 0")
        self._show.say(f"listens on {self._show.server.wait()}")

    def _connectors(self) -> None:
        self._show.step("A connector for each, the target's with a secret")
        self._show.write("upstream.yaml", _SOURCE.format(url=self._source.url))
        self._show.write("target.yaml", MIRROR.format(url=self._target.url, user=USER))
        self._show.run("connector apply -f upstream.yaml")
        with standard_input(PASSWORD):
            self._show.run("secret apply mirrorToken --from-stdin")
        self._show.run("connector apply -f target.yaml")

    def _plan(self) -> None:
        self._show.step(
            "A mirror of the images that the pipeline needs, and what a run would do; nothing is copied yet"
        )
        names = [name.rpartition(":") for name in self._images.images]
        rows = "".join(_REPOSITORY.format(repository=repository, tag=f'"{tag}"') for repository, _, tag in names)
        self._show.write("mirror.yaml", _MIRROR.format(repositories=rows))
        self._show.run("apply -f mirror.yaml")
        self._show.run("mirror run ci --dry-run")
        self._expect("requests at the target", 0, self._pushed())

    def _copy(self) -> None:
        self._show.step("The run: every image by its digest, layers that several share sent once")
        self._show.run("mirror run ci")
        for name in self._images.images:
            self._expect(f"{name} at the target", self._digest(self._source, name), self._digest(self._target, name))

    def _again(self) -> None:
        self._show.step("A second run has nothing to do, and that costs one HEAD for each tag")
        self._forget()
        self._show.run("mirror run ci")
        asked = [request.method for request in self._source.requests]
        self._expect("requests at the source", ["HEAD"] * len(self._images.images), asked)
        self._expect("requests at the target", 0, len(self._target.requests))
        self._show.say(f"asked were: the source {len(asked)} times, each a HEAD; the target not at all")

    def _moved(self) -> None:
        self._show.step(f"At the source {_MOVED} means something else now; a run sees it, and copies that alone")
        repository, _, tag = _MOVED.rpartition(":")
        self._source.add(repository, tag, multi_platform([layer({"usr/lib/go": "of today\n"})], "go"))
        self._show.run("mirror run ci")
        self._expect(_MOVED, self._digest(self._source, _MOVED), self._digest(self._target, _MOVED))

    def _trust(self) -> None:
        """Between what was copied and what pipelines may use: gates, an exception with its reason, pins, roll back."""

    def _switch(self) -> None:
        self._show.step("The account's connector is switched to the target; the pipeline needs the source no more")
        self._show.write("harness-image.yaml", _TARGET_FOR_ALL.format(url=self._target.url, user=USER))
        self._show.run("connector apply -f harness-image.yaml")
        self._forget()
        self._show.write("pipeline.yaml", PIPELINE)
        self._show.run("init pipeline.yaml")
        self._expect("requests at the source", 0, len(self._source.requests))
        self._show.say(f"asked were: the target {len(self._target.requests)} times, the source not at all")

    def _without_source(self) -> None:
        self._show.step("The source is gone: its mirror says so and keeps what there is, and the pipeline stays green")
        self._source.stop()
        self._show.run("mirror run ci", expected=1)
        self._show.run("init pipeline.yaml")

    def _forget(self) -> None:
        self._source.forget_requests()
        self._target.forget_requests()

    def _pushed(self) -> int:
        return self._target.count("PUT") + self._target.count("POST")

    def _digest(self, registry: FakeRegistry, name: str) -> str:
        repository, _, tag = name.rpartition(":")
        found = registry.content.find_manifest(repository, tag)
        return "nothing" if found is None else str(found[0])

    def _expect(self, what: str, expected: object, got: object) -> None:
        if got != expected:
            raise DemoSurpriseError(what, expected, got)
