"""A delegate as a process of its own, perhaps in a room of its own; stopped, or killed, by its own process id."""

import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Self

_STOPPED_WITHIN_S = 15.0


class DelegateProcess:
    """``words`` are what ``pierhead delegate run`` is called with, besides name and state. A context manager.

    ``prefix``: the words that start a program in its room. ``start`` begins it, again after a ``kill`` too.
    """

    def __init__(self, name: str, place: Path, words: Sequence[str], prefix: Sequence[str] = ()) -> None:
        self.name = name
        self.state = place / name
        self.log = place / f"{name}.log"
        program = [*prefix, sys.executable, "-m", "pierhead", "delegate", "run"]
        self._command = [*program, *words, "--name", name, "--state", str(self.state)]
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def images(self) -> Path:
        return self.state / "images"

    def start(self) -> None:
        with self.log.open("ab") as file:
            self.process = subprocess.Popen(  # noqa: S603 - this program itself
                self._command, stdin=subprocess.DEVNULL, stdout=file, stderr=file, process_group=0
            )

    def kill(self) -> None:
        """As a power cut would: nothing is finished, nothing is said."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()

    def stop(self) -> None:
        """Asks it to end, twice so that it waits for nothing, and makes it end after a while; harmless afterwards."""
        if self.process is None or self.process.poll() is not None:
            return
        for _ in range(2):
            self.process.terminate()
            try:
                self.process.wait(1)
            except subprocess.TimeoutExpired:
                continue
            return
        try:
            self.process.wait(_STOPPED_WITHIN_S)
        except subprocess.TimeoutExpired:
            self.kill()

    def said(self) -> str:
        return self.log.read_text(errors="replace")

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
