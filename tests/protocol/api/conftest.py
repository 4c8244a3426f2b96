import http.client
import json
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest
import uvicorn

from pierhead.control.delegates import Delegate
from pierhead.control.scopes import Scope
from pierhead.server.app import create_app
from pierhead.testing.application import MemoryApplication, memory_application
from pierhead.testing.enrolled import enrol


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
    application.place("o", "p")
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


@pytest.fixture
def account(server: Server) -> str:
    return server.application.account.id


@pytest.fixture
def call(server: Server) -> Callable[..., tuple[int, Any]]:
    """(status, JSON or text) of a request as the SDK sends it: key in a header, account and the rest in the query."""

    def call(method: str, path: str, body: object = None, **query: str) -> tuple[int, Any]:
        application = server.application
        headers = {"x-api-key": application.key.reveal(), "Accept": "application/json, application/yaml"}
        raw = None if body is None else json.dumps(body).encode()
        if raw is not None:
            headers["Content-Type"] = "application/json"
        connection = http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=30)
        given = urlencode({"accountIdentifier": application.account.id, **query})
        connection.request(method, f"{path}?{given}", raw, headers)
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()
        is_json = answer.headers["Content-Type"] == "application/json"
        return answer.status, json.loads(text) if is_json else text

    return call


@pytest.fixture
def enrolled(server: Server) -> Callable[..., Delegate]:
    """Enrols a delegate by name; ``org`` and ``project`` say where."""

    def enrolled(name: str, *, org: str | None = None, project: str | None = None, **facts: Any) -> Delegate:
        scope = Scope(server.application.account.id, org, project)
        return enrol(server.application, scope, name, **facts)

    return enrolled
