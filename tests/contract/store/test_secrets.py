"""Rows of secrets."""

from typing import Any

import pytest

from pierhead.control.scopes import Scope
from pierhead.control.secrets import SealedValue, SecretExistsError, ValueType
from pierhead.kit.paging import PageRequest

SCOPES = (Scope("acct"), Scope("acct", "org"), Scope("acct", "org", "project"), Scope("other"))


def test_secrets_come_back_as_they_were(store: Any, build: Any) -> None:
    inline = build.secret("inline")
    elsewhere = build.secret(
        "path", value_type=ValueType.REFERENCE, reference="kv/pw", sealed=None, reference_version="7"
    )
    with store.transaction() as tx:
        tx.secrets.add(inline)
        tx.secrets.add(elsewhere)
    with store.snapshot() as tx:
        assert tx.secrets.find(Scope("acct"), "inline") == inline
        assert tx.secrets.find(Scope("acct"), "path") == elsewhere


def test_an_identifier_is_taken_once_in_a_scope(store: Any, build: Any) -> None:
    for scope in SCOPES:
        with store.transaction() as tx:
            tx.secrets.add(build.secret(scope=scope))
        with pytest.raises(SecretExistsError) as raised, store.transaction() as tx:
            tx.secrets.add(build.secret(scope=scope))
        assert raised.value.identifier == "pw"


def test_scopes_see_nothing_of_each_other(store: Any, build: Any) -> None:
    with store.transaction() as tx:
        for number, scope in enumerate(SCOPES):
            tx.secrets.add(build.secret(scope=scope, version=number + 1))
    with store.transaction() as tx:
        assert [tx.secrets.find(scope, "pw").version for scope in SCOPES] == [1, 2, 3, 4]
        assert tx.secrets.find(Scope("acct", "other"), "pw") is None
        assert tx.secrets.page(Scope("acct", "org"), "", PageRequest()).items == (
            build.secret(scope=Scope("acct", "org"), version=2),
        )
        assert tx.secrets.remove(Scope("acct", "org"), "pw")
        assert [tx.secrets.find(scope, "pw") is None for scope in SCOPES] == [False, True, False, False]


def test_identifiers_differ_by_case(store: Any, build: Any) -> None:
    with store.transaction() as tx:
        tx.secrets.add(build.secret("Pw"))
        assert tx.secrets.find(Scope("acct"), "pw") is None
        tx.secrets.add(build.secret("pw"))


def test_replacing_writes_everything_over(store: Any, build: Any) -> None:
    changed = build.secret(
        name="new", description="", tags={}, version=2, updated_at=build.at(9), sealed=None,
        value_type=ValueType.REFERENCE, reference="kv/pw",
    )  # fmt: skip
    with store.transaction() as tx:
        tx.secrets.add(build.secret())
        tx.secrets.add(build.secret(scope=Scope("other")))
        tx.secrets.replace(changed)
    with store.snapshot() as tx:
        assert tx.secrets.find(Scope("acct"), "pw") == changed
        assert tx.secrets.find(Scope("other"), "pw") == build.secret(scope=Scope("other"))
        assert tx.secrets.page(Scope("acct"), "name of", PageRequest()).total == 0


def test_replacing_what_is_not_there_adds_nothing(store: Any, build: Any) -> None:
    with store.transaction() as tx:
        tx.secrets.replace(build.secret())
        assert tx.secrets.find(Scope("acct"), "pw") is None


def test_the_keys_in_use_are_those_of_every_sealed_value_of_every_account(store: Any, build: Any) -> None:
    other_key = SealedValue("k2", b"w", b"n", b"c")
    with store.transaction() as tx:
        assert tx.secrets.key_ids() == frozenset()
        tx.secrets.add(build.secret("a"))
        tx.secrets.add(build.secret("b"))
        tx.secrets.add(build.secret(scope=Scope("other"), sealed=other_key))
        tx.secrets.add(build.secret("path", value_type=ValueType.REFERENCE, reference="kv/pw", sealed=None))
        assert tx.secrets.key_ids() == {"k1", "k2"}


