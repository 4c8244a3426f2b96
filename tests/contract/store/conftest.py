"""Every store under one suite, and builders of rows in which a test names only what it is about."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from pierhead.adapters.sql import SqlStore
from pierhead.control.access import Account, ApiKey
from pierhead.control.catalogue import Infra, Pin
from pierhead.control.connectors import (
    AnonymousAuth,
    Connector,
    DockerRegistrySpec,
    ProviderType,
    Reason,
    TlsSpec,
    UsernamePasswordAuth,
)
from pierhead.control.pipelines import Run, RunImage, RunStage, RunState
from pierhead.control.scopes import Scope, ScopedReference
from pierhead.control.secrets import SealedValue, Secret, ValueType
from pierhead.control.tasks import TaskRow
from pierhead.testing.memory import MemoryStore

Store = MemoryStore | SqlStore
START = datetime(2026, 1, 5, 12, 0, 0, 123456, tzinfo=UTC)


@pytest.fixture(params=["memory", "sqlite"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    made: Store = MemoryStore() if request.param == "memory" else SqlStore(tmp_path / "store.db")
    yield made
    made.close()


class Build:
    """Rows with everything filled in; ``second`` moves the time they were made at."""

    start = START

    def at(self, second: float) -> datetime:
        return START + timedelta(seconds=second)

    def account(self, account: str = "acct", *, second: float = 0, **more: Any) -> Account:
        return Account(**{"id": account, "name": "Main", "created_at": self.at(second), **more})

    def key(self, key: str = "key", *, second: float = 0, **more: Any) -> ApiKey:
        values = {"id": key, "account": "acct", "name": "admin", "secret_hash": b"\x00\xff" * 16}
        return ApiKey(**{**values, "created_at": self.at(second), **more})

    def secret(self, identifier: str = "pw", *, scope: Scope | None = None, second: float = 0, **more: Any) -> Secret:
        values = {
            "scope": scope or Scope("acct"),
            "identifier": identifier,
            "name": f"name of {identifier}",
            "description": "Ünïcode \n lines",
            "tags": {"team": "ci", "ключ": "значение"},
            "secret_manager": "harnessSecretManager",
            "value_type": ValueType.INLINE,
            "reference": None,
            "sealed": SealedValue("k1", b"\x00wrapped", b"nonce", b"\xffcipher\x00text"),
            "version": 1,
            "created_at": self.at(second),
            "updated_at": self.at(second),
        }
        return Secret(**{**values, **more})

    def spec(self, **more: Any) -> DockerRegistrySpec:
        values = {"url": "https://index.docker.io/v2/", "provider_type": ProviderType.DOCKER_HUB}
        return DockerRegistrySpec(**{**values, "auth": AnonymousAuth(), **more})

    def full_spec(self) -> DockerRegistrySpec:
        return self.spec(
            url="registry.example.com:5000/team",
            provider_type=ProviderType.HARBOR,
            auth=UsernamePasswordAuth(ScopedReference.parse("account.pw"), username_ref=ScopedReference.parse("user")),
            delegate_selectors=("linux", "eu"),
            execute_on_delegate=False,
            proxy=True,
            ignore_test_connection=True,
            tls=TlsSpec("ca pem", "client pem", ScopedReference.parse("account.clientKey")),
            proxy_url="http://proxy:3128",
            trusted_realm_hosts=("auth.example.com",),
        )

    def connector(
        self, identifier: str = "hub", *, scope: Scope | None = None, second: float = 0, **more: Any
    ) -> Connector:
        scope = scope or Scope("acct")
        values = {
            "id": f"id-{scope.account}-{scope.org}-{scope.project}-{identifier}",
            "scope": scope,
            "identifier": identifier,
            "name": f"name of {identifier}",
            "description": "",
            "tags": {},
            "spec": self.spec(),
            "version": 1,
            "created_at": self.at(second),
            "last_modified_at": self.at(second),
        }
        return Connector(**{**values, **more})

    def pin(self, field: str = "addonTag", **more: Any) -> Pin:
        values = {"account": "acct", "infra": Infra.K8, "field": field, "value": "harness/ci-addon:1.16.92"}
        return Pin(**{**values, "updated_at": START, "updated_by": "key", **more})

    def task(self, task: str = "t1", **more: Any) -> TaskRow:
        values = {"id": task, "account": "acct", "kind": "pull", "payload": {"runId": task}, "created_at": START}
        return TaskRow(**{**values, **more})

    def run(self, run: str = "r1", **more: Any) -> Run:
        values = {
            "id": run,
            "account": "acct",
            "org": None,
            "project": None,
            "pipeline": "build",
            "source": "pipeline:\n  identifier: build\n",
            "requested_by": "key",
            "state": RunState.RUNNING,
            "created_at": START,
            "task_id": f"task of {run}",
            "warnings": ("the run warns",),
            "stages": (self.stage(run, "first", 0), self.stage(run, "second", 1)),
            "images": (self.image(run, "first", 0), self.image(run, "second", 0)),
        }
        return Run(**{**values, **more})

    def stage(self, run: str, identifier: str, position: int) -> RunStage:
        return RunStage(run, identifier, identifier.title(), "K8", position, ("a stage warns",))

    def image(self, run: str, stage: str, position: int, **more: Any) -> RunImage:
        values = {
            "run_id": run,
            "stage": stage,
            "position": position,
            "role": "core",
            "used_by": ("addonTag", "step.one"),
            "reference": "docker.io/harness/ci-addon:1.16.92",
            "name_reason": "as it is",
            "connector": "account.harnessImage",
            "connector_source": "account",
            "connector_trail": (
                Reason("stage", "names none", False),
                Reason("account", "is there", True, warning=True),
            ),
            "version": "1.16.92",
            "version_source": "default",
            "version_trail": (),
            "platform": "linux/amd64",
            "pull_policy": "Always",
            "timeout_s": 600.5,
            "pull_key": "addon",
        }
        return RunImage(**{**values, **more})


@pytest.fixture
def build() -> Build:
    return Build()
