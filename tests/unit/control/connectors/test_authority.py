"""When the right to use a connector's secrets is asked for, and when it was given already."""

from dataclasses import replace

import pytest

from pierhead.control.access import AccessDeniedError, FailedCheck, Permission
from pierhead.control.audit import Action, Actor, PrincipalType
from pierhead.control.connectors import (
    Connector,
    ConnectorDraft,
    ConnectorFilter,
    ConnectorService,
    DockerRegistrySpec,
    ProviderType,
    SecretUseError,
    TlsSpec,
    UsernamePasswordAuth,
)
from pierhead.control.connectors.authority import Absent
from pierhead.control.scopes import Scope, ScopedReference
from pierhead.control.secrets import BUILT_IN_MANAGER, Secret, ValueType
from pierhead.kit.paging import PageRequest
from pierhead.testing.clock import FakeClock
from pierhead.testing.memory import MemoryStore

ACC, PROJECT = Scope("acc"), Scope("acc", "o", "p")


class Somebody:
    """May use ``usable`` and see ``visible``; remembers what was asked."""

    def __init__(self, *usable: str, visible: tuple[str, ...] = (), is_admin: bool = False) -> None:
        self.usable, self.visible, self.is_admin = usable, visible, is_admin
        self.asked: list[tuple[Scope, str]] = []

    def use_secret(self, scope: Scope, identifier: str, absent: Absent, reason: str) -> None:
        self.asked.append((scope, identifier))
        if identifier in self.usable:
            return
        if identifier not in self.visible:
            raise absent(scope, identifier)
        raise AccessDeniedError(PrincipalType.USER, "u", FailedCheck(Permission.SECRET_ACCESS, scope, identifier))

    def reach_private(self, account: str, reason: str) -> None:
        if not self.is_admin:
            raise AccessDeniedError(PrincipalType.USER, "u", FailedCheck(Permission.ACCOUNT_EDIT, Scope(account), ""))


def auth(password: str = "account.password", **more: object) -> UsernamePasswordAuth:
    if "username_ref" not in more:
        more["username"] = "u"
    return UsernamePasswordAuth(ScopedReference.parse(password), **more)  # type: ignore[arg-type]


def draft(scope: Scope = ACC, *, url: str = "https://my.registry/path", **spec: object) -> ConnectorDraft:
    of = DockerRegistrySpec(url, ProviderType.OTHER, **{"auth": auth(), **spec})  # type: ignore[arg-type]
    return ConnectorDraft(scope, "mirror", "My mirror", of)


@pytest.fixture(autouse=True)
def _secrets(store: MemoryStore, clock: FakeClock) -> None:
    with store.transaction() as tx:
        for name in ("password", "user", "key"):
            now = clock.now()
            tx.secrets.add(
                Secret(ACC, name, "s", "", {}, BUILT_IN_MANAGER, ValueType.REFERENCE, "path", None, 1, now, now)
            )


def test_each_secret_of_a_new_connector_is_asked_for(connectors: ConnectorService) -> None:
    who = Somebody("password", "user")
    connectors.create(draft(auth=auth(username_ref=ScopedReference.parse("account.user"))), authority=who)
    assert sorted(name for _, name in who.asked) == ["password", "user"]


def test_a_secret_in_its_place_is_asked_for_once(connectors: ConnectorService) -> None:
    connectors.create(draft())
    nobody = Somebody()
    connectors.update(replace(draft(url="https://my.registry:443/elsewhere"), name="Renamed"), authority=nobody)
    connectors.update(draft(auth=auth("password")), authority=nobody)  # another spelling of the same reference
    connectors.update(draft(auth=auth(username_ref=None, username="v")), authority=nobody)
    assert nobody.asked == []


def test_a_secret_that_is_known_in_one_field_is_asked_for_in_another(connectors: ConnectorService) -> None:
    connectors.create(draft())
    who = Somebody(visible=("password",))
    with pytest.raises(AccessDeniedError):
        connectors.update(draft(auth=auth(username_ref=ScopedReference.parse("account.password"))), authority=who)
    assert who.asked == [(ACC, "password")]


