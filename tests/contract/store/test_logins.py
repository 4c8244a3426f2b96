"""Sessions and failed logins keep their promises on every store: above all, that no guess goes uncounted."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

from pierhead.control.access import (
    AccessService,
    HashCost,
    LoginFailedError,
    LoginFailures,
    LoginLockedError,
    LoginsBusyError,
    LoginService,
    PasswordHashes,
    Session,
    SessionService,
)
from pierhead.control.audit import Action, Actor, AuditFilter, PrincipalType
from pierhead.kit.clock import SystemClock
from pierhead.kit.paging import PageRequest
from pierhead.kit.redact import SecretValue

GOOD = SecretValue("correct horse battery")
BAD = SecretValue("wrong horse battery")


def logins_on(store: Any) -> LoginService:
    sessions = SessionService(store, SystemClock(), b"s" * 32)
    hashes = PasswordHashes(HashCost(memory_kib=64, passes=1), at_once=50, wait_s=30.0)
    return LoginService(store, SystemClock(), sessions, hashes)


def test_a_claimed_row_is_there_with_nothing_counted(store: Any, build: Any) -> None:
    with store.transaction() as tx:
        assert tx.login_failures.claim("name:a", build.at(0)) == LoginFailures("name:a", 0, build.at(0))
        tx.login_failures.put(LoginFailures("name:a", 3, build.at(1), build.at(900)))
    with store.transaction() as tx:
        assert tx.login_failures.claim("name:a", build.at(5)) == LoginFailures("name:a", 3, build.at(1), build.at(900))
    with store.snapshot() as tx:
        assert tx.login_failures.find("name:b") is None


def test_fifty_servers_counting_at_once_lose_nothing(store: Any, build: Any) -> None:
    def count(_: int) -> None:
        with store.transaction() as tx:
            row = tx.login_failures.claim("name:a", build.at(0))
            tx.login_failures.put(replace(row, count=row.count + 1))

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(count, range(50)))
    with store.snapshot() as tx:
        found = tx.login_failures.find("name:a")
    assert found is not None
    assert found.count == 50


def test_what_is_locked_still_or_began_later_stays(store: Any, build: Any) -> None:
    with store.transaction() as tx:
        tx.login_failures.put(LoginFailures("old", 1, build.at(0)))
        tx.login_failures.put(LoginFailures("locked", 10, build.at(0), build.at(200)))
        tx.login_failures.put(LoginFailures("unlocked", 10, build.at(0), build.at(50)))
        tx.login_failures.put(LoginFailures("new", 1, build.at(100)))
    with store.transaction() as tx:
        assert tx.login_failures.purge(build.at(100)) == 2
    with store.snapshot() as tx:
        assert [tx.login_failures.find(key) is None for key in ("old", "locked", "unlocked", "new")] == [
            True,
            False,
            True,
            False,
        ]


def test_sessions_end_one_by_one_by_user_and_by_time(store: Any, build: Any) -> None:
    made = [
        Session(bytes([n]) * 32, "acct", "ada" if n < 3 else "bob", build.at(0), build.at(0), build.at(n), "::1")
        for n in range(5)
    ]
    with store.transaction() as tx:
        for session in made:
            tx.sessions.add(session)
        tx.sessions.seen(made[0].id_hash, build.at(1))
    with store.transaction() as tx:
        assert tx.sessions.find(made[0].id_hash) == replace(made[0], last_seen_at=build.at(1))
        assert tx.sessions.remove(made[0].id_hash)
        assert not tx.sessions.remove(made[0].id_hash)
        assert tx.sessions.remove_of("other", "ada") == 0
        assert tx.sessions.remove_of("acct", "ada") == 2
        assert tx.sessions.purge(build.at(4)) == 1
        assert tx.sessions.find(made[4].id_hash) == made[4]


def test_fifty_guesses_at_once_from_fifty_addresses_are_ten(store: Any) -> None:
    account, _ = AccessService(store, SystemClock(), b"p" * 32).create_account()
    logins = logins_on(store)

    def guess(number: int) -> str:
        by = Actor(PrincipalType.USER, "", address=f"10.0.0.{number}")
        spelling = "admin@localhost" if number % 2 else " ADMIN@localhost."
        while True:
            try:
                logins.log_in(account.id, spelling, BAD, by)
            except LoginsBusyError:
                continue
            except (LoginFailedError, LoginLockedError) as error:
                return error.code

    with ThreadPoolExecutor(50) as pool:
        found = list(pool.map(guess, range(50)))
    assert sorted(set(found)) == ["login-failed", "login-locked"]
    assert found.count("login-failed") == 10


def test_logins_at_once_of_one_user_all_get_in(store: Any) -> None:
    account, _ = AccessService(store, SystemClock(), b"p" * 32).create_account()
    logins = logins_on(store)
    with store.snapshot() as tx:
        user = tx.users.find_by_email(account.id, "admin@localhost")
    assert user is not None
    logins.set_password(account.id, user.id, GOOD)
    by = Actor(PrincipalType.USER, "", address="10.0.0.1")
    with ThreadPoolExecutor(4) as pool:
        opened = list(pool.map(lambda _: logins.log_in(account.id, user.email, GOOD, by), range(8)))
    assert len({one.session.id_hash for one in opened}) == 8
    with store.snapshot() as tx:
        assert tx.audit.page(account.id, AuditFilter(actions=(Action.LOGIN,)), PageRequest(0, 100)).total == 8
        assert tx.sessions.find(opened[0].session.id_hash) == opened[0].session
    assert opened[0].session.expires_at - opened[0].session.created_at == timedelta(hours=12)


def test_of_many_sessions_of_a_user_the_newest_stay(store: Any, build: Any) -> None:
    with store.transaction() as tx:
        for n in range(6):
            user, at = "ada" if n else "bob", build.at(n)
            tx.sessions.add(Session(bytes([n]) * 32, "acct", user, at, at, build.at(100)))
        assert tx.sessions.keep_newest("acct", "ada", 2) == 3
        assert [n for n in range(6) if tx.sessions.find(bytes([n]) * 32)] == [0, 4, 5]
        assert tx.sessions.keep_newest("acct", "ada", 2) == 0