def test_sealed_values_are_counted_by_their_key(store: Any, build: Any) -> None:
    with store.transaction() as tx:
        assert tx.secrets.count_by_key() == {}
        tx.secrets.add(build.secret("a"))
        tx.secrets.add(build.secret("b", scope=Scope("other")))
        tx.secrets.add(build.secret("c", sealed=SealedValue("k2", b"w", b"n", b"c")))
        tx.secrets.add(build.secret("path", value_type=ValueType.REFERENCE, reference="kv/pw", sealed=None))
    with store.snapshot() as tx:
        assert tx.secrets.count_by_key() == {"k1": 2, "k2": 1}


def test_what_is_under_another_key_comes_by_address_in_parts_that_tile_the_whole(store: Any, build: Any) -> None:
    with store.transaction() as tx:
        for scope in SCOPES:
            for identifier in ("b", "a", "Z"):
                tx.secrets.add(build.secret(identifier, scope=scope))
        tx.secrets.add(build.secret("new", sealed=SealedValue("k2", b"w", b"n", b"c")))
        tx.secrets.add(build.secret("path", value_type=ValueType.REFERENCE, reference="kv/pw", sealed=None))
    found: list[tuple[Scope, str]] = []
    with store.transaction() as tx:
        whole = [(one.scope, one.identifier) for one in tx.secrets.not_under("k2", None, 100)]
        while part := tx.secrets.not_under("k2", found[-1] if found else None, 5):
            found += [(one.scope, one.identifier) for one in part]
    assert found == whole
    assert len(set(found)) == 12
    assert found[0] == (Scope("acct"), "Z")


def test_a_page_may_hold_none_but_some_identifiers_and_counts_those_alone(store: Any, build: Any) -> None:
    with store.transaction() as tx:
        for identifier in ("a", "b", "c"):
            tx.secrets.add(build.secret(identifier))
    with store.snapshot() as tx:
        page = tx.secrets.page(Scope("acct"), "", PageRequest(0, 1), frozenset({"a", "c", "gone"}))
        assert (page.total, len(page.items)) == (2, 1)
        assert tx.secrets.page(Scope("acct"), "", PageRequest(), frozenset()).total == 0
        assert tx.secrets.page(Scope("acct"), "name of b", PageRequest(), frozenset({"a"})).total == 0
        assert tx.secrets.page(Scope("acct"), "", PageRequest(), None).total == 3


def test_removing_says_whether_there_was_one(store: Any, build: Any) -> None:
    with store.transaction() as tx:
        tx.secrets.add(build.secret())
        assert tx.secrets.remove(Scope("acct"), "pw")
        assert not tx.secrets.remove(Scope("acct"), "pw")


def test_pages_are_newest_first_and_tile_the_whole(store: Any, build: Any) -> None:
    # Two for each second, so that there are ties to break.
    secrets = [build.secret(f"s{number}", second=number // 2) for number in range(7)]
    with store.transaction() as tx:
        for secret in secrets:
            tx.secrets.add(secret)
    wanted = ["s6", "s4", "s5", "s2", "s3", "s0", "s1"]
    with store.snapshot() as tx:
        pages = [tx.secrets.page(Scope("acct"), "", PageRequest(index, 3)) for index in range(4)]
        huge = tx.secrets.page(Scope("acct"), "", PageRequest(10**30, 10))
    assert [secret.identifier for page in pages for secret in page.items] == wanted
    assert {page.total for page in pages} == {7}
    assert (huge.items, huge.total) == ((), 7)


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("", ["per_cent", "percent", "slash"]),
        ("PER_C", ["per_cent"]),
        ("50%", ["percent"]),
        ("%", ["percent"]),
        ("_", ["per_cent"]),
        ("a\\b", ["slash"]),
        ("/", ["slash"]),
        (".*", []),
        ("'", []),
        ("nothing", []),
        ("STRASSE", ["slash"]),
        ("x" * 100_000, []),
        ("nul\x00", []),
        ("half \ud800", []),
        ("percent\x1f", []),
    ],
)
def test_search_is_literal_and_blind_to_case(store: Any, build: Any, search: str, found: list[str]) -> None:
    with store.transaction() as tx:
        tx.secrets.add(build.secret("per_cent", name="A"))
        tx.secrets.add(build.secret("percent", name="50% More"))
        tx.secrets.add(build.secret("slash", name="a\\b/c Straße"))
        tx.secrets.add(build.secret("elsewhere", scope=Scope("acct", "org"), name="50% per_c a\\b/"))
    with store.snapshot() as tx:
        page = tx.secrets.page(Scope("acct"), search, PageRequest())
    assert [secret.identifier for secret in page.items] == found
    assert page.total == len(found)
