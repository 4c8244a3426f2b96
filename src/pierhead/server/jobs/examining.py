"""Collects what an examination of a place looks at: as much of it as whoever asks may see, and says what was left out.

Asks no registry: what tests, polls and runs have found is taken as they left it.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from pierhead.control.access import Grants, Identifiers, People, Permission, PrincipalRef
from pierhead.control.catalogue import CatalogueService, SupportState
from pierhead.control.connectors import (
    DEFAULT_IDENTIFIER,
    Connector,
    ConnectorFilter,
    ConnectorMissingError,
    ConnectorService,
)
from pierhead.control.mirroring import Mirror, MirrorService, RunState
from pierhead.control.organizations import OrganizationService, ProjectService
from pierhead.control.releases import ImageStatus, ReleaseService
from pierhead.control.retirement import Address, Facts, ImageFact, KeyFact, MirrorFact, PipelineFact, WatchFact, uses_in
from pierhead.control.scopes import Scope, ScopedReference
from pierhead.control.secrets import SecretMissingError, SecretService
from pierhead.control.sources import Watched, WatchService
from pierhead.kit.clock import Clock
from pierhead.kit.errors import AppError
from pierhead.kit.paging import PageRequest

from .reaching import Reaching

MAX_PLACES = 500
MAX_CONNECTORS = 2_000
_PAGE = PageRequest(0, 1_000)
_LAST = PageRequest(0, 1)


@dataclass(frozen=True, slots=True)
class Parts:
    """The services that are asked."""

    clock: Clock
    organizations: OrganizationService
    projects: ProjectService
    connectors: ConnectorService
    secrets: SecretService
    mirrors: MirrorService
    watches: WatchService
    catalogue: CatalogueService
    releases: ReleaseService
    people: People
    reaching: Reaching


@dataclass(frozen=True, slots=True)
class Collected:
    """``left_out``: what was not looked at, and why; a sentence for each."""

    facts: Facts
    left_out: tuple[str, ...] = ()


@dataclass
class Collecting:
    """One examination: of ``scope`` and what is in it, for somebody with these grants."""

    parts: Parts
    grants: Grants
    reader: PrincipalRef
    scope: Scope
    left_out: list[str] = field(default_factory=list)

    def collect(self, pipelines: Sequence[PipelineFact] = ()) -> Collected:
        places = self._places()
        connectors = self._connectors(places)
        facts = Facts(
            account=self.scope.account,
            now=self.parts.clock.now(),
            connectors=connectors,
            missing_secrets=self._missing_secrets(connectors),
            unreached=self._unreached(connectors),
            mirrors=tuple(self._mirrors(places)),
            watches=tuple(self._watches(places)),
            images=tuple(self._images(places)),
            pipelines=tuple(pipelines),
            keys=tuple(self._keys()),
        )
        named = self._named(facts)
        default = named.get((Scope(self.scope.account), DEFAULT_IDENTIFIER))
        sees_default = self.scope.org is None and self._sees(Scope(self.scope.account), DEFAULT_IDENTIFIER)
        has_default = default is not None if sees_default else None
        return Collected(replace(facts, named=named, has_default=has_default), tuple(self.left_out))

    def _places(self) -> tuple[Scope, ...]:
        """The scope itself, then what is in it, as far as the reader has any business there."""
        account, found = self.scope.account, [self.scope]
        if self.scope.org is None:
            organizations = self.parts.organizations.list(account, _PAGE).items
            found += [Scope(account, each.identifier) for each in organizations]
        if self.scope.project is None:
            found += [Scope(account, each.scope.org, each.identifier) for each in self.parts.projects.below(self.scope)]
        known = [self.scope, *(place for place in found[1:] if self.grants.touches(place))]
        if len(known) > MAX_PLACES:
            self.left_out.append(f"places after the first {MAX_PLACES:,}: examine an organization at a time")
        return tuple(known[:MAX_PLACES])

    def _connectors(self, places: Iterable[Scope]) -> tuple[Connector, ...]:
        found: list[Connector] = []
        for place in places:
            seen = self.grants.visible(Permission.CONNECTOR_VIEW, place)
            wanted = ConnectorFilter(visible=((place, seen),))
            found += self.parts.connectors.list(place, wanted, _PAGE).items
            if len(found) > MAX_CONNECTORS:
                self.left_out.append(
                    f"connectors after the first {MAX_CONNECTORS:,}: examine an organization at a time"
                )
                return tuple(found[:MAX_CONNECTORS])
        return tuple(found)

    def _missing_secrets(self, connectors: Iterable[Connector]) -> Mapping[Address, tuple[str, ...]]:
        """Of a secret that the reader may not see it is not said whether it is there."""
        found: dict[Address, tuple[str, ...]] = {}
        for connector in connectors:
            references = {str(reference): reference for _, reference in connector.spec.secret_fields()}
            missing = tuple(name for name, each in references.items() if self._is_missing(connector.scope, each))
            if missing:
                found[connector.scope, connector.identifier] = missing
        return found

    def _is_missing(self, scope: Scope, reference: ScopedReference) -> bool:
        place, identifier = reference.resolve(scope)
        if not self.grants.allows(Permission.SECRET_VIEW, place, identifier):
            return False
        try:
            self.parts.secrets.get(place, identifier)
        except SecretMissingError:
            return True
        return False

    def _unreached(self, connectors: Iterable[Connector]) -> Mapping[Address, str]:
        wanting = [
            each
            for each in connectors
            if each.spec.execute_on_delegate and self.grants.allows(Permission.DELEGATE_VIEW, each.scope)
        ]
        return self.parts.reaching.unreached(self.scope.account, wanting) if wanting else {}

    def _mirrors(self, places: Iterable[Scope]) -> Iterator[MirrorFact]:
        for place in places:
            seen = self.grants.visible(Permission.MIRROR_VIEW, place)
            if not _is_nothing(seen):
                for mirror in self.parts.mirrors.list(place, _PAGE).items:
                    if seen is None or mirror.identifier in seen:
                        yield self._mirror(mirror)

    def _mirror(self, mirror: Mirror) -> MirrorFact:
        runs = self.parts.mirrors.runs(mirror.scope, mirror.identifier, _LAST).items
        failure = ""
        if runs and runs[0].state in (RunState.FAILED, RunState.INCOMPLETE):
            last = runs[0]
            said = last.error.get("message", "") or f"{last.failed_total:,} of {last.items_total + last.kept:,} tags"
            failure = f"its last run, of {runs[0].started_at:%Y-%m-%d %H:%M} UTC, {_WORDS[runs[0].state]}: {said}"
        return MirrorFact(mirror.scope, mirror.identifier, mirror.spec.source, mirror.spec.target, failure)

    def _watches(self, places: Iterable[Scope]) -> Iterator[WatchFact]:
        for place in places:
            if self.grants.allows(Permission.CONNECTOR_VIEW, place):
                for watched in self.parts.watches.list(place, "", _PAGE).items:
                    yield _watch(watched)

    def _images(self, places: Sequence[Scope]) -> Iterator[ImageFact]:
        """Those of the place; and what canaries in it pin for themselves."""
        account = Scope(self.scope.account)
        if not self.grants.allows(Permission.ACCOUNT_VIEW, account):
            self.left_out.append("images and pins: that needs the permission core_account_view of the account")
            return
        here, *below = places
        yield from (_image(here, image) for image in self.parts.releases.status(here).images if image.effective)
        canaries = {pin.scope for pin in self.parts.catalogue.canaries(self.scope.account)}
        for place in [each for each in below if each in canaries]:
            name = "/".join(part for part in (place.org, place.project) if part)
            found = self.parts.releases.status(place).images
            yield from (_image(place, image) for image in found if image.pinned and image.pinned_at == name)

    def _keys(self) -> Iterator[KeyFact]:
        now = self.parts.clock.now()
        try:
            tokens = self.parts.people.api_tokens.list(self.reader)
        except AppError:
            return  # delegates and the like have none
        for token in tokens:
            if token.is_live(now) and token.expires_at is not None:
                yield KeyFact(f"{token.api_key}/{token.identifier}", token.expires_at)

    def _named(self, facts: Facts) -> Mapping[Address, Connector | None]:
        """What things refer to. One that the reader may not see counts as not there, as everywhere, unless somebody
        else said so: a mirror's connectors are shown by their references alone."""
        found: dict[Address, Connector | None] = {(each.scope, each.identifier): each for each in facts.connectors}
        wanted = [use.address() for use in uses_in(facts)]
        for address in dict.fromkeys([(Scope(facts.account), DEFAULT_IDENTIFIER), *wanted]):
            if address is not None and address not in found and self._sees(*address):
                found[address] = self._connector(*address)
        of_pipelines = (use.address() for each in facts.pipelines for use in each.uses)
        return {**dict.fromkeys((each for each in of_pipelines if each is not None), None), **found}

    def _connector(self, scope: Scope, identifier: str) -> Connector | None:
        try:
            return self.parts.connectors.get(scope, identifier)
        except ConnectorMissingError:
            return None

    def _sees(self, scope: Scope, identifier: str) -> bool:
        return self.grants.allows(Permission.CONNECTOR_VIEW, scope, identifier)


_WORDS = {RunState.FAILED: "failed", RunState.INCOMPLETE: "did not bring all"}


def _is_nothing(seen: Identifiers) -> bool:
    return seen is not None and not seen


def _watch(watched: Watched) -> WatchFact:
    watch, state = watched.watch, watched.state
    try:
        connector = ScopedReference.parse(watch.connector)
    except AppError:
        connector = None
    return WatchFact(watch.scope, watch.identifier, connector, watch.image, state.error)


def _image(place: Scope, image: ImageStatus) -> ImageFact:
    is_out = image.state is SupportState.UNSUPPORTED
    unsupported = image.warnings[0] if is_out and image.warnings else ""
    is_pinned = image.pinned is not None
    return ImageFact(
        place, image.infra.value, image.field, image.effective or "", is_pinned, unsupported, image.supported_until
    )
