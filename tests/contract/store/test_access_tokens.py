"""Tokens, sessions and failed logins."""

from dataclasses import replace
from typing import Any

from pierhead.control.access import LoginFailures, PrincipalRef
from pierhead.control.audit import PrincipalType
from pierhead.control.scopes import Scope

MACHINE = PrincipalRef(PrincipalType.SERVICE_ACCOUNT, Scope("acct", "org", "project"), "ci")


def test_a_token_comes_back_as_written(store: Any, build: Any) -> None:
    full = build.key(
        "full",
        owner=MACHINE,
        expires_at=build.at(100),
        revoked_at=build.at(3),
        old_hash=b"\xff" * 32,
        old_until=build.at(7),
        description="Ünïcode",
        tags={"ключ": "значение"},
    )
    with store.transaction() as tx:
        assert tx.tokens.add(build.key())
        assert tx.tokens.add(full)
    with store.snapshot() as tx:
        assert tx.tokens.find("key") == build.key()
        assert tx.tokens.find("full") == full
        assert tx.tokens.find("KEY") is None
        assert tx.tokens.find_named("acct", MACHINE, "default", "identifier_of_full") == full
        assert tx.tokens.find_named("acct", MACHINE, "other", "identifier_of_full") is None
        assert tx.tokens.find_named("acct", build.user_ref(), "default", "identifier_of_full") is None


def test_a_token_identifier_is_taken_once_in_its_key_and_the_transaction_goes_on(store: Any, build: Any) -> None:
    with store.transaction() as tx:
        assert tx.tokens.add(build.key())
        assert not tx.tokens.add(build.key(identifier="else"))
        assert not tx.tokens.add(build.key("k2", identifier="identifier_of_key"))
        assert tx.tokens.add(build.key("k3", identifier="identifier_of_key", api_key="second"))
        assert tx.tokens.add(build.key("k4", identifier="identifier_of_key", owner=build.user_ref("u2")))
        assert tx.tokens.add(build.key("k5", identifier="identifier_of_key", owner=MACHINE))
    with store.snapshot() as tx:
        assert {token.id for token in tx.tokens.list("acct")} == {"key", "k3", "k4", "k5"}


def test_tokens_are_listed_oldest_first_of_one_owner_and_of_one_key(store: Any, build: Any) -> None:
    tokens = [
        build.key("b", second=1),
        build.key("a", second=2, revoked_at=build.at(3)),
        build.key("c", second=0, api_key="second"),
        build.key("d", second=4, owner=build.user_ref("u2")),
        build.key("e", second=5, account="other", owner=build.user_ref(account="other")),
    ]
    with store.transaction() as tx:
        for token in reversed(tokens):
            tx.tokens.add(token)
    with store.snapshot() as tx:
        assert [token.id for token in tx.tokens.list("acct")] == ["c", "b", "a", "d"]
        assert [token.id for token in tx.tokens.list("acct", build.user_ref())] == ["c", "b", "a"]
        assert [token.id for token in tx.tokens.list("acct", build.user_ref(), "default")] == ["b", "a"]
        assert tx.tokens.list("acct", MACHINE) == ()


def test_an_owner_elsewhere_with_the_same_identifier_is_another_owner(store: Any, build: Any) -> None:
    elsewhere = PrincipalRef(PrincipalType.SERVICE_ACCOUNT, Scope("acct", "org"), "ci")
    with store.transaction() as tx:
        tx.tokens.add(build.key("here", owner=MACHINE))
        tx.tokens.add(build.key("there", owner=elsewhere))
        assert [token.id for token in tx.tokens.list("acct", elsewhere)] == ["there"]
        assert tx.tokens.remove_of("acct", [elsewhere]) == 1
        assert tx.tokens.find("there") is None
        assert tx.tokens.find("here") is not None


def test_a_changed_token_is_what_was_written_and_one_that_is_not_there_is_not_made(store: Any, build: Any) -> None:
    rotated = replace(
        build.key(),
        secret_hash=b"\x01" * 32,
        old_hash=b"\x00\xff" * 16,
        old_until=build.at(9),
        made_by="USER://a",
        old_made_by="SYSTEM",
    )
    with store.transaction() as tx:
        tx.tokens.add(build.key())
        tx.tokens.replace(rotated)
        tx.tokens.replace(build.key("none"))
    with store.snapshot() as tx:
        assert tx.tokens.list("acct") == (rotated,)


def test_removing_tokens_says_how_many_there_were(store: Any, build: Any) -> None:
    with store.transaction() as tx:
        for name in "abc":
            tx.tokens.add(build.key(name))
        tx.tokens.add(build.key("d", owner=MACHINE))
        tx.tokens.add(build.key("e", account="other", owner=build.user_ref(account="other")))
        assert tx.tokens.remove("a")
        assert not tx.tokens.remove("a")
        assert tx.tokens.remove_of("acct", []) == 0
        assert tx.tokens.remove_of("acct", [build.user_ref(), MACHINE, build.user_ref("nobody")]) == 3
        assert [token.id for token in tx.tokens.list("other")] == ["e"]


def test_a_session_comes_back_as_written_and_is_seen(store: Any, build: Any) -> None:
    with store.transaction() as tx:
        tx.sessions.add(build.session())
        tx.sessions.seen(build.session().id_hash, build.at(60))
        tx.sessions.seen(b"none", build.at(60))
    with store.snapshot() as tx:
        assert tx.sessions.find(build.session().id_hash) == build.session(last_seen_at=build.at(60))
        assert tx.sessions.find(b"none") is None


def test_sessions_end_one_by_one_by_person_and_by_time(store: Any, build: Any) -> None:
    with store.transaction() as tx:
        for name, more in ((b"a", {}), (b"b", {}), (b"c", {"user": "u2"}), (b"d", {"account": "other"})):
            tx.sessions.add(build.session(name, **more))
        tx.sessions.add(build.session(b"e", user="u3", expires_at=build.at(10)))
        assert tx.sessions.remove(build.session(b"a").id_hash)
        assert not tx.sessions.remove(build.session(b"a").id_hash)
        assert tx.sessions.remove_of("acct", "u1") == 1
        assert tx.sessions.purge(build.at(10)) == 0
        assert tx.sessions.purge(build.at(11)) == 1
        assert tx.sessions.find(build.session(b"c").id_hash) is not None
        assert tx.sessions.find(build.session(b"d").id_hash) is not None


def test_failed_logins_are_written_over_and_forgotten(store: Any, build: Any) -> None:
    first = LoginFailures("u|someone", 1, build.at(0))
    locked = LoginFailures("u|someone", 5, build.at(0), build.at(900))
    with store.transaction() as tx:
        assert tx.login_failures.find("u|someone") is None
        tx.login_failures.put(first)
        tx.login_failures.put(locked)
        tx.login_failures.put(LoginFailures("a|address", 2, build.at(0)))
        tx.login_failures.put(LoginFailures("a|young", 2, build.at(500)))
        tx.login_failures.remove("none")
    with store.transaction() as tx:
        assert tx.login_failures.find("u|someone") == locked
        assert tx.login_failures.purge(build.at(100)) == 1
        assert tx.login_failures.purge(build.at(901)) == 2
        tx.login_failures.put(first)
        tx.login_failures.remove("u|someone")
        assert tx.login_failures.find("u|someone") is None
