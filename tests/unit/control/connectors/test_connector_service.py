"""Storing connectors: what is refused, what is kept, what is said."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
import trustme

from pierhead.control.connectors import (
    AnonymousAuth,
    ConnectivityStatus,
    ConnectorDraft,
    ConnectorExistsError,
    ConnectorFilter,
    ConnectorMissingError,
    ConnectorNotFoundError,
    ConnectorService,
    ConnectorStatus,
    DockerRegistrySpec,
    InvalidConnectorError,
    InvalidRegistryUrlError,
    ProviderType,
    SavedConnector,
    SecretUseError,
    TlsSpec,
    UsernamePasswordAuth,
)
from pierhead.control.organizations import PlaceNotFoundError
from pierhead.control.scopes import Scope, ScopedReference
from pierhead.control.secrets import BUILT_IN_MANAGER, Secret, ValueType
from pierhead.kit.paging import PageRequest
from pierhead.testing.clock import FakeClock
from pierhead.testing.memory import MemoryStore

ACC = Scope("acc")
ORG = Scope("acc", "o")
PROJECT = Scope("acc", "o", "p")
NOW = datetime(2026, 1, 5, tzinfo=UTC)
PASSWORD = ScopedReference.parse("account.password")


def spec(url: str = "https://my.registry/path", **more: object) -> DockerRegistrySpec:
    return DockerRegistrySpec(url, ProviderType.OTHER, **more)  # type: ignore[arg-type]


def draft(identifier: str = "mirror", scope: Scope = ACC, of: DockerRegistrySpec | None = None) -> ConnectorDraft:
    return ConnectorDraft(scope, identifier, "My mirror", of or spec())


def add_secret(store: MemoryStore, identifier: str = "password", scope: Scope = ACC) -> None:
    secret = Secret(scope, identifier, "s", "", {}, BUILT_IN_MANAGER, ValueType.REFERENCE, "path", None, 1, NOW, NOW)
    with store.transaction() as tx:
        tx.secrets.add(secret)


def codes(saved: SavedConnector) -> set[str]:
    return {warning.code for warning in saved.warnings}


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        (draft("1x"), "connector.identifier"),
        (draft("account"), "connector.identifier"),
        (draft("harnessSecretManager"), "connector.identifier"),
        (replace(draft(), name="<b>"), "connector.name"),
        (replace(draft(), description="x" * 1025), "connector.description"),
        (replace(draft(), tags={"": "x"}), "connector.tags"),
        (replace(draft(), tags={f"k{n}": "" for n in range(129)}), "connector.tags"),
        (draft(of=spec("ftp://x.example")), "connector.spec.dockerRegistryUrl"),
        (draft(of=spec("https://x.example/v1/")), "connector.spec.dockerRegistryUrl"),
        (draft(of=spec(delegate_selectors=("",))), "connector.spec.delegateSelectors"),
        (draft(of=spec(proxy_url="socks5://p:1")), "connector.spec.proxyUrl"),
        (draft(of=spec(proxy_url="http://u:hunter2@p:1")), "connector.spec.proxyUrl"),
        (draft(of=spec(trusted_realm_hosts=("https://auth.example",))), "connector.spec.trustedRealmHosts"),
        (draft(of=spec(tls=TlsSpec("no certificate"))), "connector.spec.tls.caCertificatePem"),
        (draft(of=spec(tls=TlsSpec("x" * 300_000))), "connector.spec.tls.caCertificatePem"),
        (draft(of=spec(tls=TlsSpec("-----BEGIN PRIVATE KEY-----\nhunter2"))), "connector.spec.tls.caCertificatePem"),
    ],
)
def test_nothing_wrong_is_ever_stored(
    connectors: ConnectorService, store: MemoryStore, wrong: ConnectorDraft, field: str
) -> None:
    for save in (connectors.create, connectors.update):
        with pytest.raises(InvalidConnectorError) as refusal:
            save(wrong)
        assert [error.field for error in refusal.value.errors] == [field]
        assert "hunter2" not in refusal.value.message
    with store.snapshot() as tx:
        assert tx.connectors.page(ACC, ConnectorFilter(), PageRequest()).total == 0


def test_an_identifier_that_is_taken_is_refused_in_the_words_of_the_api(connectors: ConnectorService) -> None:
    connectors.create(draft())
    with pytest.raises(ConnectorExistsError) as refusal:
        connectors.create(replace(draft(), name="Other"))
    assert refusal.value.message == (
        "Connector: Other has been given an identifier: mirror that already exists. Please enter a unique ID."
    )
    assert connectors.create(draft(scope=ORG)).connector.scope == ORG


@pytest.mark.parametrize(
    ("scope", "place"),
    [(ACC, "account [acc]"), (ORG, "org [o]"), (PROJECT, "project [p] and org [o]")],
)
def test_a_connector_that_is_not_there_is_named_with_its_scope(
    connectors: ConnectorService, scope: Scope, place: str
) -> None:
    for act in (
        lambda: connectors.get(scope, "gone"),
        lambda: connectors.delete(scope, "gone"),
        lambda: connectors.update(draft("gone", scope)),
        lambda: connectors.set_status(scope, "gone", ConnectorStatus(ConnectivityStatus.SUCCESS)),
    ):
        with pytest.raises(ConnectorMissingError) as refusal:
            act()
        assert refusal.value.message == f"Connector with identifier [gone] not found in {place}."


@pytest.mark.parametrize(
    ("reference", "scope", "reason"),
    [
        ("account.gone", ACC, "No secret exists with the id gone in the account scope"),
        ("gone", PROJECT, "No secret exists with the id gone in the project scope"),
        ("password", PROJECT, "No secret exists with the id password in the project scope"),
        ("org.password", ACC, "The org level secret cannot be used at account level"),
    ],
)
def test_a_secret_must_be_there_and_within_reach(
    connectors: ConnectorService, store: MemoryStore, reference: str, scope: Scope, reason: str
) -> None:
    add_secret(store)
    auth = UsernamePasswordAuth(ScopedReference.parse(reference), username="u")
    with pytest.raises(SecretUseError) as refusal:
        connectors.create(draft(scope=scope, of=spec(auth=auth)))
    assert refusal.value.message == f"Error while validating passwordRef field : {reason}"


def test_every_secret_of_a_connector_is_looked_for(connectors: ConnectorService, store: MemoryStore) -> None:
    add_secret(store)
    user = UsernamePasswordAuth(PASSWORD, username_ref=ScopedReference.parse("account.user"))
    with pytest.raises(SecretUseError, match="usernameRef"):
        connectors.create(draft(of=spec(auth=user)))
    pem = trustme.CA().cert_pem.bytes().decode()
    tls = TlsSpec(pem, pem, ScopedReference.parse("account.key"))
    with pytest.raises(SecretUseError, match="clientKeyRef"):
        connectors.create(draft(of=spec(tls=tls)))
    add_secret(store, "key")
    assert connectors.create(draft(of=spec(tls=tls))).connector.secrets() == ((ACC, "key"),)


def test_an_update_replaces_everything_but_birth_and_status(connectors: ConnectorService, clock: FakeClock) -> None:
    before = connectors.create(replace(draft(), description="old", tags={"a": "b"})).connector
    status = ConnectorStatus(ConnectivityStatus.SUCCESS, tested_at=clock.now())
    connectors.set_status(ACC, "mirror", status)
    clock.advance(60)
    after = connectors.update(replace(draft(of=spec("https://other.example")), name="New")).connector
    assert (after.id, after.created_at, after.status) == (before.id, before.created_at, status)
    assert (after.name, after.description, after.tags) == ("New", "", {})
    assert (after.version, after.last_modified_at) == (2, clock.now())
    assert connectors.get(ACC, "mirror") == after


def test_a_version_counts_changes_of_the_spec_only(connectors: ConnectorService) -> None:
    connectors.create(draft())
    assert connectors.update(replace(draft(), name="Renamed")).connector.version == 1
    assert connectors.update(draft(of=spec("https://my.registry/other"))).connector.version == 2


CERTIFICATE = trustme.CA().cert_pem.bytes().decode()


@pytest.mark.parametrize(
    "after",
    [
        spec("https://evil.example/path"),
        spec("https://my.registry:8443/path"),
        spec("http://my.registry/path"),
        spec(tls=TlsSpec(CERTIFICATE)),
        spec(proxy_url="http://proxy.example:3128"),
        spec(proxy=True),
        spec(trusted_realm_hosts=("evil.example",)),
        spec(delegate_selectors=("eu",)),
        spec(execute_on_delegate=False),
    ],
)
def test_a_credential_never_follows_an_edit_in_silence(
    connectors: ConnectorService, store: MemoryStore, after: DockerRegistrySpec
) -> None:
    add_secret(store)
    auth = UsernamePasswordAuth(PASSWORD, username="u")
    connectors.create(draft(of=spec(auth=auth)))
    saved = connectors.update(draft(of=replace(after, auth=auth)))
    assert "credential-origin-changed" in codes(saved)
    assert saved.connector.version == 2


@pytest.mark.parametrize("after", [spec(), spec("my.registry/other/v2/"), spec("https://MY.registry:443/path")])
def test_an_edit_that_leaves_the_origin_alone_is_not_warned_about(
    connectors: ConnectorService, store: MemoryStore, after: DockerRegistrySpec
) -> None:
    add_secret(store)
    auth = UsernamePasswordAuth(PASSWORD, username="u")
    connectors.create(draft(of=spec(auth=auth)))
    assert codes(connectors.update(draft(of=replace(after, auth=auth)))) == set()


def test_a_new_credential_or_none_may_go_anywhere(connectors: ConnectorService, store: MemoryStore) -> None:
    add_secret(store)
    add_secret(store, "other")
    connectors.create(draft(of=spec(auth=UsernamePasswordAuth(PASSWORD, username="u"))))
    fresh = UsernamePasswordAuth(ScopedReference.parse("account.other"), username="u")
    assert codes(connectors.update(draft(of=spec("https://a.example", auth=fresh)))) == set()
    assert codes(connectors.update(draft(of=spec("https://b.example", auth=AnonymousAuth())))) == set()


def test_warnings_about_the_url_come_with_the_saved_connector(connectors: ConnectorService) -> None:
    assert codes(connectors.create(draft(of=spec("https://app.harness.io/registry")))) == {"dead-registry"}
    assert codes(connectors.update(draft(of=spec("http://my.registry")))) == {"plain-http"}


@pytest.mark.parametrize("force", [False, True])
def test_a_connector_that_nothing_refers_to_is_deleted_with_and_without_force(
    connectors: ConnectorService, force: bool
) -> None:
    connectors.create(draft())
    connectors.delete(ACC, "mirror", force=force)
    with pytest.raises(ConnectorMissingError):
        connectors.get(ACC, "mirror")


def test_what_refers_to_a_secret_is_told_with_its_scope(connectors: ConnectorService, store: MemoryStore) -> None:
    add_secret(store)
    auth = UsernamePasswordAuth(ScopedReference.parse("account.password"), username="u")
    for scope in (PROJECT, ACC):
        connectors.create(draft(scope=scope, of=spec(auth=auth)))
    assert [(use.scope, use.identifier) for use in connectors.uses_of_secret(ACC, "password")] == [
        (ACC, "mirror"),
        (PROJECT, "mirror"),
    ]
    assert connectors.uses_of_secret(PROJECT, "password") == ()


def test_connectors_of_many_scopes_are_found_at_once(connectors: ConnectorService) -> None:
    connectors.create(draft())
    connectors.create(draft(scope=PROJECT))
    found = connectors.find_all([(PROJECT, "mirror"), (ACC, "nope"), (ACC, "mirror")])
    assert [connector.scope for connector in found] == [PROJECT, ACC]


def test_nothing_is_made_in_a_place_that_is_not_there(connectors: ConnectorService) -> None:
    with pytest.raises(PlaceNotFoundError, match=r"org \[x\] not found\."):
        connectors.create(draft(scope=Scope("acc", "x", "p")))
    with pytest.raises(PlaceNotFoundError, match=r"project \[x\] not found\."):
        connectors.create(draft(scope=Scope("acc", "o", "x")))


def test_uniqueness_is_asked_by_scope_and_the_reserved_identifier_is_never_free(connectors: ConnectorService) -> None:
    connectors.create(draft())
    assert not connectors.validate_unique(ACC, "mirror")
    assert connectors.validate_unique(ORG, "mirror")
    assert not connectors.validate_unique(ACC, "harnessSecretManager")


def test_a_reference_is_resolved_upwards_and_never_replaced(connectors: ConnectorService) -> None:
    connectors.create(draft())
    assert connectors.resolve("account.mirror", PROJECT).scope == ACC
    with pytest.raises(ConnectorNotFoundError, match=r"identifier : \[mirror\] with scope: \[project\]"):
        connectors.resolve("mirror", PROJECT)


def test_a_preview_stores_nothing_and_refuses_what_could_not_be_saved(connectors: ConnectorService) -> None:
    shown = connectors.preview("gcr.io/gcr-prod")
    assert [str(name.reference) for name in shown.names] == [
        "gcr.io/gcr-prod/harness/ci-addon:1.16.92",
        "gcr.io/gcr-prod/plugins/cache:1.9.8",
    ]
    assert connectors.list(ACC, ConnectorFilter(), PageRequest()).total == 0
    with pytest.raises(InvalidRegistryUrlError):
        connectors.preview("https://x.example/v1/")


def test_a_connector_says_how_it_is_referred_to(connectors: ConnectorService) -> None:
    shown = [str(connectors.create(draft("m", scope)).connector.reference) for scope in (ACC, ORG, PROJECT)]
    assert shown == ["account.m", "org.m", "m"]
