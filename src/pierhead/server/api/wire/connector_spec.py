"""The ``spec`` of a Docker registry connector on the wire (harness-api §1.3): for the OpenAPI document and for answers.

Bodies are read by ``control.connectors.parse_connector``, which says all that is wrong with them at once.
"""

from typing import Literal

from pydantic import Field

from pierhead.control.connectors import CredentialExchange, ProviderType

from .common import Wire


def _is_none(value: object) -> bool:
    return value is None


class Credentials(Wire):
    """Exactly one of ``username`` and ``usernameRef``; ``usernameRef`` and ``passwordRef`` name secrets."""

    username: str | None = None
    username_ref: str | None = None
    password_ref: str


class Auth(Wire):
    """``spec`` belongs to UsernamePassword only."""

    type: Literal["UsernamePassword", "Anonymous"]
    spec: Credentials | None = Field(default=None, exclude_if=_is_none)


class Tls(Wire):
    """PEM texts for one registry; ``clientKeyRef`` names a secret."""

    ca_certificate_pem: str | None = Field(default=None, exclude_if=_is_none)
    client_certificate_pem: str | None = Field(default=None, exclude_if=_is_none)
    client_key_ref: str | None = Field(default=None, exclude_if=_is_none)


class DockerRegistry(Wire):
    """What comes after ``ignoreTestConnection`` is Pierhead's own, and left out of answers while it has no value.

    ``allowPrivateAddresses``: the server may reach the registry on a private or loopback address; setting it needs the
    right to edit the account. ``credentialHelper``: with ``ecr``, user name and password are an AWS key.
    """

    docker_registry_url: str
    provider_type: ProviderType
    auth: Auth
    delegate_selectors: list[str] = Field(default_factory=list)
    execute_on_delegate: bool = True
    proxy: bool = False
    ignore_test_connection: bool = False
    tls: Tls | None = Field(default=None, exclude_if=_is_none)
    proxy_url: str | None = Field(default=None, exclude_if=_is_none)
    trusted_realm_hosts: list[str] | None = Field(default=None, exclude_if=_is_none)
    allow_private_addresses: bool | None = Field(default=None, exclude_if=_is_none)
    credential_helper: CredentialExchange | None = Field(default=None, exclude_if=_is_none)
