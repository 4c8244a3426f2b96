"""The Docker registry connector: its fields, their defaults, and what they say about each other (harness-api §1).

Pure. URLs are read in ``address``, image names made in ``naming``, precedence decided in ``selection``.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from operator import attrgetter
from typing import TYPE_CHECKING, ClassVar

from pierhead.control.scopes import Scope, ScopedReference

from .order import Order, SortColumn

if TYPE_CHECKING:  # deciding about images does not need to know who may see what
    from pierhead.control.access import Identifiers

CONNECTOR_TYPE = "DockerRegistry"
CATEGORY = "ARTIFACTORY"
_LAST_MODIFIED_FIRST = (Order(SortColumn.LAST_MODIFIED_AT, is_descending=True),)


class ProviderType(StrEnum):
    DOCKER_HUB = "DockerHub"
    HARBOR = "Harbor"
    QUAY = "Quay"
    OTHER = "Other"


class CredentialExchange(StrEnum):
    """How user name and password become what the registry takes. ECR: they are an AWS key, exchanged for a token that
    lasts 12 hours."""

    ECR = "ecr"


class ConnectivityStatus(StrEnum):
    SUCCESS = "SUCCESS"
    FAILURE = "FAILURE"
    PARTIAL = "PARTIAL"
    UNKNOWN = "UNKNOWN"
    PENDING = "PENDING"


class ConnectivityMode(StrEnum):
    DELEGATE = "DELEGATE"
    MANAGER = "MANAGER"


@dataclass(frozen=True, slots=True)
class ConnectorWarning:
    """Something to know that stops nothing; ``code`` is stable, ``text`` is one or two sentences."""

    code: str
    text: str


@dataclass(frozen=True, slots=True)
class AnonymousAuth:
    """No credentials are sent."""


@dataclass(frozen=True, slots=True)
class UsernamePasswordAuth:
    """Exactly one of ``username`` (plain) and ``username_ref`` (a secret); ``password_ref`` is always a secret."""

    password_ref: ScopedReference
    username: str | None = None
    username_ref: ScopedReference | None = None

    def __post_init__(self) -> None:
        if (self.username is None) == (self.username_ref is None):
            raise ValueError("exactly one of username and username_ref")


@dataclass(frozen=True, slots=True)
class TlsSpec:
    """PEM texts; the client's private key is a secret."""

    ca_certificate_pem: str | None = None
    client_certificate_pem: str | None = None
    client_key_ref: ScopedReference | None = None

    def __post_init__(self) -> None:
        if (self.client_certificate_pem is None) != (self.client_key_ref is None):
            raise ValueError("a client certificate needs its key, and the key its certificate")


@dataclass(frozen=True, slots=True)
class DockerRegistrySpec:
    """``url`` stays as typed. ``tls``, ``proxy_url``, ``trusted_realm_hosts``, ``allow_private_addresses`` (the server
    may reach it on a private or loopback address) and ``credential_helper`` are Pierhead's own.

    ``proxy`` is the wire's flag of that name and ``proxy_url`` where the proxy is; ``delegate_selectors`` counts only
    with ``execute_on_delegate`` and empty means any available delegate.
    """

    url: str
    provider_type: ProviderType
    auth: AnonymousAuth | UsernamePasswordAuth = field(default_factory=AnonymousAuth)
    delegate_selectors: tuple[str, ...] = ()
    execute_on_delegate: bool = True
    proxy: bool = False
    ignore_test_connection: bool = False
    tls: TlsSpec = field(default_factory=TlsSpec)
    proxy_url: str | None = None
    trusted_realm_hosts: tuple[str, ...] = ()
    allow_private_addresses: bool = False
    credential_helper: CredentialExchange | None = None

    @property
    def connectivity_mode(self) -> ConnectivityMode:
        return ConnectivityMode.DELEGATE if self.execute_on_delegate else ConnectivityMode.MANAGER

    def secret_fields(self) -> tuple[tuple[str, ScopedReference], ...]:
        """The wire's field name and the reference, for every secret the spec points at."""
        pairs: list[tuple[str, ScopedReference | None]] = [("clientKeyRef", self.tls.client_key_ref)]
        if isinstance(self.auth, UsernamePasswordAuth):
            pairs += [("usernameRef", self.auth.username_ref), ("passwordRef", self.auth.password_ref)]
        return tuple((name, reference) for name, reference in pairs if reference is not None)


@dataclass(frozen=True, slots=True)
class StatusError:
    reason: str
    message: str
    code: int


