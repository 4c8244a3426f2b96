"""What is examined, as plain values: whoever collects them has asked already what the reader may see."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from pierhead.control.connectors import Connector
from pierhead.control.scopes import InvalidReferenceError, Scope, ScopedReference

from .model import Thing

Address = tuple[Scope, str]
"""Scope and identifier."""


def address_of(reference: ScopedReference, scope: Scope) -> Address | None:
    """None for a reference that means nothing in that scope."""
    try:
        return reference.resolve(scope)
    except InvalidReferenceError:
        return None


@dataclass(frozen=True, slots=True)
class ConnectorUse:
    """``user``: what uses the connector, and where in it. ``reference``: as it is written there."""

    user: Thing
    reference: ScopedReference

    def address(self) -> Address | None:
        return address_of(self.reference, self.user.scope)


@dataclass(frozen=True, slots=True)
class MirrorFact:
    """``failure``: what its last run said when that did not go well, empty otherwise."""

    scope: Scope
    identifier: str
    source: ScopedReference
    target: ScopedReference
    failure: str = ""


@dataclass(frozen=True, slots=True)
class WatchFact:
    """``failure``: of its last poll, empty when that got an answer."""

    scope: Scope
    identifier: str
    connector: ScopedReference | None
    image: str
    failure: str = ""


@dataclass(frozen=True, slots=True)
class ImageFact:
    """One image field as runs of the scope get it. ``is_pinned``: somebody said so; else it is the release line's.
    ``unsupported``: the sentence about that, empty for one that is supported; ``until``: the day its support ends."""

    scope: Scope
    infra: str
    field: str
    value: str
    is_pinned: bool
    unsupported: str = ""
    until: date | None = None


@dataclass(frozen=True, slots=True)
class PipelineImage:
    """An image that a pipeline names itself; ``where``: stage, step and line, for people; ``connector``: the one that
    it is pulled by, None for none."""

    where: str
    image: str
    connector: ScopedReference | None = None


@dataclass(frozen=True, slots=True)
class PipelineFact:
    """A pipeline's file. ``unreadable``: why nothing of it was examined, empty when it was. ``uses``: the connectors
    it names; ``defaults``: the stages whose images come by the default connector."""

    file: str
    scope: Scope
    uses: tuple[ConnectorUse, ...] = ()
    images: tuple[PipelineImage, ...] = ()
    defaults: tuple[str, ...] = ()
    unreadable: str = ""


@dataclass(frozen=True, slots=True)
class KeyFact:
    """A key of the reader's own that ends."""

    identifier: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Facts:
    """``named``: what is known of the connectors that things refer to, None for one that is not there (or not for the
    reader); an address that is missing was not looked up. ``missing_secrets``: field and name, by connector.
    ``unreached``: why no delegate can reach for it, by connector. ``has_default`` None: the reader may not know."""

    account: str
    now: datetime
    connectors: tuple[Connector, ...] = ()
    named: Mapping[Address, Connector | None] = field(default_factory=dict)
    missing_secrets: Mapping[Address, tuple[str, ...]] = field(default_factory=dict)
    unreached: Mapping[Address, str] = field(default_factory=dict)
    has_default: bool | None = None
    mirrors: tuple[MirrorFact, ...] = ()
    watches: tuple[WatchFact, ...] = ()
    images: tuple[ImageFact, ...] = ()
    pipelines: tuple[PipelineFact, ...] = ()
    keys: tuple[KeyFact, ...] = ()
