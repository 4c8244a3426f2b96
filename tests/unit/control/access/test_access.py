from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pierhead.control.access import (
    AccessService,
    AccountNotFoundError,
    InvalidTokenError,
    KeyText,
    MissingTokenError,
    NotOperatorError,
    Pepper,
    Token,
)
from pierhead.kit.redact import SecretValue
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
    account, token = access.create_account()
    text = KeyText.parse(token.reveal())
    assert text is not None
    wrong_secret = f"pat.{account.id}.{text.key_id}.{'x' * 43}"
    unknown_key = f"pat.{account.id}.{'k' * 22}.{text.secret.reveal()}"
    expected = f"Invalid call: Invalid token or token expired. Account id for API called: {account.id}"
    assert refusal(access, wrong_secret) == refusal(access, unknown_key) == expected


def test_a_key_opens_no_other_account(access: AccessService) -> None:
    _, token = access.create_account()
    other, _ = access.create_account()
    assert other.id in refusal(access, token.reveal(), other.id)
    text = KeyText.parse(token.reveal())
    assert text is not None
    refusal(access, f"pat.{other.id}.{text.key_id}.{text.secret.reveal()}")


def test_the_first_account_is_its_operators_though_a_clock_was_set_back(
    access: AccessService, clock: FakeClock
) -> None:
    first = access.create_account()[0].id
    for back in (0, -60):
        clock.advance(back)
        with pytest.raises(NotOperatorError):
            access.check_operator(access.create_account("other")[0].id)
    access.check_operator(first)


def first_token(store: MemoryStore, account: str) -> Token:
    with store.snapshot() as tx:
        (token,) = tx.tokens.list(account)
    return token


def change_first_token(store: MemoryStore, account: str, **changes: object) -> None:
    with store.transaction() as tx:
        tx.tokens.replace(replace(tx.tokens.list(account)[0], **changes))


def test_a_token_opens_from_its_beginning_until_its_end(
    access: AccessService, store: MemoryStore, clock: FakeClock
) -> None:
    account, text = access.create_account()
    begin, end = clock.now() + timedelta(seconds=10), clock.now() + timedelta(seconds=60)
    change_first_token(store, account.id, valid_from=begin, expires_at=end)
    refusal(access, text.reveal())
    clock.advance(10)
    assert access.authenticate(text.reveal()).name == "admin"
    clock.advance(49)
    assert access.authenticate(text.reveal()).name == "admin"
    clock.advance(1)
    refusal(access, text.reveal())


def test_a_revoked_token_opens_nothing(access: AccessService, store: MemoryStore, clock: FakeClock) -> None:
    account, text = access.create_account()
    change_first_token(store, account.id, revoked_at=clock.now())
    refusal(access, text.reveal())


def test_a_token_without_its_owner_opens_nothing(access: AccessService, store: MemoryStore) -> None:
    account, text = access.create_account()
    owner = first_token(store, account.id).owner
    with store.transaction() as tx:
        tx.users.remove(account.id, owner.identifier)
    refusal(access, text.reveal())


def test_the_key_of_a_service_account_is_none_of_a_person(access: AccessService) -> None:
    account, text = access.create_account()
    refusal(access, text.reveal().replace("pat.", "sat."), account.id)


def test_an_unknown_key_costs_the_same_work_as_a_wrong_secret(
    store: MemoryStore, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both look a row up and hash once: counted rather than timed, which a busy machine would blur."""
    access = AccessService(store, clock, PEPPER)
    account, text = access.create_account()
    key = KeyText.parse(text.reveal())
    assert key is not None
    hashed: list[str] = []
    real = access.pepper.hash

    class Counting(Pepper):
        def hash(self, secret: SecretValue) -> bytes:
            hashed.append("once")
            return real(secret)

    monkeypatch.setattr(access, "pepper", Counting(PEPPER))
    work: list[int] = []
    for shown in (f"pat.{account.id}.{key.key_id}.{'x' * 43}", f"pat.{account.id}.{'k' * 22}.{'x' * 43}"):
        hashed.clear()
        refusal(access, shown)
        work.append(len(hashed))
    assert work == [1, 1]


def test_a_renewed_admin_key_takes_the_place_of_all_that_there_were(access: AccessService) -> None:
    account, old = access.create_account()
    new = access.renew_admin_key(account.id)
    refusal(access, old.reveal())
    assert access.authenticate(new.reveal()).name == "admin"
    with pytest.raises(AccountNotFoundError):
        access.renew_admin_key("nobody")


def test_the_first_key_opens_its_account(access: AccessService) -> None:
    account, token = access.create_account()
    principal = access.authenticate(token.reveal(), account.id)
    assert (principal.account, principal.name) == (account.id, "admin")
    assert access.accounts() == (account,)


def test_a_key_has_the_form_that_clients_expect(access: AccessService) -> None:
    account, token = access.create_account()
    prefix, account_id, key_id, secret = token.reveal().split(".")
    assert (prefix, account_id) == ("pat", account.id)
    assert (len(account_id), len(key_id), len(secret)) == (22, 22, 43)
    assert (account_id + key_id + secret).isalnum()
    assert (account_id + key_id + secret).isascii()


def test_the_store_holds_nothing_that_opens_an_account(access: AccessService, store: MemoryStore) -> None:
    account, text = access.create_account()
    secret = text.reveal().rpartition(".")[2]
    token = first_token(store, account.id)
    assert secret.encode() not in token.secret_hash
    assert secret not in repr(token)
    assert len(token.secret_hash) == 32


def test_another_pepper_opens_nothing(access: AccessService, store: MemoryStore, clock: FakeClock) -> None:
    _, token = access.create_account()
    refusal(AccessService(store, clock, b"q" * 32), token.reveal())


@given(st.text())
def test_any_text_is_refused_or_a_key(text: str) -> None:
    parsed = KeyText.parse(text)
    assert parsed is None or parsed.render().reveal() == text
