"""A Pierhead server as a process of its own, on a free port of loopback; stopped by its own process id."""

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Self

from pierhead.cli.connect import running_server
from pierhead.kit.clock import Clock, SystemClock
from pierhead.kit.errors import UnavailableError

_READY_WITHIN_S = 30.0
_STOPPED_WITHIN_S = 15.0


class ServerStartError(UnavailableError):
    code = "server-start"

    def __init__(self, reason: str, said: str) -> None:
        super().__init__(f"the server {reason}: {said.strip()[-2000:] or 'it said nothing'}")


class ServerProcess:
    """Starts at once; ``wait`` until it listens. A context manager. ``log`` holds all it says."""

    def __init__(
        self,
        data: Path,
        log: Path,
        environment: Mapping[str, str] | None = None,
        clock: Clock | None = None,
        *,
        host: str = "127.0.0.1",
    ) -> None:
        self.data = data
        self.log = log
        self._clock = clock or SystemClock()
        with log.open("ab") as file:
            # A group of its own: Ctrl-C reaches whoever started it, who then stops it in order.
            self.process = subprocess.Popen(  # noqa: S603 - this program itself
                [sys.executable, "-m", "pierhead", "up", "--data", str(data), "--host", host, "--port", "0"],
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=file,
                env=environment,
                process_group=0,
            )

    def wait(self) -> str:
        """The URL it listens on. Raises ServerStartError when it ends before, or takes too long."""
        give_up_at = self._clock.monotonic() + _READY_WITHIN_S
        while self._clock.monotonic() < give_up_at:
            server = running_server(self.data)
            if server is not None and server.pid == self.process.pid:
                return server.url
            if self.process.poll() is not None:
                raise ServerStartError(f"ended with status {self.process.returncode}", self._said())
            self._clock.wait(0.02)
        raise ServerStartError(f"did not listen within {_READY_WITHIN_S:g} s", self._said())

    def stop(self) -> None:
        """Asks it to end, and makes it after a while; harmless when it has ended."""
        if self.process.poll() is None:
            self.process.terminate()
        try:
            self.process.wait(_STOPPED_WITHIN_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _said(self) -> str:
        return self.log.read_text(errors="replace")
