"""Accounts and people."""

from dataclasses import replace
from typing import Any

import pytest

from pierhead.kit.errors import ConflictError
from pierhead.kit.paging import PageRequest


def test_accounts_come_back_as_they_were_oldest_first(store: Any, build: Any) -> None:
    with store.transaction() as tx:
        tx.accounts.add(build.account("young", second=5))
        tx.accounts.add(build.account("old", second=-5))
    with store.snapshot() as tx:
        assert tx.accounts.list() == (build.account("old", second=-5), build.account("young", second=5))
        assert tx.accounts.find("OLD") is None


def test_an_account_id_is_taken_once(store: Any, build: Any) -> None:
    with store.transaction() as tx:
        tx.accounts.add(build.account())
    with pytest.raises(ConflictError), store.transaction() as tx:
        tx.accounts.add(build.account())


def test_a_person_comes_back_as_written(store: Any, build: Any) -> None:
    full = build.user("u2", password_hash="$argon2id$x", subject="sub|2", is_disabled=True, password_by="USER://u1")
    with store.transaction() as tx:
        assert tx.users.add(build.user())
        assert tx.users.add(full)
    with store.snapshot() as tx:
        assert tx.users.find("acct", "u1") == build.user()
        assert tx.users.find_by_email("acct", "u2@example.com") == full
        assert tx.users.find_by_subject("acct", "sub|2") == full
        assert tx.users.find("other", "u1") is None
        assert tx.users.find_by_email("other", "u1@example.com") is None
        assert tx.users.find_by_subject("other", "sub|2") is None


def test_an_id_and_an_email_are_taken_once_in_an_account_and_the_transaction_goes_on(store: Any, build: Any) -> None:
    with store.transaction() as tx:
        assert tx.users.add(build.user())
        assert not tx.users.add(build.user(email="else@example.com"))
        assert not tx.users.add(build.user("u9", email="u1@example.com"))
        assert tx.users.add(build.user(account="other"))
        assert tx.users.add(build.user("u2"))
    with store.snapshot() as tx:
        assert tx.users.page("acct", "", PageRequest(0, 10)).items == (build.user(), build.user("u2"))


def test_a_changed_person_is_found_by_what_is_new_and_not_by_what_was(store: Any, build: Any) -> None:
    with store.transaction() as tx:
        tx.users.add(build.user(subject="old"))
        tx.users.replace(replace(build.user(), name="Ada", subject="new", is_disabled=True))
        tx.users.replace(build.user("nobody"))
    with store.snapshot() as tx:
        assert tx.users.find_by_subject("acct", "old") is None
        assert tx.users.find_by_subject("acct", "new").is_disabled
        assert tx.users.page("acct", "ada", PageRequest(0, 10)).total == 1
        assert tx.users.page("acct", "zoë", PageRequest(0, 10)).total == 0
        assert tx.users.find("acct", "nobody") is None


def test_removing_a_person_says_whether_there_was_one(store: Any, build: Any) -> None:
    with store.transaction() as tx:
        tx.users.add(build.user())
        assert not tx.users.remove("other", "u1")
        assert tx.users.remove("acct", "u1")
        assert not tx.users.remove("acct", "u1")


@pytest.mark.parametrize(
    ("search", "expected"), [("", 3), ("ZOË", 3), ("B@EXAMPLE", 1), ("%", 0), ("_", 0), ("\x1f", 0)]
)
def test_people_are_listed_by_email_and_searched_literally(store: Any, build: Any, search: str, expected: int) -> None:
    with store.transaction() as tx:
        for name in ("c", "a", "b"):
            tx.users.add(build.user(name))
        tx.users.add(build.user("b", account="other"))
    with store.snapshot() as tx:
        page = tx.users.page("acct", search, PageRequest(0, 2))
        assert page.total == expected
        assert [user.id for user in page.items] == {3: ["a", "b"], 1: ["b"], 0: []}[expected]


def test_of_two_who_make_the_same_person_at_once_one_is_told_so(store: Any, build: Any) -> None:
    outcomes: list[bool] = []
    with store.transaction() as tx:
        outcomes.append(tx.users.add(build.user()))
    with store.transaction() as tx:
        outcomes.append(tx.users.add(build.user("u2", email="u1@example.com")))
    assert outcomes == [True, False]
