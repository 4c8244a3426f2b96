"""Rows of pins."""

from typing import Any

from pierhead.control.catalogue import Infra


def test_pins_are_sorted_by_field_and_kept_apart_by_account_and_infra(store: Any, build: Any) -> None:
    with store.transaction() as tx:
        tx.pins.put([build.pin("z"), build.pin("a"), build.pin("a", infra=Infra.VM), build.pin("a", account="other")])
    with store.snapshot() as tx:
        assert tx.pins.all("acct", Infra.K8) == (build.pin("a"), build.pin("z"))
        assert tx.pins.all("acct", Infra.VM) == (build.pin("a", infra=Infra.VM),)
        assert tx.pins.all("none", Infra.K8) == ()


def test_putting_again_writes_over_and_the_last_of_a_list_wins(store: Any, build: Any) -> None:
    newer = build.pin("a", value="x:2", updated_at=build.at(4), updated_by="you")
    with store.transaction() as tx:
        tx.pins.put([build.pin("a")])
    with store.transaction() as tx:
        tx.pins.put(iter([build.pin("a", value="x:1"), newer]))
    with store.snapshot() as tx:
        assert tx.pins.all("acct", Infra.K8) == (newer,)


def test_removing_passes_over_fields_without_a_pin(store: Any, build: Any) -> None:
    with store.transaction() as tx:
        tx.pins.put([build.pin("a"), build.pin("b"), build.pin("a", infra=Infra.VM)])
        tx.pins.remove("acct", Infra.K8, ["a", "none"])
        assert tx.pins.all("acct", Infra.K8) == (build.pin("b"),)
        assert tx.pins.all("acct", Infra.VM) == (build.pin("a", infra=Infra.VM),)


def test_clearing_drops_every_pin_of_the_account_alone(store: Any, build: Any) -> None:
    with store.transaction() as tx:
        tx.pins.put([build.pin("a"), build.pin("a", infra=Infra.VM), build.pin("a", account="other")])
        tx.pins.clear("acct")
        assert [tx.pins.all("acct", infra) for infra in Infra] == [(), ()]
        assert tx.pins.all("other", Infra.K8) == (build.pin("a", account="other"),)
