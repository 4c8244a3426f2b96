"""Lists that every store gives alike: connectors in an order, secrets around a scope, saved filters."""

from typing import TYPE_CHECKING

import pytest

from pierhead.control.connectors import (
    ConnectorFilter,
    FilterType,
    FilterVisibility,
    Order,
    SavedFilter,
    SortColumn,
    UsernamePasswordAuth,
)
from pierhead.control.scopes import Scope, ScopedReference
from pierhead.kit.paging import PageRequest

if TYPE_CHECKING:
    from conftest import Build, Store

ACCOUNT, ORG, PROJECT = Scope("acct"), Scope("acct", "o"), Scope("acct", "o", "p")


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ((), ["a", "B", "_c"]),
        ((Order(SortColumn.IDENTIFIER),), ["B", "_c", "a"]),
        ((Order(SortColumn.NAME, is_descending=True),), ["_c", "a", "B"]),
        ((Order(SortColumn.CREATED_AT), Order(SortColumn.IDENTIFIER, is_descending=True)), ["_c", "B", "a"]),
    ],
)
def test_connectors_come_in_the_order_that_was_asked_for(
    store: "Store", build: "Build", order: tuple[Order, ...], expected: list[str]
) -> None:
    with store.transaction() as tx:
        for name, identifier, changed in (("Z", "a", 9), ("A", "B", 8), ("é", "_c", 7)):
            tx.connectors.add(
                build.connector(
                    identifier,
                    name=name,
                    created_at=build.at(5 if identifier == "a" else 1),
                    last_modified_at=build.at(changed),
                )
            )
    wanted = ConnectorFilter(order=order)
    with store.snapshot() as tx:
        whole = tx.connectors.page(ACCOUNT, wanted, PageRequest(0, 10)).items
        second = tx.connectors.page(ACCOUNT, wanted, PageRequest(1, 1)).items
        filtered = tx.connectors.page(
            ACCOUNT, ConnectorFilter(order=order, types=("DockerRegistry",)), PageRequest(0, 9)
        )
    assert [connector.identifier for connector in whole] == expected
    assert [connector.identifier for connector in second] == expected[1:2]
    assert filtered.items == whole


def test_secrets_around_a_scope(store: "Store", build: "Build") -> None:
    places = (ACCOUNT, ORG, PROJECT, Scope("acct", "o2"), Scope("other", "o", "p"))
    with store.transaction() as tx:
        for second, scope in enumerate(places):
            tx.secrets.add(build.secret(scope=scope, second=second))

    def around(scope: Scope, *, above: bool = False, below: bool = False, search: str = "") -> list[Scope]:
        with store.snapshot() as tx:
            return [secret.scope for secret in tx.secrets.around(scope, search, above=above, below=below)]

    assert around(ORG) == [ORG]
    assert around(ORG, above=True) == [ORG, ACCOUNT]
    assert around(ORG, below=True) == [PROJECT, ORG]
    assert around(ORG, above=True, below=True) == [PROJECT, ORG, ACCOUNT]
    assert around(PROJECT, above=True) == [PROJECT, ORG, ACCOUNT]
    assert around(ACCOUNT, below=True) == [Scope("acct", "o2"), PROJECT, ORG, ACCOUNT]
    assert around(ACCOUNT, below=True, search="NAME OF") == around(ACCOUNT, below=True)
    assert around(ACCOUNT, below=True, search="nothing") == []


def test_the_connectors_that_refer_to_a_secret_are_found_in_every_scope(store: "Store", build: "Build") -> None:
    auth = UsernamePasswordAuth(ScopedReference.parse("account.pw"), username="u")
    with store.transaction() as tx:
        for scope in (ACCOUNT, PROJECT, Scope("other")):
            tx.connectors.add(build.connector(scope=scope, spec=build.spec(auth=auth)))
        tx.connectors.add(build.connector("anonymous", scope=ORG))
    with store.snapshot() as tx:
        assert {found.scope for found in tx.connectors.referring_to(ACCOUNT, "pw")} == {ACCOUNT, PROJECT}
        assert tx.connectors.referring_to(PROJECT, "pw") == ()


def test_a_saved_filter_is_kept_whole_and_by_its_type(store: "Store", build: "Build") -> None:
    at = build.start
    kept = [
        SavedFilter(ORG, "f", "F", kind, {"tags": {"a": None, "б": ["x"]}}, FilterVisibility.ONLY_CREATOR, "me", at, at)
        for kind in FilterType
    ]
    with store.transaction() as tx:
        assert [tx.filters.add(one) for one in (*kept, kept[0])] == [True, True, False]
    with store.snapshot() as tx:
        for one in kept:
            assert tx.filters.find(ORG, "f", one.type.value) == one
            assert tx.filters.list(ORG, one.type.value) == (one,)
    with store.transaction() as tx:
        tx.contents.clear(ORG)
        assert tx.filters.list(ORG) == ()
