"""Rows of pins and pin sets."""

from typing import Any

import pytest

from pierhead.control.catalogue import Because, Infra, PinSet, PinSetCause, Preflight
from pierhead.control.scopes import Scope
from pierhead.kit.errors import ConflictError
from pierhead.kit.paging import PageRequest

ACCT = Scope("acct")


def test_pins_are_sorted_by_field_and_kept_apart_by_account_and_infra(store: Any, build: Any) -> None:
    with store.transaction() as tx:
        tx.pins.put([build.pin("z"), build.pin("a"), build.pin("a", infra=Infra.VM), build.pin("a", account="other")])
    with store.snapshot() as tx:
        assert tx.pins.all(ACCT, Infra.K8) == (build.pin("a"), build.pin("z"))
        assert tx.pins.all(ACCT, Infra.VM) == (build.pin("a", infra=Infra.VM),)
        assert tx.pins.all(Scope("none"), Infra.K8) == ()


def test_putting_again_writes_over_and_the_last_of_a_list_wins(store: Any, build: Any) -> None:
    newer = build.pin("a", value="x:2", updated_at=build.at(4), updated_by="you")
    with store.transaction() as tx:
        tx.pins.put([build.pin("a")])
    with store.transaction() as tx:
        tx.pins.put(iter([build.pin("a", value="x:1"), newer]))
    with store.snapshot() as tx:
        assert tx.pins.all(ACCT, Infra.K8) == (newer,)


def test_removing_passes_over_fields_without_a_pin(store: Any, build: Any) -> None:
    with store.transaction() as tx:
        tx.pins.put([build.pin("a"), build.pin("b"), build.pin("a", infra=Infra.VM)])
        tx.pins.remove(ACCT, Infra.K8, ["a", "none"])
        assert tx.pins.all(ACCT, Infra.K8) == (build.pin("b"),)
        assert tx.pins.all(ACCT, Infra.VM) == (build.pin("a", infra=Infra.VM),)


def test_pins_of_a_place_win_over_those_around_it_and_are_kept_apart(store: Any, build: Any) -> None:
    in_org, in_project = {"org": "o"}, {"org": "o", "project": "p"}
    pins = [build.pin("a"), build.pin("b"), build.pin("a", **in_org), build.pin("b", **in_project)]
    with store.transaction() as tx:
        tx.pins.put([*pins, build.pin("a", org="other"), build.pin("a", infra=Infra.VM, **in_project)])
    with store.snapshot() as tx:
        places = [(pin.project, pin.org, pin.field) for pin in tx.pins.along(Scope("acct", "o", "p"), Infra.K8)]
        assert places == [("p", "o", "b"), (None, "o", "a"), (None, None, "a"), (None, None, "b")]
        assert tx.pins.all(ACCT, Infra.K8) == (pins[0], pins[1])
        assert tx.pins.all(Scope("acct", "o"), Infra.K8) == (pins[2],)
        assert [pin.org for pin in tx.pins.along(Scope("acct", "o"), Infra.K8)] == ["o", None, None]
        found = [(pin.org, pin.project, pin.infra, pin.field) for pin in tx.pins.canaries("acct")]
        assert found == [
            ("o", None, Infra.K8, "a"),
            ("o", "p", Infra.K8, "b"),
            ("o", "p", Infra.VM, "a"),
            ("other", None, Infra.K8, "a"),
        ]


def test_the_pins_of_a_place_go_with_it(store: Any, build: Any) -> None:
    with store.transaction() as tx:
        tx.pins.put([build.pin("a"), build.pin("a", org="o", project="p"), build.pin("a", org="o", project="q")])
        tx.contents.clear(Scope("acct", "o", "p"))
        assert [pin.project for pin in tx.pins.canaries("acct")] == ["q"]
        assert tx.pins.all(ACCT, Infra.K8) == (build.pin("a"),)


def pin_set(build: Any, number: int, scope: Scope = ACCT, **more: Any) -> PinSet:
    held = {Infra.K8: {"z": "x:1", "a": "ü:2"}, Infra.VM: {}}
    because = Because(PinSetCause.ROLLBACK, "ada", "why ↯", Preflight.FORCED, 1)
    return PinSet(**{"scope": scope, "number": number, "previous": None, "pins": held, "made_at": build.at(number)}
                  | {"because": because, **more})  # fmt: skip


def test_a_pin_set_comes_back_as_it_was_written(store: Any, build: Any) -> None:
    first, second = pin_set(build, 1), pin_set(build, 2, Scope("acct", "o", "p"), previous=1)
    with store.transaction() as tx:
        assert tx.pin_sets.highest("acct") == 0
        tx.pin_sets.hold("acct")
        tx.pin_sets.add(first)
        tx.pin_sets.add(second)
    with store.snapshot() as tx:
        assert tx.pin_sets.find("acct", 1) == first
        assert list(tx.pin_sets.find("acct", 1).pins[Infra.K8]) == ["z", "a"]
        assert tx.pin_sets.find("acct", 2) == second
        assert tx.pin_sets.find("acct", 3) is tx.pin_sets.find("other", 1) is None
        assert (tx.pin_sets.highest("acct"), tx.pin_sets.highest("other")) == (2, 0)


def test_pin_sets_are_looked_back_at_by_place_or_for_the_whole_account(store: Any, build: Any) -> None:
    project = Scope("acct", "o", "p")
    with store.transaction() as tx:
        for made in (pin_set(build, 1), pin_set(build, 2, project), pin_set(build, 3), pin_set(build, 1, Scope("b"))):
            tx.pin_sets.add(made)
    with store.snapshot() as tx:
        assert [made.number for made in tx.pin_sets.page(ACCT, PageRequest(0, 9)).items] == [3, 1]
        assert [made.number for made in tx.pin_sets.page(project, PageRequest(0, 9)).items] == [2]
        second = tx.pin_sets.page(ACCT, PageRequest(1, 2), everywhere=True)
        assert ([made.number for made in second.items], second.total) == ([1], 3)
        assert tx.pin_sets.last(ACCT).number == 3
        assert tx.pin_sets.last(Scope("acct", "o")) is None


def test_a_pin_set_is_never_written_over(store: Any, build: Any) -> None:
    with store.transaction() as tx:
        tx.pin_sets.add(pin_set(build, 1))
    with pytest.raises(ConflictError), store.transaction() as tx:
        tx.pin_sets.add(pin_set(build, 1))
    with store.snapshot() as tx:
        assert tx.pin_sets.find("acct", 1) == pin_set(build, 1)
