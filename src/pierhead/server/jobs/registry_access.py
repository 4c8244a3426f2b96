"""From a connector to what a worker needs to reach its registry, secrets included.

Called only once a task is leased: what this gives never stands in the queue, in a run or in a log. A delegate is shown
no secret that its owner does not own, whatever the queue says (ADR 0013).
"""

from dataclasses import dataclass, replace
from typing import Protocol

from pydantic import SecretStr

from pierhead.control.connectors import Connector, CredentialExchange, UsernamePasswordAuth, normalise_url
from pierhead.control.delegates import SecretNotShownError, not_shown, secret_remedy
from pierhead.control.scopes import Scope, ScopedReference
from pierhead.control.secrets import SecretService
from pierhead.kit.errors import UnsupportedError
from pierhead.kit.redact import SecretValue
from pierhead.oci.reference import Reference
from pierhead.protocol.tasks import RegistryAccess

from .performer import Performer


class CredentialExchangeError(UnsupportedError):
    code = "credential-helper"

    def __init__(self, connector: str, reason: str) -> None:
        super().__init__(
            f"connector {connector} cannot use its credential helper: {reason}",
            hint="give it UsernamePassword credentials with an access key, or leave the credential helper out",
        )
        self.connector = connector


class Exchange(Protocol):
    """Makes credentials that a registry takes, for a short time, of those that its cloud takes."""

    def exchange(self, host: str, version: str, key_id: str, key: SecretValue) -> tuple[str, SecretValue]:
        """User name and password. Raises AppError."""


@dataclass(frozen=True, slots=True)
class RegistrySecrets:
    """``ecr`` is None where nothing is exchanged. ``viewer``: the owner of the delegate that is to be shown them; None
    when this server is the only one that sees them."""

    service: SecretService
    ecr: Exchange | None = None
    viewer: Scope | None = None

    def shown_to(self, performer: "Performer") -> "RegistrySecrets":
        return replace(self, viewer=performer.owner)

    def reveal(self, reference: ScopedReference, user: Scope) -> SecretStr:
        """Raises SecretNotShownError, and the secret service's errors."""
        self._check(reference, user)
        return SecretStr(self.service.reveal(reference, user).reveal())

    def version_of(self, reference: ScopedReference, user: Scope) -> str:
        """Raises as ``reveal``."""
        self._check(reference, user)
        return self.service.version_of(reference, user)

    def _check(self, reference: ScopedReference, user: Scope) -> None:
        secret, _ = reference.resolve(user)
        if self.viewer is not None and not self.viewer.contains(secret):
            reason = not_shown(self.viewer, (secret,))
            raise SecretNotShownError(reason, secret_remedy(self.viewer, (secret,)))


def access_for_image(reference: Reference, connector: Connector | None, secrets: RegistrySecrets) -> RegistryAccess:
    """Access to the image's own registry: with the connector's credentials when that is the connector's registry.

    Any other registry is asked anonymously: credentials never follow an image name to a foreign host.
    """
    if connector is not None:
        address = normalise_url(connector.spec.url, connector.spec.provider_type)
        if address.registry == reference.registry:
            return access_for(connector, secrets)
    return RegistryAccess(connector="", url=f"https://{reference.registry}")


def access_for(connector: Connector, secrets: RegistrySecrets) -> RegistryAccess:
    """Access to the connector's registry. Raises the secret service's errors when a secret cannot be had."""
    spec = connector.spec
    address = normalise_url(spec.url, spec.provider_type)
    version = _secret_version(connector, secrets)  # first: what changes meanwhile is then found to be newer next time
    username, password = _credentials(connector, secrets)
    if spec.credential_helper is CredentialExchange.ECR:
        if address.scheme != "https":
            raise CredentialExchangeError(str(connector.reference), "its address is plain http")
        username, password = _exchanged(connector, address.registry, version, username, password, secrets.ecr)
    key_ref = spec.tls.client_key_ref
    return RegistryAccess(
        connector=str(connector.reference),
        url=f"{address.scheme}://{address.registry}",
        username=username,
        password=password,
        secret_version=version,
        ca_pem=spec.tls.ca_certificate_pem,
        client_certificate_pem=spec.tls.client_certificate_pem,
        client_key_pem=secrets.reveal(key_ref, connector.scope) if key_ref else None,
        proxy_url=SecretStr(spec.proxy_url) if spec.proxy_url else None,
        trusted_realm_hosts=spec.trusted_realm_hosts,
        allow_private=spec.allow_private_addresses,
    )


def _credentials(connector: Connector, secrets: RegistrySecrets) -> tuple[str | None, SecretStr | None]:
    auth = connector.spec.auth
    if not isinstance(auth, UsernamePasswordAuth):
        return None, None
    username = auth.username
    if auth.username_ref is not None:
        username = secrets.reveal(auth.username_ref, connector.scope).get_secret_value()
    return username, secrets.reveal(auth.password_ref, connector.scope)


def _exchanged(
    connector: Connector,
    host: str,
    version: str,
    key_id: str | None,
    key: SecretStr | None,
    exchange: Exchange | None,
) -> tuple[str, SecretStr]:
    """Never the access key itself: without an exchange there are no credentials."""
    if key_id is None or key is None:
        raise CredentialExchangeError(str(connector.reference), "it has no access key")
    if exchange is None:
        raise CredentialExchangeError(str(connector.reference), "nothing here can exchange an access key")
    username, password = exchange.exchange(host, version, key_id, SecretValue(key.get_secret_value()))
    return username, SecretStr(password.reveal())


def _secret_version(connector: Connector, secrets: RegistrySecrets) -> str:
    """Changes with the connector and with each of its secrets, so that no token outlives what it was got with."""
    versions = [secrets.version_of(reference, connector.scope) for _, reference in connector.spec.secret_fields()]
    return ".".join([connector.id, str(connector.version), *map(str, versions)])
