from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pierhead.control.access import (
    AccessService,
    AccountNotFoundError,
    InvalidTokenError,
    KeyAlreadyRevokedError,
    KeyNotFoundError,
    KeyText,
    MissingTokenError,
)
from pierhead.testing.clock import FakeClock
from pierhead.testing.memory import MemoryStore

PEPPER = b"p" * 32


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def access(store: MemoryStore, clock: FakeClock) -> AccessService:
    return AccessService(store, clock, PEPPER)


def refusal(access: AccessService, token: str, account: str | None = None) -> str:
    with pytest.raises(InvalidTokenError) as refused:
        access.authenticate(token, account)
    return refused.value.message


def test_a_short_pepper_is_refused(store: MemoryStore, clock: FakeClock) -> None:
    with pytest.raises(ValueError, match="fewer than 32 bytes"):
        AccessService(store, clock, b"short")


def test_no_key_at_all_is_told_apart_from_a_wrong_one(access: AccessService) -> None:
    with pytest.raises(MissingTokenError):
        access.authenticate("")


@pytest.mark.parametrize(
    "token",
    ["x", "pat", "pat.a.b", "pat.a.b.short", "sat.a.b." + "s" * 43, "pat.a.b." + "s" * 43 + "\n", "pat...", "ä"],
)
def test_a_text_that_is_no_key_opens_nothing(access: AccessService, token: str) -> None:
    assert refusal(access, token, "acc").startswith("Invalid call: Invalid token or token expired.")


def test_an_unknown_key_and_a_wrong_secret_get_the_same_answer(access: AccessService) -> None:
    account, token = access.create_account_with_admin_key()
    text = KeyText.parse(token.reveal())
    assert text is not None
    wrong_secret = f"pat.{account.id}.{text.key_id}.{'x' * 43}"
    unknown_key = f"pat.{account.id}.{'k' * 22}.{text.secret.reveal()}"
    expected = f"Invalid call: Invalid token or token expired. Account id for API called: {account.id}"
    assert refusal(access, wrong_secret) == refusal(access, unknown_key) == expected


def test_a_key_opens_no_other_account(access: AccessService) -> None:
    _, token = access.create_account_with_admin_key()
    other, _ = access.create_account_with_admin_key()
    assert other.id in refusal(access, token.reveal(), other.id)
    text = KeyText.parse(token.reveal())
    assert text is not None
    refusal(access, f"pat.{other.id}.{text.key_id}.{text.secret.reveal()}")


def test_an_expired_key_opens_nothing_from_that_moment_on(access: AccessService, clock: FakeClock) -> None:
    account, _ = access.create_account_with_admin_key()
    _, token = access.create_key(account.id, "short", clock.now() + timedelta(seconds=60))
    clock.advance(59)
    assert access.authenticate(token.reveal()).name == "short"
    clock.advance(1)
    refusal(access, token.reveal())


def test_a_revoked_key_opens_nothing_and_is_revoked_once(access: AccessService) -> None:
    account, _ = access.create_account_with_admin_key()
    key, token = access.create_key(account.id, "ci")
    access.revoke_key(account.id, key.id)
    refusal(access, token.reveal())
    with pytest.raises(KeyAlreadyRevokedError):
        access.revoke_key(account.id, key.id)


def test_a_key_is_not_revoked_from_another_account(access: AccessService) -> None:
    account, _ = access.create_account_with_admin_key()
    other, _ = access.create_account_with_admin_key()
    key, token = access.create_key(account.id, "ci")
    with pytest.raises(KeyNotFoundError):
        access.revoke_key(other.id, key.id)
    assert access.authenticate(token.reveal()).key_id == key.id


def test_a_key_for_an_account_that_is_not_there_is_refused(access: AccessService) -> None:
    with pytest.raises(AccountNotFoundError):
        access.create_key("nobody", "ci")


def test_the_first_key_opens_its_account(access: AccessService) -> None:
    account, token = access.create_account_with_admin_key()
    principal = access.authenticate(token.reveal(), account.id)
    assert (principal.account, principal.name) == (account.id, "admin")
    assert access.accounts() == (account,)


def test_a_key_has_the_form_that_clients_expect(access: AccessService) -> None:
    account, token = access.create_account_with_admin_key()
    prefix, account_id, key_id, secret = token.reveal().split(".")
    assert (prefix, account_id) == ("pat", account.id)
    assert (len(account_id), len(key_id), len(secret)) == (22, 22, 43)
    assert (account_id + key_id + secret).isalnum()
    assert (account_id + key_id + secret).isascii()


def test_the_store_holds_nothing_that_opens_an_account(access: AccessService, store: MemoryStore) -> None:
    account, token = access.create_account_with_admin_key()
    secret = token.reveal().rpartition(".")[2]
    with store.snapshot() as tx:
        (key,) = tx.keys.list(account.id)
    assert secret.encode() not in key.secret_hash
    assert secret not in repr(key)
    assert len(key.secret_hash) == 32


def test_another_pepper_opens_nothing(access: AccessService, store: MemoryStore, clock: FakeClock) -> None:
    _, token = access.create_account_with_admin_key()
    refusal(AccessService(store, clock, b"q" * 32), token.reveal())


@given(st.text())
def test_any_text_is_refused_or_a_key(text: str) -> None:
    parsed = KeyText.parse(text)
    assert parsed is None or parsed.render().reveal() == text
