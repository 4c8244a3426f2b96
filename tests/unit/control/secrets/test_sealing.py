"""Encryption at rest: what was sealed opens in its own place with its own key, and nowhere else."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pierhead.adapters.keyring_file import FileKeyring
from pierhead.control.scopes import Scope
from pierhead.control.secrets import (
    SealedValue,
    Secret,
    SecretDamagedError,
    SecretDraft,
    SecretService,
    WrongKeyError,
)
from pierhead.kit.redact import SecretValue
from pierhead.testing.clock import FakeClock
from pierhead.testing.memory import MemoryStore

ACC = Scope("acc")


def draft(scope: Scope = ACC, identifier: str = "token", value: str = "dckr_pat_123") -> SecretDraft:
    return SecretDraft(scope, identifier, identifier, SecretValue(value))


def put_back(store: MemoryStore, secret: Secret, sealed: SealedValue | None) -> None:
    with store.transaction() as tx:
        tx.secrets.replace(replace(secret, sealed=sealed))


@pytest.mark.parametrize(
    ("scope", "identifier"),
    [
        (Scope("acc"), "other"),
        (Scope("acc2"), "token"),
        (Scope("acc", "o"), "token"),
        (Scope("acc", "o", "p"), "token"),
    ],
)
def test_a_ciphertext_moved_to_another_place_does_not_open(
    secrets: SecretService, store: MemoryStore, scope: Scope, identifier: str
) -> None:
    mine = secrets.create(draft())
    theirs = secrets.create(draft(scope, identifier, "other-value"))
    put_back(store, mine, theirs.sealed)
    put_back(store, theirs, mine.sealed)
    for secret in (mine, theirs):
        with pytest.raises(SecretDamagedError, match=f"secret {secret.identifier} cannot be decrypted"):
            secrets.reveal(secret.identifier, secret.scope)


def test_an_older_value_put_back_does_not_open(secrets: SecretService, store: MemoryStore) -> None:
    first = secrets.create(draft(value="old"))
    second = secrets.update(draft(value="new"))
    put_back(store, second, first.sealed)
    with pytest.raises(SecretDamagedError):
        secrets.reveal("token", ACC)


@pytest.mark.parametrize("part", ["wrapped_key", "nonce", "ciphertext"])
def test_a_flipped_bit_anywhere_is_an_error_and_never_a_value(
    secrets: SecretService, store: MemoryStore, part: str
) -> None:
    secret = secrets.create(draft())
    sealed = secret.sealed
    assert sealed is not None
    whole: bytes = getattr(sealed, part)
    for position in range(len(whole)):
        damaged = bytearray(whole)
        damaged[position] ^= 1 << (position % 8)
        put_back(store, secret, replace(sealed, **{part: bytes(damaged)}))  # type: ignore[arg-type]
        with pytest.raises(SecretDamagedError):
            secrets.reveal("token", ACC)


@pytest.mark.parametrize("part", ["wrapped_key", "nonce", "ciphertext"])
@pytest.mark.parametrize("length", [0, 1, 11])
def test_bytes_that_were_cut_are_an_error(secrets: SecretService, store: MemoryStore, part: str, length: int) -> None:
    secret = secrets.create(draft())
    assert secret.sealed is not None
    put_back(store, secret, replace(secret.sealed, **{part: getattr(secret.sealed, part)[:length]}))
    with pytest.raises(SecretDamagedError):
        secrets.reveal("token", ACC)


def test_another_key_is_named_and_nothing_is_revealed(
    secrets: SecretService, store: MemoryStore, clock: FakeClock, keyring: FileKeyring, tmp_path: Path
) -> None:
    secrets.create(draft())
    other = FileKeyring(tmp_path / "other")
    with pytest.raises(WrongKeyError) as refusal:
        SecretService(store, other, clock).reveal("token", ACC)
    assert keyring.current_key_id in refusal.value.message
    assert other.current_key_id in refusal.value.message


def test_a_forged_key_id_does_not_make_another_key_fit(
    secrets: SecretService, store: MemoryStore, clock: FakeClock, tmp_path: Path
) -> None:
    secret = secrets.create(draft())
    other = FileKeyring(tmp_path / "other")
    assert secret.sealed is not None
    put_back(store, secret, replace(secret.sealed, key_id=other.current_key_id))
    with pytest.raises(SecretDamagedError):
        SecretService(store, other, clock).reveal("token", ACC)


def test_the_same_value_never_looks_the_same_twice(secrets: SecretService) -> None:
    sealed = [secrets.create(draft(identifier=f"s{n}", value="same")).sealed for n in range(200)]
    assert len({value.nonce for value in sealed if value}) == 200
    assert len({value.ciphertext for value in sealed if value}) == 200
    assert len({value.wrapped_key for value in sealed if value}) == 200


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
@given(st.text(min_size=1, alphabet=st.characters(exclude_categories=["Cs"])))
def test_any_text_comes_back_as_it_was(tmp_path: Path, value: str) -> None:
    secrets = SecretService(MemoryStore(), FileKeyring(tmp_path / "key"), FakeClock())
    secret = secrets.create(draft(value=value))
    assert secret.sealed is not None
    assert len(value) < 4 or value.encode() not in secret.sealed.ciphertext
    assert secrets.reveal("token", ACC).reveal() == value
