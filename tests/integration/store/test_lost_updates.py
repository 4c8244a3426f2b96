"""Two servers that change the same thing at once: what is written is made of what the other has written before."""

import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from pierhead.adapters.keyring import AesKeyring
from pierhead.adapters.sql import SqlStore
from pierhead.control.connectors import (
    Connector,
    ConnectorDraft,
    ConnectorService,
    DockerRegistrySpec,
    ProviderType,
    SecretUseError,
    UsernamePasswordAuth,
)
from pierhead.control.delegates import Delegate, DelegateState, DelegateToken
from pierhead.control.scopes import Scope, ScopedReference
from pierhead.control.secrets import SecretDraft, SecretInUseError, SecretMissingError, SecretService
from pierhead.kit.clock import SystemClock
from pierhead.kit.ids import new_id
from pierhead.kit.redact import SecretValue

Pair = tuple[SqlStore, SqlStore]
NOW = datetime(2026, 1, 5, tzinfo=UTC)
SCOPE = Scope("acct")
TIMES = 15


@pytest.fixture
def pair(database: str) -> Iterator[Pair]:
    stores = SqlStore(database), SqlStore(database)
    for store in stores:
        store.use_audit_key(b"a" * 32)
    yield stores
    for store in stores:
        store.close()


def _secrets(store: SqlStore) -> SecretService:
    return SecretService(store, AesKeyring([b"k" * 32]), SystemClock())


def _connectors(store: SqlStore) -> ConnectorService:
    return ConnectorService(store, SystemClock(), new_id, sample_images=())


def _draft(identifier: str, secret: str) -> ConnectorDraft:
    auth = UsernamePasswordAuth(ScopedReference.parse(secret), username="ann")
    spec = DockerRegistrySpec(url="https://registry.example", provider_type=ProviderType.OTHER, auth=auth)
    return ConnectorDraft(scope=SCOPE, identifier=identifier, name=identifier, spec=spec)


def _at_once(works: list[Callable[[], None]]) -> None:
    meet = threading.Barrier(len(works))
    failures: list[BaseException] = []

    def guarded(work: Callable[[], None]) -> None:
        try:
            meet.wait(10)
            work()
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=guarded, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failures == []


def test_every_change_of_a_secret_counts(pair: Pair) -> None:
    _secrets(pair[0]).create(SecretDraft(SCOPE, "pw", "pw", SecretValue("first")))

    def change(store: SqlStore) -> Callable[[], None]:
        def go_on() -> None:
            for _ in range(TIMES):
                _secrets(store).update(SecretDraft(SCOPE, "pw", "pw", SecretValue(new_id())))

        return go_on

    _at_once([change(store) for store in pair for _ in range(2)])
    assert _secrets(pair[0]).get(SCOPE, "pw").version == 1 + 4 * TIMES


@pytest.mark.parametrize("rows", ["connectors", "delegates", "delegate_tokens"])
def test_what_is_found_in_a_writing_transaction_stays_until_its_end(pair: Pair, rows: str) -> None:
    """The second one to find it sees what the first one wrote."""
    find, first, put, count = _counted(rows)
    with pair[0].transaction() as tx:
        add = getattr(tx, rows).put if rows == "delegates" else getattr(tx, rows).add
        add(first)

    def change(store: SqlStore) -> Callable[[], None]:
        def go_on() -> None:
            for _ in range(TIMES):
                with store.transaction() as tx:
                    put(getattr(tx, rows), find(getattr(tx, rows)))

        return go_on

    _at_once([change(store) for store in pair for _ in range(2)])
    with pair[0].snapshot() as tx:
        assert count(find(getattr(tx, rows))) == 4 * TIMES


def test_a_secret_is_not_deleted_from_under_a_connector_that_is_being_made(pair: Pair) -> None:
    for number in range(TIMES):
        name = f"pw{number}"
        _secrets(pair[0]).create(SecretDraft(SCOPE, name, name, SecretValue("x")))

        def make(name: str = name) -> None:
            with suppress(SecretUseError):
                _connectors(pair[0]).create(_draft(f"c_{name}", f"account.{name}"))

        def delete(name: str = name) -> None:
            with suppress(SecretInUseError):
                _secrets(pair[1]).delete(SCOPE, name)

        _at_once([make, delete])
        with pair[0].snapshot() as tx:
            made = tx.connectors.find(SCOPE, f"c_{name}")
        with suppress(SecretMissingError):
            assert _secrets(pair[0]).get(SCOPE, name)
            continue
        assert made is None, "the connector refers to a secret that is gone"


def _counted(rows: str) -> tuple[Callable[[Any], Any], Any, Callable[[Any, Any], None], Callable[[Any], int]]:
    """How to find one of these rows, the first of it, how to write its next, and how often that was done."""
    match rows:
        case "connectors":
            spec = _draft("hub", "account.pw").spec
            return (
                lambda these: these.find(SCOPE, "hub"),
                Connector("c", SCOPE, "hub", "hub", "", {}, spec, 0, NOW, NOW),
                lambda these, one: these.replace(replace(one, version=one.version + 1)),
                lambda one: one.version,
            )
        case "delegates":
            return (
                lambda these: these.find("d1"),
                Delegate("d1", "g", SCOPE, "site", "h", b"s", b"e", "t", DelegateState.ENABLED, "0", (), 1, NOW),
                lambda these, one: these.put(replace(one, version=f"{int(one.version) + 1}")),
                lambda one: int(one.version),
            )
        case _:
            return (
                lambda these: these.find(SCOPE, "token"),
                DelegateToken("t", SCOPE, "token", "0", NOW, b"hash", b"sealed"),
                lambda these, one: these.put(replace(one, created_by=f"{int(one.created_by) + 1}")),
                lambda one: int(one.created_by),
            )
