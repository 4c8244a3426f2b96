"""What retired hosts mean for connectors and for names of images; pure."""

from collections.abc import Iterator
from datetime import date

from pierhead.control.connectors import (
    DEFAULT_IDENTIFIER,
    AnonymousAuth,
    Connector,
    image_name,
    normalise_url,
)
from pierhead.control.scopes import Scope, ScopedReference
from pierhead.kit.errors import AppError

from .facts import Facts, address_of
from .hosts import Match, RetiredHost, RetiredHosts, Then, provider_of
from .model import HOST_RETIRED, Finding, Kind, Migration, Severity, Thing
from .uses import Uses


def retired_hosts(facts: Facts, hosts: RetiredHosts, uses: Uses) -> Iterator[Finding]:
    for connector in facts.connectors:
        if (match := hosts.of_url(connector.spec.url)) is not None:
            yield _of_connector(connector, match, uses, facts.now.date())
    yield from _in_images(facts, hosts)
    yield from _in_watches(facts, hosts)
    yield from _in_pipelines(facts, hosts)


def _in_images(facts: Facts, hosts: RetiredHosts) -> Iterator[Finding]:
    default = facts.named.get((Scope(facts.account), DEFAULT_IDENTIFIER))
    for image in facts.images:
        if _is_named_so(image.value, default):
            thing = Thing(Kind.IMAGE, image.scope, image.field, image.infra)
            canary = f" --canary{thing.options}" if thing.options else ""
            do = f"`pierhead image pin {image.field}={{}} --infra {image.infra}{canary}`"
            yield from _of_image(thing, image.value, hosts, facts.now.date(), do)


def _in_watches(facts: Facts, hosts: RetiredHosts) -> Iterator[Finding]:
    for watch in facts.watches:
        if _is_named_so(watch.image, _found(facts, watch.scope, watch.connector)):
            thing = Thing(Kind.WATCH, watch.scope, watch.identifier)
            yield from _of_image(thing, watch.image, hosts, facts.now.date(), "delete the watch, and make one on {}")


def _in_pipelines(facts: Facts, hosts: RetiredHosts) -> Iterator[Finding]:
    for pipeline in facts.pipelines:
        for named in pipeline.images:
            if _is_named_so(named.image, _found(facts, pipeline.scope, named.connector)):
                thing = Thing(Kind.PIPELINE, pipeline.scope, pipeline.file, named.where)
                yield from _of_image(thing, named.image, hosts, facts.now.date(), "write {} there")


def _found(facts: Facts, scope: Scope, reference: ScopedReference | None) -> Connector | None:
    address = None if reference is None else address_of(reference, scope)
    return None if address is None else facts.named.get(address)


def _is_named_so(image: str, connector: Connector | None) -> bool:
    """Whether the host in a name is still the one that is pulled from behind the connector; most put theirs before."""
    if connector is None:
        return True
    spec = connector.spec
    try:
        reference = image_name(normalise_url(spec.url, spec.provider_type), image).reference
    except AppError:
        return False  # it cannot be pulled at all, which a run says
    return reference.registry == image.strip().partition("/")[0].lower()


def severity_of(host: RetiredHost, today: date) -> Severity:
    """What only moved, or still answers, breaks nothing."""
    if not host.then.breaks:
        return Severity.ADVICE
    return Severity.BROKEN if host.has_ended(today) else Severity.BREAKS


def _of_connector(connector: Connector, match: Match, uses: Uses, today: date) -> Finding:
    migration = _migration(connector, match)
    remedy = _remedy_of_connector(connector, match, migration)
    return Finding(
        HOST_RETIRED,
        severity_of(match.host, today),
        Thing(Kind.CONNECTOR, connector.scope, connector.identifier),
        f"its URL {connector.spec.url} is at {match.host.name}: {_told(match.host, today)}",
        remedy,
        on=match.host.ends if severity_of(match.host, today) is Severity.BREAKS else None,
        affects=uses.of((connector.scope, connector.identifier)),
        migration=migration,
        source=match.host.source,
    )


def _migration(connector: Connector, match: Match) -> Migration | None:
    spec, after = connector.spec, match.instead
    if after is None or spec.credential_helper is not None:
        return None
    old = normalise_url(spec.url, spec.provider_type)
    new = normalise_url(after, provider_of(after))
    is_moved = (old.scheme, old.registry) != (new.scheme, new.registry)
    return Migration(spec.url, after, is_moved and not isinstance(spec.auth, AnonymousAuth))


def _remedy_of_connector(connector: Connector, match: Match, migration: Migration | None) -> str:
    if migration is None:
        return f"give the connector another URL: {match.host.use}"
    if migration.moves_credentials:
        return (
            f"give the connector the URL {migration.after} and credentials of that registry; "
            "`pierhead doctor --migrate --with-credentials` changes the URL and keeps the credentials"
        )
    return f"`pierhead doctor --migrate` gives connector {connector.reference} the URL {migration.after}"


def _of_image(thing: Thing, image: str, hosts: RetiredHosts, today: date, do: str) -> Iterator[Finding]:
    match = hosts.of_image(image)
    if match is None:
        return
    severity = severity_of(match.host, today)
    if match.host.then is Then.WEB_PAGE:
        severity = Severity.BROKEN  # nobody rewrites the name of an image: a node goes to the page
    yield Finding(
        HOST_RETIRED,
        severity,
        thing,
        f"{image} is at {match.host.name}: {_told(match.host, today)}",
        do.format(match.instead) if match.instead else f"name the image at another registry: {match.host.use}",
        on=match.host.ends if severity is Severity.BREAKS else None,
        source=match.host.source,
    )


def _told(host: RetiredHost, today: date) -> str:
    when = "" if host.ends is None else f" {'since' if host.has_ended(today) else 'from'} {host.ends:%Y-%m-%d}"
    begun = {
        Then.SHUT_DOWN: f"no image can be pulled from it{when}; ",
        Then.READ_ONLY: f"it is read only{when}; ",
    }.get(host.then, "")
    return f"{begun}{host.why}"
