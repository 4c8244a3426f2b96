"""Pins with a memory: numbered sets, the way back, canaries."""

import pytest

from pierhead.control.audit import SYSTEM, AuditFilter, AuditService
from pierhead.control.catalogue import (
    Because,
    CatalogueService,
    Infra,
    InvalidImageValueError,
    NoCanaryError,
    Pin,
    PinChange,
    PinSet,
    PinSetCause,
    PinSetElsewhereError,
    PinSetNotFoundError,
    Preflight,
    UnknownFieldError,
)
from pierhead.control.organizations import PlaceNotFoundError
from pierhead.control.scopes import Scope
from pierhead.kit.paging import PageRequest
from pierhead.testing.clock import FakeClock
from pierhead.testing.memory import AUDIT_KEY, MemoryStore
from pierhead.testing.places import make_place

ACC, ADDON, GIT, S3 = Scope("acc"), "addonTag", "gitCloneTag", "s3UploadTag"
PROJECT = Scope("acc", "o", "p")


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def catalogue(store: MemoryStore) -> CatalogueService:
    make_place(store, PROJECT, FakeClock().now())
    return CatalogueService(store, FakeClock())


def pinned(catalogue: CatalogueService, **values: str | None) -> PinSet:
    return at(catalogue, ACC, **values)


def at(catalogue: CatalogueService, scope: Scope, **values: str | None) -> PinSet:
    changes = [PinChange(Infra.K8, field, value) for field, value in values.items()]
    return catalogue.pin(scope, changes, Because(PinSetCause.UPDATE, "ada", "why", Preflight.PASSED))


def sets(catalogue: CatalogueService, scope: Scope = ACC) -> list[tuple[int, int | None, str, dict[str, str]]]:
    found = catalogue.history.page(scope, PageRequest(0, 50)).items
    return [
        (made.number, made.previous, made.because.cause.value, dict(made.pins[Infra.K8])) for made in reversed(found)
    ]


def test_every_change_makes_a_set_of_all_pins(catalogue: CatalogueService) -> None:
    catalogue.update_config("acc", Infra.K8, [(S3, "x:1")], "ada")
    catalogue.update_config("acc", Infra.VM, [(GIT, "y:1")], "ada")
    catalogue.reset_config("acc", Infra.K8, [S3], updated_by="bob")
    catalogue.reset_all("acc", updated_by="eve")
    found = list(reversed(catalogue.history.page(ACC, PageRequest(0, 50)).items))
    assert [(made.number, made.previous) for made in found] == [(1, None), (2, 1), (3, 2), (4, 3)]
    assert [made.pins for made in found] == [
        {Infra.K8: {S3: "x:1"}, Infra.VM: {}},
        {Infra.K8: {S3: "x:1"}, Infra.VM: {GIT: "y:1"}},
        {Infra.K8: {}, Infra.VM: {GIT: "y:1"}},
        {Infra.K8: {}, Infra.VM: {}},
    ]
    assert [(made.because.cause, made.because.updated_by) for made in found] == [
        (PinSetCause.UPDATE, "ada"),
        (PinSetCause.UPDATE, "ada"),
        (PinSetCause.RESET, "bob"),
        (PinSetCause.RESET, "eve"),
    ]


def test_a_change_that_changes_nothing_makes_no_set(catalogue: CatalogueService) -> None:
    first = pinned(catalogue, addonTag="x:1")
    assert pinned(catalogue, addonTag="x:1") == first
    catalogue.reset_config("acc", Infra.K8, [GIT])
    assert len(sets(catalogue)) == 1


def test_pins_from_before_there_were_sets_are_written_down_first(
    catalogue: CatalogueService, store: MemoryStore
) -> None:
    with store.transaction() as tx:
        tx.pins.put([Pin("acc", Infra.K8, GIT, "old:1", FakeClock().now(), "ada")])
    pinned(catalogue, addonTag="x:1")
    assert sets(catalogue) == [
        (1, None, "found", {GIT: "old:1"}),
        (2, 1, "update", {ADDON: "x:1", GIT: "old:1"}),
    ]
    catalogue.history.roll_back(ACC, None, "ada")
    assert catalogue.customer_config("acc", Infra.K8) == {GIT: "old:1"}


def test_what_is_refused_makes_no_set(catalogue: CatalogueService) -> None:
    with pytest.raises(UnknownFieldError):
        pinned(catalogue, addonTag="x:1", nope="x:1")
    with pytest.raises(InvalidImageValueError):
        pinned(catalogue, addonTag=" ")
    with pytest.raises(PlaceNotFoundError):
        at(catalogue, Scope("acc", "o", "none"), addonTag="x:1")
    assert sets(catalogue) == []


def test_a_roll_back_pins_exactly_what_was_and_is_a_new_set(catalogue: CatalogueService) -> None:
    pinned(catalogue, addonTag="x:1", s3UploadTag="s:1")
    pinned(catalogue, addonTag="x:2", gitCloneTag="g:1", s3UploadTag=None)
    made = catalogue.history.roll_back(ACC, 1, "bob", "it broke")
    assert catalogue.customer_config("acc", Infra.K8) == {ADDON: "x:1", S3: "s:1"}
    assert (made.number, made.previous, made.because.restores, made.because.reason) == (3, 2, 1, "it broke")
    assert catalogue.history.roll_back(ACC, None, "bob").because.restores == 2
    assert catalogue.customer_config("acc", Infra.K8) == {ADDON: "x:2", GIT: "g:1"}


