"""From a connector to what a worker needs to reach its registry, secrets included.

Called only once a task is leased: what this gives never stands in the queue, in a run or in a log.
"""

from pydantic import SecretStr

from pierhead.control.connectors import Connector, UsernamePasswordAuth, normalise_url
from pierhead.control.scopes import Scope, ScopedReference
from pierhead.control.secrets import SecretService
from pierhead.oci.reference import Reference
from pierhead.protocol.tasks import RegistryAccess


def access_for_image(reference: Reference, connector: Connector | None, secrets: SecretService) -> RegistryAccess:
    """Access to the image's own registry: with the connector's credentials when that is the connector's registry.

    Any other registry is asked anonymously: credentials never follow an image name to a foreign host.
    """
    if connector is not None:
        address = normalise_url(connector.spec.url, connector.spec.provider_type)
        if address.registry == reference.registry:
            return access_for(connector, secrets)
    return RegistryAccess(connector="", url=f"https://{reference.registry}")


def access_for(connector: Connector, secrets: SecretService) -> RegistryAccess:
    """Access to the connector's registry. Raises the secret service's errors when a secret cannot be had."""
    spec = connector.spec
    address = normalise_url(spec.url, spec.provider_type)
    username, password = _credentials(connector, secrets)
    key_ref = spec.tls.client_key_ref
    return RegistryAccess(
        connector=str(connector.reference),
        url=f"{address.scheme}://{address.registry}",
        username=username,
        password=password,
        secret_version=_secret_version(connector, secrets),
        ca_pem=spec.tls.ca_certificate_pem,
        client_certificate_pem=spec.tls.client_certificate_pem,
        client_key_pem=_reveal(key_ref, connector.scope, secrets) if key_ref else None,
        proxy_url=SecretStr(spec.proxy_url) if spec.proxy_url else None,
        trusted_realm_hosts=spec.trusted_realm_hosts,
    )


def _credentials(connector: Connector, secrets: SecretService) -> tuple[str | None, SecretStr | None]:
    auth = connector.spec.auth
    if not isinstance(auth, UsernamePasswordAuth):
        return None, None
    username = auth.username
    if auth.username_ref is not None:
        username = _reveal(auth.username_ref, connector.scope, secrets).get_secret_value()
    return username, _reveal(auth.password_ref, connector.scope, secrets)


def _secret_version(connector: Connector, secrets: SecretService) -> str:
    """Changes with the connector and with each of its secrets, so that no token outlives what it was got with."""
    versions = [secrets.version_of(reference, connector.scope) for _, reference in connector.spec.secret_fields()]
    return ".".join([connector.id, str(connector.version), *map(str, versions)])


def _reveal(reference: ScopedReference, user: Scope, secrets: SecretService) -> SecretStr:
    return SecretStr(secrets.reveal(reference, user).reveal())
