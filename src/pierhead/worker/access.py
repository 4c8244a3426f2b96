"""From a task's description of a registry to an endpoint: the texts of the wire parsed, secrets wrapped."""

from pierhead.kit.redact import SecretValue
from pierhead.protocol.tasks import CopyTask, PullTask, RegistryAccess, Task
from pierhead.registry.endpoint import (
    Anonymous,
    Credential,
    Endpoint,
    ProxySettings,
    TlsSettings,
    UsernamePassword,
)
from pierhead.registry.errors import InvalidSettingsError


def endpoint_of(access: RegistryAccess) -> Endpoint:
    """Raises InvalidUrlError, InvalidSettingsError, RegistryV1Error."""
    return Endpoint.for_url(
        access.url,
        credential=_credential(access),
        connector=access.connector,
        secret_version=access.secret_version,
        trusted_realm_hosts=frozenset(access.trusted_realm_hosts),
        tls=_tls(access),
        proxy=ProxySettings.parse(access.proxy_url.get_secret_value(), access.no_proxy) if access.proxy_url else None,
        may_be_private=access.allow_private,
    )


def accesses_of(task: Task) -> tuple[RegistryAccess, ...]:
    """Every registry that the task needs, each once."""
    match task:
        case PullTask():
            found = [image.registry for image in task.images]
        case CopyTask():
            found = [access for image in task.images for access in (image.from_registry, image.to_registry)]
        case _:
            found = [task.registry]
    return tuple(dict.fromkeys(found))


def _credential(access: RegistryAccess) -> Credential:
    """Half a credential is a mistake, and must not turn into an anonymous pull."""
    if access.username is None and access.password is None:
        return Anonymous()
    if access.username is None or access.password is None:
        raise InvalidSettingsError(
            f"the connector {access.connector or access.url} has only one of user name and password",
            hint="give it both, or make it anonymous",
        )
    return UsernamePassword(access.username, SecretValue(access.password.get_secret_value()))


def _tls(access: RegistryAccess) -> TlsSettings:
    key = SecretValue(access.client_key_pem.get_secret_value()) if access.client_key_pem else None
    return TlsSettings(access.ca_pem, access.client_certificate_pem, key)