def test_a_roll_back_knows_its_own_sets_alone(catalogue: CatalogueService) -> None:
    with pytest.raises(PinSetNotFoundError, match="no pin set yet"):
        catalogue.history.roll_back(ACC, None, "bob")
    pinned(catalogue, addonTag="x:1")
    with pytest.raises(PinSetNotFoundError, match="no pin set 7"):
        catalogue.history.roll_back(ACC, 7, "bob")
    with pytest.raises(PinSetElsewhereError, match="one of the account"):
        catalogue.history.roll_back(PROJECT, 1, "bob")
    with pytest.raises(PinSetNotFoundError):
        catalogue.history.get("other", 1)
    assert len(sets(catalogue)) == 1


def test_the_first_pin_can_be_taken_back_too(catalogue: CatalogueService) -> None:
    pinned(catalogue, addonTag="x:1")
    made = catalogue.history.roll_back(ACC, None, "bob")
    assert (made.number, made.because.restores) == (2, 0)
    assert catalogue.customer_config("acc", Infra.K8) == {}


def test_two_sets_differ_by_what_leads_from_one_to_the_other(catalogue: CatalogueService) -> None:
    pinned(catalogue, addonTag="x:1", s3UploadTag="s:1")
    pinned(catalogue, addonTag="x:2", s3UploadTag=None, gitCloneTag="g:1")
    steps = [(step.field, step.before, step.after) for step in catalogue.history.diff("acc", 1, 2)]
    assert steps == [(ADDON, "x:1", "x:2"), (GIT, None, "g:1"), (S3, "s:1", None)]
    assert catalogue.history.diff("acc", 2, 2) == ()


def test_a_canary_has_pins_and_sets_of_its_own(catalogue: CatalogueService) -> None:
    pinned(catalogue, addonTag="x:1", gitCloneTag="g:1")
    at(catalogue, PROJECT, addonTag="x:2")
    assert catalogue.customer_config("acc", Infra.K8) == {ADDON: "x:1", GIT: "g:1"}
    assert catalogue.effective(PROJECT, Infra.K8)[ADDON] == "x:2"
    assert catalogue.effective(PROJECT, Infra.K8)[GIT] == "g:1"
    assert catalogue.effective(ACC, Infra.K8)[ADDON] == "x:1"
    assert [pin.scope for pin in catalogue.canaries("acc")] == [PROJECT]
    assert sets(catalogue, PROJECT) == [(2, None, "update", {ADDON: "x:2"})]
    everywhere = catalogue.history.page(ACC, PageRequest(0, 9), everywhere=True)
    assert [made.number for made in everywhere.items] == [2, 1]
    catalogue.reset_all("acc")
    assert catalogue.effective(PROJECT, Infra.K8)[ADDON] == "x:2"


def test_a_canary_that_works_becomes_the_accounts(catalogue: CatalogueService) -> None:
    pinned(catalogue, addonTag="x:1", gitCloneTag="g:1")
    at(catalogue, PROJECT, addonTag="x:2")
    made = catalogue.history.promote(PROJECT, "bob", "two days without a fault")
    assert made.scope == ACC
    assert made.because.cause is PinSetCause.PROMOTE
    assert catalogue.customer_config("acc", Infra.K8) == {ADDON: "x:2", GIT: "g:1"}
    assert catalogue.canaries("acc") == ()
    assert sets(catalogue, PROJECT)[-1][2:] == ("promote", {})
    with pytest.raises(NoCanaryError, match="project o/p pins no image"):
        catalogue.history.promote(PROJECT, "bob")
    with pytest.raises(NoCanaryError):
        catalogue.history.promote(ACC, "bob")


def test_somebody_elses_transaction_may_pin(catalogue: CatalogueService, store: MemoryStore) -> None:
    with store.transaction() as tx:
        made = catalogue.pin_all(tx, "acc", [PinChange(Infra.K8, ADDON, " x:9 ")], "promoted by a mirror", SYSTEM)
    assert catalogue.history.get("acc", made.number).pins[Infra.K8] == {ADDON: "x:9"}
    assert made.because.reason == "promoted by a mirror"

    def fail_after_it() -> None:
        with store.transaction() as tx:
            catalogue.pin_all(tx, "acc", [PinChange(Infra.K8, ADDON, "x:10")], "", SYSTEM)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_after_it()
    assert catalogue.customer_config("acc", Infra.K8) == {ADDON: "x:9"}
    assert len(sets(catalogue)) == 1


def test_every_change_is_audited_once_with_its_reason(catalogue: CatalogueService, store: MemoryStore) -> None:
    pinned(catalogue, addonTag="x:1")
    at(catalogue, PROJECT, addonTag="x:2")
    catalogue.history.promote(PROJECT, "bob", "fine")
    catalogue.history.roll_back(ACC, 1, "bob", "not fine")
    records = AuditService(store, FakeClock(), AUDIT_KEY).list("acc", AuditFilter(), PageRequest(0, 9)).items
    told = [record.entry.after or {} for record in reversed(records)]
    assert [each["reason"] for each in told] == ["why", "why", "fine", "not fine"]
    assert told[0] == {ADDON: "x:1", "pinSet": 1, "reason": "why", "preflight": "passed"}
    assert told[2]["K8"] == {ADDON: "x:2"}
    assert told[3]["restores"] == 1
    assert records[0].entry.before == {"K8": {ADDON: "x:2"}, "VM": {}}
