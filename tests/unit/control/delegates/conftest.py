"""A yard: all services of delegates on one store in memory, and builders in which a test names what it is about."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path as FilePath

import pytest

from pierhead.adapters.keyring_file import FileKeyring
from pierhead.control.delegates import (
    Acquired,
    AgentService,
    Delegate,
    DelegateService,
    DelegateToken,
    Dispatcher,
    EnrolmentDraft,
    NotForYou,
    Origin,
    Path,
    SessionDraft,
    TokenExistsError,
    TokenService,
)
from pierhead.control.scopes import Scope
from pierhead.control.tasks import TaskQueue, TaskRow
from pierhead.kit.redact import SecretValue
from pierhead.kit.signals import Topic
from pierhead.testing.clock import FakeClock
from pierhead.testing.memory import MemoryStore
from pierhead.testing.places import make_place

ACCOUNT = Scope("acct")
ORG = Scope("acct", "o")
PROJECT = Scope("acct", "o", "p")
HUB = "https://docker.io"
PEPPER = b"p" * 32
SERVER = "0123456789abcdef" * 2


@dataclass
class Yard:
    keyring: FileKeyring
    approval: bool = False
    store: MemoryStore = field(default_factory=MemoryStore)
    clock: FakeClock = field(default_factory=FakeClock)

    def __post_init__(self) -> None:
        self._numbers = count(1)
        for place in (PROJECT, Scope("acct", "o2")):
            make_place(self.store, place)
        self.queue = TaskQueue(self.store, self.clock, lease_s=60)
        self.tokens = TokenService(
            store=self.store, clock=self.clock, keyring=self.keyring, pepper=PEPPER, server_fingerprint=SERVER
        )
        self.agents = AgentService(store=self.store, clock=self.clock, pepper=PEPPER, approval=self.approval)
        self.delegates = DelegateService(store=self.store, clock=self.clock)
        self.dispatcher = Dispatcher(store=self.store, queue=self.queue, clock=self.clock)
        self.offered: list[str] = []
        self.store.signals.on(Topic.TASK_OFFERED, self.offered.append)

    def nonce(self) -> str:
        return f"nonce-{next(self._numbers)}"

    def token(self, scope: Scope = ACCOUNT, name: str = "tok") -> tuple[DelegateToken, SecretValue]:
        try:
            return self.tokens.create(scope, name, "ann")
        except TokenExistsError:
            token = self.tokens.get(scope, name)
            return token, self.tokens.reveal(token)

    def draft(self, name: str = "gpu", *, host: str = "", token: str = "", **more: object) -> EnrolmentDraft:
        host = host or f"{name}-host"
        draft = EnrolmentDraft(
            token=token or self.token()[1].reveal(),
            name=name,
            host_name=host,
            signing_key=hashlib.sha256(f"{name}/{host}".encode()).digest(),
            sealing_key=hashlib.sha256(f"box {name}/{host}".encode()).digest(),
            version="1.0",
            kinds=("pull", "testConnection"),
            capacity=2,
            nonce=self.nonce(),
        )
        return replace(draft, **more)  # type: ignore[arg-type]

    def enrol(self, name: str = "gpu", *, host: str = "", scope: Scope = ACCOUNT, **more: object) -> Delegate:
        return self.agents.enrol(self.draft(name, host=host, token=self.token(scope)[1].reveal(), **more))

    def start(self, delegate: Delegate, session: str = "") -> Delegate:
        draft = SessionDraft(
            session=session or f"session-{next(self._numbers):08}",
            host_name=delegate.host_name,
            version=delegate.version,
            kinds=delegate.kinds,
            capacity=delegate.capacity,
            tags=delegate.tags,
        )
        return self.agents.open_session(delegate.id, draft, self.nonce())

    def running(self, name: str = "gpu", *, host: str = "", scope: Scope = ACCOUNT, **more: object) -> Delegate:
        """Enrolled and started."""
        return self.start(self.enrol(name, host=host, scope=scope, **more))

    def task(
        self,
        *selectors: str,
        scope: Scope = PROJECT,
        origins: Iterable[str] = (HUB,),
        kind: str = "pull",
        secrets: Iterable[Scope] = (),
        asks: bool = False,
        **more: float,
    ) -> TaskRow:
        path = Path(False, selectors, Origin.STAGE, "the stage asks for a delegate")
        with self.store.transaction() as tx:
            settled = self.dispatcher.settle(tx, path, scope, origins, secrets, asks=asks)
            assert settled.route is not None, settled.reason
            return self.queue.enqueue(tx, scope.account, kind, {}, route=settled.route.to_json(), **more)  # type: ignore[arg-type]

    def read(self, task: TaskRow) -> TaskRow:
        return self.queue.get("acct", task.id)

    def delegate(self, delegate: Delegate) -> Delegate:
        return self.delegates.find("acct", delegate.id)

    def acquire(self, delegate: Delegate, task: TaskRow) -> Acquired | NotForYou:
        return self.dispatcher.acquire(delegate.id, task.id, self.nonce())

    def acquired(self, delegate: Delegate, task: TaskRow) -> Acquired:
        got = self.acquire(delegate, task)
        assert isinstance(got, Acquired), got.reason
        return got

    def refused(self, delegate: Delegate, task: TaskRow) -> str:
        got = self.acquire(delegate, task)
        assert isinstance(got, NotForYou)
        return got.reason

    def leased(self, delegate: Delegate, *selectors: str) -> Acquired:
        """A task that the delegate has, the only one that may."""
        task = self.task(*selectors)
        self.dispatcher.dispatch()
        return self.acquired(delegate, task)

    def log(self, task: TaskRow) -> list[str]:
        return [f"{it.line.conclusion}: {it.line.delegate}: {it.line.text}" for it in self.dispatcher.log(task.id)]

    def taken_offers(self) -> list[str]:
        """Ids of the delegates that were asked since the last call, in order."""
        offered = [key.split()[0] for key in self.offered]
        self.offered.clear()
        return offered

    def beat(self, *delegates: Delegate) -> None:
        self.agents.seen([delegate.id for delegate in delegates])


@pytest.fixture
def keyring(tmp_path: FilePath) -> FileKeyring:
    return FileKeyring(tmp_path / "key")


@pytest.fixture
def yard(keyring: FileKeyring) -> Yard:
    """New delegates may work at once."""
    return Yard(keyring)


@pytest.fixture
def strict_yard(keyring: FileKeyring) -> Yard:
    """New delegates wait for approval."""
    return Yard(keyring, approval=True)
