"""Accounts and API keys."""

from typing import Any

import pytest

from pierhead.kit.errors import ConflictError


def test_accounts_come_back_as_they_were_oldest_first(store: Any, build: Any) -> None:
    with store.transaction() as tx:
        tx.accounts.add(build.account("young", second=5))
        tx.accounts.add(build.account("old", second=-5))
    with store.snapshot() as tx:
        assert tx.accounts.list() == (build.account("old", second=-5), build.account("young", second=5))
        assert tx.accounts.find("OLD") is None


def test_an_account_or_key_id_is_taken_once(store: Any, build: Any) -> None:
    with store.transaction() as tx:
        tx.accounts.add(build.account())
        tx.keys.add(build.key())
    with pytest.raises(ConflictError), store.transaction() as tx:
        tx.accounts.add(build.account())
    with pytest.raises(ConflictError), store.transaction() as tx:
        tx.keys.add(build.key())


def test_keys_of_an_account_are_listed_oldest_first_revoked_ones_included(store: Any, build: Any) -> None:
    first = build.key("b", second=1, expires_at=build.at(100))
    second = build.key("a", second=2, revoked_at=build.at(3))
    with store.transaction() as tx:
        for key in (second, first, build.key("c", account="other")):
            tx.keys.add(key)
    with store.snapshot() as tx:
        assert tx.keys.list("acct") == (first, second)
        assert tx.keys.find("b") == first
        assert tx.keys.find("none") is None


def test_a_key_is_revoked_once(store: Any, build: Any) -> None:
    with store.transaction() as tx:
        tx.keys.add(build.key())
        assert tx.keys.revoke("key", build.at(7))
        assert not tx.keys.revoke("key", build.at(8))
        assert not tx.keys.revoke("none", build.at(8))
    with store.snapshot() as tx:
        assert tx.keys.find("key") == build.key(revoked_at=build.at(7))
