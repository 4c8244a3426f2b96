"""The walk itself: each step says what it does, shows the command that does it, and runs that command.

The commands are the real ones, run in this process against a real server process. A step that ends otherwise than it
should ends the walk with an error; whatever happens, every process is stopped and every file removed.
"""

import io
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

from pierhead.cli.connect import connect
from pierhead.cli.format import size
from pierhead.cli.invocation import Connection, Target
from pierhead.cli.main import run
from pierhead.cli.render import Screen
from pierhead.kit.clock import Clock, SystemClock
from pierhead.kit.errors import AppError
from pierhead.testing.docker_registry import DockerRegistry, is_installed
from pierhead.testing.fake_registry import BasicLogin, FakeRegistry
from pierhead.testing.push import push_image

from .content import HARNESS_IMAGE, MIRROR, MISSING_PIN, PASSWORD, PIPELINE, USER, demo_images
from .server_process import ServerProcess


class DemoFailedError(AppError):
    code = "demo-failed"

    def __init__(self, command: str, expected: int, got: int, log: str) -> None:
        super().__init__(
            f"`{command}` ended with {got} instead of {expected}", hint=f"the server said: {log[-1500:] or 'nothing'}"
        )


def walk(screen: Screen, clock: Clock | None = None) -> None:
    """Raises AppError when a step does not do what it should."""
    clock = clock or SystemClock()
    begun_at = clock.monotonic()
    with ExitStack() as stack:
        place = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="pierhead-demo-")))
        server = stack.enter_context(ServerProcess(place / "data", place / "server.log"))
        _Walk(screen, place, server, stack).all()
    screen.line()
    screen.line(f"Done in {clock.monotonic() - begun_at:.1f} s; every process is stopped and every file removed.")
    screen.line("Next: `pierhead up` starts a server for good, `pierhead --help` lists the commands.")


class _Walk:
    def __init__(self, screen: Screen, place: Path, server: ServerProcess, stack: ExitStack) -> None:
        self._screen = screen
        self._place = place
        self._server = server
        self._stack = stack
        self._number = 0

    def all(self) -> None:
        hub, mirror = self._registries()
        self._start()
        self._connectors(hub, mirror)
        self._explain()
        self._init()
        self._fail()

    def _registries(self) -> tuple[str, str]:
        """URLs of the open registry and of the one with a login."""
        self._step("Two registries on loopback, one open, one a private mirror with a login")
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
        self._screen.line(f"{kind} at {url}, and a mirror at {mirror.url}: {what} each", indent=3)
        return url, mirror.url

    def _start(self) -> None:
        self._step("Pierhead, with an empty data directory")
        self._command(f"export PIERHEAD_DATA={self._server.data}")
        self._command("pierhead up --port 0")
        url = self._server.wait()
        self._screen.line(f"listens on {url}; account, admin key and the connector harnessImage are made", indent=3)

    def _connectors(self, hub: str, mirror: str) -> None:
        self._step("harnessImage points at the open registry; the mirror gets a connector and a secret of its own")
        self._write("harness-image.yaml", HARNESS_IMAGE.format(url=hub))
        self._write("mirror.yaml", MIRROR.format(url=mirror, user=USER))
        self._run("connector apply -f harness-image.yaml")
        with _standard_input(PASSWORD):
            self._run("secret apply mirrorToken --from-stdin")
        self._run("connector apply -f mirror.yaml")
        self._run("connector test mirror")

    def _explain(self) -> None:
        self._step("What the stage with the override would pull, and why; nothing is pulled yet")
        self._write("pipeline.yaml", PIPELINE)
        self._run("explain pipeline.yaml --stage scan")

    def _init(self) -> None:
        self._step("The pipeline's images: resolved, pulled, verified")
        self._run("init pipeline.yaml")

    def _fail(self) -> None:
        self._step("One that fails: a version is pinned that does not exist")
        self._run(f"image pin {MISSING_PIN}")
        self._run("init pipeline.yaml --stage build", expected=1)
        self._run(f"image reset {MISSING_PIN.partition('=')[0]}")

    def _step(self, title: str) -> None:
        self._number += 1
        self._screen.line()
        self._screen.line(f"{self._number}. {title}", style="bold")

    def _command(self, text: str) -> None:
        self._screen.line(f"$ {text}", style="cyan", indent=3)

    def _run(self, text: str, *, expected: int = 0) -> None:
        command = f"pierhead {text}"
        self._command(command)
        argv = [str(self._place / word) if word.endswith(".yaml") else word for word in text.split()]
        sys.stdout.flush()
        code = run(argv, connect=self._connect)
        if code != expected:
            raise DemoFailedError(command, expected, code, self._server.log.read_text(errors="replace"))

    def _connect(self, target: Target) -> Connection:
        """This server, whatever the user's environment says of another one."""
        return connect(replace(target, data=self._server.data, url=None, api_key=None, api_key_file=None))

    def _write(self, name: str, text: str) -> None:
        (self._place / name).write_text(text)


@contextmanager
def _standard_input(text: str) -> Iterator[None]:
    before = sys.stdin
    sys.stdin = io.TextIOWrapper(io.BytesIO(text.encode()))
    try:
        yield
    finally:
        sys.stdin = before
