"""Rows of delegate tokens and delegate groups: refusals first."""

from dataclasses import replace
from typing import Any

import pytest

from pierhead.control.delegates import GroupExistsError, TokenExistsError, TokenStatus
from pierhead.control.scopes import Scope
from pierhead.kit.errors import ConflictError

ACCOUNT, ORG, PROJECT = Scope("acct"), Scope("acct", "org"), Scope("acct", "org", "project")


def add_tokens(store: Any, *tokens: Any) -> None:
    with store.transaction() as tx:
        for token in tokens:
            tx.delegate_tokens.add(token)


def test_a_name_is_taken_once_in_a_scope_even_by_a_revoked_token(store: Any, build: Any) -> None:
    for number, scope in enumerate((ACCOUNT, ORG, PROJECT, Scope("other"))):
        taken = build.token(f"t{number}", scope=scope, name="ci", status=TokenStatus.REVOKED, revoked_at=build.at(0))
        add_tokens(store, taken)
        with pytest.raises(TokenExistsError) as raised:
            add_tokens(store, build.token(f"another {number}", scope=scope, name="ci"))
        assert isinstance(raised.value, ConflictError)


def test_tokens_come_back_as_they_were(store: Any, build: Any) -> None:
    plain = build.token()
    full = build.token(
        "tok2",
        scope=PROJECT,
        name="Zürich",
        status=TokenStatus.REVOKED,
        revoke_after=build.at(5),
        revoked_at=build.at(6),
        created_by_type="SERVICE_ACCOUNT",
    )
    add_tokens(store, plain, full)
    with store.snapshot() as tx:
        assert tx.delegate_tokens.find(ACCOUNT, plain.name) == plain
        assert tx.delegate_tokens.find(PROJECT, "Zürich") == full
        assert tx.delegate_tokens.find_by_id("tok2") == full
        assert tx.delegate_tokens.find(ORG, "Zürich") is None
        assert tx.delegate_tokens.find_by_id("none") is None


def test_tokens_are_listed_by_exact_scope_newest_first(store: Any, build: Any) -> None:
    add_tokens(store, build.token("a", second=1), build.token("b", second=3), build.token("c", second=2))
    add_tokens(store, build.token("d", scope=ORG), build.token("e", scope=Scope("other")))
    with store.snapshot() as tx:
        assert [token.id for token in tx.delegate_tokens.list(ACCOUNT)] == ["b", "c", "a"]
        assert [token.id for token in tx.delegate_tokens.list(ORG)] == ["d"]
        assert tx.delegate_tokens.list(PROJECT) == ()


def test_a_token_that_is_put_replaces_itself_alone(store: Any, build: Any) -> None:
    add_tokens(store, build.token("a"), build.token("b"))
    revoked = replace(build.token("a"), status=TokenStatus.REVOKED, revoked_at=build.at(9))
    with store.transaction() as tx:
        tx.delegate_tokens.put(revoked)
        tx.delegate_tokens.put(build.token("absent"))
    with store.snapshot() as tx:
        assert tx.delegate_tokens.find_by_id("a") == revoked
        assert tx.delegate_tokens.find_by_id("b") == build.token("b")
        assert tx.delegate_tokens.find_by_id("absent") is None


def test_a_deleted_token_is_gone_and_its_name_free(store: Any, build: Any) -> None:
    add_tokens(store, build.token("a", name="ci"), build.token("b"))
    with store.transaction() as tx:
        tx.delegate_tokens.delete("a")
        tx.delegate_tokens.delete("absent")
        tx.delegate_tokens.add(build.token("c", name="ci"))
        assert [token.id for token in tx.delegate_tokens.list(ACCOUNT)] == ["c", "b"]


def test_only_live_tokens_past_their_time_are_due_for_revocation(store: Any, build: Any) -> None:
    add_tokens(
        store,
        build.token("due", revoke_after=build.at(10)),
        build.token("later", revoke_after=build.at(10.5)),
        build.token("never"),
        build.token("done", revoke_after=build.at(1), status=TokenStatus.REVOKED, revoked_at=build.at(1)),
    )
    with store.snapshot() as tx:
        assert [token.id for token in tx.delegate_tokens.due_for_revocation(build.at(10))] == ["due"]


def test_purging_deletes_what_was_revoked_long_ago(store: Any, build: Any) -> None:
    revoked = TokenStatus.REVOKED
    add_tokens(
        store,
        build.token("old", status=revoked, revoked_at=build.at(9)),
        build.token("recent", status=revoked, revoked_at=build.at(10)),
        build.token("live"),
    )
    with store.transaction() as tx:
        assert tx.delegate_tokens.purge(build.at(10)) == 1
        assert tx.delegate_tokens.purge(build.at(10)) == 0
        assert tx.delegate_tokens.find_by_id("old") is None
        assert {token.id for token in tx.delegate_tokens.list(ACCOUNT)} == {"recent", "live"}


def test_a_group_name_is_taken_once_in_a_scope(store: Any, build: Any) -> None:
    for number, scope in enumerate((ACCOUNT, ORG, PROJECT)):
        with store.transaction() as tx:
            tx.delegate_groups.add(build.group(f"g{number}", scope=scope, name="site"))
        with pytest.raises(GroupExistsError) as raised, store.transaction() as tx:
            tx.delegate_groups.add(build.group(f"another {number}", scope=scope, name="site"))
        assert isinstance(raised.value, ConflictError)


def test_groups_come_back_as_they_were_and_in_order_of_name(store: Any, build: Any) -> None:
    groups = [
        build.group("1", name="a", scope=PROJECT),
        build.group("2", name="a"),
        build.group("3", name="B", added_tags=()),
        build.group("4", name="a", scope=ORG),
    ]
    with store.transaction() as tx:
        for group in (*groups, build.group("5", scope=Scope("other"))):
            tx.delegate_groups.add(group)
    with store.snapshot() as tx:
        assert [group.id for group in tx.delegate_groups.list("acct")] == ["3", "2", "4", "1"]
        assert tx.delegate_groups.find(PROJECT, "a") == groups[0]
        assert tx.delegate_groups.find(ACCOUNT, "B") == groups[2]
        assert tx.delegate_groups.find(ORG, "B") is None
        assert tx.delegate_groups.list("nobody") == ()


def test_a_group_can_be_replaced_and_deleted(store: Any, build: Any) -> None:
    changed = build.group("1", added_tags=("new",), description="")
    with store.transaction() as tx:
        tx.delegate_groups.add(build.group("1"))
        tx.delegate_groups.add(build.group("2"))
        tx.delegate_groups.put(changed)
        tx.delegate_groups.put(build.group("absent"))
        tx.delegate_groups.delete("2")
        tx.delegate_groups.delete("absent")
        assert tx.delegate_groups.list("acct") == (changed,)


def test_tokens_of_all_accounts_come_by_id_in_parts(store: Any, build: Any) -> None:
    with store.transaction() as tx:
        for number, account in enumerate(("acct", "other", "acct", "acct")):
            tx.delegate_tokens.add(build.token(f"tok{number}", scope=Scope(account)))
        first = tx.delegate_tokens.list_all("", 3)
        rest = tx.delegate_tokens.list_all(first[-1].id, 3)
    assert [token.id for token in (*first, *rest)] == ["tok0", "tok1", "tok2", "tok3"]
