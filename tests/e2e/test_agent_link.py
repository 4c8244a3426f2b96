"""The agent link of a real server: held polls over real connections, and what ends them."""

import json
import socket
import threading
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from pierhead.demo.server_process import ServerProcess
from pierhead.protocol.agent import AGENT_PATH
from pierhead.server.bootstrap import open_application
from pierhead.server.settings import Settings
from pierhead.testing.scripted_delegate import Said, ScriptedDelegate, over_http

from .test_server_kills import Caller, caller

REVOKED_WITHIN_S = 5.0


@pytest.fixture
def token(home) -> str:
    application = open_application(Settings(data=home.data), serves=False)
    try:
        return application.delegate_tokens.create(application.scope, "fleet", "test")[1].reveal()
    finally:
        application.close()


@pytest.fixture
def server(home, token) -> Iterator[ServerProcess]:
    home.environment["PIERHEAD_DELEGATE_APPROVAL"] = "automatic"
    with home.server() as server:
        server.wait()
        yield server


@pytest.fixture
def delegate(server, token) -> ScriptedDelegate:
    return ScriptedDelegate(over_http(server.wait()), token).join()


class Held(threading.Thread):
    def __init__(self, delegate: ScriptedDelegate) -> None:
        super().__init__(daemon=True)
        self._delegate = delegate
        self.said: Said | None = None
        self.start()

    def run(self) -> None:
        self.said = self._delegate.poll()


def is_connected(api: Caller, delegate: ScriptedDelegate) -> bool:
    found = api.call("GET", f"/delegates/{delegate.id}")
    return bool(found["isConnected"])


def until(condition, within_s: float) -> float:
    began = time.monotonic()
    while not condition():
        assert time.monotonic() - began < within_s, "it did not come to that"
        threading.Event().wait(0.02)
    return time.monotonic() - began


def test_a_revoked_token_ends_a_held_poll_within_five_seconds(home, server, delegate) -> None:
    held = Held(delegate)
    threading.Event().wait(0.5)
    assert held.said is None
    api = caller(server)
    began = time.monotonic()
    revoke(api, "fleet")
    held.join(REVOKED_WITHIN_S)
    assert held.said is not None
    assert held.said.code == "delegate-revoked"
    assert time.monotonic() - began < REVOKED_WITHIN_S
    assert delegate.poll().status == 403


def revoke(api: Caller, name: str) -> None:
    import http.client

    connection = http.client.HTTPConnection(urlsplit(api.url).netloc, timeout=20)
    account = api.key.split(".")[1]
    path = f"/ng/api/delegate-token-ng?accountIdentifier={account}&tokenName={name}"
    connection.request("PUT", path, headers={"X-API-KEY": api.key})
    answer = connection.getresponse()
    assert answer.status == 200, answer.read()
    connection.close()


def test_who_hangs_up_is_known_to_be_gone_soon(server, delegate) -> None:
    api = caller(server)
    body = json.dumps({"session": delegate.session, "free": 1}).encode()
    fields = {"Host": "x", "Content-Length": str(len(body)), **delegate.headers("poll", body)}
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    parts = urlsplit(server.wait())
    with socket.create_connection((parts.hostname, parts.port)) as connection:
        connection.sendall(f"POST {AGENT_PATH}/poll HTTP/1.1\r\n{head}\r\n".encode() + body)
        threading.Event().wait(1.5)
        assert is_connected(api, delegate)
    assert until(lambda: not is_connected(api, delegate), 15) < 9


def test_a_server_that_stops_answers_held_polls_first(server, delegate) -> None:
    held = Held(delegate)
    threading.Event().wait(0.5)
    began = time.monotonic()
    server.process.terminate()
    held.join(5)
    assert held.said is not None
    assert held.said.status == 200
    server.process.wait(10)
    assert time.monotonic() - began < 8
