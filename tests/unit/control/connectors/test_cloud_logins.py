"""Registries of clouds with logins of their own: AWS keys for ECR, service account keys for Google."""

import pytest

from pierhead.control.connectors import (
    AnonymousAuth,
    ConnectorDraft,
    ConnectorService,
    CredentialExchange,
    DockerRegistrySpec,
    InvalidConnectorError,
    ProviderType,
    UsernamePasswordAuth,
    check_draft,
    ecr_place,
)
from pierhead.control.scopes import Scope, ScopedReference
from pierhead.control.secrets import BUILT_IN_MANAGER, Secret, ValueType
from pierhead.testing.clock import FakeClock
from pierhead.testing.memory import MemoryStore

HOST = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"
PASSWORD = ScopedReference.parse("account.password")
KEY = UsernamePasswordAuth(PASSWORD, username="AKIAEXAMPLE")


def draft(url: str, auth: AnonymousAuth | UsernamePasswordAuth = KEY, **more: object) -> ConnectorDraft:
    return ConnectorDraft(Scope("acc"), "m", "m", DockerRegistrySpec(url, ProviderType.OTHER, auth, **more))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("host", "region"),
    [
        (HOST, "eu-west-1"),
        ("123456789012.dkr.ecr-fips.us-gov-west-1.amazonaws.com", "us-gov-west-1"),
        ("123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn", "cn-north-1"),
        ("12345678901.dkr.ecr.eu-west-1.amazonaws.com", None),
        ("123456789012.dkr.ecr.eu-west-1.amazonaws.com.evil.example", None),
        ("evil.example/123456789012.dkr.ecr.eu-west-1.amazonaws.com", None),
        ("123456789012.dkr.ecr.eu.west.1.amazonaws.com", None),
        ("x123456789012.dkr.ecr.eu-west-1.amazonaws.com", None),
        (f"{HOST}:8443", None),
        ("public.ecr.aws", None),
    ],
)
def test_a_private_registry_of_amazon_is_known_by_its_whole_host(host: str, region: str | None) -> None:
    place = ecr_place(host)
    assert (place and place.region) == region


@pytest.mark.parametrize("url", [f"https://{HOST}", f"https://{HOST}/team/", HOST, f"http://{HOST}"])
def test_an_aws_key_is_taken_for_amazons_own_registries(url: str) -> None:
    check_draft(draft(url, credential_helper=CredentialExchange.ECR))


@pytest.mark.parametrize(
    ("url", "auth", "reason"),
    [
        (f"https://{HOST}", AnonymousAuth(), "needs an AWS key"),
        ("https://registry.example", KEY, "is for https://"),
        (f"https://{HOST}:8443", KEY, "is for https://"),
        (f"http://{HOST}:8080", KEY, "is for https://"),
    ],
)
def test_an_aws_key_goes_nowhere_else(url: str, auth: AnonymousAuth | UsernamePasswordAuth, reason: str) -> None:
    with pytest.raises(InvalidConnectorError) as refusal:
        check_draft(draft(url, auth, credential_helper=CredentialExchange.ECR))
    (error,) = refusal.value.errors
    assert error.field == "connector.spec.credentialHelper"
    assert reason in error.error


@pytest.mark.parametrize(
    ("user", "url", "codes"),
    [
        ("_json_key", "https://europe-docker.pkg.dev/p/r", {"json-key-expected"}),
        ("_json_key_base64", "https://europe-docker.pkg.dev/p/r", {"json-key-expected"}),
        ("_json_key", "https://registry.example", {"json-key-expected", "json-key-elsewhere"}),
        ("someone", "https://europe-docker.pkg.dev/p/r", set()),
    ],
)
def test_a_google_key_is_said_to_be_one(user: str, url: str, codes: set[str]) -> None:
    store, clock = MemoryStore(), FakeClock()
    now = clock.now()
    secret = Secret(
        Scope("acc"), "password", "s", "", {}, BUILT_IN_MANAGER, ValueType.REFERENCE, "path", None, 1, now, now
    )
    with store.transaction() as tx:
        tx.secrets.add(secret)
    saved = ConnectorService(store, clock).create(draft(url, UsernamePasswordAuth(PASSWORD, username=user)))
    assert {warning.code for warning in saved.warnings} == codes
