"""Which key a server works with: its own, or the one that the servers of its database share."""

import base64
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pierhead.adapters.data_directory import DataDirectory
from pierhead.adapters.keyring_file import KeyFileUnreadableError
from pierhead.adapters.sql import SqlStore
from pierhead.control.access import Account
from pierhead.control.scopes import Scope
from pierhead.control.secrets import SecretDraft, SecretService, WrongKeyError
from pierhead.kit.clock import SystemClock
from pierhead.kit.redact import SecretValue
from pierhead.server.settings import Settings
from pierhead.server.storage import SharedKeyMissingError, open_keyring, open_store

KEY = SecretValue(base64.b64encode(b"k" * 32).decode())
OTHER = SecretValue(base64.b64encode(b"o" * 32).decode())


def _settings(path: Path, url: str | None = None, key: SecretValue | None = None) -> Settings:
    path.mkdir(mode=0o700, exist_ok=True)
    return Settings(data=path, database_url=SecretValue(url) if url else None, encryption_key=key)


def _use(store: SqlStore) -> None:
    with store.transaction() as tx:
        tx.accounts.add(Account("acct", "Main", datetime(2026, 1, 5, tzinfo=UTC)))


def _key_id(settings: Settings) -> str:
    directory = DataDirectory(settings.data)
    store = open_store(settings, directory)
    try:
        with store.exclusive("first start"):
            key_id = open_keyring(settings, directory, store).current_key_id
            with store.snapshot() as tx:
                is_new = not tx.accounts.list()
            if is_new:
                _use(store)
        return key_id
    finally:
        store.close()


def test_a_second_server_without_the_key_is_refused_and_makes_none(tmp_path: Path, database: str) -> None:
    _key_id(_settings(tmp_path / "a", database))
    with pytest.raises(SharedKeyMissingError) as raised:
        _key_id(_settings(tmp_path / "b", database))
    assert "PIERHEAD_ENCRYPTION_KEY" in raised.value.hint
    assert not DataDirectory(tmp_path / "b").key_file.exists()


def test_servers_that_start_at_once_without_a_shared_key_do_not_end_with_two(tmp_path: Path, database: str) -> None:
    ids: list[str] = []
    refused: list[str] = []

    def start(name: str) -> None:
        try:
            ids.append(_key_id(_settings(tmp_path / name, database)))
        except SharedKeyMissingError:
            refused.append(name)

    threads = [threading.Thread(target=start, args=(name,)) for name in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert (len(ids), len(refused)) == (1, 3)


def test_servers_with_the_shared_key_leave_no_file_of_their_own(tmp_path: Path, database: str) -> None:
    ids = {_key_id(_settings(tmp_path / name, database, KEY)) for name in ("a", "b")}
    assert len(ids) == 1
    assert not list(tmp_path.rglob("encryption-key"))


def test_the_only_server_of_a_database_keeps_its_own_key(tmp_path: Path, database: str) -> None:
    settings = _settings(tmp_path / "a", database)
    assert _key_id(settings) == _key_id(settings)


def test_a_lost_key_of_a_used_data_directory_is_not_replaced(tmp_path: Path) -> None:
    settings = _settings(tmp_path / "a")
    _key_id(settings)
    DataDirectory(settings.data).key_file.unlink()
    with pytest.raises(KeyFileUnreadableError):
        _key_id(settings)
    assert not DataDirectory(settings.data).key_file.exists()


def test_a_wrong_key_is_refused_once_something_is_sealed_with_the_right_one(tmp_path: Path, database: str) -> None:
    settings = _settings(tmp_path, database, KEY)
    directory = DataDirectory(tmp_path)
    store = open_store(settings, directory)
    store.use_audit_key(b"a" * 32)
    draft = SecretDraft(Scope("acct"), "pw", "pw", SecretValue("x"))
    SecretService(store, open_keyring(settings, directory, store), SystemClock()).create(draft)
    wrong = open_keyring(_settings(tmp_path, database, OTHER), directory, store)
    with pytest.raises(WrongKeyError):
        SecretService(store, wrong, SystemClock()).check_keyring()
    store.close()
