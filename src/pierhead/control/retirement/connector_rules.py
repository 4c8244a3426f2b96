"""What else can be wrong with connectors: how they are reached, with which secrets, and what their last test said;
pure."""

from collections.abc import Iterator

from pierhead.control.connectors import (
    DEFAULT_IDENTIFIER,
    DEFAULT_REFERENCE,
    AnonymousAuth,
    ConnectivityStatus,
    Connector,
    UsernamePasswordAuth,
    normalise_url,
)
from pierhead.control.scopes import Scope
from pierhead.oci.reference import DOCKER_HUB

from .facts import Address, Facts
from .model import Finding, Kind, Severity, Thing
from .uses import Uses, uses_in


def connectors(facts: Facts, uses: Uses) -> Iterator[Finding]:
    for connector in facts.connectors:
        for code, severity, text, remedy in (*_reached(connector), *_tested(connector), *_limited(connector)):
            yield _finding(connector, uses, code, severity, text, remedy)
        address = (connector.scope, connector.identifier)
        yield from _secrets(connector, uses, facts.missing_secrets.get(address, ()))
        if why := facts.unreached.get(address):
            remedy = "start such a delegate, or have the connector go through the platform"
            yield _finding(connector, uses, "delegate-missing", Severity.BROKEN, why, remedy)


def default_missing(facts: Facts) -> Iterator[Finding]:
    if facts.has_default is False:
        yield Finding(
            "default-connector-missing",
            Severity.ADVICE,
            Thing(Kind.ACCOUNT, Scope(facts.account), DEFAULT_IDENTIFIER),
            f"there is no {DEFAULT_REFERENCE}: stages that name no image connector pull anonymously from Docker Hub",
            f"`pierhead connector restore-default`, or make a connector with the identifier {DEFAULT_IDENTIFIER}",
        )


def missing_connectors(facts: Facts) -> Iterator[Finding]:
    """Of references to what is not there; one that was not looked up is let be."""
    for use in dict.fromkeys(uses_in(facts)):
        address = use.address()
        if address is None or (address in facts.named and facts.named[address] is None):
            yield Finding(
                "connector-missing",
                Severity.BROKEN,
                use.user,
                f"it names connector {use.reference}, which is not there for you",
                "name one that is there (`pierhead connector list`), or make it",
            )


_Told = tuple[str, Severity, str, str]


def _reached(connector: Connector) -> Iterator[_Told]:
    address = normalise_url(connector.spec.url, connector.spec.provider_type)
    if address.is_plain_http:
        has_login = isinstance(connector.spec.auth, UsernamePasswordAuth)
        what = "its password and every image" if has_login else "every image"
        text = f"it goes to {address.url} without encryption: whoever is on the way can read and alter {what}"
        yield "connector-plain-http", Severity.ADVICE, text, "have the registry serve https, and change the URL"
    if connector.spec.ignore_test_connection:
        text = "its connection is never tested (ignoreTestConnection), so nobody hears when it stops to work"
        yield "connector-untested", Severity.ADVICE, text, "switch ignoreTestConnection off"


def _tested(connector: Connector) -> Iterator[_Told]:
    status = connector.status
    if status is None or status.status is not ConnectivityStatus.FAILURE:
        return
    when = f" of {status.tested_at:%Y-%m-%d %H:%M} UTC" if status.tested_at else ""
    said = f": {status.error_summary}" if status.error_summary else ""
    options = Thing(Kind.CONNECTOR, connector.scope, connector.identifier).options
    remedy = f"`pierhead connector test {connector.identifier}{options}` says step by step where it ends"
    yield "connector-failing", Severity.BROKEN, f"its last test{when} failed{said}", remedy


def _limited(connector: Connector) -> Iterator[_Told]:
    if (connector.scope.org, connector.identifier) != (None, DEFAULT_IDENTIFIER):
        return
    address = normalise_url(connector.spec.url, connector.spec.provider_type)
    if address.registry == DOCKER_HUB and isinstance(connector.spec.auth, AnonymousAuth):
        text = "every stage pulls anonymously from Docker Hub by it, which counts pulls by address and refuses more"
        remedy = 'give it credentials, or mirror the images to a registry of yours: guide "Rate limits"'
        yield "default-connector-anonymous", Severity.ADVICE, text, remedy


def _secrets(connector: Connector, uses: Uses, missing: tuple[str, ...]) -> Iterator[Finding]:
    for name in missing:
        text = f"it refers to the secret {name}, which is not there"
        remedy = "make the secret (`pierhead secret apply`), or give the connector another one"
        yield _finding(connector, uses, "secret-missing", Severity.BROKEN, text, remedy, name)


def _finding(
    connector: Connector, uses: Uses, code: str, severity: Severity, text: str, remedy: str, place: str = ""
) -> Finding:
    address: Address = (connector.scope, connector.identifier)
    thing = Thing(Kind.CONNECTOR, *address, place)
    return Finding(code, severity, thing, text, remedy, affects=uses.of(address))
