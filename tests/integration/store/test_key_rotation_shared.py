"""Keys of servers that share a database: going over to a new one while all of them work."""

import base64
import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pierhead.adapters.data_directory import DataDirectory
from pierhead.adapters.sql import SqlStore
from pierhead.control.scopes import Scope
from pierhead.control.secrets import RootKeyChangedError, SecretDraft, SecretService, WrongKeyError
from pierhead.kit.clock import SystemClock
from pierhead.kit.redact import SecretValue
from pierhead.server.bootstrap import Application, open_application
from pierhead.server.settings import Settings
from pierhead.server.storage import encryption_keys, open_keyring, open_store

ACC = Scope("acct")
OLD, NEW, OTHER = (base64.b64encode(letter * 32).decode() for letter in (b"o", b"n", b"x"))


class Server:
    """One of those that share the database, with the keys it was given."""

    def __init__(self, path: Path, url: str, *keys: str) -> None:
        path.mkdir(mode=0o700, exist_ok=True)
        settings = Settings(data=path, database_url=SecretValue(url), encryption_key=SecretValue(",".join(keys)))
        self.store = open_store(settings, DataDirectory(path))
        keyring = open_keyring(settings, DataDirectory(path), self.store)
        self.store.use_audit_key(keyring.derive("audit"))
        self.secrets = SecretService(self.store, keyring, SystemClock())
        self.keys = encryption_keys(self.store, keyring, SystemClock())

    def put(self, identifier: str, value: str) -> None:
        self.secrets.create(SecretDraft(ACC, identifier, "name", SecretValue(value)))

    def get(self, identifier: str) -> str:
        return self.secrets.reveal(identifier, ACC).reveal()


@contextmanager
def servers(path: Path, url: str, *keys: tuple[str, ...]) -> Iterator[list[Server]]:
    made = [Server(path / f"s{number}", url, *held) for number, held in enumerate(keys)]
    try:
        yield made
    finally:
        for server in made:
            server.store.close()


def test_a_server_without_the_new_key_says_so_and_nothing_is_lost(tmp_path: Path, database: str) -> None:
    with servers(tmp_path, database, (OLD,), (OLD, NEW)) as (behind, ahead):
        behind.put("a", "of the old key")
        assert ahead.keys.rotate("acct").moved == 1
        assert ahead.get("a") == "of the old key"
        with pytest.raises(WrongKeyError, match=r"but the key given is"):
            behind.get("a")
        behind.put("b", "written meanwhile")
        assert (behind.get("b"), ahead.get("b")) == ("written meanwhile",) * 2
        assert ahead.keys.rotate("acct").moved == 1
    with servers(tmp_path, database, (OLD, NEW)) as (caught_up,):
        caught_up.keys.check()
        assert (caught_up.get("a"), caught_up.get("b")) == ("of the old key", "written meanwhile")


def test_what_is_changed_during_a_rotation_keeps_the_change(tmp_path: Path, database: str) -> None:
    with servers(tmp_path, database, (OLD, NEW), (OLD, NEW), (OLD,)) as (one, two, behind):
        for number in range(300):
            behind.put(f"s{number}", "first")
        started, done = threading.Event(), threading.Event()
        counts = [0] * 300

        def change() -> None:
            while not done.is_set():
                for number in range(0, 300, 7):
                    counts[number] += 1
                    draft = SecretDraft(ACC, f"s{number}", "name", SecretValue(f"change {counts[number]}"))
                    two.secrets.update(draft)
                    started.set()

        thread = threading.Thread(target=change)
        thread.start()
        started.wait(30)
        one.keys.rotate("acct")
        done.set()
        thread.join()
        for number in range(300):
            assert one.get(f"s{number}") == (f"change {counts[number]}" if counts[number] else "first")
        one.keys.rotate("acct")
        assert [key.uses for key in one.keys.list()] == [0, 300]


@contextmanager
def application(path: Path, **settings: object) -> Iterator[Application]:
    made = open_application(Settings(data=path, **settings), serves=False)  # type: ignore[arg-type]
    try:
        yield made
    finally:
        made.close()


def content(store: SqlStore) -> str:
    digest = hashlib.sha256()
    with store.snapshot() as tx:
        names = tx._connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
        for (name,) in names.fetchall():
            rows = tx._connection.exec_driver_sql(f'SELECT * FROM "{name}"').fetchall()
            digest.update(repr((name, sorted(map(repr, rows)))).encode())
    return digest.hexdigest()


@pytest.mark.parametrize(("given", "error"), [((OTHER,), WrongKeyError), ((NEW, OLD), RootKeyChangedError)])
def test_a_start_with_wrong_keys_is_refused_in_one_line_and_leaves_the_database_as_it_was(
    tmp_path: Path, given: tuple[str, ...], error: type[Exception]
) -> None:
    with application(tmp_path, encryption_key=SecretValue(OLD)) as app:
        app.secrets.create(SecretDraft(Scope(app.account.id), "a", "a", SecretValue("v")))
    store = SqlStore(DataDirectory(tmp_path).database)
    before = content(store)
    with pytest.raises(error) as refusal, application(tmp_path, encryption_key=SecretValue(",".join(given))):
        pass
    assert "\n" not in refusal.value.message  # type: ignore[attr-defined]
    assert content(store) == before
    store.close()
    with application(tmp_path, encryption_key=SecretValue(OLD)) as app:
        assert app.secrets.reveal("a", Scope(app.account.id)).reveal() == "v"


def test_after_a_rotation_admin_key_audit_and_server_identity_are_what_they_were(tmp_path: Path) -> None:
    with application(tmp_path) as app:
        key, identity = app.first_key, app.server_key.id
        assert app.encryption_keys.rotate(app.account.id).moved >= 1
    with application(tmp_path) as app:
        assert app.server_key.id == identity
        assert key is not None
        assert app.access.authenticate(key.reveal()).account == app.account.id
        assert app.delegate_tokens.reveal(app.delegate_tokens.list(app.scope)[0])
