"""Secrets as connectors use them: there, within reach, and bound to the way that somebody who may use them gave them.

A secret that is new in its field, or whose way changes (origin, TLS, proxy, delegates, realms...), has to be allowed
again: otherwise whoever may edit a connector could have its password sent to a server of theirs.
"""

from pierhead.control.scopes import InvalidReferenceError, Level, Scope, ScopedReference

from .address import normalise_url
from .authority import Authority
from .errors import SecretUseError
from .model import ConnectorWarning, DockerRegistrySpec, UsernamePasswordAuth
from .ports import SecretLookup

_ORIGIN = "dockerRegistryUrl"


def check_secrets(
    spec: DockerRegistrySpec,
    scope: Scope,
    secrets: SecretLookup,
    authority: Authority,
    before: DockerRegistrySpec | None = None,
) -> None:
    """``before``: what the connector was until now. Raises SecretUseError for the first secret that is missing, lies
    below the connector's scope or is not there for the caller, and AccessDeniedError for one that may not be used."""
    allowed = _allowed(spec, before, scope)
    for field, reference in spec.secret_fields():
        place, identifier = _reach(field, reference, scope)
        missing = SecretUseError(field, f"No secret exists with the id {identifier} in the {place.level} scope")
        if secrets.find(place, identifier) is None:
            raise missing
        if (field, place, identifier) not in allowed:
            authority.use_secret(place, identifier, lambda *_, missing=missing: missing, _why(field, spec, before))


def check_reach(
    spec: DockerRegistrySpec, account: str, authority: Authority, before: DockerRegistrySpec | None = None
) -> None:
    """Letting the server connect to private addresses, or to others while it may, is not for every editor. Raises
    AccessDeniedError."""
    was = before is not None and before.allow_private_addresses and _reached(before) == _reached(spec)
    if spec.allow_private_addresses and not was:
        moved = before is not None and before.allow_private_addresses
        how = f", with which it may not go another way ({_changes(before, spec)})" if before and moved else ""
        authority.reach_private(account, f"because of allowPrivateAddresses{how}: leave it out, or")


def _allowed(
    spec: DockerRegistrySpec, before: DockerRegistrySpec | None, scope: Scope
) -> frozenset[tuple[str, Scope, str]]:
    """The secrets that were already given to the very same way, each in its field."""
    if before is None or _way(before) != _way(spec):
        return frozenset()
    return frozenset((field, *reference.resolve(scope)) for field, reference in before.secret_fields())


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
    where = (
        f"to {new} instead of {old}"
        if new != old
        else f"to {new} by another way (TLS, proxy, delegate, realm or kind of login)"
    )
    return (
        ConnectorWarning(
            "credential-origin-changed",
            f"the credentials of {after.auth.password_ref} now go {where}: make sure they were meant for that",
        ),
    )


def _origin(spec: DockerRegistrySpec) -> str:
    address = normalise_url(spec.url, spec.provider_type)
    return f"{address.scheme}://{address.registry}"


def _why(field: str, spec: DockerRegistrySpec, before: DockerRegistrySpec | None) -> str:
    if before is None or _way(before) == _way(spec):
        return f"because the connector uses the secret as {field}: take another secret, or"
    if _origin(before) != _origin(spec):
        return f"because the connector would show the secret to another origin ({_changes(before, spec)}):"
    return f"because the connector would show the secret by another way ({_changes(before, spec)}):"


def _changes(before: DockerRegistrySpec, spec: DockerRegistrySpec) -> str:
    """What is not as it was, in the words of the wire."""
    old, new = _way(before), _way(spec)
    names = [name for name in new if old[name] != new[name]]
    if _ORIGIN in names:
        return f"URL changed from {old[_ORIGIN]} to {new[_ORIGIN]}"
    return f"{', '.join(names)} changed"


def _reached(spec: DockerRegistrySpec) -> dict[str, object]:
    """All that decides which addresses are connected to, and by whom."""
    return {
        _ORIGIN: _origin(spec),
        "proxy": spec.proxy,
        "proxyUrl": spec.proxy_url,
        "trustedRealmHosts": frozenset(spec.trusted_realm_hosts),
        "executeOnDelegate": spec.execute_on_delegate,
        "delegateSelectors": frozenset(spec.delegate_selectors),
        "allowPrivateAddresses": spec.allow_private_addresses,
    }


def _way(spec: DockerRegistrySpec) -> dict[str, object]:
    """All that decides who gets to see the secrets. The provider type is among it: a test asks Harbor at other paths,
    with the credentials."""
    more = {"tls": spec.tls, "credentialHelper": spec.credential_helper, "providerType": spec.provider_type}
    return _reached(spec) | more
