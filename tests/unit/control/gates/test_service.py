from dataclasses import replace

import pytest

from pierhead.control.access import Account
from pierhead.control.audit import Actor, PrincipalType
from pierhead.control.gates import (
    ApprovalRequired,
    GateExceptionDraft,
    GateExceptionExistsError,
    GateExceptionMissingError,
    GateExceptionService,
    GateKind,
    GatePolicyDraft,
    GatePolicyExistsError,
    GatePolicyMissingError,
    GatePolicyService,
    InvalidGateError,
    InvalidGateExceptionError,
    MinimumAge,
    Outcome,
    Signature,
)
from pierhead.control.organizations import Organization, PlaceNotFoundError, Project
from pierhead.control.scopes import Scope
from pierhead.kit.paging import PageRequest
from pierhead.testing.clock import FakeClock
from pierhead.testing.memory import MemoryStore

from .conftest import DAY, EVIDENCE, NAME, ROOT

ADA = Actor(PrincipalType.USER, "ada")
ORG, PROJECT = Scope("acme", "o"), Scope("acme", "o", "p")


class World:
    def __init__(self) -> None:
        self.store = MemoryStore()
        self.clock = FakeClock()
        self.policies = GatePolicyService(self.store, self.clock)
        self.exceptions = GateExceptionService(self.store, self.clock)
        now = self.clock.now()
        with self.store.transaction() as tx:
            tx.accounts.add(Account("acme", "Acme", now))
            tx.organizations.add(Organization(ROOT, "o", "O", now, now))
            tx.projects.add(Project(ORG, "p", "P", now, now))

    def draft(self, *gates, scope=ROOT) -> GatePolicyDraft:
        return GatePolicyDraft(scope, "trusted", "Trusted", gates or (MinimumAge(7),))

    def exception(self, scope=ROOT, **more) -> GateExceptionDraft:
        given = {"gate": GateKind.MINIMUM_AGE, "image": NAME, "reason": "ticket"} | more
        given.setdefault("expires_at", self.clock.now() + DAY)
        return GateExceptionDraft(scope, "hotfix", "Hotfix", **given)


@pytest.fixture
def world() -> World:
    return World()


def test_a_policy_is_made_changed_with_a_new_version_and_deleted(world) -> None:
    made = world.policies.create(world.draft(), by=ADA)
    changed = world.policies.update(world.draft(ApprovalRequired(2)), by=ADA)
    assert (made.version, changed.version, changed.gates) == (1, 2, (ApprovalRequired(2),))
    assert world.policies.list(ROOT, "trust", PageRequest()).items == (changed,)
    world.policies.delete(ROOT, "trusted", by=ADA)
    with pytest.raises(GatePolicyMissingError):
        world.policies.get(ROOT, "trusted")


def test_a_policy_is_named_from_below(world) -> None:
    made = world.policies.create(world.draft())
    assert world.policies.resolve("account.trusted", PROJECT) == made
    with pytest.raises(GatePolicyMissingError):
        world.policies.resolve("trusted", PROJECT)


def test_a_policy_exists_once_in_a_place_that_exists(world) -> None:
    world.policies.create(world.draft())
    with pytest.raises(GatePolicyExistsError):
        world.policies.create(world.draft())
    with pytest.raises(PlaceNotFoundError):
        world.policies.create(world.draft(scope=Scope("acme", "nowhere")))
    with pytest.raises(InvalidGateError):
        world.policies.create(replace(world.draft(), gates=()))


def test_an_exception_names_who_made_it_from_the_caller(world) -> None:
    assert world.exceptions.create(world.exception(), by=ADA).made_by == "USER/ada"
    with pytest.raises(GateExceptionExistsError):
        world.exceptions.create(world.exception(), by=ADA)
    world.exceptions.delete(ROOT, "hotfix", by=ADA)
    with pytest.raises(GateExceptionMissingError):
        world.exceptions.delete(ROOT, "hotfix", by=ADA)


def test_an_exception_that_is_over_or_for_ever_is_refused(world) -> None:
    for end in (world.clock.now(), world.clock.now() + 400 * DAY):
        with pytest.raises(InvalidGateExceptionError):
            world.exceptions.create(world.exception(expires_at=end))
    with pytest.raises(InvalidGateExceptionError):
        world.exceptions.create(world.exception(reason=" "))


@pytest.mark.parametrize(
    ("scope", "outcome"),
    [
        (ROOT, Outcome.EXCEPTED),
        (ORG, Outcome.EXCEPTED),
        (PROJECT, Outcome.EXCEPTED),
        (Scope("acme", "x"), Outcome.FAIL),
    ],
    ids=["account", "org", "project", "elsewhere"],
)
def test_exceptions_of_the_scope_and_of_those_above_it_count(world, scope, outcome) -> None:
    policy = world.policies.create(world.draft(MinimumAge(14)))
    with world.store.transaction() as tx:
        tx.organizations.add(Organization(ROOT, "x", "X", world.clock.now(), world.clock.now()))
    world.exceptions.create(world.exception(scope))
    evidence = replace(EVIDENCE, first_seen_at=world.clock.now() - DAY)
    assert world.policies.decide(policy, PROJECT, evidence).outcome is outcome


def test_an_exception_of_a_project_does_not_reach_what_is_above_it(world) -> None:
    policy = world.policies.create(world.draft(MinimumAge(14)))
    world.exceptions.create(world.exception(PROJECT))
    evidence = replace(EVIDENCE, first_seen_at=world.clock.now() - DAY)
    assert world.policies.decide(policy, ROOT, evidence).blocks


def test_every_change_is_audited_with_what_it_was_before(world, key) -> None:
    world.policies.create(world.draft(Signature((key,))), by=ADA)
    world.policies.update(world.draft(MinimumAge(1)), by=ADA)
    with world.store.snapshot() as tx:
        entries = [record.entry for record in tx.audit.after("acme", None, 10)]
    assert [(one.action.value, one.subject.type.value, one.by.identifier) for one in entries] == [
        ("CREATE", "GATE_POLICY", "ada"),
        ("UPDATE", "GATE_POLICY", "ada"),
    ]
    assert entries[1].before["gates"][0]["keys"][0]["name"] == "release"
    assert entries[1].after["gates"] == [{"days": 1, "kind": "minimumAge"}]
