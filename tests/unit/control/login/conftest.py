from collections.abc import Callable

import pytest

from pierhead.control.access import (
    AccessService,
    Account,
    HashCost,
    LoginService,
    PasswordHashes,
    SessionService,
    User,
)
from pierhead.control.audit import Actor, PrincipalType
from pierhead.kit.redact import SecretValue
from pierhead.testing.clock import FakeClock
from pierhead.testing.memory import MemoryStore

GOOD = SecretValue("correct horse battery")
BAD = SecretValue("wrong horse battery")


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def account(store: MemoryStore, clock: FakeClock) -> Account:
    made, _ = AccessService(store, clock, b"p" * 32).create_account()
    return made


@pytest.fixture
def sessions(store: MemoryStore, clock: FakeClock) -> SessionService:
    return SessionService(store, clock, b"s" * 32)


@pytest.fixture
def hashes() -> PasswordHashes:
    return PasswordHashes(HashCost(memory_kib=64, passes=1), wait_s=20.0, may_wait=100)


@pytest.fixture
def logins(store: MemoryStore, clock: FakeClock, sessions: SessionService, hashes: PasswordHashes) -> LoginService:
    return LoginService(store, clock, sessions, hashes)


@pytest.fixture
def ada(store: MemoryStore, account: Account, logins: LoginService, clock: FakeClock) -> User:
    user = User(account.id, "ada", "ada@example.com", "Ada", clock.now(), clock.now())
    with store.transaction() as tx:
        tx.users.add(user)
    logins.set_password(account.id, user.id, GOOD)
    return user


@pytest.fixture
def at() -> Callable[[str], Actor]:
    return lambda address: Actor(PrincipalType.USER, "", address=address)
