"""kill -9 at every step of a rotation: all secrets and tokens stay readable, and the next rotation ends it."""

import os
import shutil
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pierhead.adapters.keyring_file import FileKeyring
from pierhead.adapters.sql import SqlStore
from pierhead.control.delegates import SealedTokens, TokenService
from pierhead.control.scopes import Scope
from pierhead.control.secrets import EncryptionKeys, SealedSecrets, SecretDraft, SecretService
from pierhead.kit.clock import SystemClock
from pierhead.kit.redact import SecretValue

ACC = Scope("acc")
COUNT = 120  # more than goes into one transaction
CLOCK = SystemClock()


class Steps:
    """Counts what changes something outside the process, and kills the process at one of them."""

    def __init__(self, kill_at: int) -> None:
        self._left = kill_at

    def __call__(self) -> None:
        self._left -= 1
        if self._left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def watch(self) -> None:
        sync = os.fsync

        def watched(descriptor: int) -> None:
            self()
            sync(descriptor)
            self()

        os.fsync = watched
        sys.addaudithook(lambda event, told: self() if event in ("os.rename", "os.remove", "os.link") else None)

    def watched(self, store: SqlStore) -> SqlStore:
        begin = store.transaction

        @contextmanager
        def transaction() -> Iterator[object]:
            with begin() as tx:
                yield tx
                self()
            self()

        store.transaction = transaction  # type: ignore[method-assign,assignment]
        return store


def keys_on(store: SqlStore, keyring: FileKeyring) -> EncryptionKeys:
    return EncryptionKeys(store, keyring, CLOCK, (SealedSecrets(store), SealedTokens(store)))


def tokens_on(store: SqlStore, keyring: FileKeyring) -> TokenService:
    return TokenService(store=store, clock=CLOCK, keyring=keyring, pepper=b"p" * 32, server_fingerprint="f" * 32)


@contextmanager
def opened(directory: Path) -> Iterator[tuple[SqlStore, FileKeyring]]:
    keyring = FileKeyring(directory / "key", create=False)
    store = SqlStore(directory / "store.db")
    store.use_audit_key(keyring.derive("audit"))
    try:
        yield store, keyring
    finally:
        store.close()


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("filled")
    FileKeyring(directory / "key")
    with opened(directory) as (store, keyring):
        secrets, tokens = SecretService(store, keyring, CLOCK), tokens_on(store, keyring)
        for number in range(COUNT):
            secrets.create(SecretDraft(ACC, f"s{number}", "name", SecretValue(f"value {number}")))
        for number in range(5):
            tokens.create(ACC, f"t{number}", "me")
    return directory


def forked(work: Callable[[], None]) -> int:
    """How a child that did this ended."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            work()
            status = 0
        finally:
            os._exit(status)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def rotated(directory: Path, kill_at: int) -> int:
    def work() -> None:
        steps = Steps(kill_at)
        with opened(directory) as (store, keyring):
            keys = keys_on(steps.watched(store), keyring)
            steps.watch()
            keys.rotate("acc")

    return forked(work)


def check(directory: Path) -> None:
    with opened(directory) as (store, keyring):
        keys = keys_on(store, keyring)
        keys.check()
        secrets, tokens = SecretService(store, keyring, CLOCK), tokens_on(store, keyring)
        for number in range(COUNT):
            assert secrets.reveal(f"s{number}", ACC).reveal() == f"value {number}"
        assert all(tokens.reveal(token) for token in tokens.list(ACC))
        keys.rotate("acc")
        assert [key.uses for key in keys.list()][-1] == COUNT + 5
        assert secrets.reveal("s0", ACC).reveal() == "value 0"


def test_a_kill_at_every_step_of_a_rotation_loses_nothing(filled: Path, tmp_path: Path) -> None:
    points = 0
    for kill_at in range(1, 200):
        directory = tmp_path / f"at-{kill_at}"
        shutil.copytree(filled, directory)
        code = rotated(directory, kill_at)
        check(directory)
        if code == 0:
            break
        assert code == -signal.SIGKILL
        points += 1
    assert points >= 12


def test_a_rotation_killed_again_and_again_ends_all_the_same(filled: Path, tmp_path: Path) -> None:
    directory = tmp_path / "again"
    shutil.copytree(filled, directory)
    for kill_at in (3, 5, 7, 8, 9, 10, 2, 1):
        rotated(directory, kill_at)
    check(directory)
