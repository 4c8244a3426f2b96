"""The programs as processes on loopback, away from the user's own data, environment and servers."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from pierhead.cli.main import run
from pierhead.demo.content import HARNESS_IMAGE, PIPELINE, demo_images
from pierhead.demo.server_process import ServerProcess
from pierhead.testing.fake_registry import FakeRegistry

PATIENCE_S = 60


@dataclass(frozen=True)
class Done:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@dataclass
class Home:
    """A place to work in: ``pierhead`` runs the program there on the data directory ``data``."""

    root: Path
    environment: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("PIERHEAD_", "XDG_"))}
        private = {"PIERHEAD_PRIVATE_ADDRESSES": "allow"}  # the registries of the tests are on loopback
        private["PIERHEAD_REQUESTS_PER_MINUTE"] = "0"
        self.environment = {**kept, **private, "HOME": str(self.root), "PIERHEAD_DATA": str(self.data)}

    @property
    def data(self) -> Path:
        return self.root / "data"

    def write(self, name: str, text: str) -> str:
        (self.root / name).write_text(text)
        return name

    def start(self, *argv: str) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            self.argv(argv), cwd=self.root, env=self.environment, text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip

    def run(self, *argv: str, stdin: str = "") -> Done:
        done = subprocess.run(
            self.argv(argv), cwd=self.root, env=self.environment, text=True,
            input=stdin, capture_output=True, timeout=PATIENCE_S, check=False,
        )  # fmt: skip
        return Done(done.returncode, done.stdout, done.stderr)

    def prepare(self, *argv: str) -> None:
        """Runs a command in this very process, which has the heavy imports behind it."""
        words = [str(self.root / word) if word.endswith(".yaml") else word for word in argv]
        with pytest.MonkeyPatch.context() as here:
            here.setenv("PIERHEAD_PRIVATE_ADDRESSES", "allow")
            assert run([*words, "--data", str(self.data)]) == 0

    def server(self) -> ServerProcess:
        return ServerProcess(self.data, self.root / "server.log", self.environment)

    def argv(self, argv: Sequence[str]) -> list[str]:
        return [sys.executable, "-m", "pierhead", *argv]


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


@pytest.fixture
def registry() -> Iterator[FakeRegistry]:
    """Holds what the pipeline of the demo needs."""
    with FakeRegistry() as running:
        demo_images().push(running.add)
        yield running


@pytest.fixture
def prepared(home: Home, registry: FakeRegistry) -> Home:
    """A data directory whose harnessImage and mirror point at the registry, with the pipeline beside it; no server."""
    home.write("pipeline.yaml", PIPELINE)
    home.write("connectors.yaml", "---\n".join(connector(name, registry) for name in ("harnessImage", "mirror")))
    home.prepare("connector", "apply", "-f", "connectors.yaml")
    return home


@pytest.fixture
def served(home: Home) -> Iterator[Home]:
    """A data directory with a server on it, so that commands are quick."""
    with home.server() as server:
        server.wait()
        yield home


def connector(identifier: str, registry: FakeRegistry) -> str:
    """Not tested in the background when it is saved: those requests would be counted with the others."""
    text = HARNESS_IMAGE.replace("harnessImage", identifier).format(url=registry.url)
    return text.replace("executeOnDelegate:", "ignoreTestConnection: true\n    executeOnDelegate:")
