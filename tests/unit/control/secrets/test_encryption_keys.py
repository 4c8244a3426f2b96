"""Going over to a new key: everything stays readable, and what is left over is told."""

import base64
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from pierhead.adapters.keyring import MAX_KEYS, AesKeyring, KeyringFullError, key_id_of
from pierhead.adapters.keyring_file import FileKeyring, KeyFileChangedError
from pierhead.control.audit import Action, AuditFilter
from pierhead.control.delegates import SealedTokens, TokenService
from pierhead.control.scopes import Scope
from pierhead.control.secrets import (
    EncryptionKeys,
    RootKeyChangedError,
    SealedSecrets,
    SecretDraft,
    SecretService,
    WrongKeyError,
)
from pierhead.kit.paging import PageRequest
from pierhead.kit.redact import SecretValue
from pierhead.testing.clock import FakeClock
from pierhead.testing.memory import MemoryStore

ACC = Scope("acc")


def keys_on(store: MemoryStore, keyring: AesKeyring, clock: FakeClock) -> EncryptionKeys:
    return EncryptionKeys(store, keyring, clock, (SealedSecrets(store), SealedTokens(store)))


def tokens_on(store: MemoryStore, keyring: AesKeyring, clock: FakeClock) -> TokenService:
    return TokenService(store=store, clock=clock, keyring=keyring, pepper=b"p" * 32, server_fingerprint="f" * 32)


@pytest.fixture
def keys(store: MemoryStore, keyring: FileKeyring, clock: FakeClock) -> EncryptionKeys:
    return keys_on(store, keyring, clock)


@pytest.fixture
def fill(secrets: SecretService, store: MemoryStore, keyring: FileKeyring, clock: FakeClock) -> Callable[[int], None]:
    def made(count: int) -> None:
        for number in range(count):
            secrets.create(SecretDraft(ACC, f"s{number}", "name", SecretValue(f"value {number}")))
            tokens_on(store, keyring, clock).create(ACC, f"t{number}", "me")

    return made


def revealed(secrets: SecretService, count: int) -> list[str]:
    return [secrets.reveal(f"s{number}", ACC).reveal() for number in range(count)]


def test_a_rotation_wraps_everything_with_a_new_key_and_changes_nothing_else(
    secrets, keys, fill, store, keyring, clock, tmp_path
) -> None:
    fill(250)
    before = [secrets.get(ACC, f"s{number}") for number in range(250)]
    versions = [secrets.version_of(f"s{number}", ACC) for number in range(250)]
    old, peppers = keyring.current_key_id, keyring.derive("api keys")
    done = keys.rotate("acc")
    assert (done.moved, done.unreadable, done.added) == (500, 0, keyring.current_key_id)
    assert done.added != old
    assert keyring.derive("api keys") == peppers
    assert revealed(secrets, 250) == [f"value {number}" for number in range(250)]
    after = [secrets.get(ACC, f"s{number}") for number in range(250)]
    assert [replace(one, sealed=None, reference="x", value_type="Reference") for one in before] == [
        replace(one, sealed=None, reference="x", value_type="Reference") for one in after
    ]
    assert [secrets.version_of(f"s{number}", ACC) for number in range(250)] == versions
    again = FileKeyring(tmp_path / "key")
    assert again.key_ids == (old, done.added)
    assert revealed(SecretService(store, again, clock), 250)[7] == "value 7"
    tokens = tokens_on(store, again, clock)
    assert tokens.reveal(tokens.get(ACC, "t7"))


def test_what_each_key_protects_is_counted_and_an_unused_one_is_removable(keys, fill, keyring) -> None:
    fill(3)
    assert [(key.uses, key.is_current, key.is_root, key.is_removable) for key in keys.list()] == [
        (6, True, True, False)
    ]
    keys.rotate("acc")
    keys.rotate("acc")
    first, second, third = keys.list()
    assert (first.uses, second.uses, third.uses) == (0, 0, 6)
    assert not first.is_removable  # everything else hangs on it
    assert second.is_removable
    assert third.is_current


def test_one_rotation_is_one_audit_record(keys, fill, store) -> None:
    fill(1)
    with store.snapshot() as tx:
        before = tx.audit.page("acc", AuditFilter(), PageRequest()).total
    keys.rotate("acc")
    with store.snapshot() as tx:
        page = tx.audit.page("acc", AuditFilter(), PageRequest())
    assert page.total == before + 1
    entry = page.items[0].entry
    assert (entry.action, entry.subject.identifier) == (Action.UPDATE, "encryptionKeys")


def test_a_rotation_that_was_interrupted_goes_on_and_adds_no_second_key(keys, fill, store, keyring, clock) -> None:
    fill(120)
    key_id, key = keyring.draw_key()
    keyring.add_key(key_id, key)
    SealedSecrets(store).move(keyring, None)
    assert [key.uses for key in keys.list()] == [140, 100]
    done = keys.rotate("acc")
    assert (done.added, done.current, done.moved) == (None, key_id, 140)
    assert [key.uses for key in keys.list()] == [0, 240]


def test_what_cannot_be_opened_stays_as_it_is_and_holds_nothing_up(secrets, keys, fill, store) -> None:
    fill(3)
    damaged = secrets.get(ACC, "s1")
    with store.transaction() as tx:
        tx.secrets.replace(replace(damaged, sealed=replace(damaged.sealed, wrapped_key=b"nonsense")))
    done = keys.rotate("acc")
    assert (done.moved, done.unreadable) == (5, 1)
    assert done.added is not None
    assert secrets.reveal("s2", ACC).reveal() == "value 2"
    assert keys.rotate("acc").added is not None  # it is no reason to stop here for ever


