"""The product as it is run: servers as processes of their own, with what the fleet and its visitors need."""

import base64
import os
import secrets
import signal
from collections.abc import Mapping
from pathlib import Path
from typing import Self

from pierhead.demo.server_process import ServerProcess

from .api import Api, Offences
from .fleet import TAG


def pipeline(selector: str, connector: str, image: str) -> bytes:
    """Of one image, because what is looked at here is the task."""
    return f"""\
pipeline:
  identifier: faults
  name: Faults
  delegateSelectors: [{selector}]
  stages:
    - stage:
        identifier: build
        name: Build
        type: CI
        spec:
          cloneCodebase: false
          infrastructure: {{type: VM, spec: {{type: Pool, spec: {{poolName: pool, os: Linux}}}}}}
          execution:
            steps:
              - step:
                  identifier: make
                  name: Make
                  type: Run
                  spec: {{connectorRef: account.{connector}, image: "{image}", shell: Sh, command: make}}
""".encode()


PIPELINE = pipeline(TAG, "private", "tools/make:1")


class Host:
    """One place that a server is started in, again and again; ``pause`` and ``go_on`` are SIGSTOP and SIGCONT."""

    def __init__(self, data: Path, environment: Mapping[str, str], listen: str = "127.0.0.1") -> None:
        self.data = data
        self.log = data.with_suffix(".log")
        self._environment = environment
        self._listen = listen
        self._server: ServerProcess | None = None
        self.url = ""

    def start(self) -> ServerProcess:
        self._server = ServerProcess(self.data, self.log, self._environment, host=self._listen)
        return self._server

    def up(self) -> str:
        """Starts it and waits until it listens."""
        self.url = self.start().wait()
        return self.url

    @property
    def pid(self) -> int:
        assert self._server is not None
        return self._server.process.pid

    @property
    def key(self) -> str:
        return (self.data / "admin-key").read_text().strip()

    def kill(self) -> None:
        assert self._server is not None
        self._server.process.send_signal(signal.SIGKILL)
        self._server.process.wait(10)

    def pause(self) -> None:
        os.kill(self.pid, signal.SIGSTOP)

    def go_on(self) -> None:
        os.kill(self.pid, signal.SIGCONT)

    def said(self) -> str:
        return self.log.read_text(errors="replace")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._server is not None:
            if self._server.process.poll() is None:
                self.go_on()
            self._server.stop()


def environment(*, lease_s: int = 60, **more: str) -> dict[str, str]:
    """Of a server away from the user's own settings; new delegates need no approval."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PIERHEAD_", "XDG_"))}
    kept["PIERHEAD_REQUESTS_PER_MINUTE"] = "0"  # the tests ask a lot
    kept["PIERHEAD_PRIVATE_ADDRESSES"] = "allow"  # the registries of the tests are on loopback
    return {**kept, "PIERHEAD_DELEGATE_APPROVAL": "automatic", "PIERHEAD_LEASE_S": str(lease_s), **more}


def shared_environment(database: str, *, lease_s: int = 60) -> dict[str, str]:
    """Of servers that share a PostgreSQL database."""
    key = base64.b64encode(secrets.token_bytes(32)).decode()
    return environment(lease_s=lease_s, PIERHEAD_DATABASE_URL=database, PIERHEAD_ENCRYPTION_KEY=key)


def api_of(host: Host, offences: Offences | None = None) -> Api:
    return Api(lambda: host.url, host.key, offences)


def save_connector(api: Api, identifier: str, url: str, *selectors: str) -> None:
    """One that is reached through delegates."""
    spec = {
        "dockerRegistryUrl": url, "providerType": "Other", "auth": {"type": "Anonymous"},
        "executeOnDelegate": True, "delegateSelectors": list(selectors),
    }  # fmt: skip
    made = {"identifier": identifier, "name": identifier, "type": "DockerRegistry", "spec": spec}
    api.reference("POST", "/ng/api/connectors", {"connector": made})


def new_token(api: Api, name: str = "faults") -> str:
    made = api.reference("POST", "/ng/api/delegate-token-ng", tokenName=name)
    return str(made["resource"]["value"])


def prepared(host: Host, offences: Offences | None = None) -> tuple[Api, str]:
    """The API, and a delegate token, of a server with the connector that the pipeline names."""
    api = api_of(host, offences)
    save_connector(api, "private", "https://registry.invalid", TAG)
    return api, new_token(api)
