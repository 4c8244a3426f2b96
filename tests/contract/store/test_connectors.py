"""Rows of connectors."""

from dataclasses import replace
from typing import Any

import pytest

from pierhead.control.connectors import (
    ConnectivityMode,
    ConnectivityStatus,
    ConnectorExistsError,
    ConnectorFilter,
    ConnectorStatus,
    StatusError,
    UsernamePasswordAuth,
)
from pierhead.control.scopes import Scope, ScopedReference
from pierhead.kit.paging import PageRequest

ACCOUNT, ORG, PROJECT = Scope("acct"), Scope("acct", "org"), Scope("acct", "org", "project")


def test_connectors_come_back_as_they_were(store: Any, build: Any) -> None:
    plain = build.connector("plain")
    full = build.connector(
        "full",
        scope=PROJECT,
        spec=build.full_spec(),
        tags={"b": "2", "a": "1"},
        version=7,
        status=ConnectorStatus(
            ConnectivityStatus.FAILURE,
            "no",
            (StatusError("why", "what", 470),),
            tested_at=build.at(1),
            last_connected_at=None,
        ),
    )
    named = build.connector(
        "named", spec=build.spec(auth=UsernamePasswordAuth(ScopedReference.parse("pw"), username="me"))
    )
    with store.transaction() as tx:
        for connector in (plain, full, named):
            tx.connectors.add(connector)
    with store.snapshot() as tx:
        assert tx.connectors.find(ACCOUNT, "plain") == plain
        assert tx.connectors.find(PROJECT, "full") == full
        assert list(tx.connectors.find(PROJECT, "full").tags) == ["b", "a"]
        assert tx.connectors.find(ACCOUNT, "named") == named
        assert tx.connectors.find(ACCOUNT, "full") is None


def test_an_identifier_is_taken_once_in_a_scope(store: Any, build: Any) -> None:
    for scope in (ACCOUNT, ORG, PROJECT):
        with store.transaction() as tx:
            tx.connectors.add(build.connector(scope=scope))
        with pytest.raises(ConnectorExistsError), store.transaction() as tx:
            tx.connectors.add(build.connector(scope=scope, id="another"))


def test_replacing_writes_everything_over_and_nothing_beside_it(store: Any, build: Any) -> None:
    changed = build.connector(name="new", spec=build.full_spec(), version=2, last_modified_at=build.at(5))
    with store.transaction() as tx:
        tx.connectors.add(build.connector())
        tx.connectors.add(build.connector(scope=ORG))
        tx.connectors.replace(changed)
        tx.connectors.replace(build.connector("absent"))
    with store.snapshot() as tx:
        assert tx.connectors.find(ACCOUNT, "hub") == changed
        assert tx.connectors.find(ORG, "hub") == build.connector(scope=ORG)
        assert tx.connectors.find(ACCOUNT, "absent") is None


def test_removing_says_whether_there_was_one(store: Any, build: Any) -> None:
    with store.transaction() as tx:
        tx.connectors.add(build.connector())
        assert not tx.connectors.remove(ORG, "hub")
        assert tx.connectors.remove(ACCOUNT, "hub")
        assert not tx.connectors.remove(ACCOUNT, "hub")


def test_a_status_changes_nothing_else(store: Any, build: Any) -> None:
    status = ConnectorStatus(ConnectivityStatus.SUCCESS, tested_at=build.at(3), last_connected_at=build.at(3))
    with store.transaction() as tx:
        tx.connectors.add(build.connector())
        assert tx.connectors.set_status(ACCOUNT, "hub", status)
        assert not tx.connectors.set_status(ORG, "hub", status)
    with store.snapshot() as tx:
        assert tx.connectors.find(ACCOUNT, "hub") == replace(build.connector(), status=status)


