"""A connector's spec and status as JSON documents, and back."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pierhead.control.connectors import (
    AnonymousAuth,
    ConnectivityStatus,
    ConnectorStatus,
    CredentialExchange,
    DockerRegistrySpec,
    ProviderType,
    StatusError,
    TlsSpec,
    UsernamePasswordAuth,
)
from pierhead.control.scopes import ScopedReference


def spec_to_json(spec: DockerRegistrySpec) -> dict[str, object]:
    return {
        "url": spec.url,
        "providerType": spec.provider_type.value,
        "auth": _auth_to_json(spec.auth),
        "delegateSelectors": list(spec.delegate_selectors),
        "executeOnDelegate": spec.execute_on_delegate,
        "proxy": spec.proxy,
        "ignoreTestConnection": spec.ignore_test_connection,
        "caCertificatePem": spec.tls.ca_certificate_pem,
        "clientCertificatePem": spec.tls.client_certificate_pem,
        "clientKeyRef": _text(spec.tls.client_key_ref),
        "proxyUrl": spec.proxy_url,
        "trustedRealmHosts": list(spec.trusted_realm_hosts),
        "allowPrivateAddresses": spec.allow_private_addresses,
        "credentialHelper": spec.credential_helper and spec.credential_helper.value,
    }


def spec_from_json(document: Mapping[str, Any]) -> DockerRegistrySpec:
    return DockerRegistrySpec(
        url=document["url"],
        provider_type=ProviderType(document["providerType"]),
        auth=_auth_from_json(document["auth"]),
        delegate_selectors=tuple(document["delegateSelectors"]),
        execute_on_delegate=document["executeOnDelegate"],
        proxy=document["proxy"],
        ignore_test_connection=document["ignoreTestConnection"],
        tls=TlsSpec(
            document["caCertificatePem"], document["clientCertificatePem"], _reference(document["clientKeyRef"])
        ),
        proxy_url=document["proxyUrl"],
        trusted_realm_hosts=tuple(document["trustedRealmHosts"]),
        allow_private_addresses=document.get("allowPrivateAddresses", False),
        credential_helper=_helper(document.get("credentialHelper")),
    )


def status_to_json(status: ConnectorStatus) -> dict[str, object]:
    return {
        "status": status.status.value,
        "errorSummary": status.error_summary,
        "errors": [{"reason": e.reason, "message": e.message, "code": e.code} for e in status.errors],
        "testedAt": status.tested_at and status.tested_at.isoformat(),
        "lastConnectedAt": status.last_connected_at and status.last_connected_at.isoformat(),
    }


def status_from_json(document: Mapping[str, Any]) -> ConnectorStatus:
    return ConnectorStatus(
        status=ConnectivityStatus(document["status"]),
        error_summary=document["errorSummary"],
        errors=tuple(StatusError(**error) for error in document["errors"]),
        tested_at=_moment(document["testedAt"]),
        last_connected_at=_moment(document["lastConnectedAt"]),
    )


def _auth_to_json(auth: AnonymousAuth | UsernamePasswordAuth) -> dict[str, object] | None:
    if isinstance(auth, AnonymousAuth):
        return None
    return {
        "username": auth.username,
        "usernameRef": _text(auth.username_ref),
        "passwordRef": _text(auth.password_ref),
    }


def _auth_from_json(document: Mapping[str, Any] | None) -> AnonymousAuth | UsernamePasswordAuth:
    if document is None:
        return AnonymousAuth()
    return UsernamePasswordAuth(
        password_ref=ScopedReference.parse(document["passwordRef"]),
        username=document["username"],
        username_ref=_reference(document["usernameRef"]),
    )


def _text(reference: ScopedReference | None) -> str | None:
    return None if reference is None else str(reference)


def _reference(text: str | None) -> ScopedReference | None:
    return None if text is None else ScopedReference.parse(text)


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def _helper(name: str | None) -> CredentialExchange | None:
    return CredentialExchange(name) if name else None
