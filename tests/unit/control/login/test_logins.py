"""Logging in by password: who gets a session, and what all others hear."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from pierhead.control.access import (
    AccessDeniedError,
    Account,
    Giver,
    HashCost,
    InvalidSessionError,
    LoginFailedError,
    LoginLockedError,
    LoginsBusyError,
    LoginService,
    PasswordHashes,
    PrincipalNotFoundError,
    SessionService,
    User,
    WeakPasswordError,
)
from pierhead.control.audit import Action, Actor, PrincipalType
from pierhead.kit.redact import SecretValue
from pierhead.testing.clock import FakeClock
from pierhead.testing.memory import MemoryStore

GOOD = SecretValue("correct horse battery")
BAD = SecretValue("wrong horse battery")
At = Callable[[str], Actor]


def actions(store: MemoryStore) -> list[Action]:
    return [record.entry.action for record in store._committed.audit_records.values()]


def guess(logins: LoginService, account: Account, email: str, by: Actor, password: SecretValue = BAD) -> str:
    try:
        logins.log_in(account.id, email, password, by)
    except (LoginFailedError, LoginLockedError) as error:
        return error.code
    return "in"


def test_the_right_password_opens_a_session(
    logins: LoginService, sessions: SessionService, account: Account, ada: User, at: At
) -> None:
    opened = logins.log_in(account.id, "Ada@Example.com ", GOOD, at("1.1.1.1"))
    principal = sessions.authenticate(opened.text)
    assert (principal.ref, principal.is_session) == (ada.ref, True)


def test_without_an_account_the_only_one_is_meant(logins: LoginService, ada: User, at: At) -> None:
    assert logins.log_in(None, ada.email, GOOD, at("1.1.1.1")).user.id == ada.id


def test_everybody_who_does_not_get_in_hears_the_same(
    logins: LoginService, store: MemoryStore, account: Account, ada: User, at: At, clock: FakeClock
) -> None:
    with store.transaction() as tx:
        tx.users.add(replace(ada, id="nopw", email="nopw@example.com", password_hash=None))
        known = tx.users.find(account.id, "ada")
        assert known is not None
        tx.users.add(replace(known, id="off", email="off@example.com", is_disabled=True))
    heard = set()
    for where, email, password in [
        (account.id, ada.email, BAD),
        (account.id, "nobody@example.com", GOOD),
        (account.id, "nopw@example.com", GOOD),
        (account.id, "off@example.com", GOOD),
        ("no-such-account", ada.email, GOOD),
        (account.id, ada.email, SecretValue("x" * 2000)),
        (account.id, "x" * 100_000, BAD),
        (account.id, "", SecretValue("")),
    ]:
        with pytest.raises(LoginFailedError) as refused:
            logins.log_in(where, email, password, at("1.1.1.1"))
        heard.add((refused.value.message, refused.value.hint))
    assert len(heard) == 1


def test_logins_and_failures_are_in_the_audit_trail_without_what_was_typed(
    logins: LoginService, store: MemoryStore, account: Account, ada: User, at: At
) -> None:
    logins.log_in(account.id, ada.email, GOOD, at("1.1.1.1"))
    guess(logins, account, ada.email, at("1.1.1.1"))
    guess(logins, account, "my-password-by-mistake", at("1.1.1.1"))
    found = actions(store)
    assert found.count(Action.LOGIN) == 1
    assert found.count(Action.UNSUCCESSFUL_LOGIN) == 2
    trail = str(store._committed.audit_records)
    assert "my-password-by-mistake" not in trail
    assert "horse" not in trail


@pytest.mark.parametrize("email", ["ada@example.com", "nobody@example.com"])
def test_ten_failures_lock_a_name_whether_or_not_somebody_has_it(
    logins: LoginService, account: Account, ada: User, at: At, email: str
) -> None:
    assert [guess(logins, account, email, at("1.1.1.1")) for _ in range(12)] == ["login-failed"] * 10 + [
        "login-locked"
    ] * 2


def test_a_locked_name_answers_a_right_password_as_a_wrong_one(
    logins: LoginService, account: Account, ada: User, at: At
) -> None:
    for _ in range(10):
        guess(logins, account, ada.email, at("1.1.1.1"))
    answers = []
    for password in (GOOD, BAD):
        with pytest.raises(LoginLockedError) as locked:
            logins.log_in(account.id, ada.email, password, at("2.2.2.2"))
        answers.append((locked.value.message, locked.value.retry_after_s))
    assert answers[0] == answers[1]
    assert answers[0][1] == 900


def test_the_lock_ends_and_the_next_failure_does_not_lock_at_once(
    logins: LoginService, account: Account, ada: User, at: At, clock: FakeClock
) -> None:
    for _ in range(10):
        guess(logins, account, ada.email, at("1.1.1.1"))
    clock.advance(901)
    assert [guess(logins, account, ada.email, at("1.1.1.1")) for _ in range(3)] == ["login-failed"] * 3
    assert guess(logins, account, ada.email, at("1.1.1.1"), GOOD) == "in"


def test_old_failures_do_not_count(logins: LoginService, account: Account, ada: User, at: At, clock: FakeClock) -> None:
    for _ in range(9):
        guess(logins, account, ada.email, at("1.1.1.1"))
    clock.advance(901)
    assert [guess(logins, account, ada.email, at("1.1.1.1")) for _ in range(9)] == ["login-failed"] * 9


def test_no_spelling_of_a_name_gets_more_guesses(logins: LoginService, account: Account, ada: User, at: At) -> None:
    spellings = ["ada@example.com", "ADA@EXAMPLE.COM", " ada@example.com", "ada@example.com.", "\uff41da@example.com"]
    spellings += [
        "ada@example.com\u200b",
        "𝐚da@example.com",
        "ada @example.com",
        "aDa@example.com..",
        "ada\ufe0f@example.com",
    ]
    found = [guess(logins, account, email, at(f"10.0.0.{number}")) for number, email in enumerate(spellings * 3)]
    assert found == ["login-failed"] * 10 + ["login-locked"] * 20


def test_fifty_guesses_at_once_are_still_ten(logins: LoginService, account: Account, ada: User, at: At) -> None:
    with ThreadPoolExecutor(50) as pool:
        found = list(pool.map(lambda n: guess(logins, account, ada.email, at(f"10.0.0.{n}")), range(50)))
    assert found.count("login-failed") == 10
    assert found.count("login-locked") == 40


def test_an_address_cannot_try_many_names(logins: LoginService, account: Account, ada: User, at: At) -> None:
    found = [guess(logins, account, f"user{n}@example.com", at("1.1.1.1")) for n in range(60)]
    assert found == ["login-failed"] * 50 + ["login-locked"] * 10
    assert guess(logins, account, ada.email, at("1.1.1.1"), GOOD) == "login-locked"
    assert guess(logins, account, ada.email, at("2.2.2.2"), GOOD) == "in"


@pytest.mark.parametrize(
    "addresses",
    [[f"2001:db8::{n:x}" for n in range(1, 61)], ["1.2.3.4", "::ffff:1.2.3.4"] * 30, ["fe80::1%a", "fe80::2%b"] * 30],
    ids=["one network", "one address in two clothes", "zones"],
)
def test_an_address_has_one_count_however_it_is_written(
    logins: LoginService, account: Account, ada: User, at: At, addresses: list[str]
) -> None:
    found = [guess(logins, account, f"user{n}@example.com", at(address)) for n, address in enumerate(addresses)]
    assert found.count("login-locked") == 10


def test_a_password_of_ones_own_buys_no_guesses_at_others(
    logins: LoginService, account: Account, ada: User, at: At
) -> None:
    found = []
    for number in range(60):
        found.append(guess(logins, account, f"user{number}@example.com", at("1.1.1.1")))
        guess(logins, account, ada.email, at("1.1.1.1"), GOOD)
    assert found.count("login-failed") <= 50


def test_many_right_logins_from_one_address_lock_nobody(
    logins: LoginService, account: Account, ada: User, at: At
) -> None:
    assert {guess(logins, account, ada.email, at("1.1.1.1"), GOOD) for _ in range(100)} == {"in"}


def test_a_success_forgets_the_failures_of_that_name_only(
    logins: LoginService, account: Account, ada: User, at: At
) -> None:
    for _ in range(9):
        guess(logins, account, ada.email, at("1.1.1.1"))
    for _ in range(9):
        guess(logins, account, "bob@example.com", at("1.1.1.1"))
    assert guess(logins, account, ada.email, at("1.1.1.1"), GOOD) == "in"
    assert guess(logins, account, ada.email, at("1.1.1.1")) == "login-failed"
    of_bob = [guess(logins, account, "bob@example.com", at("1.1.1.1")) for _ in range(2)]
    assert of_bob == ["login-failed", "login-locked"]


def test_a_lock_leaves_the_sessions_that_are_there(
    logins: LoginService, sessions: SessionService, account: Account, ada: User, at: At
) -> None:
    opened = logins.log_in(account.id, ada.email, GOOD, at("1.1.1.1"))
    for _ in range(12):
        guess(logins, account, ada.email, at("1.1.1.1"))
    assert sessions.authenticate(opened.text).ref == ada.ref


def test_nothing_is_kept_of_old_failures(
    logins: LoginService, store: MemoryStore, account: Account, ada: User, at: At, clock: FakeClock
) -> None:
    for number in range(20):
        guess(logins, account, f"user{number}@example.com", at("1.1.1.1"))
    clock.advance(2000)
    guess(logins, account, ada.email, at("2.2.2.2"), GOOD)
    assert store._committed.login_failures == {}


def test_a_new_password_ends_all_sessions_and_is_told_in_the_trail(
    logins: LoginService, sessions: SessionService, store: MemoryStore, account: Account, ada: User, at: At
) -> None:
    opened = logins.log_in(account.id, ada.email, GOOD, at("1.1.1.1"))
    new = SecretValue("another horse battery")
    logins.change_password(account.id, ada.id, GOOD, new, at("1.1.1.1"))
    with pytest.raises(InvalidSessionError):
        sessions.authenticate(opened.text)
    assert guess(logins, account, ada.email, at("1.1.1.1"), GOOD) == "login-failed"
    assert guess(logins, account, ada.email, at("1.1.1.1"), new) == "in"
    assert "another" not in str(store._committed.audit_records)


def test_a_wrong_current_password_counts_as_a_failed_login(
    logins: LoginService, account: Account, ada: User, at: At
) -> None:
    for _ in range(10):
        with pytest.raises(LoginFailedError):
            logins.change_password(account.id, ada.id, BAD, SecretValue("another horse battery"), at("1.1.1.1"))
    with pytest.raises(LoginLockedError):
        logins.change_password(account.id, ada.id, GOOD, SecretValue("another horse battery"), at("1.1.1.1"))


def test_nobody_gives_a_password_to_whoever_may_more(
    logins: LoginService, store: MemoryStore, account: Account, ada: User
) -> None:
    with store.snapshot() as tx:
        admin = tx.users.find_by_email(account.id, "admin@localhost")
    assert admin is not None
    giver = Giver(Actor(PrincipalType.USER, ada.id), ada.ref)
    with pytest.raises(AccessDeniedError):
        logins.set_password(account.id, admin.id, GOOD, giver)
    logins.set_password(account.id, ada.id, GOOD, Giver(Actor(PrincipalType.USER, admin.id), admin.ref))


@pytest.mark.parametrize("text", ["", "short", "x" * 11, "aaaaaaaaaaaaaaaa", "x" * 1025, "ﬀ" * 3])
def test_a_weak_password_is_refused(logins: LoginService, account: Account, ada: User, text: str) -> None:
    with pytest.raises(WeakPasswordError):
        logins.set_password(account.id, ada.id, SecretValue(text))


def test_nobody_has_no_password(logins: LoginService, account: Account) -> None:
    with pytest.raises(PrincipalNotFoundError):
        logins.set_password(account.id, "nobody", GOOD)


def test_a_password_is_the_same_however_a_keyboard_puts_it_together(
    logins: LoginService, account: Account, ada: User, at: At
) -> None:
    logins.set_password(account.id, ada.id, SecretValue("caf\u00e9 au lait, grand"))
    assert guess(logins, account, ada.email, at("1.1.1.1"), SecretValue("cafe\u0301 au lait, grand")) == "in"


def test_a_hash_of_another_cost_is_made_anew_at_the_next_login(
    store: MemoryStore, clock: FakeClock, sessions: SessionService, account: Account, ada: User, at: At
) -> None:
    dearer = LoginService(store, clock, sessions, PasswordHashes(HashCost(memory_kib=128, passes=1)))
    for _ in range(2):
        dearer.log_in(account.id, ada.email, GOOD, at("1.1.1.1"))
        with store.snapshot() as tx:
            user = tx.users.find(account.id, ada.id)
        assert user is not None
        assert user.password_hash is not None
        assert user.password_hash.startswith("$argon2id$v=19$m=128,t=1,p=1$")


def test_whoever_finds_no_turn_is_told_so_and_not_counted(
    store: MemoryStore, clock: FakeClock, sessions: SessionService, account: Account, ada: User, at: At
) -> None:
    hashes = PasswordHashes(HashCost(memory_kib=64, passes=1), at_once=1, wait_s=0.0)
    logins = LoginService(store, clock, sessions, hashes)
    with hashes.turn():
        for _ in range(20):
            with pytest.raises(LoginsBusyError):
                logins.log_in(account.id, ada.email, BAD, at("1.1.1.1"))
    assert guess(logins, account, ada.email, at("1.1.1.1"), GOOD) == "in"


def test_the_cost_for_real_is_that_of_the_reference_figures() -> None:
    hashes = PasswordHashes()
    made = hashes.make(GOOD)
    assert made.startswith("$argon2id$v=19$m=65536,t=3,p=1$")
    assert hashes.fits(GOOD, made)
    assert not hashes.fits(BAD, made)
    assert not hashes.fits(GOOD, None)
