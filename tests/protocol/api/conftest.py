import json
import socket
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import uvicorn

from pierhead.server.app import create_app
from pierhead.testing.application import MemoryApplication, memory_application


@dataclass(frozen=True)
class Server:
    """A real server on loopback, and the shell of somebody who talks to it."""

    url: str
    application: MemoryApplication

    def shell(self, commands: str) -> Any:
        """What the commands print, which must be one JSON document."""
        environment = {"PATH": "/usr/local/bin:/usr/bin:/bin", "ACCOUNT_ID": self.application.account.id}
        done = subprocess.run(["sh", "-c", commands], capture_output=True, timeout=30, check=False, env=environment)
        return json.loads(done.stdout)

    def ready(self, command: str) -> str:
        """The command with host and key replaced; the account is filled in by the shell."""
        here = command.replace("https://app.harness.io", self.url)
        return here.replace("$API_KEY", self.application.key.reveal())


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    application = memory_application(tmp_path)
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(create_app(application), log_config=None, access_log=False, lifespan="off")
    program = uvicorn.Server(config)
    thread = threading.Thread(target=program.run, args=([listener],))
    thread.start()
    try:
        yield Server(f"http://127.0.0.1:{listener.getsockname()[1]}", application)
    finally:
        program.should_exit = True
        thread.join()