def test_keys_from_outside_are_taken_up_and_none_is_made(store, clock, tmp_path) -> None:
    path = tmp_path / "shared"
    path.write_bytes(base64.b64encode(b"a" * 32) + b"\n")
    path.chmod(0o600)
    keyring = FileKeyring(path, create=False, is_own=False)
    secrets, keys = SecretService(store, keyring, clock), keys_on(store, keyring, clock)
    secrets.create(SecretDraft(ACC, "s", "s", SecretValue("value")))
    assert keys.rotate("acc").moved == 0
    assert path.read_bytes().count(b"\n") == 1
    path.write_bytes(path.read_bytes() + base64.b64encode(b"b" * 32) + b"\n")
    done = keys.rotate("acc")
    assert (done.added, done.moved, done.current) == (None, 1, keyring.key_ids[1])
    assert secrets.reveal("s", ACC).reveal() == "value"


def test_a_server_that_lacks_the_new_key_says_so_and_goes_on_once_it_has_it(store, clock, tmp_path) -> None:
    path = tmp_path / "shared"
    path.write_bytes(base64.b64encode(b"a" * 32))
    path.chmod(0o600)
    ahead, behind = AesKeyring([b"a" * 32, b"b" * 32]), FileKeyring(path, create=False, is_own=False)
    SecretService(store, ahead, clock).create(SecretDraft(ACC, "s", "s", SecretValue("value")))
    with pytest.raises(WrongKeyError) as refusal:
        SecretService(store, behind, clock).reveal("s", ACC)
    assert ahead.current_key_id in refusal.value.message
    with pytest.raises(WrongKeyError):
        keys_on(store, behind, clock).check()
    path.write_bytes(base64.b64encode(b"a" * 32) + b"\n" + base64.b64encode(b"b" * 32))
    assert SecretService(store, behind, clock).reveal("s", ACC).reveal() == "value"


def test_what_an_older_server_writes_stays_readable_and_is_moved_next_time(store, clock) -> None:
    ahead, behind = AesKeyring([b"a" * 32, b"b" * 32]), AesKeyring([b"a" * 32])
    SecretService(store, behind, clock).create(SecretDraft(ACC, "s", "s", SecretValue("value")))
    assert SecretService(store, ahead, clock).reveal("s", ACC).reveal() == "value"
    assert keys_on(store, ahead, clock).rotate("acc").moved == 1


def test_the_first_key_must_stay_the_first(store, clock) -> None:
    one, other = b"a" * 32, b"b" * 32
    keys_on(store, AesKeyring([one, other]), clock).check()
    keys_on(store, AesKeyring([one]), clock).check()
    for wrong in ([other, one], [other]):
        keyring = AesKeyring(wrong)
        with pytest.raises(RootKeyChangedError) as refusal:
            keys_on(store, keyring, clock).check()
        assert keyring.key_ids[0] in refusal.value.message
        with pytest.raises(RootKeyChangedError):
            SecretService(store, keyring, clock).check_keyring()


def test_a_start_with_the_wrong_key_writes_nothing(store, clock, secrets, fill) -> None:
    fill(1)
    with pytest.raises(WrongKeyError):
        keys_on(store, AesKeyring([b"x" * 32]), clock).check()
    with store.snapshot() as tx:
        assert tx.properties.get("encryption-root-key") is None


def test_a_key_file_that_was_changed_meanwhile_takes_no_key(keyring: FileKeyring, tmp_path: Path) -> None:
    (tmp_path / "key").write_bytes(base64.b64encode(os.urandom(32)))
    before = (tmp_path / "key").read_bytes()
    with pytest.raises(KeyFileChangedError):
        keyring.add_key(*keyring.draw_key())
    assert (tmp_path / "key").read_bytes() == before


def test_a_key_file_grows_to_its_limit_and_then_refuses(keyring: FileKeyring, tmp_path: Path) -> None:
    for _ in range(63):
        keyring.add_key(*keyring.draw_key())
    assert len(FileKeyring(tmp_path / "key").key_ids) == 64
    assert [entry.name for entry in tmp_path.iterdir()] == ["key"]
    with pytest.raises(KeyFileChangedError, match="64 keys"):
        keyring.add_key(key_id_of(b"k" * 32), b"k" * 32)
    with pytest.raises(KeyringFullError):
        keyring.draw_key()
    assert len(FileKeyring(tmp_path / "key").key_ids) == 64


def test_a_rotation_is_not_begun_when_it_cannot_be_written_down(keys, fill, store, keyring) -> None:
    fill(1)
    before = keyring.key_ids
    store._audit_key = None
    with pytest.raises(RuntimeError):
        keys.rotate("acc")
    assert keyring.key_ids == before


def test_a_full_key_file_refuses_another_key_and_writes_no_record_of_one(
    keys: EncryptionKeys, store: MemoryStore
) -> None:
    for _ in range(MAX_KEYS - 1):
        keys.rotate("acc")
    with store.snapshot() as tx:
        before = tx.audit.tail("acc")
    with pytest.raises(KeyringFullError):
        keys.rotate("acc")
    with store.snapshot() as tx:
        assert tx.audit.tail("acc") == before