def test_what_may_not_be_seen_is_not_there(connectors: ConnectorService) -> None:
    for who, error in ((Somebody(), SecretUseError), (Somebody(visible=("password",)), AccessDeniedError)):
        with pytest.raises(error):
            connectors.create(draft(), authority=who)
        with pytest.raises(error):
            connectors.unsaved(draft(), who)
    assert connectors.list(ACC, ConnectorFilter(), PageRequest()).total == 0


def test_a_refused_change_changes_nothing(connectors: ConnectorService, store: MemoryStore) -> None:
    before = connectors.create(draft()).connector
    with pytest.raises(AccessDeniedError):
        connectors.update(draft(url="https://evil.example"), authority=Somebody(visible=("password",)))
    assert connectors.get(ACC, "mirror") == before
    with store.snapshot() as tx:
        assert [record.entry.action for record in tx.audit.after("acc", 0, 9)] == [Action.CREATE]


@pytest.mark.parametrize(
    ("before", "after", "is_asked"),
    [
        ({}, {"allow_private_addresses": True}, True),
        ({"allow_private_addresses": True}, {"allow_private_addresses": True}, False),
        ({"allow_private_addresses": True}, {}, False),
        ({"allow_private_addresses": True}, {"allow_private_addresses": True, "url": "https://10.0.0.1"}, True),
        ({"allow_private_addresses": True}, {"allow_private_addresses": True, "proxy_url": "http://10.0.0.1:1"}, True),
        ({"allow_private_addresses": True}, {"allow_private_addresses": True, "execute_on_delegate": False}, True),
        ({"allow_private_addresses": True}, {"allow_private_addresses": True, "ignore_test_connection": True}, False),
    ],
)
def test_private_addresses_are_opened_by_few(
    connectors: ConnectorService, before: dict[str, object], after: dict[str, object], is_asked: bool
) -> None:
    connectors.create(draft(**before))  # type: ignore[arg-type]
    everything = Somebody("password")
    if is_asked:
        with pytest.raises(AccessDeniedError, match="core_account_edit"):
            connectors.update(draft(**after), authority=everything)  # type: ignore[arg-type]
    admin = Somebody("password", is_admin=True)
    connectors.update(draft(**after), authority=everything if not is_asked else admin)  # type: ignore[arg-type]


def test_nobody_but_the_program_saves_without_saying_what_they_may(connectors: ConnectorService) -> None:
    person = Actor(PrincipalType.USER, "u")
    with pytest.raises(ValueError, match="without asking"):
        connectors.create(draft(), by=person)
    connectors.create(draft())
    with pytest.raises(ValueError, match="without asking"):
        connectors.update(draft(), by=person)
    assert connectors.restore_default("acc", by=person).connector.secrets() == ()


def test_an_unsaved_connector_is_stored_nowhere_and_is_nobody_else(connectors: ConnectorService) -> None:
    saved = connectors.create(draft()).connector
    tried = connectors.unsaved(draft(url="https://other.example"), Somebody("password"))
    assert isinstance(tried, Connector)
    assert (tried.identifier, tried.scope) == (saved.identifier, saved.scope)
    assert tried.id != saved.id
    assert connectors.get(ACC, "mirror") == saved


def test_a_client_certificate_that_changes_asks_for_its_key_again(connectors: ConnectorService) -> None:
    import trustme

    first, second = (trustme.CA().cert_pem.bytes().decode() for _ in range(2))
    key = ScopedReference.parse("account.key")
    connectors.create(draft(tls=TlsSpec(None, first, key)))
    who = Somebody("password", "key")
    connectors.update(draft(tls=TlsSpec(None, second, key)), authority=who)
    assert sorted(name for _, name in who.asked) == ["key", "password"]