@dataclass(frozen=True, slots=True)
class ConnectorStatus:
    """What the last connection test said."""

    status: ConnectivityStatus
    error_summary: str | None = None
    errors: tuple[StatusError, ...] = ()
    tested_at: datetime | None = None
    last_connected_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Connector:
    """A stored connector. ``version`` goes up with every change of ``spec``; tokens are cached by it."""

    type: ClassVar[str] = CONNECTOR_TYPE

    id: str
    scope: Scope
    identifier: str
    name: str
    description: str
    tags: Mapping[str, str]
    spec: DockerRegistrySpec
    version: int
    created_at: datetime
    last_modified_at: datetime
    status: ConnectorStatus | None = None

    @property
    def reference(self) -> ScopedReference:
        """How it is written from anywhere below its scope; from its own scope when that is a project."""
        level = None if self.scope.project else self.scope.level
        return ScopedReference(self.identifier, level)

    def secrets(self) -> tuple[tuple[Scope, str], ...]:
        """Scope and identifier of every secret it uses."""
        return tuple(reference.resolve(self.scope) for _, reference in self.spec.secret_fields())

    @property
    def secret_scopes(self) -> tuple[Scope, ...]:
        """Of all its secrets, each once."""
        return tuple(dict.fromkeys(scope for scope, _ in self.secrets()))


@dataclass(frozen=True, slots=True)
class ConnectorDraft:
    """What a user asks to be stored."""

    scope: Scope
    identifier: str
    name: str
    spec: DockerRegistrySpec
    description: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ConnectorFilter:
    """An empty field restricts nothing; ``search`` is a part of name, identifier or a tag, in any case.

    The wire calls ``search`` a regular expression; a plain part of the text is enough and cannot run for ever.
    ``visible``: which connectors there are for whoever asks, by scope, and none in scopes that it does not name; None:
    all of them. ``order``: the most important first; without any, last modified first.
    """

    search: str = ""
    names: tuple[str, ...] = ()
    identifiers: tuple[str, ...] = ()
    description: str = ""
    types: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    statuses: tuple[ConnectivityStatus, ...] = ()
    modes: tuple[ConnectivityMode, ...] = ()
    tags: Mapping[str, str] = field(default_factory=dict)
    include_scopes_above: bool = False
    visible: "tuple[tuple[Scope, Identifiers], ...] | None" = None
    order: tuple[Order, ...] = ()

    def scopes(self, scope: Scope) -> tuple[Scope, ...]:
        """Where to look when asked at ``scope``: that one, and with ``include_scopes_above`` all that contain it."""
        above = [Scope(scope.account), Scope(scope.account, scope.org)] if self.include_scopes_above else []
        return tuple(dict.fromkeys([*above, scope]))

    def places(self, scope: Scope) -> "tuple[tuple[Scope, Identifiers], ...]":
        """The same with what may be seen there: with None all of it, else these identifiers, at least one."""
        seen = None if self.visible is None else dict(self.visible)
        asked = [(place, None if seen is None else seen.get(place, frozenset())) for place in self.scopes(scope)]
        return tuple((place, named) for place, named in asked if named is None or named)

    def shows(self, connector: Connector) -> bool:
        """Whether whoever asks may see it, given that it is in one of the scopes."""
        seen = None if self.visible is None else dict(self.visible).get(connector.scope, frozenset())
        return seen is None or connector.identifier in seen

    def in_order(self, connectors: "Iterable[Connector]") -> "list[Connector]":
        """As they are listed; of two that are equal in all that was asked for, by id."""
        found = sorted(connectors, key=lambda one: one.id)
        for order in reversed(self.order or _LAST_MODIFIED_FIRST):
            found.sort(key=attrgetter(order.column.attribute), reverse=order.is_descending)
        return found

    def matches(self, connector: Connector) -> bool:
        """Everything but the place."""
        return all(check(connector) for check in (self._matches_text, self._matches_kind, self._matches_tags))

    def _matches_text(self, connector: Connector) -> bool:
        if self.names and connector.name not in self.names:
            return False
        if self.identifiers and connector.identifier not in self.identifiers:
            return False
        if self.description.casefold() not in connector.description.casefold():
            return False
        texts = (connector.name, connector.identifier, *connector.tags, *connector.tags.values())
        wanted = self.search.casefold()
        return not wanted or any(wanted in text.casefold() for text in texts)

    def _matches_kind(self, connector: Connector) -> bool:
        status = connector.status.status if connector.status else ConnectivityStatus.UNKNOWN
        return (
            (not self.types or CONNECTOR_TYPE in self.types)
            and (not self.categories or CATEGORY in self.categories)
            and (not self.statuses or status in self.statuses)
            and (not self.modes or connector.spec.connectivity_mode in self.modes)
        )

    def _matches_tags(self, connector: Connector) -> bool:
        return all(connector.tags.get(key) == value for key, value in self.tags.items())
