"""How the demo shows what it does: numbered steps, the commands as a person types them, and those same commands run.

The commands are the real ones, run in this process against a real server process. One that ends otherwise than it
should ends the demo.
"""

import io
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from pierhead.cli.connect import connect
from pierhead.cli.invocation import Connection, Target
from pierhead.cli.main import run
from pierhead.cli.render import Screen
from pierhead.kit.errors import AppError

from .server_process import ServerProcess


class DemoFailedError(AppError):
    code = "demo-failed"

    def __init__(self, command: str, expected: int, got: int, log: str) -> None:
        super().__init__(
            f"`{command}` ended with {got} instead of {expected}", hint=f"the server said: {log[-1500:] or 'nothing'}"
        )


class Show:
    """``place``: where the files lie that commands name. Made before the server listens."""

    def __init__(self, screen: Screen, place: Path, server: ServerProcess) -> None:
        self.place = place
        self.server = server
        self._screen = screen
        self._number = 0

    def step(self, title: str) -> None:
        self._number += 1
        self._screen.line()
        self._screen.line(f"{self._number}. {title}", style="bold")

    def say(self, text: str) -> None:
        self._screen.line(text, indent=3)

    def command(self, text: str) -> None:
        """Shows a command that something else runs."""
        self._screen.line(f"$ {text}", style="cyan", indent=3)

    def run(self, text: str, *, expected: int = 0) -> None:
        """Raises DemoFailedError when it ends with another code."""
        command = f"pierhead {text}"
        self.command(command)
        argv = [str(self.place / word) if word.endswith(".yaml") else word for word in text.split()]
        sys.stdout.flush()
        code = run(argv, connect=self._connect)
        if code != expected:
            raise DemoFailedError(command, expected, code, self.server.log.read_text(errors="replace"))

    def ask(self, text: str) -> Any:
        """What a command answers with ``--json``; not shown."""
        command = [sys.executable, "-m", "pierhead", *text.split(), "--json", "--data", str(self.server.data)]
        return json.loads(subprocess.check_output(command))  # noqa: S603 - this program itself

    def write(self, name: str, text: str) -> None:
        (self.place / name).write_text(text)

    def _connect(self, target: Target) -> Connection:
        """This server, whatever the user's environment says of another one."""
        return connect(replace(target, data=self.server.data, url=None, api_key=None, api_key_file=None))


@contextmanager
def standard_input(text: str) -> Iterator[None]:
    before = sys.stdin
    sys.stdin = io.TextIOWrapper(io.BytesIO(text.encode()))
    try:
        yield
    finally:
        sys.stdin = before