def test_pages_are_last_modified_first_over_the_scopes_asked_for(store: Any, build: Any) -> None:
    with store.transaction() as tx:
        tx.connectors.add(build.connector("a", second=1))
        tx.connectors.add(build.connector("b", scope=ORG, second=3))
        tx.connectors.add(build.connector("c", scope=PROJECT, second=2))
        tx.connectors.add(build.connector("d", scope=PROJECT, second=2))
        tx.connectors.add(build.connector("e", scope=Scope("other"), second=9))
    everything = ConnectorFilter(include_scopes_above=True)
    with store.snapshot() as tx:
        above = tx.connectors.page(PROJECT, everything, PageRequest())
        pages = [tx.connectors.page(PROJECT, everything, PageRequest(index, 3)) for index in range(3)]
        here = tx.connectors.page(PROJECT, ConnectorFilter(), PageRequest())
        beyond = tx.connectors.page(PROJECT, everything, PageRequest(10**30, 10))
    assert [c.identifier for c in above.items] == ["b", "c", "d", "a"]
    assert [c.identifier for page in pages for c in page.items] == ["b", "c", "d", "a"]
    assert {page.total for page in pages} == {4}
    assert [c.identifier for c in here.items] == ["c", "d"]
    assert (beyond.items, beyond.total) == ((), 4)


def test_a_page_holds_and_counts_what_may_be_seen(store: Any, build: Any) -> None:
    with store.transaction() as tx:
        for number, scope in enumerate((ACCOUNT, ORG, PROJECT)):
            for offset, name in enumerate(("a", "b", "c")):
                tx.connectors.add(build.connector(name, scope=scope, second=10 * number + offset))

    def seen(*visible: Any, search: str = "", page: PageRequest | None = None, **more: Any) -> tuple[list[str], int]:
        wanted = ConnectorFilter(search=search, include_scopes_above=True, visible=visible, **more)
        with store.snapshot() as tx:
            found = tx.connectors.page(PROJECT, wanted, page or PageRequest())
        return [f"{c.scope.level}.{c.identifier}" for c in found.items], found.total

    many = frozenset({"b", *(f"absent{number}" for number in range(40_000))})
    assert seen() == ([], 0)
    assert seen((ACCOUNT, frozenset()), (ORG, frozenset({"nope"}))) == ([], 0)
    assert seen((ORG, None)) == (["org.c", "org.b", "org.a"], 3)
    some = ((ACCOUNT, frozenset({"a", "c"})), (ORG, frozenset()), (PROJECT, frozenset({"b"})))
    assert seen(*some) == (["project.b", "account.c", "account.a"], 3)
    assert seen(*some, page=PageRequest(1, 2)) == (["account.a"], 3)
    assert seen(*some, search="name of a") == (["account.a"], 1)
    assert seen(*some, names=("name of c",)) == (["account.c"], 1)
    assert seen((ACCOUNT, many), (PROJECT, many), page=PageRequest(0, 1)) == (["project.b"], 2)


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (ConnectorFilter(), ["hub", "quay"]),
        (ConnectorFilter(search="QUAY"), ["quay"]),
        (ConnectorFilter(search="prod%"), ["quay"]),
        (ConnectorFilter(search="zürich"), ["quay"]),
        (ConnectorFilter(search="b|"), []),
        (ConnectorFilter(search=".*"), []),
        (ConnectorFilter(search="name", tags={"env": "prod%"}), ["quay"]),
        (ConnectorFilter(tags={"env": "prod"}), []),
        (ConnectorFilter(names=("name of hub", "none")), ["hub"]),
        (ConnectorFilter(identifiers=("quay",)), ["quay"]),
        (ConnectorFilter(description="MIRROR"), ["hub"]),
        (ConnectorFilter(types=("Git",)), []),
        (ConnectorFilter(types=("Git", "DockerRegistry")), ["hub", "quay"]),
        (ConnectorFilter(categories=("ARTIFACTORY",)), ["hub", "quay"]),
        (ConnectorFilter(categories=("CODE_REPO",)), []),
        (ConnectorFilter(statuses=(ConnectivityStatus.UNKNOWN,)), ["hub"]),
        (ConnectorFilter(statuses=(ConnectivityStatus.SUCCESS,)), ["quay"]),
        (ConnectorFilter(modes=(ConnectivityMode.MANAGER,)), ["quay"]),
        (ConnectorFilter(search="name", modes=(ConnectivityMode.DELEGATE,)), ["hub"]),
    ],
)
def test_a_filter_finds_what_its_rule_matches(
    store: Any, build: Any, wanted: ConnectorFilter, found: list[str]
) -> None:
    with store.transaction() as tx:
        tx.connectors.add(build.connector("hub", second=2, description="our mirror"))
        tx.connectors.add(
            build.connector(
                "quay",
                spec=build.full_spec(),
                tags={"env": "prod%", "place": "Zürich"},
                status=ConnectorStatus(ConnectivityStatus.SUCCESS),
            )
        )
    with store.snapshot() as tx:
        page = tx.connectors.page(ACCOUNT, wanted, PageRequest())
        second = tx.connectors.page(ACCOUNT, wanted, PageRequest(1, 1))
    assert [connector.identifier for connector in page.items] == found
    assert page.total == len(found)
    assert [connector.identifier for connector in second.items] == found[1:]


