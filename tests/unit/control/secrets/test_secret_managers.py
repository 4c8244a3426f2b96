"""Secrets by reference: where a manager may be used, what is remembered, and what the version text does."""

import pytest

from pierhead.adapters.keyring_file import FileKeyring
from pierhead.control.organizations import Organization, Project
from pierhead.control.scopes import Scope
from pierhead.control.secrets import (
    InlineElsewhereError,
    InvalidSecretError,
    ManagedValueInvalidError,
    ManagerUnavailableError,
    Reach,
    ReferencePathError,
    SecretDraft,
    SecretManagers,
    SecretService,
    UnknownManagerError,
    ValueType,
)
from pierhead.kit.redact import SecretValue
from pierhead.testing.clock import FakeClock
from pierhead.testing.memory import MemoryStore
from pierhead.testing.secret_managers import ObedientStore

ACC = Scope("acc")
ORG = Scope("acc", "o")
PROJECT = Scope("acc", "o", "p")


@pytest.fixture
def outside() -> ObedientStore:
    return ObedientStore({"a": "value-1"})


def service(
    outside: ObedientStore, clock: FakeClock, keyring: FileKeyring, reach: Reach | None = None
) -> SecretService:
    store = MemoryStore()
    _places(store)
    return SecretService(store, keyring, clock, SecretManagers(clock, [outside.configured(reach=reach)]))


def _places(store: MemoryStore) -> None:
    now = FakeClock().now()
    with store.transaction() as tx:
        tx.organizations.add(Organization(ACC, "o", "o", now, now))
        tx.projects.add(Project(ORG, "p", "p", now, now))


def draft(path: str = "a", scope: Scope = ACC, manager: str = "vault", **more: object) -> SecretDraft:
    settings = {"value_type": ValueType.REFERENCE, "secret_manager": manager, **more}
    return SecretDraft(scope, "pw", "pw", SecretValue(path), **settings)  # type: ignore[arg-type]


def test_the_value_is_read_where_the_secret_points_to(outside, clock, keyring) -> None:
    secrets = service(outside, clock, keyring)
    assert secrets.create(draft(reference_version="2")).reference_version == "2"
    assert secrets.reveal("pw", ACC).reveal() == "value-1"
    assert outside.reads == [("a", "2")]


@pytest.mark.parametrize("manager", ["vault", "account.vault"])
def test_a_manager_is_named_plainly_or_by_its_account(outside, clock, keyring, manager: str) -> None:
    secrets = service(outside, clock, keyring)
    secrets.create(draft(manager=manager))
    assert secrets.reveal("pw", ACC).reveal() == "value-1"


@pytest.mark.parametrize("manager", ["other", "org.vault", "account.account.vault", "", "harnessSecretManager"])
def test_a_manager_that_is_not_there_is_refused_at_once(outside, clock, keyring, manager: str) -> None:
    with pytest.raises(UnknownManagerError):
        service(outside, clock, keyring).create(draft(manager=manager))


@pytest.mark.parametrize(
    ("reach", "allowed"),
    [
        (Reach(), {ACC}),
        (Reach(everything=True), {ACC, ORG, PROJECT}),
        (Reach(account=False, places=frozenset({("o",)})), {ORG, PROJECT}),
        (Reach(account=False, places=frozenset({("o", "p")})), {PROJECT}),
        (Reach(account=False, places=frozenset({("x",)})), set()),
    ],
)
def test_a_manager_serves_the_scopes_it_was_given_and_no_other(outside, clock, keyring, reach, allowed) -> None:
    secrets = service(outside, clock, keyring, reach)
    for scope in (ACC, ORG, PROJECT):
        if scope in allowed:
            secrets.create(draft(scope=scope))
        else:
            with pytest.raises(UnknownManagerError):
                secrets.create(draft(scope=scope))


def test_what_is_no_path_there_is_refused_at_once_and_nothing_is_asked(outside, clock, keyring) -> None:
    with pytest.raises(ReferencePathError):
        service(outside, clock, keyring).create(draft("bad/path"))
    assert outside.reads == []


def test_an_inline_value_cannot_be_put_into_an_outside_store(outside, clock, keyring) -> None:
    with pytest.raises(InlineElsewhereError):
        service(outside, clock, keyring).create(draft(value_type=ValueType.INLINE))


@pytest.mark.parametrize("version", ["x" * 129, "1\n2"])
def test_a_version_that_cannot_be_one_is_refused(outside, clock, keyring, version: str) -> None:
    with pytest.raises(InvalidSecretError):
        service(outside, clock, keyring).create(draft(reference_version=version))


def test_a_value_is_remembered_for_half_a_minute_and_no_longer(outside, clock, keyring) -> None:
    secrets = service(outside, clock, keyring)
    secrets.create(draft())
    for _ in range(5):
        secrets.reveal("pw", ACC)
    clock.advance(29)
    secrets.reveal("pw", ACC)
    assert len(outside.reads) == 1
    clock.advance(1)
    outside.values["a"] = "value-2"
    assert secrets.reveal("pw", ACC).reveal() == "value-2"


def test_the_version_text_changes_with_the_outside_value_and_tells_nothing_of_it(outside, clock, keyring) -> None:
    secrets = service(outside, clock, keyring)
    secrets.create(draft())
    first = secrets.version_of("pw", ACC)
    clock.advance(31)
    assert secrets.version_of("pw", ACC) == first
    outside.values["a"] = "value-2"
    clock.advance(31)
    assert secrets.version_of("pw", ACC) != first
    assert "value" not in first


def test_a_store_that_is_down_is_asked_again_after_two_seconds_and_no_old_value_is_used(
    outside, clock, keyring
) -> None:
    secrets = service(outside, clock, keyring)
    secrets.create(draft())
    secrets.reveal("pw", ACC)
    clock.advance(31)
    outside.error = ManagerUnavailableError("vault", "no connection")
    for _ in range(3):
        with pytest.raises(ManagerUnavailableError):
            secrets.reveal("pw", ACC)
    assert len(outside.reads) == 2
    outside.error = None
    clock.advance(2)
    assert secrets.reveal("pw", ACC).reveal() == "value-1"


@pytest.mark.parametrize("value", ["", "x" * 65_537, "é" * 40_000, "half \ud800"])
def test_a_value_that_is_no_fit_text_is_refused_and_not_repeated(outside, clock, keyring, value: str) -> None:
    outside.values["a"] = value
    secrets = service(outside, clock, keyring)
    secrets.create(draft())
    with pytest.raises(ManagedValueInvalidError) as refusal:
        secrets.reveal("pw", ACC)
    assert len(refusal.value.message) < 200


def test_a_new_path_is_checked_and_read(outside, clock, keyring) -> None:
    secrets = service(outside, clock, keyring)
    secrets.create(draft(reference_version="1"))
    outside.values["b"] = "of b"
    changed = secrets.update(draft("b"))
    assert (changed.reference, changed.reference_version, changed.version) == ("b", None, 2)
    assert secrets.reveal("pw", ACC).reveal() == "of b"
    with pytest.raises(ReferencePathError):
        secrets.update(draft("bad"))
