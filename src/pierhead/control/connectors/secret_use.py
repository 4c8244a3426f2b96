"""Secrets as connectors use them: there, within reach, and not shown to another origin in silence."""

from pierhead.control.scopes import InvalidReferenceError, Level, Scope, ScopedReference

from .address import normalise_url
from .errors import SecretUseError
from .model import ConnectorWarning, DockerRegistrySpec, UsernamePasswordAuth
from .ports import SecretLookup


def check_secrets(spec: DockerRegistrySpec, scope: Scope, secrets: SecretLookup) -> None:
    """Raises SecretUseError for the first secret that is missing or lies below the connector's scope."""
    for field, reference in spec.secret_fields():
        place, identifier = _reach(field, reference, scope)
        if secrets.find(place, identifier) is None:
            raise SecretUseError(field, f"No secret exists with the id {identifier} in the {place.level} scope")


def _reach(field: str, reference: ScopedReference, scope: Scope) -> tuple[Scope, str]:
    try:
        return reference.resolve(scope)
    except InvalidReferenceError:
        if scope.level is Level.ACCOUNT:
            raise SecretUseError(field, f"The {reference.level} level secret cannot be used at account level") from None
        raise SecretUseError(
            field, f"The {reference.level} level secret cannot be used at a {scope.level} level"
        ) from None


def warn_credential_moved(before: DockerRegistrySpec, after: DockerRegistrySpec) -> tuple[ConnectorWarning, ...]:
    """A warning when the same password would from now on be shown to somebody else, or by another way."""
    if not isinstance(before.auth, UsernamePasswordAuth) or not isinstance(after.auth, UsernamePasswordAuth):
        return ()
    if before.auth.password_ref != after.auth.password_ref or _way(before) == _way(after):
        return ()
    old, new = _origin(before), _origin(after)
    where = f"to {new} instead of {old}" if new != old else f"to {new} by another way (TLS, proxy, delegate or realm)"
    return (
        ConnectorWarning(
            "credential-origin-changed",
            f"the credentials of {after.auth.password_ref} now go {where}: make sure they were meant for that",
        ),
    )


def _origin(spec: DockerRegistrySpec) -> str:
    address = normalise_url(spec.url, spec.provider_type)
    return f"{address.scheme}://{address.registry}"


def _way(spec: DockerRegistrySpec) -> tuple[object, ...]:
    """All that decides who gets to see the password."""
    return (
        _origin(spec),
        spec.tls,
        spec.proxy,
        spec.proxy_url,
        frozenset(spec.trusted_realm_hosts),
        spec.execute_on_delegate,
        frozenset(spec.delegate_selectors),
    )
