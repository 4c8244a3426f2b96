"""Docker registry connectors on the wire (harness-api §1.3, §1.4): what is sent comes back as it was sent."""

from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from pierhead.control.connectors import (
    AnonymousAuth,
    ConnectivityMode,
    ConnectivityStatus,
    Connector,
    ConnectorDraft,
    ConnectorFilter,
    ConnectorStatus,
    DockerRegistrySpec,
    ProviderType,
    TlsSpec,
    UsernamePasswordAuth,
)
from pierhead.control.scopes import Scope, ScopedReference
from pierhead.kit.clock import to_epoch_ms

from .common import OptionalText, Received, Tags, Wire


def _is_none(value: object) -> bool:
    return value is None


Absent = Field(default=None, exclude_if=_is_none)
"""A field that is left out when there is nothing to say, because clients send back what they got."""


class Credentials(Received):
    """``usernameRef`` and ``passwordRef`` name secrets; a password itself has no place here."""

    username: OptionalText = Absent
    username_ref: OptionalText = Absent
    password_ref: str

    @model_validator(mode="after")
    def _one_user(self) -> Self:
        if (self.username is None) == (self.username_ref is None):
            raise PydanticCustomError("one_user", "exactly one of username and usernameRef must be given")
        return self


class Auth(Received):
    type: Literal["UsernamePassword", "Anonymous"]
    spec: Credentials | None = Absent

    @model_validator(mode="before")
    @classmethod
    def _drop_empty(cls, value: object) -> object:
        if isinstance(value, dict) and value.get("type") == "Anonymous" and value.get("spec"):
            raise PydanticCustomError("anonymous_spec", "No spec should be provided with the anonymous type")
        return {**value, "spec": None} if isinstance(value, dict) and value.get("spec") == {} else value

    @model_validator(mode="after")
    def _has_credentials(self) -> Self:
        if self.type == "UsernamePassword" and self.spec is None:
            raise PydanticCustomError("no_credentials", "spec is required with the type UsernamePassword")
        return self

    @classmethod
    def of(cls, auth: AnonymousAuth | UsernamePasswordAuth) -> Self:
        if isinstance(auth, AnonymousAuth):
            return cls.model_construct(type="Anonymous", spec=None)
        credentials = Credentials.model_construct(
            username=auth.username,
            username_ref=str(auth.username_ref) if auth.username_ref else None,
            password_ref=str(auth.password_ref),
        )
        return cls.model_construct(type="UsernamePassword", spec=credentials)

    def value(self) -> AnonymousAuth | UsernamePasswordAuth:
        if self.spec is None:
            return AnonymousAuth()
        return UsernamePasswordAuth(
            password_ref=ScopedReference.parse(self.spec.password_ref),
            username=self.spec.username,
            username_ref=_reference(self.spec.username_ref),
        )


class Tls(Received):
    """Not in the reference: PEM texts for one registry; ``clientKeyRef`` names a secret."""

    ca_certificate_pem: OptionalText = Absent
    client_certificate_pem: OptionalText = Absent
    client_key_ref: OptionalText = Absent

    @model_validator(mode="after")
    def _key_with_certificate(self) -> Self:
        if (self.client_certificate_pem is None) != (self.client_key_ref is None):
            raise PydanticCustomError("half_pair", "clientCertificatePem and clientKeyRef need each other")
        return self

    @classmethod
    def of(cls, tls: TlsSpec) -> Self | None:
        if tls == TlsSpec():
            return None
        return cls.model_construct(
            ca_certificate_pem=tls.ca_certificate_pem,
            client_certificate_pem=tls.client_certificate_pem,
            client_key_ref=str(tls.client_key_ref) if tls.client_key_ref else None,
        )

    def value(self) -> TlsSpec:
        return TlsSpec(self.ca_certificate_pem, self.client_certificate_pem, _reference(self.client_key_ref))


class DockerRegistry(Received):
    """``tls``, ``proxyUrl`` and ``trustedRealmHosts`` are Pierhead's own; the rest is the reference's."""

    docker_registry_url: str
    provider_type: ProviderType
    auth: Auth
    delegate_selectors: list[str] | None = None
    execute_on_delegate: bool | None = None
    proxy: bool | None = None
    ignore_test_connection: bool | None = None
    tls: Tls | None = Absent
    proxy_url: OptionalText = Absent
    trusted_realm_hosts: list[str] | None = Absent

    @classmethod
    def of(cls, spec: DockerRegistrySpec) -> Self:
        return cls.model_construct(
            docker_registry_url=spec.url,
            provider_type=spec.provider_type,
            auth=Auth.of(spec.auth),
            delegate_selectors=list(spec.delegate_selectors),
            execute_on_delegate=spec.execute_on_delegate,
            proxy=spec.proxy,
            ignore_test_connection=spec.ignore_test_connection,
            tls=Tls.of(spec.tls),
            proxy_url=spec.proxy_url,
            trusted_realm_hosts=list(spec.trusted_realm_hosts) or None,
        )

    def value(self) -> DockerRegistrySpec:
        return DockerRegistrySpec(
            url=self.docker_registry_url,
            provider_type=self.provider_type,
            auth=self.auth.value(),
            delegate_selectors=tuple(self.delegate_selectors or ()),
            execute_on_delegate=self.execute_on_delegate is not False,
            proxy=bool(self.proxy),
            ignore_test_connection=bool(self.ignore_test_connection),
            tls=self.tls.value() if self.tls else TlsSpec(),
            proxy_url=self.proxy_url,
            trusted_realm_hosts=tuple(self.trusted_realm_hosts or ()),
        )