def test_the_users_of_a_secret_are_found_from_every_scope_below_it(store: Any, build: Any) -> None:
    def using(reference: str) -> Any:
        return build.spec(auth=UsernamePasswordAuth(ScopedReference.parse(reference), username="me"))

    with store.transaction() as tx:
        tx.connectors.add(build.connector("atTop", spec=using("account.p_w")))
        tx.connectors.add(build.connector("below", scope=PROJECT, spec=using("account.p_w")))
        tx.connectors.add(build.connector("ofOrg", scope=PROJECT, spec=using("org.p_w")))
        tx.connectors.add(build.connector("own", scope=PROJECT, spec=using("p_w")))
        tx.connectors.add(build.connector("similar", spec=using("account.p_w2")))
        tx.connectors.add(build.connector("alike", spec=using("account.pXw")))
        tx.connectors.add(build.connector("foreign", scope=Scope("other"), spec=using("account.p_w")))
        tx.connectors.add(build.connector("full", spec=build.full_spec()))
    with store.snapshot() as tx:
        for scope, secret, users in (
            (ACCOUNT, "p_w", {"atTop", "below"}),
            (ORG, "p_w", {"ofOrg"}),
            (PROJECT, "p_w", {"own"}),
            (ACCOUNT, "clientKey", {"full"}),
            (ACCOUNT, "none", set()),
        ):
            assert {found.identifier for found in tx.connectors.referring_to(scope, secret)} == users


def test_a_connector_is_tested_unasked_only_once_somebody_said_when(store: Any, build: Any) -> None:
    with store.transaction() as tx:
        tx.connectors.add(build.connector())
        assert tx.connectors.claim_due_tests(build.at(10**6), build.at(10**7), 10) == ()
        assert not tx.connectors.set_next_test(ORG, "hub", build.at(1))
        assert tx.connectors.set_next_test(ACCOUNT, "hub", build.at(1))
        assert tx.connectors.claim_due_tests(build.at(0.5), build.at(100), 10) == ()
        assert tx.connectors.claim_due_tests(build.at(1), build.at(100), 10) == ((ACCOUNT, "hub"),)
        assert tx.connectors.claim_due_tests(build.at(99), build.at(200), 10) == ()
        assert tx.connectors.claim_due_tests(build.at(100), build.at(200), 10) == ((ACCOUNT, "hub"),)
        assert tx.connectors.set_next_test(ACCOUNT, "hub", None)
        assert tx.connectors.claim_due_tests(build.at(10**6), build.at(10**7), 10) == ()


def test_due_tests_are_claimed_longest_due_first_and_no_more_than_asked_for(store: Any, build: Any) -> None:
    places = {"late": (PROJECT, 3), "early": (ACCOUNT, 1), "middle": (ORG, 2), "future": (ACCOUNT, 50)}
    with store.transaction() as tx:
        for name, (scope, second) in places.items():
            tx.connectors.add(build.connector(name, scope=scope))
            tx.connectors.set_next_test(scope, name, build.at(second))
    with store.transaction() as tx:
        assert tx.connectors.claim_due_tests(build.at(9), build.at(99), 2) == ((ACCOUNT, "early"), (ORG, "middle"))
    with store.transaction() as tx:
        assert tx.connectors.claim_due_tests(build.at(9), build.at(99), 2) == ((PROJECT, "late"),)


def test_a_change_keeps_the_time_of_the_next_test_and_a_removal_does_not(store: Any, build: Any) -> None:
    with store.transaction() as tx:
        tx.connectors.add(build.connector())
        tx.connectors.set_next_test(ACCOUNT, "hub", build.at(1))
        tx.connectors.replace(build.connector(name="new"))
        assert tx.connectors.claim_due_tests(build.at(1), build.at(2), 9) == ((ACCOUNT, "hub"),)
        tx.connectors.remove(ACCOUNT, "hub")
        assert tx.connectors.claim_due_tests(build.at(3), build.at(9), 9) == ()
        tx.connectors.add(build.connector())
        assert tx.connectors.claim_due_tests(build.at(3), build.at(9), 9) == ()
