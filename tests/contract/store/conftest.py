"""Every store under one suite, and builders of rows in which a test names only what it is about."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from pierhead.adapters.sql import SqlStore
from pierhead.control.access import Account, PrincipalRef, ServiceAccount, Session, Token, User
from pierhead.control.audit import PrincipalType
from pierhead.control.catalogue import Infra, Pin
from pierhead.control.connectors import (
    AnonymousAuth,
    Connector,
    CredentialExchange,
    DockerRegistrySpec,
    ProviderType,
    Reason,
    TlsSpec,
    UsernamePasswordAuth,
)
from pierhead.control.delegates import Delegate, DelegateGroup, DelegateState, DelegateToken
from pierhead.control.pipelines import Run, RunImage, RunStage, RunState
from pierhead.control.scopes import Scope, ScopedReference
from pierhead.control.secrets import SealedValue, Secret, ValueType
from pierhead.control.tasks import TaskRow
from pierhead.testing.memory import AUDIT_KEY, MemoryStore

Store = MemoryStore | SqlStore
START = datetime(2026, 1, 5, 12, 0, 0, 123456, tzinfo=UTC)


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    made = _store(request, tmp_path)
    made.use_audit_key(AUDIT_KEY)
    yield made
    made.close()


def _store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    match request.param:
        case "memory":
            return MemoryStore()
        case "sqlite":
            return SqlStore(tmp_path / "store.db")
        case _:
            return SqlStore(request.getfixturevalue("database"))


class Build:
    """Rows with everything filled in; ``second`` moves the time they were made at."""

    start = START

    def at(self, second: float) -> datetime:
        return START + timedelta(seconds=second)

    def account(self, account: str = "acct", *, second: float = 0, **more: Any) -> Account:
        return Account(**{"id": account, "name": "Main", "created_at": self.at(second), **more})

    def user(self, user: str = "u1", *, second: float = 0, **more: Any) -> User:
        values = {"account": "acct", "id": user, "email": f"{user}@example.com", "name": f"Zoë {user}"}
        return User(**{**values, "created_at": self.at(second), "last_modified_at": self.at(second), **more})

    def user_ref(self, user: str = "u1", account: str = "acct") -> PrincipalRef:
        return PrincipalRef(PrincipalType.USER, Scope(account), user)

    def service_account(
        self, identifier: str = "ci", *, scope: Scope | None = None, second: float = 0, **more: Any
    ) -> ServiceAccount:
        values = {"scope": scope or Scope("acct"), "identifier": identifier, "name": f"name of {identifier}"}
        times = {"created_at": self.at(second), "last_modified_at": self.at(second)}
        return ServiceAccount(**{**values, **times, "tags": {"team": "Ünïcode"}, **more})

    def key(self, key: str = "key", *, second: float = 0, **more: Any) -> Token:
        values = {
            "id": key,
            "account": "acct",
            "owner": self.user_ref(),
            "api_key": "default",
            "identifier": f"identifier_of_{key}",
            "name": f"name of {key}",
            "secret_hash": b"\x00\xff" * 16,
            "created_at": self.at(second),
            "valid_from": self.at(second),
        }
        return Token(**{**values, **more})

    def session(self, text: bytes = b"s1", *, second: float = 0, **more: Any) -> Session:
        values = {"id_hash": text * 16, "account": "acct", "user": "u1", "address": "2001:db8::1"}
        times = {"created_at": self.at(second), "last_seen_at": self.at(second), "expires_at": self.at(second + 3600)}
        return Session(**{**values, **times, **more})

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
            allow_private_addresses=True,
            credential_helper=CredentialExchange.ECR,
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

    def routed(self, task: str = "t1", **more: Any) -> TaskRow:
        """Queued, with a route, and due to be offered."""
        values = {"route": {"account": "acct", "origins": ["https://r.example.com"]}, "offer_at": START}
        return self.task(task, **{**values, **more})

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
            "warnings": ("the run warns",),
            "stages": (self.stage(run, "first", 0), self.stage(run, "second", 1)),
            "images": (self.image(run, "first", 0), self.image(run, "second", 0)),
        }
        return Run(**{**values, **more})

    def token(self, token: str = "tok1", *, second: float = 0, **more: Any) -> DelegateToken:
        values = {
            "id": token,
            "scope": Scope("acct"),
            "name": f"name of {token}",
            "created_by": "key",
            "created_at": self.at(second),
            "secret_hash": b"\x00\xffhash",
            "sealed": b"\xff\x00sealed",
        }
        return DelegateToken(**{**values, **more})

    def group(self, group: str = "g1", **more: Any) -> DelegateGroup:
        values = {"id": group, "scope": Scope("acct"), "name": f"name of {group}", "created_at": START}
        return DelegateGroup(**{**values, "description": "Ünïcode", "added_tags": ("b", "a"), **more})

    def delegate(self, delegate: str = "d1", *, second: float = 0, **more: Any) -> Delegate:
        values = {
            "id": delegate,
            "group_id": "g1",
            "scope": Scope("acct"),
            "name": "site",
            "host_name": f"host-{delegate}",
            "signing_key": b"\x00\x01" * 16,
            "sealing_key": b"\xff\xfe" * 16,
            "token_id": "tok1",
            "state": DelegateState.ENABLED,
            "version": "0.3.0",
            "kinds": ("pull", "testConnection"),
            "capacity": 4,
            "enrolled_at": self.at(second),
            "tags": ("linux", "eu"),
            "session": "s1",
        }
        return Delegate(**{**values, **more})

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
            "task_id": f"task of {run}",
            "path_reason": "nothing asks for a delegate",
        }
        return RunImage(**{**values, **more})


@pytest.fixture
def build() -> Build:
    return Build()
